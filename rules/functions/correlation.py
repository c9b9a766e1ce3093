"""How two instruments move together over a window of returns, with how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, Window
from rules.functions.registry import (
    Basket,
    Condition,
    Correlation,
    Leg,
    Number,
    PairRows,
    Rho,
    Rows,
    function,
)
from rules.pairs import (
    bound,
    moving_slope,
    moving_spearman,
    pearson,
    returns_of,
    sorted_returns,
)
from rules.scan import State, where
from rules.windows import over_known, span

_RANK = "percentile(corr({a}, {b}, {n}), 504)"


@function(
    "{a}-{b} corr ({n})",
    pair=True,
    interval=("corr_low({a}, {b}, {n})", "corr_high({a}, {b}, {n})"),
    context=(_RANK, "p_corr({a}, {b}, above=0.5)"),
)
def corr(a: Leg, b: Leg, n: PairRows = 60) -> Correlation:
    """Pearson correlation of the last n joint log returns, in [-1, 1].

    Coins are priced at the equity close. NaN unless the n joint returns lie within the last ceil(n / 0.8) rows, and
    where a leg does not move. (Pearson 1895) Example: corr(RUT, SOL, 60) > 0.6
    """
    return pearson(a.id, b.id, n)


@function("{a}-{b} corr ({n}), 5%", pair=True, context=("corr({a}, {b}, {n})",))
def corr_low(a: Leg, b: Leg, n: PairRows = 60) -> Correlation:
    """Lower end of the 90 % interval of corr: with 95 % the correlation is above it.

    tanh(atanh r - 1.645 sqrt(max(1, g) / (n - 3))), g for the fatness of tails of the last 250 joint returns (of the
    window where there are fewer). UNKNOWN where corr is, and where it is 1. (Fisher 1915)
    Example: corr_low(RUT, SOL, 60) > 0.3
    """
    return bound(a.id, b.id, n, -1)


@function("{a}-{b} corr ({n}), 95%", pair=True, context=("corr({a}, {b}, {n})",))
def corr_high(a: Leg, b: Leg, n: PairRows = 60) -> Correlation:
    """Upper end of the 90 % interval of corr: with 95 % the correlation is below it; see corr_low.

    UNKNOWN where corr_low is. (Fisher 1915) Example: corr_high(RUT, BTC, 60) < 0.3
    """
    return bound(a.id, b.id, n, 1)


@function("{a}-{b} rank corr ({n})", pair=True)
def spearman(a: Leg, b: Leg, n: PairRows = 60) -> Correlation:
    """Rank correlation of the last n joint returns, in [-1, 1]: one wild day counts no more than its rank.

    UNKNOWN where corr is. (Spearman 1904) Example: spearman(RUT, SOL, 60) > 0.5
    """
    return Window(_spearman, sorted_returns(a.id, b.id), (n,), rows=span(n) - 1, warmup=n - 1)


@function("beta of {b} on {a} ({n})", pair=True)
def beta(a: Leg, b: Leg, n: PairRows = 60) -> Number:
    """Least-squares slope of b's returns on a's over the last n joint returns: what b does when a moves by 1 %.

    UNKNOWN where a does not move. (Sharpe 1963) Example: beta(RUT, SOL, 60) > 2
    """
    return Window(_slope, returns_of(a.id, b.id), (n,), rows=span(n) - 1, warmup=n - 1)


@function("mean corr in {basket} ({n})")
def avg_corr(basket: Basket, n: PairRows = 60) -> Correlation:
    """Mean of corr over all pairs of a basket, on one clock. UNKNOWN while the corr of a single pair is.

    High where everything moves together and there is nowhere to hide. (Kritzman, Li, Page & Rigobon 2011, as context)
    Example: avg_corr(RISK, 60) > 0.6
    """
    pairs = tuple(pearson(one, other, n) for one, other in combinations(basket, 2))
    return Window(_average, pairs)


@function("{a}-{b} coupled by corr ({n})", pair=True, context=("corr({a}, {b}, {n})",))
def classic(a: Leg, b: Leg, n: PairRows = 60, enter: Rho = 0.7, leave: Rho = 0.5, closes: Rows = 3) -> Condition:
    """Whether corr(a, b, n) went to `enter` or above for `closes` closes and since not to `leave` or below for as many.

    What most tools alert on, for comparison: where the truth is constantly .5 it enters .37 times a year and pair, a
    bare crossing of .7 with 30 returns 3.7 times, p_corr .03 times. UNKNOWN on rows where corr is.
    Example: classic(RUT, SOL, 60)
    """
    if leave > enter:
        raise ValueError(
            f"classic leaves where corr is low, so leave must not be above enter, {leave:g} not above {enter:g}"
        )
    return Folded(Classic(enter, leave, float(closes)), (pearson(a.id, b.id, n),))


@dataclass(frozen=True)
class Classic:
    """1 from the `closes`-th x in a row that is >= enter; 0 at first and from the `closes`-th in a row <= leave.

    A missing x gives NaN and leaves the state.
    """

    enter: float
    leave: float
    closes: float
    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"inside": np.zeros(lanes), "seen": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (x,) = row
        known = ~np.isnan(x)
        inside = state["inside"] > 0
        wanting = np.where(inside, x <= self.leave, x >= self.enter)
        seen = np.where(wanting, state["seen"] + 1.0, 0.0)
        crossed = seen >= self.closes
        now = np.where(inside ^ crossed, 1.0, 0.0)
        new = {
            "inside": where(known, now, state["inside"]),
            "seen": where(known, np.where(crossed, 0.0, seen), state["seen"]),
        }
        return new, np.where(known, now, np.nan)[:, None]


def _spearman(x: Floats, y: Floats, n: int) -> Floats:
    return over_known(moving_spearman, n, x, y)


def _slope(x: Floats, y: Floats, n: int) -> Floats:
    return over_known(moving_slope, n, x, y)


def _average(*pairs: Floats) -> Floats:
    total = pairs[0].copy()
    for each in pairs[1:]:
        total += each
    return total / len(pairs)
