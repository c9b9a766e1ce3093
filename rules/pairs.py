"""Sliding windows over the joint returns of a pair: Pearson with its interval, its relatives, and what lies behind it.

Every window is computed anew from its own returns: cumulative sums would give |r| > 1 on a leg that hardly moves. All
functions take n and gapless columns and give one value per full window (`rules.windows.over_known`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from rules.bars import Floats
from rules.columns import Node, Window
from rules.windows import (
    FLAT,
    close_of,
    log_return,
    moving_mean,
    moving_products,
    moving_squares,
    over_known,
    span,
    summed,
)

TAIL_ROWS = 250
"""Returns from which the fatness of tails is measured; the window's own where there are fewer."""

CALM_ROWS = 250
"""Returns before a window that its volatility is held against."""

Z90 = 1.645
"""Standard normal quantile of a two-sided 90 % interval."""

PERFECT = 1e-9
"""A correlation that is nearer to 1 than this says nothing of its own uncertainty."""

_AT_ONCE = 512
"""Windows that are ranked side by side; more take memory and no less time."""

_SINGULAR = 1e-10
"""A correlation matrix with a smaller determinant has no partial correlations."""


def returns_of(*instruments: str) -> tuple[Node, ...]:
    """The log returns of instruments, in the order given."""
    return tuple(log_return(close_of(name)) for name in instruments)


def sorted_returns(a: str, b: str) -> tuple[Node, ...]:
    """The log returns of a pair in an order of their own, so that (a, b) and (b, a) are one column."""
    return returns_of(*sorted((a, b)))


def pearson(a: str, b: str, n: int) -> Node:
    """Pearson's r of the last n joint returns, in [-1, 1]; NaN where a leg does not move. (Pearson 1895)"""
    return Window(_pearson, sorted_returns(a, b), (n,), rows=span(n) - 1, warmup=n - 1)


def standard_error(a: str, b: str, n: int) -> Node:
    """The standard error of atanh r, r of `pearson`: sqrt(max(1, g) / (n - 3)).

    g (`moving_tail_factor`) is taken over the last TAIL_ROWS joint returns or, while there are fewer, over the window.
    """
    reach = span(max(n, TAIL_ROWS)) - 1
    return Window(_standard_error, sorted_returns(a, b), (n,), rows=reach, warmup=n - 1)


def bound(a: str, b: str, n: int, side: int) -> Node:
    """The upper (side 1) or lower (side -1) end of the 90 % interval of `pearson`: tanh(atanh r +- 1.645 se).

    Without the tails in `standard_error` nominal 90 % covers about 80 %. NaN where r is, and where r is +-1.
    (Fisher 1915)
    """
    return Window(_bound, (pearson(a, b, n), standard_error(a, b, n)), (side,))


def moving_pearson(n: int, x: Floats, y: Floats) -> Floats:
    """Pearson correlation of each n neighbours, exactly within [-1, 1]; NaN where a leg is flat."""
    (xx,), (xy, yy) = moving_products(n, x, y)
    return _correlated(n, xx, yy, xy)


def _correlated(n: int, xx: Floats, yy: Floats, xy: Floats) -> Floats:
    moving = (xx > n * FLAT * FLAT) & (yy > n * FLAT * FLAT)
    out = np.full(len(xy), np.nan)
    out[moving] = np.clip(xy[moving] / np.sqrt(xx[moving] * yy[moving]), -1.0, 1.0)
    return out


def moving_tail_factor(n: int, x: Floats, y: Floats) -> Floats:
    """How much wider than Gaussian the spread of r is: g = mean psi^2, psi = (uv - r (u^2 + v^2) / 2) / (1 - r^2).

    u, v are the n neighbours of x and y centred and scaled by their own standard deviation, r their correlation; 1 for
    a bivariate normal. NaN where a leg is flat or r is +-1. (Influence function of r: Devlin, Gnanadesikan &
    Kettenring 1975)
    """
    (xx,), (xy, yy) = moving_products(n, x, y)
    r = _correlated(n, xx, yy, xy)
    r[1.0 - np.abs(r) < PERFECT] = np.nan
    known = ~np.isnan(r)
    mean_x, mean_y = moving_mean(n, x), moving_mean(n, y)
    scale_x, scale_y = (np.sqrt(np.where(known, squares / n, np.nan)) for squares in (xx, yy))

    def squared_influence(p: Floats, q: Floats) -> Floats:
        u, v = (p - mean_x) / scale_x, (q - mean_y) / scale_y
        psi = (u * v - r * (u * u + v * v) / 2.0) / (1.0 - r * r)
        return psi * psi

    return summed(n, squared_influence, x, y) / n


