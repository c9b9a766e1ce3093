"""Prices as they are, and where they stand in their own history."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Constant, Field, Folded, Node, Window
from rules.elementwise import binary
from rules.folds import RunningMax
from rules.functions.registry import (
    Condition,
    Leg,
    MaybeShare,
    Percent,
    Price,
    Rows,
    Series,
    Share,
    Volume,
    function,
)
from rules.scan import State, where
from rules.windows import lag, moving_max, moving_min, over_known, windowed

YOUNG = 252
"""Known rows, a year of sessions, in which a record says nothing yet: each of the first ones is the greatest so far."""


@function("{x} open")
def open(x: Leg) -> Price:
    """First price since the previous close of the clock, in the instrument's currency.

    NaN where a bar between the two closes is missing. Example: open(RUT) < close(RUT)
    """
    return Field(x.id, "open")


@function("{x} high")
def high(x: Leg) -> Price:
    """Greatest price since the previous close of the clock, in the instrument's currency.

    NaN where a bar between the two closes is missing. Example: high(RUT) > 2500
    """
    return Field(x.id, "high")


@function("{x} low")
def low(x: Leg) -> Price:
    """Least price since the previous close of the clock, in the instrument's currency.

    NaN where a bar between the two closes is missing. Example: low(BTC) < 70k
    """
    return Field(x.id, "low")


@function("{x} close")
def close(x: Leg) -> Price:
    """Price at the closing instant of the clock, in the instrument's currency.

    Coins beside an index are priced at the index's close. Example: close(RUT) > record(RUT)
    """
    return Field(x.id, "close")


@function("{x} price")
def price(x: Leg) -> Price:
    """The last price of the row: the close, or in a rule `on = "tick"` the latest print.

    In the instrument's currency. Example: price(SOL) < 120
    """
    return Field(x.id, "close")


@function("{x} volume")
def volume(x: Leg) -> Volume:
    """What was traded since the previous close of the clock, in the unit its source reports.

    NaN where a bar is missing or the venue changed between. Example: volume(IWM) > 2 * sma(volume(IWM), 20)
    """
    return Field(x.id, "volume")


@function("{x} record before", context=("ret({x}, 21)",))
def record(x: Series) -> Price:
    """Greatest x on rows before this one; NaN on the first.

    record_t = max(x_1 ... x_{t-1}). Use an index or an unadjusted series: a dividend moves an adjusted record.
    Example: close(RUT) > record(RUT)
    """
    return Window(lag, (_peak(x),), (1,), rows=1, warmup=1)


@function("{x} fresh record[ or {step} on]", context=("{x}", "record({x})", "ret({x}, 21)"))
def fresh_record(x: Series, pullback: Share = 0.05, rows: Rows = 60, step: MaybeShare = None) -> Condition:
    """TRUE on a row whose x is above all before it, where a pullback or a pause lies since the last that was.

    A pullback: since that row some x was `pullback` or more below it; a pause: it is `rows` or more known rows ago.
    With `step` given also where x is that share or more above its last fresh record. UNKNOWN where x is, and on the
    first 252 known rows. Use an index or an unadjusted series: a dividend moves an adjusted record. Of an x that is not
    positive only pauses count. Example: fresh_record(RUT)
    """
    return Folded(FreshRecord(pullback, float(rows), step), (x,), warmup=YOUNG)


@function("{x} below record")
def drawdown(x: Series) -> Percent:
    """Distance below the greatest x so far, this row included: 1 - x_t / max(x_1 ... x_t).

    A share in [0, 1] of a positive x; of a series that can be negative it means nothing.

    Example: drawdown(RUT) >= 10%
    """
    return binary("-", Constant(1.0), binary("/", x, _peak(x)))


@function("{x} highest ({n})")
def highest(x: Series, n: Rows) -> Price:
    """Greatest of the last n known values, this row included.

    NaN unless they lie within the last ceil(n / 0.8) rows. Example: close(RUT) >= highest(RUT, 60)
    """
    return windowed(_highest, (x,), n)


@function("{x} lowest ({n})")
def lowest(x: Series, n: Rows) -> Price:
    """Least of the last n known values, this row included.

    NaN unless they lie within the last ceil(n / 0.8) rows. Example: close(SOL) <= lowest(SOL, 60)
    """
    return windowed(_lowest, (x,), n)


@function("{x} above lowest ({n})")
def rally(x: Series, n: Rows) -> Percent:
    """Rise from the lowest of the last n known values: x_t / lowest(x, n) - 1, a share; NaN where that is unknown.

    Example: rally(RUT, 60) > 10%
    """
    return binary("-", binary("/", x, lowest(x, n)), Constant(1.0))


@dataclass(frozen=True)
class FreshRecord:
    """1 on a row that is above all before it, after a fall by `pullback` or `rows` known rows since the last such row.

    With a `step` also where x is that share above the last row of 1. 0 on the others; NaN on the first `YOUNG` known
    rows, which are remembered like all others. A missing x gives NaN and leaves the state.
    """

    pullback: float
    rows: float
    step_up: float | None
    width: int = 1

    def initial(self, lanes: int) -> State:
        nothing = {name: np.full(lanes, np.nan) for name in ("peak", "trough", "fresh")}
        return {"seen": np.zeros(lanes), "since": np.zeros(lanes), **nothing}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (x,) = row
        known, peak, fresh = ~np.isnan(x), state["peak"], state["fresh"]
        seen, since = state["seen"] + known, state["since"] + known
        record = x > peak
        fell = (peak > 0) & (state["trough"] <= peak * (1.0 - self.pullback))
        anew = record & (fell | (since >= self.rows))
        if self.step_up is not None:
            anew |= record & (fresh > 0) & (x >= fresh * (1.0 + self.step_up))
        top = record | np.isnan(peak)
        new = {
            "seen": seen,
            "since": np.where(known & top, 0.0, since),
            "peak": where(known & top, x, peak),
            "trough": where(known & top, x, np.fmin(state["trough"], x)),
            "fresh": where(anew, x, fresh),
        }
        return new, np.where(known & (seen > YOUNG), anew.astype(np.float64), np.nan)[:, None]


def _peak(x: Node) -> Node:
    return Folded(RunningMax(), (x,))


def _highest(x: Floats, n: int) -> Floats:
    return over_known(moving_max, n, x)


def _lowest(x: Floats, n: int) -> Floats:
    return over_known(moving_min, n, x)
