"""Statistics of single samples, against scipy and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rules.statistics import change_test, kendall, percentile
from rules.windows import LEAST_RANKED
from tests.rules.legs import fat_tailed

seeds = st.integers(0, 2**32 - 1)

# --- Kendall


@given(seeds, st.integers(5, 90), st.integers(0, 4))
def test_kendall_is_scipys_tau_b_as_a_correlation(seed: int, n: int, digits: int) -> None:
    x, y = (np.round(each, digits) for each in fat_tailed(0.4, n, np.random.default_rng(seed)))
    tau = float(stats.kendalltau(x, y).statistic)
    known = kendall(x, y)
    if known is None:
        assert math.isnan(tau)
    else:
        assert known == pytest.approx(math.sin(math.pi / 2 * tau), abs=1e-12)
        assert abs(known) <= 1


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.3, 0.8])
def test_kendall_finds_the_correlation_of_fat_tailed_returns(rho: float) -> None:
    assert kendall(*fat_tailed(rho, 4_000, np.random.default_rng(2))) == pytest.approx(rho, abs=0.05)


def test_one_print_moves_kendall_little_and_pearson_a_lot() -> None:
    x, y = fat_tailed(0.0, 60, np.random.default_rng(3))
    before = kendall(x, y) or 0.0
    x[30] = y[30] = 1e3
    after = kendall(x, y) or 0.0
    assert abs(after - before) < 0.1
    assert np.corrcoef(x, y)[0, 1] > 0.99


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_kendall_of_a_leg_and_itself_is_one(sign: float) -> None:
    x = np.random.default_rng(4).standard_normal(60)
    assert kendall(x, sign * x) == sign


def test_kendall_of_a_still_leg_or_of_too_few_is_none() -> None:
    moving, still = np.arange(5.0), np.ones(5)
    assert kendall(still, moving) is None
    assert kendall(moving, still) is None
    assert kendall(moving[:1], moving[:1]) is None
    assert kendall(moving[:0], moving[:0]) is None
    assert kendall(moving, np.append(moving[:4], np.nan)) is None


@pytest.mark.parametrize("size", [1e-15])
def test_the_rounding_of_a_leg_that_does_not_move_has_no_kendall(size: float) -> None:
    """Where Pearson is undefined, the order of the roundings would be a number made from nothing."""
    rng = np.random.default_rng(5)
    assert kendall(size * rng.standard_normal(60), 0.01 * rng.standard_normal(60)) is None


# --- has it changed


@pytest.mark.parametrize(
    ("r", "error", "before", "error_before"), [(0.7, 0.13, 0.2, 0.13), (0.1, 0.2, 0.6, 0.1), (0.3, 0.1, 0.3, 0.2)]
)
def test_a_change_is_fishers_test_of_two_independent_correlations(
    r: float, error: float, before: float, error_before: float
) -> None:
    z, p = change_test(r, error, before, error_before) or (math.nan, math.nan)
    assert z == pytest.approx((math.atanh(r) - math.atanh(before)) / math.sqrt(error**2 + error_before**2))
    assert p == pytest.approx(2 * stats.norm.sf(abs(z)))


@given(*[st.floats(-0.99, 0.99), st.floats(0.01, 2)] * 2)
def test_a_change_and_its_return_are_equally_sure(r: float, error: float, before: float, error_before: float) -> None:
    there = change_test(r, error, before, error_before)
    back = change_test(before, error_before, r, error)
    assert there is not None
    assert back is not None
    assert there == pytest.approx((-back[0], back[1]))
    assert 0 <= there[1] <= 1


def test_windows_that_share_nothing_are_told_apart_about_as_seldom_as_they_should_be() -> None:
    """Where nothing changed, p under .05 in about one of twenty; 1,000 draws leave 1.4 points of chance."""
    rng, n, wrong = np.random.default_rng(6), 60, 0
    for _ in range(1_000):
        both = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 2 * n)
        late, early = (float(stats.pearsonr(half[:, 0], half[:, 1]).statistic) for half in (both[n:], both[:n]))
        found = change_test(late, 1 / math.sqrt(n - 3), early, 1 / math.sqrt(n - 3))
        wrong += found is not None and found[1] < 0.05
    assert 0.03 <= wrong / 1_000 <= 0.07


@pytest.mark.parametrize("undefined", [1.0, -1.0, math.nan])
def test_a_correlation_that_is_perfect_or_unknown_has_no_change(undefined: float) -> None:
    assert change_test(undefined, 0.1, 0.5, 0.1) is None
    assert change_test(0.5, 0.1, undefined, 0.1) is None


@pytest.mark.parametrize("undefined", [0.0, math.nan, -0.1])
def test_without_an_error_there_is_no_change(undefined: float) -> None:
    assert change_test(0.5, undefined, 0.2, 0.1) is None
    assert change_test(0.5, 0.1, 0.2, undefined) is None


# --- percentile


def test_a_percentile_is_the_share_not_above_the_newest_known_value() -> None:
    history = np.concatenate([np.arange(100.0), [math.nan, 49.0, math.nan]])
    assert percentile(history) == pytest.approx(51 / 101)


@given(st.lists(st.integers(-9, 9), min_size=LEAST_RANKED, max_size=200))
def test_a_percentile_is_scipys_weak_one(values: list[int]) -> None:
    history = np.array(values, dtype=np.float64)
    expected = stats.percentileofscore(history, history[-1], kind="weak") / 100
    assert percentile(history) == pytest.approx(float(expected))


def test_a_percentile_among_too_few_is_none() -> None:
    assert percentile(np.arange(LEAST_RANKED - 1.0)) is None
    assert percentile(np.arange(float(LEAST_RANKED))) == 1.0
    assert percentile(np.full(500, math.nan)) is None
    assert percentile(np.full(0, math.nan)) is None
