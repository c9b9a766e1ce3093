"""Pairs made on purpose: legs with a known correlation, and legs that no statistic may make a number of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rules.bars import Floats
from rules.panel import Panel
from tests.rules.markets import TAPE, columns_of, weekdays

PAIR = ("RUT", "SOL")
"""The pair in every panel that is made here; SPX and BTC stand beside it, related to neither."""

ROWS = 600


def priced(**closes: Floats) -> Panel:
    """A panel of paths of closes of one length."""
    rows = len(next(iter(closes.values())))
    columns = {name: columns_of(close) for name, close in closes.items()}
    return Panel(weekdays(rows), columns, dict.fromkeys(closes, (TAPE,)))


def moved(**returns: Floats) -> Panel:
    """A panel of log returns; the first row of each is only a price."""
    return priced(**{name: 100.0 * np.exp(np.cumsum(each)) for name, each in returns.items()})


def fat_tailed(rho: Floats | float, rows: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Pairs of bivariate Student's t with 5 degrees of freedom, unit variances and correlation `rho` on each row."""
    z, w = rng.standard_normal((2, rows)) * np.sqrt(3.0 / rng.chisquare(5, rows))
    path = np.broadcast_to(rho, rows)
    return z, path * z + np.sqrt(1.0 - path * path) * w


def coupled(rho: Floats | float, seed: int = 1, rows: int = 500) -> Panel:
    """A market of the pair with a true correlation, constant or by row."""
    rng = np.random.default_rng(seed)
    x, y = fat_tailed(rho, rows, rng)
    spx, btc = rng.standard_t(5, (2, rows)) * 0.01
    return moved(RUT=0.01 * x, SOL=0.03 * y, SPX=spx, BTC=btc)


def _beside(closes: Callable[[Floats, Floats, np.random.Generator], tuple[Floats, Floats]]) -> Callable[[], Panel]:
    """The pair that `closes` makes of two ordinary paths, between SPX and BTC."""

    def made() -> Panel:
        rng = np.random.default_rng(11)
        x, y = fat_tailed(0.5, ROWS, rng)
        rut, sol = closes(100 * np.exp(np.cumsum(0.01 * x)), 50 * np.exp(np.cumsum(0.03 * y)), rng)
        spx, btc = 100 * np.exp(np.cumsum(rng.standard_t(5, (2, len(rut))) * 0.01, axis=1))
        return priced(RUT=rut, SOL=sol, SPX=spx, BTC=btc)

    return made


def hardly_moving(size: float) -> Callable[[], Panel]:
    """SOL with returns of that size."""
    return _beside(lambda x, y, rng: (x, 50 * np.exp(np.cumsum(size * rng.standard_normal(ROWS)))))


def _printed(y: Floats) -> Floats:
    y = y.copy()
    y[400] *= 1e3
    return y


def _stopped(y: Floats) -> Floats:
    return np.where(np.arange(len(y)) < 300, y, y[300])


ORDINARY = _beside(lambda x, y, rng: (x, y))
CONSTANT = _beside(lambda x, y, rng: (x, np.full(ROWS, 50.0)))
BOTH_CONSTANT = _beside(lambda x, y, rng: (np.full(ROWS, 100.0), np.full(ROWS, 50.0)))
ONE_PRINT = _beside(lambda x, y, rng: (x, _printed(y)))
BOTH_PRINT = _beside(lambda x, y, rng: (_printed(x), _printed(y)))
GAPS = _beside(lambda x, y, rng: (x, np.where(rng.random(ROWS) < 0.2, np.nan, y)))
NEVER = _beside(lambda x, y, rng: (x, np.full(ROWS, np.nan)))
YOUNG = _beside(lambda x, y, rng: (x[:20], y[:20]))
IDENTICAL = _beside(lambda x, y, rng: (x, x.copy()))
SCALED = _beside(lambda x, y, rng: (x, 0.37 * x))
OPPOSITE = _beside(lambda x, y, rng: (x, 1e4 / x))
STOPPED = _beside(lambda x, y, rng: (x, _stopped(y)))

WORLDS: dict[str, Callable[[], Panel]] = {
    "ordinary": ORDINARY,
    "constant": CONSTANT,
    "both constant": BOTH_CONSTANT,
    **{f"moves by {size:.0e}": hardly_moving(size) for size in (1e-15, 1e-13, 1e-12, 1e-11, 1e-9)},
    "one print of 1e3": ONE_PRINT,
    "a print of 1e3 in both": BOTH_PRINT,
    "a gap on every fifth row": GAPS,
    "no price at all": NEVER,
    "20 rows": YOUNG,
    "identical": IDENTICAL,
    "a multiple": SCALED,
    "opposite": OPPOSITE,
    "stops in the middle": STOPPED,
}
"""What a leg can do; SOL does it, and where it is said RUT too."""
