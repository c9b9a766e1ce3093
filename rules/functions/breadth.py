"""What a basket does as a whole: how many of its members do something, what they do on average, how alike and how odd
their moves are.
"""

from __future__ import annotations

from functools import reduce

import numpy as np

from rules.bars import Floats
from rules.columns import Constant, Node, Window
from rules.elementwise import binary
from rules.functions.registry import (
    Basket,
    EachCondition,
    EachSeries,
    Members,
    Number,
    Percent,
    Same,
    UsualRows,
    function,
)
from rules.windows import FLAT, close_of, log_return, moving_mean, moving_products, over_known, span, windowed

_SINGULAR = 1e-7
"""A member of whose variance those before it leave a smaller share is made of them: the matrix has no inverse.

Far above what rounding leaves, also where a share just above it was divided by before.
"""


@function("mean of {x} in {basket}")
def mean_of(basket: Members, x: EachSeries) -> Same:
    """Mean over the members of a basket of x, in which EACH stands for the member; in the unit of x.

    NaN while x of a single member is: which one is missing would else look like a change.
    Example: mean_of(ALTS, ret(EACH, 21)) > 20%
    """
    return _mean(x, len(basket))


@function("share of {basket} above {x}")
def share_above(basket: Members, x: EachSeries) -> Percent:
    """Share in [0, 1] of the members of a basket whose close is above x, in which EACH stands for the member.

    NaN while a single member, or its x, is. Example: share_above(ALTS, sma(EACH, 50)) < 20%
    """
    above = tuple(binary(">", close_of(name), level) for name, level in zip(basket, x, strict=True))
    return _mean(above, len(basket))


@function("members of {basket} with ({condition})")
def count_if(basket: Members, condition: EachCondition) -> Number:  # noqa: ARG001 - read for them
    """How many members of a basket the condition, in which EACH stands for the member, is TRUE of.

    NaN while it is UNKNOWN of a single one. Example: count_if(ALTS, drawdown(EACH) > 50%) >= 3
    """
    return _sum(condition)


@function("absorption in {basket} ({n})", context=("avg_corr({basket}, 60)",))
def absorption(basket: Basket, n: UsualRows = 250) -> Percent:
    """Share in (0, 1] of what the members do that a fifth of as many common drivers explain, over n joint returns.

    The sum of the max(1, round(k / 5)) greatest eigenvalues of the k members' correlation matrix, over k: near 1 where
    everything hangs on one thread. Of correlations and not covariances, or the wildest member would be the driver. NaN
    unless the n joint returns lie within the last ceil(n / 0.8) rows, and where a member does not move. Context, no
    alarm. (Kritzman, Li, Page & Rigobon 2011) Example: absorption(RISK, 250) > 70%
    """
    return windowed(_absorption, _returns_of(basket), n)


@function("turbulence in {basket} ({n})", context=("avg_corr({basket}, 60)",))
def turbulence(basket: Basket, n: UsualRows = 250) -> Number:
    """How odd this row's returns of a basket are, in size and in how they go together: about 1 on a usual row.

    (y - m)' S^-1 (y - m) / k, y the k members' joint returns, m and S mean and covariance of the n joint returns before
    it. NaN unless all n + 1 lie within the last ceil((n + 1) / 0.8) rows, and where S is singular. Context, no alarm.
    (Chow, Jacquier, Kritzman & Lowry 1999; Kritzman & Li 2010) Example: turbulence(RISK, 250) > 5
    """
    if n <= len(basket):
        raise ValueError(f"turbulence of {len(basket)} members needs more returns than members, not {n}")
    return Window(_turbulence, _returns_of(basket), (n,), rows=span(n + 1) - 1, warmup=n)


def moving_absorption(n: int, *columns: Floats) -> Floats:
    """Share of the variance of each n neighbours, columns scaled alike, in the first fifth of their eigenvectors."""
    size, matrices = len(columns), np.moveaxis(_correlations(moving_products(n, *columns), n), -1, 0)
    known = np.flatnonzero(~np.isnan(matrices).any(axis=(1, 2)))
    values = np.linalg.eigvalsh(matrices[known])  # a matrix at a time: the same bits whatever stands beside it
    total = np.zeros(len(known))
    for place in range(max(1, round(size / 5))):
        total += values[:, size - 1 - place]
    out = np.full(len(matrices), np.nan)
    out[known] = np.minimum(total / size, 1.0)
    return out


def moving_turbulence(rows: int, *columns: Floats) -> Floats:
    """Squared Mahalanobis distance of the last of each `rows` neighbours from those before it, over the columns' count.

    NaN where the covariance of those before is singular or a column of them is flat. (Mahalanobis 1936)
    """
    n, before = rows - 1, [column[:-1] for column in columns]
    products = moving_products(n, *before)
    moves = [
        (column[n:] - moving_mean(n, calm)) / _deviation(row[-1], n)
        for column, calm, row in zip(columns, before, products, strict=True)
    ]
    return _distance(_correlations(products, n), moves) / len(columns)


def _distance(r: Floats, z: list[Floats]) -> Floats:
    """z' r^-1 z of all windows at once: each member in turn, once what those before it explain is taken out of it."""
    total = np.zeros(len(z[0]))
    for p in range(len(z)):
        left = np.where(r[p, p] > _SINGULAR, r[p, p], np.nan)
        total += z[p] * z[p] / left
        for i in range(p + 1, len(z)):
            share = r[i, p] / left
            z[i] = z[i] - share * z[p]
            for j in range(p + 1, i + 1):
                r[i, j] -= share * r[j, p]
    return total


def _correlations(products: list[list[Floats]], n: int) -> Floats:
    """Matrices of shape (columns, columns, windows); NaN beside a column that is flat."""
    scale = [np.sqrt(n - 1.0) * _deviation(row[-1], n) for row in products]
    r = np.ones((len(scale), len(scale), len(scale[0])))
    for i, row in enumerate(products):
        for j in range(i):
            r[i, j] = r[j, i] = np.clip(row[j] / (scale[i] * scale[j]), -1.0, 1.0)
    return r


def _deviation(squares: Floats, n: int) -> Floats:
    """The sample deviation; NaN where that is none."""
    return np.sqrt(np.where(squares > n * FLAT * FLAT, squares, np.nan) / (n - 1))


def _returns_of(basket: tuple[str, ...]) -> tuple[Node, ...]:
    return tuple(log_return(close_of(name)) for name in basket)


def _absorption(*given: Floats) -> Floats:
    *returns, n = given
    return over_known(moving_absorption, int(n), *returns)


def _turbulence(*given: Floats) -> Floats:
    *returns, n = given
    return over_known(moving_turbulence, int(n) + 1, *returns)


def _mean(each: tuple[Node, ...], count: int) -> Node:
    return binary("/", _sum(each), Constant(float(count)))


def _sum(each: tuple[Node, ...]) -> Node:
    return reduce(lambda x, y: binary("+", x, y), each)
