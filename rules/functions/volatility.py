"""How much prices move: by closes, by what lies between them, and against what is usual."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Field, Folded, Node, Window
from rules.folds import Ewma, KnownRows
from rules.functions.registry import (
    Deviations,
    Leg,
    Number,
    Percent,
    Price,
    Rows,
    SampleRows,
    Scope,
    Series,
    UsualRows,
    function,
)
from rules.scan import State, where
from rules.windows import (
    FLAT,
    close_of,
    lag,
    log_return,
    moving_mean,
    moving_median,
    moving_squares,
    over_known,
    span,
    windowed,
)

_CLOSE_WEIGHT = 2.0 * np.log(2.0) - 1.0
"""What Garman & Klass take off for the way from open to close."""


@function("{x} volatility ({n})")
def vol(x: Series, n: SampleRows = 20, *, scope: Scope) -> Percent:
    """Realised volatility: sample standard deviation of the last n log returns, a share a year.

    Annualised by sqrt(252), on a clock of UTC days by sqrt(365). NaN unless the n returns lie within the last
    ceil(n / 0.8) rows. Example: vol(RUT, 20) > 30%
    """
    return Window(_deviation, (log_return(x),), (n, scope.rows_a_year), rows=span(n) - 1, warmup=n - 1)


@function("{x} range volatility ({n})")
def vol_gk(x: Leg, n: Rows = 5, *, scope: Scope) -> Percent:
    """Volatility of the last n rows by their opens, highs, lows and closes, a share a year.

    sqrt of the mean of log(o_t / c_{t-1})^2 + log(h / l)^2 / 2 - (2 log 2 - 1) log(c / o)^2, annualised as vol: what
    lies between closes says more of five rows than their closes do. NaN unless n such rows lie within the last
    ceil(n / 0.8); one whose close before is missing, or whose open or close lies outside its high and low, is none.
    (Garman & Klass 1980) Example: vol_gk(RUT, 5) > 40%
    """
    return _range_volatility(x.id, n, scope)


@function("{x} volatility over usual ({n}, log)", context=("vol_gk({x}, {n})",))
def vol_ratio(x: Leg, n: Rows = 5, base: SampleRows = 250, *, scope: Scope) -> Number:
    """How volatile x is against what is usual: log of vol_gk(x, n) over the median of its last `base` known values.

    0 is as usual, .69 twice that, -.69 half. NaN unless those values lie within the last ceil(base / 0.8) rows, and
    where x does not move. (Garman & Klass 1980) Example: vol_ratio(RUT) >= 0.6
    """
    return windowed(_over_median, (_range_volatility(x.id, n, scope),), base)


@function("{x} average true range ({n})")
def atr(x: Leg, n: Rows = 14) -> Price:
    """Average true range, in the currency of x: what a row's prices span, the close before among them.

    Range = max(high, close before) - min(low, close before), the close before brought to the row's venue. The average
    is the mean of the first n ranges, then moves by 1 / n of each newer one's distance from it. NaN before n ranges,
    and on a row without one. (Wilder 1978) Example: high(RUT) - low(RUT) > 2 * atr(RUT, 14)
    """
    ranges = Window(_true_range, _prices_of(x.id, "high", "low", "close", "link"), rows=1, warmup=1)
    return Window(_on_known, (ranges, Folded(Wilder(float(n)), (ranges,), warmup=n - 1)))


@function("{x} jump, in usual moves", context=("ret({x})",))
def jump(x: Series, half_life: UsualRows = 40) -> Deviations:
    """Log change of x since the row before, in standard deviations as they were known then.

    Their variance is the EWMA (zero mean, weights halve in `half_life` rows) of the squared changes up to the row
    before. NaN without a change, where x did not move, and on the first `half_life` changes. (RiskMetrics 1996)
    Example: jump(BTC) <= -4
    """
    return _jump(x, half_life)


@function("VIX jump, in usual moves", uses=("VIX",), context=("VIX", "ret(VIX)"))
def vix_jump() -> Deviations:
    """The VIX's log change since the close before, in standard deviations as they were known then: jump(VIX).

    NaN where jump is. (RiskMetrics 1996) Example: vix_jump() >= 4
    """
    return _jump(close_of("VIX"), 40)


@dataclass(frozen=True)
class Wilder:
    """The mean of the first `rows` known x, then moved by 1 / `rows` of each newer one's distance from it.

    Until then the mean of those there are; NaN before `rows` of them. A missing x leaves it, and it is carried.
    """

    rows: float
    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"mean": np.zeros(lanes), "seen": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (x,) = row
        known = ~np.isnan(x)
        seen = state["seen"] + known
        moved = state["mean"] + (x - state["mean"]) / np.maximum(np.minimum(seen, self.rows), 1.0)
        mean = where(known, moved, state["mean"])
        return {"mean": mean, "seen": seen}, np.where(seen >= self.rows, mean, np.nan)[:, None]


def _range_volatility(instrument: str, n: int, scope: Scope) -> Node:
    prices = _prices_of(instrument, "open", "high", "low", "close", "link")
    variance = Window(_variance_within, prices, rows=1, warmup=1)
    return Window(_root_mean, (variance,), (n, scope.rows_a_year), rows=span(n) - 1, warmup=n - 1)


def _prices_of(instrument: str, *names: str) -> tuple[Node, ...]:
    return tuple(Field(instrument, name) for name in names)


def _jump(x: Node, half_life: int) -> Node:
    change = log_return(x)
    variance = Folded(Ewma.half_life(half_life), (Window(_squared, (change,)),))
    before = Window(lag, (variance,), (1,), rows=1)
    return Window(_in_deviations, (change, before, Folded(KnownRows(), (change,), warmup=half_life)), (half_life,))


def _deviation(returns: Floats, n: int, rows_a_year: int) -> Floats:
    squares = over_known(moving_squares, n, returns)
    return np.sqrt(squares / (n - 1) * rows_a_year)


def _variance_within(opening: Floats, high: Floats, low: Floats, close: Floats, link: Floats) -> Floats:
    """Garman & Klass's variance of each row and its squared gap from the close before."""
    before = lag(close, 1) * link
    consistent = (low <= np.minimum(opening, close)) & (high >= np.maximum(opening, close))
    usable = (low > 0) & (before > 0) & consistent
    o, h, lo, c, b = (np.log(each[usable]) for each in (opening, high, low, close, before))
    out = np.full(len(close), np.nan)
    out[usable] = (o - b) ** 2 + (h - lo) ** 2 / 2.0 - _CLOSE_WEIGHT * (c - o) ** 2
    return out


def _root_mean(variance: Floats, n: int, rows_a_year: int) -> Floats:
    return np.sqrt(over_known(moving_mean, n, variance) * rows_a_year)


def _over_median(volatility: Floats, n: int) -> Floats:
    usual = over_known(moving_median, n, volatility)
    out, moves = np.full(len(usual), np.nan), (volatility > 0) & (usual > 0)
    out[moves] = np.log(volatility[moves] / usual[moves])
    return out


def _true_range(high: Floats, low: Floats, close: Floats, link: Floats) -> Floats:
    before = lag(close, 1) * link
    return np.maximum(high, before) - np.minimum(low, before)


def _on_known(x: Floats, value: Floats) -> Floats:
    return np.where(np.isnan(x), np.nan, value)


def _squared(x: Floats) -> Floats:
    return x * x


def _in_deviations(change: Floats, variance: Floats, seen: Floats, least: int) -> Floats:
    deviation = np.sqrt(np.where(seen > least, variance, np.nan))
    return change / np.where(deviation > FLAT, deviation, np.nan)
