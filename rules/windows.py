"""Exact reductions over sliding windows, and the returns that most statistics start from.

Sums run over the window's elements in order, one vector addition an element, so that the value on a row has the same
bits whatever else is computed beside it. pandas' rolling sums and matrix products do not have that property.

A window over n rows holds the last n known values inside the last ceil(n / 0.8) rows; where there are fewer, or where
the row itself is missing, the value is NaN.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence

import numpy as np

from rules.bars import Floats
from rules.columns import Field, Node, Window

FLAT = 1e-9
"""Returns that deviate less than this (root mean square) do not move: nothing that divides by it is defined.

No price is quoted to nine digits; what moves less is rounding.
"""

LEAST_RANKED = 60
"""Values that a rank is taken among, at least."""

_FEW = 16_384
"""Elements of windows that are laid out side by side: a live row, and its look-back, need no loop over elements. More
of them leave the processor's cache, and take several times as long as the loop."""

_SEVERAL = 8 * _FEW
"""Up to here they are laid out in several parts."""

_AT_ONCE = 512
"""Windows copied side by side; more take memory and no less time."""

Reduction = Callable[..., Floats]
"""`reduction(n, *columns)`: m + n - 1 gapless values each -> m values, one per full window."""


def span(n: int) -> int:
    """Rows in which n known values must lie: ceil(n / 0.8)."""
    return -(-5 * n // 4)


def over_known(reduction: Reduction, n: int, *columns: Floats) -> Floats:
    """Apply `reduction` to the windows of n rows on which all `columns` are known."""
    out = np.full(len(columns[0]), np.nan)
    known = ~np.isnan(columns[0])
    for column in columns[1:]:
        known &= ~np.isnan(column)
    rows = np.flatnonzero(known)
    if len(rows) < n:
        return out
    ends, starts = rows[n - 1 :], rows[: len(rows) - n + 1]
    close_enough = ends - starts < span(n)
    values = reduction(n, *(column[rows] for column in columns))
    out[ends[close_enough]] = values[close_enough]
    return out


def summed(n: int, term: Callable[..., Floats], *columns: Floats) -> Floats:
    """Sum of `term(*elements)` over each n neighbours of `columns`, added in order.

    `term` works element by element, and on arrays whose last axis is the windows.
    """
    count = len(columns[0]) - n + 1
    if count * n <= _FEW:
        return _added(term(*(_side_by_side(n, column) for column in columns)))
    total = np.array(term(*(column[:count] for column in columns)))
    for k in range(1, n):
        total += term(*(column[k : k + count] for column in columns))
    return total


def _side_by_side(n: int, column: Floats) -> Floats:
    """Row k holds the k-th element of all windows. A view: nothing is copied, and nothing may be written."""
    base = np.ascontiguousarray(column, dtype=np.float64)
    windows: Floats = np.ndarray((n, len(base) - n + 1), np.float64, base, strides=2 * base.strides)
    return windows


def _added(rows: Floats) -> Floats:
    """The rows added one after the other, from -0.0 on, which leaves every number as it is. Numbers that lie next to
    each other numpy would add in pairs: those of a single window are summed up cumulatively.
    """
    if rows.shape[1] == 1:
        alone: Floats = np.cumsum(rows, axis=0)[-1]
        return alone
    total: Floats = np.add.reduce(np.ascontiguousarray(rows), initial=-0.0)
    return total


def moving_sum(n: int, x: Floats) -> Floats:
    """Sum of each n neighbours, added in order."""
    return summed(n, lambda element: element, x)


def moving_mean(n: int, x: Floats) -> Floats:
    """Mean of each n neighbours."""
    return moving_sum(n, x) / n


def moving_max(n: int, x: Floats) -> Floats:
    """Greatest of each n neighbours."""
    count = len(x) - n + 1
    best = x[:count].copy()
    for k in range(1, n):
        np.maximum(best, x[k : k + count], out=best)
    return best


def moving_min(n: int, x: Floats) -> Floats:
    """Least of each n neighbours."""
    return -moving_max(n, -x)


def moving_squares(n: int, x: Floats) -> Floats:
    """Sum of (x - mean x)^2 of each n neighbours: n - 1 times the sample variance."""
    return moving_products(n, x)[0][0]


def moving_products(n: int, *columns: Floats) -> list[list[Floats]]:
    """Sum of (x - mean x)(y - mean y) of each n neighbours for all pairs of columns: n - 1 times their covariances.

    `moving_products(n, x, y)[i][j]` with i >= j; the diagonal holds the squares.
    """
    count = len(columns[0]) - n + 1
    if count * n > _SEVERAL:
        return _products_in_turn(n, columns)
    at_once = max(1, _FEW // n)
    parts = [
        _products_side_by_side(n, [column[first : first + at_once + n - 1] for column in columns])
        for first in range(0, count, at_once)
    ]
    return [[np.concatenate([part[i][j] for part in parts]) for j in range(i + 1)] for i in range(len(columns))]


def _products_side_by_side(n: int, columns: Sequence[Floats]) -> list[list[Floats]]:
    """Of few windows: all their elements at once."""
    elements = [_side_by_side(n, column) for column in columns]
    apart = [each - _added(each) / n for each in elements]
    return [[_added(apart[i] * apart[j]) for j in range(i + 1)] for i in range(len(columns))]


def _products_in_turn(n: int, columns: Sequence[Floats]) -> list[list[Floats]]:
    """Of many windows: the first elements of all, then the second ones."""
    means = [moving_mean(n, column) for column in columns]
    count, size = len(means[0]), len(columns)
    totals = [[np.full(count, -0.0) for _ in range(i + 1)] for i in range(size)]
    apart, product = [np.empty(count) for _ in columns], np.empty(count)
    for k in range(n):
        for i in range(size):
            np.subtract(columns[i][k : k + count], means[i], out=apart[i])
            for j in range(i + 1):
                totals[i][j] += np.multiply(apart[i], apart[j], out=product)
    return totals


def moving_median(n: int, x: Floats) -> Floats:
    """Median of each n neighbours."""
    return trailing_median(x, n, n)[n - 1 :]


def moving_trend(n: int, x: Floats) -> Floats:
    """Least-squares slope of each n neighbours against their place; exactly 0 where they are equal. n is 2 or more."""
    first = x[: len(x) - n + 1]
    total = np.zeros(len(first))
    for k in range(1, n):
        total += (k - (n - 1) / 2.0) * (x[k : k + len(first)] - first)
    return total / (n * (n * n - 1) / 12.0)


def trailing_median(x: Floats, n: int, least: int) -> Floats:
    """Median of the known values among the last n rows, NaN while there are fewer than `least`."""
    window: list[float] = []
    out = np.full(len(x), np.nan)
    values = x.tolist()
    for row, value in enumerate(values):
        if value == value:
            insort(window, value)
        if row >= n and values[row - n] == values[row - n]:
            del window[bisect_left(window, values[row - n])]
        size = len(window)
        if size >= least:
            middle = size // 2
            out[row] = window[middle] if size % 2 else (window[middle - 1] + window[middle]) / 2
    return out


def trailing_rank(x: Floats, n: int) -> Floats:
    """Share of the last n known values, within span(n) rows, that are not above the row's own.

    NaN where x is, and among fewer than LEAST_RANKED values (n where that is less).
    """
    out = np.full(len(x), np.nan)
    rows = np.flatnonzero(~np.isnan(x))
    values = x[rows]
    firsts = np.maximum(np.searchsorted(rows, rows - span(n), side="right"), np.arange(len(rows)) - n + 1)
    counts = np.arange(len(rows)) + 1 - firsts
    full = np.flatnonzero(counts == n)
    for some in np.array_split(full, -(-len(full) // _AT_ONCE) or 1):
        windows = np.lib.stride_tricks.sliding_window_view(values, n)[some - n + 1] if len(some) else values[:0, None]
        out[rows[some]] = np.count_nonzero(windows <= values[some][:, None], axis=1) / n
    for index in np.flatnonzero((counts >= min(n, LEAST_RANKED)) & (counts < n)).tolist():
        out[rows[index]] = np.count_nonzero(values[firsts[index] : index + 1] <= values[index]) / counts[index]
    return out


def lag(x: Floats, n: int) -> Floats:
    """The value n rows ago."""
    out = np.full(x.shape, np.nan)
    if n < len(x):
        out[n:] = x[: len(x) - n]
    return out


def growth(x: Floats, link: Floats, n: int) -> Floats:
    """x_t / x_{t-n}, corrected by the links between; NaN unless both ends are known and positive."""
    out = np.full(len(x), np.nan)
    if n >= len(x):
        return out
    base = x[: len(x) - n].copy()
    for k in range(1, n + 1):
        step = link[k : len(x) - n + k]
        if not (step == 1.0).all():
            base *= step
    usable = (base > 0) & (x[n:] > 0)
    out[n:][usable] = x[n:][usable] / base[usable]
    return out


def _log_growth(x: Floats, link: Floats, n: int) -> Floats:
    return np.log(growth(x, link, n))


def _growth_less_one(x: Floats, link: Floats, n: int) -> Floats:
    return growth(x, link, n) - 1.0


def _unlinked(x: Floats) -> Floats:
    return np.ones(len(x))


def link_of(x: Node) -> Node:
    """The links of an instrument's close; of anything else there are none."""
    if isinstance(x, Field) and x.name == "close":
        return Field(x.instrument, "link")
    return Window(_unlinked, (x,))


def log_return(x: Node, n: int = 1) -> Node:
    """log(x_t / x_{t-n}). Across a change of venue the new venue's own previous close is the base."""
    return Window(_log_growth, (x, link_of(x)), (n,), rows=n, warmup=n)


def simple_return(x: Node, n: int = 1) -> Node:
    """x_t / x_{t-n} - 1, with the same care for venues as `log_return`."""
    return Window(_growth_less_one, (x, link_of(x)), (n,), rows=n, warmup=n)


def ratio(x: Node, n: int = 1) -> Node:
    """x_t / x_{t-n}, with the same care for venues as `log_return`."""
    return Window(growth, (x, link_of(x)), (n,), rows=n, warmup=n)


def close_of(instrument: str) -> Node:
    """The instrument's close: what it means when it is used as a series."""
    return Field(instrument, "close")


def windowed(apply: Callable[..., Floats], inputs: tuple[Node, ...], n: int) -> Node:
    """A node `apply(*inputs, n)` whose windows hold n known values."""
    return Window(apply, inputs, (n,), rows=span(n) - 1, warmup=n - 1)
