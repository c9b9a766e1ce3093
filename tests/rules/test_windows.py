"""Exact sliding sums, whichever way they are added, and the rank of a value among those before it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bars import Floats
from rules.pairs import moving_pearson, moving_tail_factor
from rules.windows import (
    LEAST_RANKED,
    Reduction,
    moving_mean,
    moving_median,
    moving_products,
    moving_squares,
    moving_sum,
    moving_trend,
    over_known,
    trailing_rank,
)
from tests.rules.definitions import SPAN
from tests.rules.markets import prices, same_bits

seeds = st.integers(0, 2**32 - 1)


# --- sums

REDUCTIONS: dict[str, tuple[Reduction, int]] = {
    "sum": (moving_sum, 1),
    "mean": (moving_mean, 1),
    "squares": (moving_squares, 1),
    "products": (lambda n, x, y: moving_products(n, x, y)[1][0], 2),
    "pearson": (moving_pearson, 2),
    "tails": (moving_tail_factor, 2),
    "median": (moving_median, 1),
    "trend": (moving_trend, 1),
}
each_reduction = pytest.mark.parametrize(("reduction", "columns"), REDUCTIONS.values(), ids=REDUCTIONS)


@each_reduction
@pytest.mark.parametrize(("n", "rows"), [(2, 40_000), (30, 4_000), (250, 1_000)])
def test_a_long_column_has_the_bits_of_its_last_rows(reduction: Reduction, columns: int, n: int, rows: int) -> None:
    """Many windows are added element by element, few side by side: a live row must not differ from a replay."""
    legs = 0.01 * np.random.default_rng(n).standard_t(4, (columns, rows))
    whole = reduction(n, *legs)
    for tail in (1, 2, 7, 100):
        assert same_bits(reduction(n, *(leg[rows - n - tail + 1 :] for leg in legs)), whole[-tail:])
    assert same_bits(reduction(n, *(leg[: n + 9] for leg in legs)), whole[:10])


@each_reduction
def test_a_reduction_is_that_of_each_window_alone(reduction: Reduction, columns: int) -> None:
    legs = 0.01 * np.random.default_rng(1).standard_t(4, (columns, 80))
    whole = reduction(20, *legs)
    assert len(whole) == 61
    for k in range(61):
        assert same_bits(reduction(20, *(leg[k : k + 20] for leg in legs)), whole[k : k + 1])


@given(seeds, st.integers(2, 60), st.integers(1, 4))
def test_products_of_all_pairs_are_numpys_covariances(seed: int, n: int, columns: int) -> None:
    legs = np.random.default_rng(seed).standard_normal((columns, 70))
    products = moving_products(n, *legs)
    for k in (0, 5, 70 - n):
        expected = np.atleast_2d(np.cov(legs[:, k : k + n])) * (n - 1)
        for i, row in enumerate(products):
            assert [column[k] for column in row] == pytest.approx(expected[i, : i + 1].tolist(), abs=1e-9)
    assert [len(row) for row in products] == list(range(1, columns + 1))


@given(seeds, st.integers(1, 61))
def test_a_median_is_numpys(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).standard_normal(90)
    windows = np.lib.stride_tricks.sliding_window_view(x, n)
    np.testing.assert_array_equal(moving_median(n, x), np.median(windows, axis=1))


@given(seeds, st.integers(2, 61), st.sampled_from([0.0, 1e9]))
def test_a_trend_is_numpys_line(seed: int, n: int, level: float) -> None:
    x = level + np.random.default_rng(seed).standard_normal(90)
    windows = np.lib.stride_tricks.sliding_window_view(x, n)
    lines = np.polyfit(np.arange(n), windows.T - windows[:, 0], 1)[0]
    np.testing.assert_allclose(moving_trend(n, x), lines, rtol=1e-6, atol=1e-8)


def test_fewer_values_than_a_window_holds_give_nothing() -> None:
    assert np.isnan(over_known(moving_sum, 5, np.arange(4.0))).all()
    assert over_known(moving_sum, 5, np.arange(5.0))[-1] == 10.0
    assert over_known(moving_sum, 5, np.empty(0)).shape == (0,)


# --- ranks


def ranks(x: Floats, n: int) -> list[float]:
    """Of each row: the share of the last n known values within ceil(n / 0.8) rows that are not above its own."""
    out, reach = [], math.ceil(n / SPAN)
    for row, value in enumerate(x):
        near = [each for each in x[max(0, row - reach + 1) : row + 1] if not np.isnan(each)][-n:]
        enough = len(near) >= min(n, 60) and not np.isnan(value)
        out.append(sum(each <= value for each in near) / len(near) if enough else math.nan)
    return out


def column(seed: int, gaps: float, ties: bool, rows: int = 260) -> Floats:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.standard_normal(rows))
    x = np.round(x) if ties else x
    x[rng.random(rows) < gaps] = np.nan
    return x


@given(seeds, st.sampled_from([2, 5, 59, 60, 61, 100, 252, 504]), st.sampled_from([0.0, 0.05, 0.3]), st.booleans())
def test_a_rank_is_the_share_of_the_last_values_that_are_not_above(seed: int, n: int, gaps: float, ties: bool) -> None:
    x = column(seed, gaps, ties)
    np.testing.assert_array_equal(trailing_rank(x, n), ranks(x, n))


@pytest.mark.parametrize("rows", [511, 512, 513, 1024, 1500])
def test_many_windows_are_ranked_like_few(rows: int) -> None:
    x = column(1, 0.02, ties=False, rows=rows)
    np.testing.assert_array_equal(trailing_rank(x, 100), ranks(x, 100))


@pytest.mark.parametrize(
    ("path", "n", "expected"),
    [
        ("1 2 3", 3, ". . 1"),
        ("3 2 1", 3, ". . .3333333333333333"),
        ("2 2 2", 3, ". . 1"),
        ("1 . 2 . 3", 3, ". . . . ."),
        ("1 2 3 .", 3, ". . 1 ."),
        ("1 2 3 . 0", 4, ". . . . .25"),
        ("9 1 2", 2, ". .5 1"),
    ],
)
def test_a_rank_by_hand(path: str, n: int, expected: str) -> None:
    np.testing.assert_array_equal(trailing_rank(prices(path), n), prices(expected))


def test_a_rank_needs_sixty_values_and_no_more() -> None:
    rising = np.arange(100.0)
    assert LEAST_RANKED == 60
    assert np.isnan(trailing_rank(rising, 504)).tolist() == [True] * 59 + [False] * 41


@pytest.mark.parametrize("rows", [0, 1, 59])
def test_too_few_rows_have_no_rank(rows: int) -> None:
    out = trailing_rank(np.arange(float(rows)), 504)
    assert out.shape == (rows,)
    assert np.isnan(out).all()


@given(seeds)
def test_a_rank_knows_only_the_order(seed: int) -> None:
    x = column(seed, 0.05, ties=True)
    assert same_bits(trailing_rank(np.exp(x / 9), 100), trailing_rank(x, 100))
    assert same_bits(trailing_rank(7 * x - 3, 100), trailing_rank(x, 100))
