"""Returns, changes, averages and turns."""

from __future__ import annotations

import numpy as np

from rules.bars import Floats
from rules.columns import Constant, Folded, Window
from rules.elementwise import binary
from rules.folds import DirectionalChange, Ewma, KnownRows
from rules.functions.registry import Condition, Percent, Price, Probability, Rows, SampleRows, Series, Share, function
from rules.windows import (
    LEAST_RANKED,
    lag,
    log_return,
    moving_mean,
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


@function("{x} up {pct} from its low", context=("{x}",))
def up_turn(x: Series, pct: Share) -> Condition:
    """TRUE on the row that completes a rise of pct from the lowest value since the last down-turn.

    Turns alternate and are never taken back. (Guillaume et al. 1997) Example: up_turn(RUT, 10%)
    """
    return binary("==", Folded(DirectionalChange(pct), (x,)), Constant(1.0))


@function("{x} down {pct} from its high", context=("{x}",))
def down_turn(x: Series, pct: Share) -> Condition:
    """TRUE on the row that completes a fall of pct from the highest value since the last up-turn.

    Turns alternate and are never taken back. (Guillaume et al. 1997) Example: down_turn(BTC, 20%)
    """
    return binary("==", Folded(DirectionalChange(pct), (x,)), Constant(-1.0))


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
