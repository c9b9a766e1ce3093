"""How two instruments move together, with what is known about the uncertainty of it."""

from __future__ import annotations

import numpy as np

from rules.bars import Floats
from rules.columns import Node, Window
from rules.coupling import GRID, at_least, posterior
from rules.functions.registry import Correlation, Leg, PairRows, Probability, Rho, function
from rules.windows import FLAT, close_of, log_return, moving_products, over_known, span


@function("{a}-{b} corr ({n})", pair=True, context=("p_corr({a}, {b}, above=0.5)",))
def corr(a: Leg, b: Leg, n: PairRows = 60) -> Correlation:
    """Pearson correlation of the last n joint log returns, in [-1, 1].

    Coins are priced at the equity close. NaN unless the n joint returns lie within the last ceil(n / 0.8) rows, and
    where a leg does not move. (Pearson 1895) Example: corr(RUT, SOL, 60) > 0.6
    """
    return Window(_pearson, (*_returns(a.id, b.id),), (n,), rows=span(n) - 1, warmup=n - 1)


@function("P({a}-{b} corr ≥ {above})", pair=True, context=("corr({a}, {b}, 60)", "corr({a}, {b}, 20)"))
def p_corr(a: Leg, b: Leg, above: Rho = 0.6) -> Probability:
    """Probability in [0, 1] that the correlation of a and b is at least `above`, given everything up to this close.

    A Bayesian filter on devolatilised returns: fat tails and volatility spikes do not fool it, and it forgets at the
    speed of one change in 500 rows. UNKNOWN for the first 120 joint rows. (Shiryaev 1963; Hamilton 1989)
    Example: p_corr(RUT, SOL, above=0.6) >= 50%
    """
    return Window(_mass_from, (pair_posterior(a.id, b.id),), (at_least(above),))


def pair_posterior(a: str, b: str) -> Node:
    """The posterior that `p_corr` sums over: (rows, 39)."""
    return posterior(close_of(a), close_of(b))


def posterior_mean(a: str, b: str) -> Node:
    """Mean of the posterior: the filter's single best number for the correlation."""
    return Window(_mean, (pair_posterior(a, b),))


def _returns(a: str, b: str) -> tuple[Node, Node]:
    first, second = sorted((a, b))
    return log_return(close_of(first)), log_return(close_of(second))


def _pearson(x: Floats, y: Floats, n: int) -> Floats:
    return over_known(moving_pearson, n, x, y)


def moving_pearson(n: int, x: Floats, y: Floats) -> Floats:
    """Pearson correlation of each n neighbours, exactly within [-1, 1]; NaN where a leg is flat."""
    xx, yy, xy = moving_products(n, x, x), moving_products(n, y, y), moving_products(n, x, y)
    moving = (xx > n * FLAT * FLAT) & (yy > n * FLAT * FLAT)
    out = np.full(len(xy), np.nan)
    out[moving] = np.clip(xy[moving] / np.sqrt(xx[moving] * yy[moving]), -1.0, 1.0)
    return out


def _mass_from(posterior: Floats, first: int) -> Floats:
    mass: Floats = np.ascontiguousarray(posterior[:, first:]).sum(axis=-1)
    return np.minimum(mass, 1.0)


def _mean(posterior: Floats) -> Floats:
    mean: Floats = (posterior * GRID).sum(axis=-1)
    return mean
