"""Statistics of one window, for answers: intervals, partials, percentiles. Undefined is None, never a guess."""

from __future__ import annotations

import math

import numpy as np

from rules.bars import Floats
from rules.windows import FLAT

Z90 = 1.645
"""Standard normal quantile of a two-sided 90 % interval."""

LEAST_HISTORY = 60
"""Values a percentile is taken among, at least."""


def fat_tail_factor(x: Floats, y: Floats) -> float | None:
    """How much wider than Gaussian the spread of r is: g = mean psi^2, psi = (uv - r (u^2 + v^2) / 2) / (1 - r^2).

    u, v are x and y centred and scaled by their own standard deviation, r their correlation; 1 for a bivariate normal.
    None where a leg does not move or r is +-1. (Influence function of r: Devlin, Gnanadesikan & Kettenring 1975)
    """
    u, v = x - x.mean(), y - y.mean()
    u_scale, v_scale = math.sqrt(float((u * u).mean())), math.sqrt(float((v * v).mean()))
    if min(u_scale, v_scale) < FLAT:
        return None
    u, v = u / u_scale, v / v_scale
    r = float((u * v).mean())
    if abs(r) >= 1:
        return None
    psi = (u * v - r * (u * u + v * v) / 2) / (1 - r * r)
    return float((psi * psi).mean())


def fisher_interval(r: float, n: int, g: float) -> tuple[float, float] | None:
    """90 % interval of a correlation of n pairs: tanh(atanh r +- 1.645 sqrt(max(1, g) / (n - 3))).

    `g` is `fat_tail_factor`; without it nominal 90 % covers about 80 %. None for n < 4 or |r| = 1. (Fisher 1915)
    """
    if n < 4 or abs(r) >= 1:
        return None
    reach = Z90 * math.sqrt(max(1.0, g) / (n - 3))
    return math.tanh(math.atanh(r) - reach), math.tanh(math.atanh(r) + reach)


def partial_correlation(columns: Floats) -> float | None:
    """Correlation of the first two columns given the others, from the inverse of the correlation matrix.

    `columns` has shape (n, 2 + controls). None when the matrix is singular. (Whittaker 1990)
    """
    if len(columns) <= columns.shape[1] or not (columns.std(axis=0) > 0).all():
        return None
    matrix = np.corrcoef(columns, rowvar=False)
    if np.linalg.cond(matrix) > 1e12:
        return None
    inverse = np.linalg.inv(matrix)
    return float(np.clip(-inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1]), -1.0, 1.0))


def slope(x: Floats, y: Floats) -> float | None:
    """Least-squares slope of y on x; None where x does not move."""
    centred = x - x.mean()
    spread = float((centred * centred).sum())
    return float((centred * (y - y.mean())).sum()) / spread if spread > len(x) * FLAT * FLAT else None


def percentile(history: Floats, most: int | None = None) -> float | None:
    """Share of the last `most` known values (all when None) that are not above the newest, in [0, 1].

    None among fewer than LEAST_HISTORY values.
    """
    known = history[~np.isnan(history)]
    known = known[-most:] if most else known
    return float((known <= known[-1]).mean()) if len(known) >= LEAST_HISTORY else None
