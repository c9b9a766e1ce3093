"""Statistics of one window, against independent computations and worlds with a known truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rules.bars import Floats
from rules.statistics import (
    LEAST_HISTORY,
    fat_tail_factor,
    fisher_interval,
    partial_correlation,
    percentile,
    slope,
)


def fat_tailed(rho: float, rows: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Bivariate Student-t pairs with 5 degrees of freedom and common mixing."""
    both = stats.multivariate_t([0, 0], [[1, rho], [rho, 1]], df=5, seed=rng).rvs(rows)
    return np.ascontiguousarray(both[:, 0]), np.ascontiguousarray(both[:, 1])


@pytest.mark.parametrize(("rho", "n"), [(0.2, 20), (0.2, 60), (0.5, 30), (0.7, 60), (0.7, 90)])
def test_the_interval_of_fat_tailed_returns_covers_the_truth_about_as_often_as_it_says(rho: float, n: int) -> None:
    """Nominal 90 %: STATS asks for 87 to 93 in its own world; 600 draws leave 2.4 points of chance."""
    rng = np.random.default_rng([int(rho * 10), n])
    covered = plain = 0
    for _ in range(600):
        x, y = fat_tailed(rho, 250, rng)
        r = float(np.corrcoef(x[-n:], y[-n:])[0, 1])
        g = fat_tail_factor(x, y)
        assert g is not None
        low, high = fisher_interval(r, n, g) or (math.nan, math.nan)
        covered += low <= rho <= high
        bare = fisher_interval(r, n, 1.0) or (math.nan, math.nan)
        plain += bare[0] <= rho <= bare[1]
    assert 0.85 <= covered / 600 <= 0.95
    assert plain < covered


def test_normal_returns_need_no_widening() -> None:
    x, y = np.random.default_rng(3).multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 200_000).T
    assert fat_tail_factor(x, y) == pytest.approx(1.0, abs=0.02)


def test_the_interval_is_fishers_when_tails_are_thin() -> None:
    low, high = fisher_interval(0.5, 60, 0.4) or (math.nan, math.nan)
    assert low == pytest.approx(math.tanh(math.atanh(0.5) - 1.645 / math.sqrt(57)))
    assert high == pytest.approx(math.tanh(math.atanh(0.5) + 1.645 / math.sqrt(57)))


@pytest.mark.parametrize(("r", "n"), [(1.0, 60), (-1.0, 60), (0.5, 3), (0.5, 0)])
def test_no_interval_is_made_up(r: float, n: int) -> None:
    assert fisher_interval(r, n, 1.0) is None


def test_a_leg_that_does_not_move_has_no_tails_and_no_slope() -> None:
    still, moving = np.ones(50), np.arange(50.0)
    assert fat_tail_factor(still, moving) is None
    assert fat_tail_factor(moving, moving) is None
    assert slope(still, moving) is None


def test_a_partial_correlation_is_that_of_the_residuals() -> None:
    rng = np.random.default_rng(5)
    controls = rng.standard_normal((200, 2))
    pair = controls @ rng.standard_normal((2, 2)) + rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], 200)
    design = np.column_stack([np.ones(200), controls])
    residuals = pair - design @ np.linalg.lstsq(design, pair, rcond=None)[0]
    expected = np.corrcoef(residuals, rowvar=False)[0, 1]
    assert partial_correlation(np.column_stack([pair, controls])) == pytest.approx(expected, abs=1e-12)


def test_controls_that_say_the_same_leave_nothing_to_tell() -> None:
    x = np.random.default_rng(6).standard_normal((100, 3))
    assert partial_correlation(np.column_stack([x, x[:, 2]])) is None
    assert partial_correlation(np.column_stack([x, np.ones(100)])) is None
    assert partial_correlation(x[:3]) is None


def test_the_slope_is_least_squares() -> None:
    rng = np.random.default_rng(7)
    x, y = rng.standard_normal((2, 80))
    assert slope(x, y) == pytest.approx(stats.linregress(x, y).slope)


def test_a_percentile_is_the_share_not_above_the_newest_known_value() -> None:
    history = np.concatenate([np.arange(100.0), [math.nan, 49.0, math.nan]])
    assert percentile(history) == pytest.approx(51 / 101)
    assert percentile(history, 60) == pytest.approx(10 / 60)


def test_a_percentile_among_too_few_is_none() -> None:
    assert percentile(np.arange(LEAST_HISTORY - 1.0)) is None
    assert percentile(np.arange(float(LEAST_HISTORY))) == 1.0
    assert percentile(np.full(500, math.nan)) is None
