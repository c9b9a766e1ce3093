"""A block bootstrap of the median: how far the median of outcomes that overlap could be from the true one.

The draws are a fixed table of numbers that look like chance, not chance: the same outcomes have the same interval, on
every machine and in every replay.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from rules.bars import Bools, Floats, Ints
from rules.splitmix import splitmix64
from rules.student import upper_quantile

SAMPLES = 2_000
"""Resampled medians: what is beyond .86 % of them is still seventeen."""

LONGEST = 3
"""Horizons that one block may last: a rule that always fires again would else be one block."""

MOST_BLOCKS = 250
"""Blocks that are drawn from: more of them are joined, neighbours with each other, which costs nothing but memory. How
often one is drawn fits into a byte.
"""

NOMINAL = 0.90

_AT_ONCE = 2_000_000
"""Numbers that are held while medians are drawn."""


def effective_size(rows: Ints, horizon: int) -> float:
    """How many outcomes that share no session would say as much as these, which begin on `rows` (ascending) and last
    `horizon` rows each.

    n^2 over the sum, over all pairs, of the share of sessions that two have in common: the design effect of sums of
    independent returns. (Hansen and Hodrick 1980; Kish 1965)
    """
    if not len(rows):
        return 0.0
    shared = float(len(rows))
    for apart in range(1, len(rows)):
        near = rows[apart:] - rows[:-apart]
        common = 1.0 - near[near < horizon] / horizon
        if not len(common):  # those further apart in order are further apart in time
            break
        shared += 2.0 * float(common.sum())
    return len(rows) ** 2 / shared


def blocks(rows: Ints, horizon: int) -> Ints:
    """Which block each of the outcomes belongs to, from 0 on: a new one begins where an outcome shares no session with
    the one before, or when the block has lasted `LONGEST` horizons.
    """
    found = np.zeros(len(rows), dtype=np.int64)
    block, began = 0, int(rows[0]) if len(rows) else 0
    for at in range(1, len(rows)):
        row = int(rows[at])
        if row - int(rows[at - 1]) >= horizon or row - began >= LONGEST * horizon:
            block, began = block + 1, row
        found[at] = block
    return found


def median_interval(values: Floats, of_block: Ints, size: float) -> tuple[float, float]:
    """Both ends of a 90 % interval of the median of `values`, whole blocks of which are drawn again and again.

    Percentile intervals are too narrow where there is little: they are widened as Student's t widens the normal one, at
    `size` effective outcomes. NaN with fewer than two. (Kuensch 1989; Efron 1979; Hesterberg 2015)
    """
    if size < 2.0 or not len(values):
        return math.nan, math.nan
    medians = _medians(values, of_block)
    beyond = _beyond(size)
    low, high = np.quantile(medians, [beyond, 1.0 - beyond])
    return float(low), float(high)


@lru_cache(maxsize=1_024)
def _beyond(size: float) -> float:
    """The share of resampled medians beyond either end: as far out as Student's quantile at `size` outcomes."""
    quantile = upper_quantile((1.0 - NOMINAL) / 2.0, size - 1.0)
    return NormalDist().cdf(-quantile * math.sqrt(size / (size - 1.0)))


def _medians(values: Floats, of_block: Ints) -> Floats:
    """The median of each resample: of as many blocks as there are, some of them several times."""
    count = int(of_block[-1]) + 1
    if count > MOST_BLOCKS:
        of_block, count = of_block * MOST_BLOCKS // count, MOST_BLOCKS
    order = np.argsort(values, kind="stable")
    ascending, of_block = values[order], of_block[order]
    times = _times(count)
    at_once = max(1, _AT_ONCE // len(values))
    found = [_weighted(ascending, times[at : at + at_once, of_block]) for at in range(0, len(times), at_once)]
    return np.concatenate(found)


def _weighted(ascending: Floats, times: NDArray[np.uint8]) -> Floats:
    """The median of ascending values, each there so many `times`; one a row."""
    seen = np.cumsum(times, axis=1, dtype=np.int32)
    half = seen[:, -1:] / 2.0
    low, high = _first(seen >= half), _first(seen > half)
    middle: Floats = (ascending[low] + ascending[high]) / 2.0
    return middle


def _first(holds: Bools) -> Ints:
    found: Ints = np.argmax(holds, axis=1)
    return found


@lru_cache(maxsize=32)
def _times(count: int) -> NDArray[np.uint8]:
    """How often each of `count` blocks is drawn, when `count` are; (SAMPLES, count)."""
    drawn = (splitmix64(SAMPLES * count) % np.uint64(count)).astype(np.int64).reshape(SAMPLES, count)
    at = np.arange(SAMPLES, dtype=np.int64)[:, None] * count + drawn
    return np.bincount(at.ravel(), minlength=SAMPLES * count).reshape(SAMPLES, count).astype(np.uint8)
