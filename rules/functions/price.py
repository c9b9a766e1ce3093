"""Prices as they are, and where they stand in their own history."""

from __future__ import annotations

from rules.bars import Floats
from rules.columns import Constant, Field, Folded, Node, Window
from rules.elementwise import binary
from rules.folds import RunningMax
from rules.functions.registry import Leg, Percent, Price, Rows, Series, Volume, function
from rules.windows import lag, moving_max, moving_min, over_known, windowed


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


def _peak(x: Node) -> Node:
    return Folded(RunningMax(), (x,))


def _highest(x: Floats, n: int) -> Floats:
    return over_known(moving_max, n, x)


def _lowest(x: Floats, n: int) -> Floats:
    return over_known(moving_min, n, x)
