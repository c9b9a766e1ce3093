"""Returns, changes, averages and turns."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, OfClock, Window
from rules.elementwise import binary
from rules.folds import DirectionalChange, Ewma, KnownRows
from rules.functions.registry import (
    Condition,
    Day,
    Deviations,
    Percent,
    Price,
    Probability,
    Rows,
    Same,
    SampleRows,
    Series,
    Share,
    UsualRows,
    function,
)
from rules.scan import State, where
from rules.windows import (
    FLAT,
    LEAST_RANKED,
    lag,
    link_of,
    log_return,
    moving_mean,
    moving_squares,
    moving_trend,
    over_known,
    simple_return,
    span,
    trailing_rank,
    windowed,
)


@function("{x} return ({n})")
def ret(x: Series, n: Rows = 1) -> Percent:
    """Simple return over n rows: x_t / x_{t-n} - 1, a share.

    NaN unless both ends are known; across a change of venue the new venue's own previous close is the base.
    Example: ret(RUT, 21) - ret(SPX, 21) < -5%
    """
    return simple_return(x, n)


@function("{x} log return ({n})")
def logret(x: Series, n: Rows = 1) -> Percent:
    """Log return over n rows: log(x_t / x_{t-n}).

    NaN unless both ends are known, with the same care for venues as `ret`. Example: logret(BTC, 5) < -10%"""
    return log_return(x, n)


@function("{x} change ({n})")
def change(x: Series, n: Rows = 1) -> Price:
    """Difference over n rows: x_t - x_{t-n}, in the unit of x; NaN unless both ends are known.

    Example: change(VIX, 5) > 8
    """
    return binary("-", x, Window(lag, (x,), (n,), rows=n, warmup=n))


@function("{x} since {date}", context=("{x}",))
def rally_since(x: Series, date: Day) -> Percent:
    """Rise since the close of a date's session, or of the last one before it where none was held, a share.

    0 on that session itself. UNKNOWN before the date, where that session's x is, and in a history that begins later;
    venues as in `ret`. Of coins alone a session is a day in UTC. Example: rally_since(RUT, 2025-11-20) > 10%
    """
    session = OfClock("session")
    day = (date - dt.date(1970, 1, 1)).days
    base = Folded(Anchored(), (x, link_of(x), Window(_is_after, (session,), (day,))))
    return Window(_since, (x, base, session), (day,))


@function("{x} month to date")
def mtd(x: Series) -> Percent:
    """Return since the last session's close of the month before, a share.

    UNKNOWN in the month that history begins in, and through a month before whose first session x is missing; venues as
    in `ret`. Example: mtd(RUT) - mtd(SPX) < -5%
    """
    return Window(_rise, (x, Folded(Anchored(), (x, link_of(x), OfClock("month")))))


@function("{x} year to date")
def ytd(x: Series) -> Percent:
    """Return since the last session's close of the year before, a share.

    UNKNOWN in the year that history begins in, and through a year before whose first session x is missing; venues as
    in `ret`. Example: ytd(RUT) > 10%
    """
    return Window(_rise, (x, Folded(Anchored(), (x, link_of(x), OfClock("year")))))


@function("{x} mean ({n})")
def sma(x: Series, n: Rows) -> Price:
    """Mean of the last n known values, in the unit of x.

    NaN unless they lie within the last ceil(n / 0.8) rows. Example: close(RUT) > sma(RUT, 200)
    """
    return windowed(_mean, (x,), n)


@function("{x} EMA ({n})")
def ema(x: Series, n: Rows) -> Price:
    """Exponential mean with weight 2 / (n + 1) on the newest row, started at the first known value, in the unit of x.

    NaN on a missing row and before n known values. Example: ema(RUT, 12) > ema(RUT, 26)
    """
    seen = Folded(KnownRows(), (x,), warmup=n - 1)
    return Window(_settled, (x, Folded(Ewma(1.0 - 2.0 / (n + 1)), (x,)), seen), (n,))


@function("{x} slope ({n})", context=("{x}",))
def slope(x: Series, n: SampleRows = 20) -> Same:
    """Least-squares slope of the last n known values against their place, in the unit of x a row.

    NaN unless they lie within the last ceil(n / 0.8) rows. (Legendre 1805) Example: slope(RUT, 20) < 0
    """
    return windowed(_slope, (x,), n)


@function("{x} z-score ({n})", context=("{x}",))
def zscore(x: Series, n: UsualRows = 60) -> Deviations:
    """How far x is from its mean over the last n known values, this row included, in their sample deviations.

    NaN unless they lie within the last ceil(n / 0.8) rows, and where x does not move. Example: zscore(VIX, 60) > 3
    """
    return windowed(_score, (x,), n)


@function("{x} up {pct} from its low", context=("{x}", "since_turn({x}, {pct})"))
def up_turn(x: Series, pct: Share) -> Condition:
    """TRUE on the row that completes a rise of pct from the lowest value since the last down-turn.

    Turns alternate and are never taken back. (Guillaume et al. 1997) Example: up_turn(RUT, 10%)
    """
    return Window(_turned, (Folded(DirectionalChange(pct), (x,)),), (1,))


@function("{x} down {pct} from its high", context=("{x}", "since_turn({x}, {pct})"))
def down_turn(x: Series, pct: Share) -> Condition:
    """TRUE on the row that completes a fall of pct from the highest value since the last up-turn.

    Turns alternate and are never taken back. (Guillaume et al. 1997) Example: down_turn(BTC, 20%)
    """
    return Window(_turned, (Folded(DirectionalChange(pct), (x,)),), (-1,))


@function("{x} since its {pct} leg began")
def since_turn(x: Series, pct: Share) -> Percent:
    """How far the leg under way has come, a share: x over the low it rose from, or the high it fell from, less one.

    Legs begin as up_turn and down_turn say; before the first of them it is since the first known x. NaN where x is, and
    where one of the two is not positive. (Guillaume et al. 1997) Example: since_turn(RUT, 10%) > 20%
    """
    return Window(_since_begin, (x, Folded(DirectionalChange(pct), (x,))))


@dataclass(frozen=True)
class Anchored:
    """x on the last row before the last change of a key, brought through the changes of venue since then.

    Inputs: x, its links, and a key; a row without a key leaves the state. NaN before the first change, where x was
    missing on the row before it, and from a link without a number to the next change.
    """

    width: int = 1

    def initial(self, lanes: int) -> State:
        return {name: np.full(lanes, np.nan) for name in ("base", "before", "key")}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        x, link, key = row
        there = ~np.isnan(key)
        changed = there & ~np.isnan(state["key"]) & (key != state["key"])
        base = np.where(changed, state["before"], state["base"]) * link
        new = {"base": base, "before": x, "key": key}
        return {name: where(there, new[name], state[name]) for name in new}, np.where(there, base, np.nan)[:, None]


def _is_after(session: Floats, day: int) -> Floats:
    return (session > day).astype(np.float64)


def _rise(x: Floats, base: Floats) -> Floats:
    """x / base - 1; NaN unless both are known and positive."""
    out, usable = np.full(len(x), np.nan), (x > 0) & (base > 0)
    with np.errstate(over="ignore"):
        out[usable] = x[usable] / base[usable] - 1.0
    return np.where(np.isfinite(out), out, np.nan)


def _since(x: Floats, base: Floats, session: Floats, day: int) -> Floats:
    return _rise(x, np.where(session == day, x, base))


def _since_begin(x: Floats, turns: Floats) -> Floats:
    return _rise(x, turns[:, 1])


def _turned(turns: Floats, way: int) -> Floats:
    return np.where(np.isnan(turns[:, 0]), np.nan, (turns[:, 0] == way).astype(np.float64))


def _slope(x: Floats, n: int) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        found = over_known(moving_trend, n, x)
    return np.where(np.isfinite(found), found, np.nan)


def _score(x: Floats, n: int) -> Floats:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, squares = over_known(moving_mean, n, x), over_known(moving_squares, n, x)
        moves = np.isfinite(squares) & (squares > n * (FLAT * mean) ** 2)
        deviation = np.sqrt(np.where(moves, squares, np.nan) / (n - 1))
    return (x - mean) / deviation


def _mean(x: Floats, n: int) -> Floats:
    return over_known(moving_mean, n, x)


def _settled(x: Floats, mean: Floats, seen: Floats, n: int) -> Floats:
    return np.where(np.isnan(x) | (seen < n), np.nan, mean)


@function("{x} rank in last {n}", also=("pct_rank",), context=("{x}",))
def percentile(x: Series, n: SampleRows = 504) -> Probability:
    """Share in [0, 1] of the last n known values of x, within ceil(n / 0.8) rows, that are not above this one.

    1 says that x was never higher. UNKNOWN where x is, and among fewer than 60 known values (n where that is less).
    Example: percentile(corr(RUT, SOL, 60), 504) > 95%
    """
    return Window(trailing_rank, (x,), (n,), rows=span(n) - 1, warmup=min(n, LEAST_RANKED) - 1)