def moving_spearman(n: int, x: Floats, y: Floats) -> Floats:
    """Pearson correlation of the ranks (ties share theirs) of each n neighbours; NaN where a leg is flat.

    (Spearman 1904)
    """
    moving = (moving_squares(n, x) > n * FLAT * FLAT) & (moving_squares(n, y) > n * FLAT * FLAT)
    out = np.full(len(moving), np.nan)
    rows = np.flatnonzero(moving)
    for some in np.array_split(rows, len(rows) // _AT_ONCE + 1):
        p, q = (_centred_ranks(np.lib.stride_tricks.sliding_window_view(leg, n)[some]) for leg in (x, y))
        spread = (p * p).sum(axis=1) * (q * q).sum(axis=1)  # sums of quarters: exact in any order
        out[some] = np.clip((p * q).sum(axis=1) / np.sqrt(spread), -1.0, 1.0)
    return out


def _centred_ranks(windows: Floats) -> Floats:
    ranks: Floats = pd.DataFrame(windows).rank(axis=1).to_numpy() - (windows.shape[1] + 1) / 2.0
    return ranks


def moving_partial(n: int, *columns: Floats) -> Floats:
    """Correlation of the first two columns given the others, from the inverse of the correlation matrix.

    NaN where the matrix is singular or a leg is flat. (Whittaker 1990)
    """
    size, count = len(columns), len(columns[0]) - n + 1
    matrices = np.ones((count, size, size))
    products = moving_products(n, *columns)
    for i in range(size):
        for j in range(i):
            r = _correlated(n, products[i][i], products[j][j], products[i][j])
            matrices[:, i, j] = matrices[:, j, i] = r
    known = np.flatnonzero(~np.isnan(matrices).any(axis=(1, 2)))
    usable = known[np.linalg.det(matrices[known]) > _SINGULAR]
    inverse = np.linalg.inv(matrices[usable])
    out = np.full(count, np.nan)
    out[usable] = np.clip(-inverse[:, 0, 1] / np.sqrt(inverse[:, 0, 0] * inverse[:, 1, 1]), -1.0, 1.0)
    return out


def moving_slope(n: int, x: Floats, y: Floats) -> Floats:
    """Least-squares slope of y on x of each n neighbours; NaN where x is flat."""
    (xx,), (xy, _) = moving_products(n, x, y)
    out = np.full(len(xx), np.nan)
    moving = xx > n * FLAT * FLAT
    out[moving] = xy[moving] / xx[moving]
    return out


def moving_rise(n: int, x: Floats) -> Floats:
    """Variance of the last n of n + CALM_ROWS neighbours over that of those before them, less one; NaN where flat."""
    calm, now = moving_squares(CALM_ROWS, x)[: len(x) - n - CALM_ROWS + 1], moving_squares(n, x)[CALM_ROWS:]
    out = np.full(len(now), np.nan)
    moving = (calm > CALM_ROWS * FLAT * FLAT) & (now > n * FLAT * FLAT)
    out[moving] = (now[moving] / (n - 1)) / (calm[moving] / (CALM_ROWS - 1)) - 1.0
    return out


def adjusted(r: Floats, rise: Floats) -> Floats:
    """r / sqrt(1 + rise (1 - r^2)): the correlation at the volatility of before, r itself where that did not rise.

    (Forbes & Rigobon 2002)
    """
    freed: Floats = r / np.sqrt(1.0 + np.maximum(rise, 0.0) * (1.0 - r * r))
    return freed


def rise_of(a: str, b: str, leg: str, n: int) -> Node:
    """How the variance of one leg of a pair rose over their last n joint returns (`moving_rise`)."""
    index = sorted((a, b)).index(leg)
    rows = n + CALM_ROWS
    return Window(_rise, sorted_returns(a, b), (n, index), rows=span(rows) - 1, warmup=rows - 1)


def _pearson(x: Floats, y: Floats, n: int) -> Floats:
    return over_known(moving_pearson, n, x, y)


def _standard_error(x: Floats, y: Floats, n: int) -> Floats:
    g = over_known(moving_tail_factor, TAIL_ROWS, x, y)
    few = np.isnan(g)
    g[few] = over_known(moving_tail_factor, min(n, TAIL_ROWS), x, y)[few]
    error: Floats = np.sqrt(np.maximum(1.0, g) / (n - 3))
    return error


def _bound(r: Floats, error: Floats, side: int) -> Floats:
    imperfect = np.where(1.0 - np.abs(r) < PERFECT, np.nan, r)
    end: Floats = np.tanh(np.arctanh(imperfect) + side * Z90 * error)
    return end


def _rise(x: Floats, y: Floats, n: int, index: int) -> Floats:
    return over_known(_rise_of_first, n + CALM_ROWS, *((x, y) if index == 0 else (y, x)))


def _rise_of_first(rows: int, x: Floats, _: Floats) -> Floats:
    return moving_rise(rows - CALM_ROWS, x)
