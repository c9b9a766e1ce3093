"""The block bootstrap of a median: against formulas told another way, laws, and worlds whose median is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rules.bars import Ints
from rules.resampling import LONGEST, blocks, effective_size, median_interval

rows_of_firings = st.lists(st.integers(0, 600), min_size=1, max_size=40, unique=True).map(
    lambda rows: np.array(sorted(rows), dtype=np.int64)
)
horizons = st.sampled_from([1, 5, 20])
values = st.floats(-0.5, 0.5, allow_nan=False)

# --- How much outcomes that overlap say


@given(rows_of_firings, horizons)
def test_the_effective_size_is_the_variance_of_sums_of_independent_returns(rows: Ints, horizon: int) -> None:
    """The mean of n sums, over one long list of returns of variance 1, told by how often each return is in it."""
    used = np.zeros(700)
    for row in rows:
        used[row + 1 : row + 1 + horizon] += 1.0 / len(rows)
    assert effective_size(rows, horizon) == pytest.approx(horizon / (used**2).sum(), rel=1e-12)


@given(rows_of_firings, horizons)
def test_outcomes_never_say_more_than_there_are_of_them_nor_less_than_one(rows: Ints, horizon: int) -> None:
    assert 1.0 - 1e-12 <= effective_size(rows, horizon) <= len(rows) + 1e-9


def test_outcomes_that_share_no_session_count_whole() -> None:
    assert effective_size(np.array([10, 30, 50]), 20) == 3.0
    assert effective_size(np.array([], dtype=np.int64), 20) == 0.0


@given(rows_of_firings, horizons)
def test_a_block_is_left_where_an_outcome_is_whole_to_itself_or_after_three_horizons(rows: Ints, horizon: int) -> None:
    of_block = blocks(rows, horizon)
    assert of_block[0] == 0
    for block in range(int(of_block[-1]) + 1):
        inside = rows[of_block == block]
        assert len(inside)
        assert (np.diff(inside) < horizon).all()
        assert inside[-1] - inside[0] < LONGEST * horizon
        if block:
            last = rows[of_block == block - 1]
            assert inside[0] - last[-1] >= horizon or inside[0] - last[0] >= LONGEST * horizon


# --- The interval


@given(st.lists(values, min_size=5, max_size=30))
def test_the_interval_lies_within_the_outcomes_and_is_the_same_each_time(outcomes: list[float]) -> None:
    ends, apart = np.array(outcomes), np.arange(len(outcomes))
    low, high = median_interval(ends, apart, float(len(ends)))
    assert ends.min() <= low <= high <= ends.max()
    assert (low, high) == median_interval(ends, apart, float(len(ends)))


@given(st.lists(values, min_size=5, max_size=30), st.integers(2, 8))
def test_an_interval_is_wider_where_outcomes_say_less(outcomes: list[float], size: int) -> None:
    ends, apart = np.array(outcomes), np.arange(len(outcomes))
    low, high = median_interval(ends, apart, float(size))
    lower, higher = median_interval(ends, apart, float(size + 1))
    assert low <= lower <= higher <= high


@given(st.lists(values, min_size=5, max_size=20))
def test_the_order_within_a_block_says_nothing(outcomes: list[float]) -> None:
    ends = np.array(outcomes)
    of_block = np.arange(len(ends)) // 2
    swapped = ends.copy()
    swapped[0], swapped[1] = ends[1], ends[0]
    assert median_interval(ends, of_block, 4.0) == median_interval(swapped, of_block, 4.0)


def test_less_than_two_outcomes_have_no_interval() -> None:
    for size in (0.0, 1.0, 1.9):
        assert all(map(math.isnan, median_interval(np.array([0.1]), np.array([0]), size)))
    assert all(map(math.isnan, median_interval(np.array([]), np.array([], dtype=np.int64), 5.0)))


def test_equal_outcomes_have_an_interval_of_no_width() -> None:
    assert median_interval(np.full(9, 0.02), np.arange(9), 9.0) == (0.02, 0.02)


def test_a_block_is_drawn_whole() -> None:
    """Of two blocks, one of losses and one of gains, half of the medians are of one of them alone."""
    ends = np.array([-0.1, -0.1, -0.1, 0.2, 0.2, 0.2])
    assert median_interval(ends, np.array([0, 0, 0, 1, 1, 1]), 2.0) == (-0.1, 0.2)


def test_of_very_many_blocks_neighbours_are_joined_and_the_interval_hardly_moves() -> None:
    """Each of three thousand outcomes is a block of its own: known by the binomial, without any draw."""
    ends = np.random.default_rng(5).standard_t(5, 3_000)
    low, high = median_interval(ends, np.arange(3_000), 3_000.0)
    rank = np.asarray(stats.binom.ppf([0.05, 0.95], 3_000, 0.5), dtype=np.int64)
    known = np.sort(ends)[rank]
    assert low == pytest.approx(known[0], abs=0.008)
    assert high == pytest.approx(known[1], abs=0.008)


@pytest.mark.parametrize(
    ("firings", "spread"), [(8, 1), (30, 1), (120, 1), (8, 4)], ids=["few", "some", "many that overlap", "in clusters"]
)
def test_the_interval_holds_the_true_median_about_nine_times_in_ten(firings: int, spread: int) -> None:
    """Fat-tailed returns of median zero, alerts at random and in clusters: what a rule without any edge looks like."""
    chance, horizon, held, worlds = np.random.default_rng(11), 20, 0, 300
    for _ in range(worlds):
        path = np.cumsum(chance.standard_t(5, 4_000))
        starts = chance.choice(3_900, firings, replace=False)
        rows = np.unique(np.concatenate([starts + chance.integers(0, 15, firings) for _ in range(spread)]))
        size = min(effective_size(rows, horizon), float(blocks(rows, horizon)[-1] + 1))
        low, high = median_interval(path[rows + horizon] - path[rows], blocks(rows, horizon), size)
        held += low <= 0.0 <= high
    assert 0.85 <= held / worlds <= 0.97
