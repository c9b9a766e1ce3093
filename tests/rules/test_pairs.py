"""Sliding statistics of a pair, against numpy, scipy and the definitions, and within bounds on whatever legs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats

from rules.bars import Floats
from rules.evaluation import evaluate
from rules.pairs import (
    CALM_ROWS,
    TAIL_ROWS,
    adjusted,
    bound,
    moving_partial,
    moving_pearson,
    moving_rise,
    moving_slope,
    moving_spearman,
    moving_tail_factor,
    pearson,
    rise_of,
    standard_error,
)
from rules.panel import Panel
from tests.rules import definitions
from tests.rules.legs import coupled, fat_tailed, moved
from tests.rules.markets import same_bits

seeds = st.integers(0, 2**32 - 1)


def pair(seed: int, rows: int = 400) -> tuple[Floats, Floats]:
    """Fat-tailed returns of about .5."""
    x, y = fat_tailed(0.5, rows, np.random.default_rng(seed))
    return 0.01 * x, 0.03 * y


def each_window(n: int, statistic: Callable[..., float], *columns: Floats) -> list[float]:
    return [statistic(*(c[k : k + n] for c in columns)) for k in range(len(columns[0]) - n + 1)]


# --- Pearson


@given(seeds, st.integers(5, 90))
def test_pearson_of_each_window_is_numpys(seed: int, n: int) -> None:
    x, y = pair(seed)
    expected = each_window(n, lambda u, v: float(np.corrcoef(u, v)[0, 1]), x, y)
    np.testing.assert_allclose(moving_pearson(n, x, y), expected, rtol=1e-9, atol=1e-12)


@given(seeds, st.sampled_from([-1.0, 1.0]), st.floats(1e-3, 1e3))
def test_pearson_knows_neither_order_nor_scale_nor_more_than_one(seed: int, sign: float, scale: float) -> None:
    x, y = pair(seed, 120)
    r = moving_pearson(20, x, y)
    assert same_bits(moving_pearson(20, y, x), r)
    np.testing.assert_allclose(moving_pearson(20, x, sign * scale * y), sign * r, rtol=1e-9, atol=1e-12)
    assert (np.abs(moving_pearson(20, x, sign * scale * x)) <= 1).all()


@pytest.mark.parametrize("size", [1e-15, 1e-13, 1e-11, 1e-10, 1e-8, 1e-6])
def test_a_leg_that_hardly_moves_gives_nothing_or_a_number_within_bounds(size: float) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(0, size, 500), rng.normal(0, 0.01, 500)
    values = moving_pearson(30, x, x + 0.1 * y * size)
    known = values[~np.isnan(values)]
    assert ((known >= -1) & (known <= 1)).all()
    assert len(known) == (len(values) if size > 1e-9 else 0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_leg_against_itself_is_exactly_within_one(sign: float) -> None:
    x = np.random.default_rng(8).standard_t(3, 400) * 0.01
    values = moving_pearson(20, x, sign * x)
    np.testing.assert_allclose(values, sign, rtol=1e-12)
    assert (np.abs(values) <= 1).all()


def test_what_a_window_holds_is_forgotten_when_it_has_left() -> None:
    """A running sum would still feel a print of 1e3 long after it, on a leg that hardly moves."""
    x, y = pair(9)
    wild = x.copy()
    wild[100] = 1e3
    assert same_bits(moving_pearson(30, wild * 1e-6, y)[101:], moving_pearson(30, x * 1e-6, y)[101:])


# --- how sure that is


@given(seeds, st.integers(5, 260))
def test_the_tail_factor_of_each_window_is_its_definition(seed: int, n: int) -> None:
    x, y = pair(seed, 300)
    expected = each_window(n, definitions.tail_factor, x, y)
    np.testing.assert_allclose(moving_tail_factor(n, x, y), expected, rtol=1e-7)


def test_the_tail_factor_is_one_for_normal_returns_and_larger_for_fat_tails() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], 50_000).T.copy()
    assert moving_tail_factor(50_000, x, y)[0] == pytest.approx(1.0, abs=0.02)
    assert moving_tail_factor(50_000, *fat_tailed(0.5, 50_000, rng))[0] > 1.5


@pytest.mark.parametrize("other", [1.0, -2.0])
def test_a_perfect_pair_or_a_still_leg_has_no_tails(other: float) -> None:
    x = np.random.default_rng(4).normal(0, 0.01, 60)
    assert np.isnan(moving_tail_factor(20, x, other * x)).all()
    assert np.isnan(moving_tail_factor(20, x, np.full(60, other))).all()
    assert np.isnan(moving_tail_factor(20, np.full(60, other), x)).all()


def ends(panel: Panel, n: int, start: int = 0) -> tuple[Floats, Floats, Floats]:
    """r of RUT and SOL with the lower and the upper end of its interval, from a row on."""
    nodes = pearson("RUT", "SOL", n), bound("RUT", "SOL", n, -1), bound("RUT", "SOL", n, 1)
    columns = evaluate(nodes, panel, start).columns
    return columns[nodes[0]], columns[nodes[1]], columns[nodes[2]]


def returns_in(panel: Panel) -> tuple[Floats, Floats]:
    x, y = (np.append(np.nan, np.diff(np.log(panel.field(name, "close")))) for name in ("RUT", "SOL"))
    return x, y


def gappy(seed: int, share: float, rows: int = 420) -> Panel:
    panel = coupled(0.5, seed, rows)
    panel.columns["SOL"].close[np.random.default_rng(seed).random(rows) < share] = np.nan
    return panel


def check_interval(panel: Panel, n: int) -> set[int]:
    """r, both ends and the error against the definition; over how many returns the tails were measured."""
    x, y = returns_in(panel)
    wide = definitions.joint_windows(TAIL_ROWS, x, y)
    expected, error = np.full((3, len(panel)), np.nan), np.full(len(panel), np.nan)
    sources = set()
    for row, window in enumerate(definitions.joint_windows(n, x, y)):
        if window is not None:
            tails = wide[row] or window
            sources.add(len(tails))
            r, g = float(np.corrcoef(x[window], y[window])[0, 1]), definitions.tail_factor(x[tails], y[tails])
            expected[:, row] = r, *definitions.interval(r, n, g)
            error[row] = math.sqrt(max(1.0, g) / (n - 3))
    for column, known in zip(ends(panel, n), expected, strict=True):
        np.testing.assert_allclose(column, known, rtol=1e-8, atol=1e-10)
    node = standard_error("RUT", "SOL", n)
    measured = evaluate([node], panel).columns[node]
    np.testing.assert_allclose(measured[~np.isnan(error)], error[~np.isnan(error)], rtol=1e-7)
    return sources


@pytest.mark.parametrize("n", [5, 20, 60, 90, 250])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.06])
def test_the_interval_is_the_formula_over_the_last_250_joint_returns_or_the_windows_own(n: int, share: float) -> None:
    assert check_interval(gappy(n, share), n) == {n, TAIL_ROWS}


def test_where_250_joint_returns_never_lie_close_enough_the_tails_are_the_windows_own() -> None:
    assert check_interval(gappy(1, 0.12), 20) == {20}


@given(seeds, st.integers(5, 90), st.floats(-0.9, 0.9))
def test_an_interval_holds_its_r_and_lies_evenly_round_its_atanh(seed: int, n: int, rho: float) -> None:
    r, low, high = ends(coupled(rho, seed, 300), n)
    known = ~np.isnan(r)
    assert known.sum() == 300 - n
    assert ((low <= r) & (r <= high))[known].all()
    assert ((low >= -1) & (high <= 1))[known].all()
    inside = known & (np.abs(low) < 1 - 1e-6) & (np.abs(high) < 1 - 1e-6)
    middle = (np.arctanh(low[inside]) + np.arctanh(high[inside])) / 2
    np.testing.assert_allclose(middle, np.arctanh(r[inside]), atol=1e-8)
    halves = (np.arctanh(high[inside]) - np.arctanh(low[inside])) / 2
    assert (halves >= 1.645 / math.sqrt(n - 3) - 1e-8).all()


def test_the_interval_is_fishers_where_tails_are_thin() -> None:
    """One leg moves while the other rests: uv is 0 on every row, and so is g."""
    x, y = np.resize([0.01, 0.0, -0.01, 0.0], 61), np.resize([0.0, 0.01, 0.0, -0.01], 61)
    r, low, high = (column[-1] for column in ends(moved(RUT=x, SOL=y), 60))
    assert definitions.tail_factor(x[1:], y[1:]) == pytest.approx(0.0)
    assert r == pytest.approx(0.0, abs=1e-12)
    assert (low, high) == pytest.approx(definitions.interval(0.0, 60, 1.0))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_perfect_pair_has_a_correlation_and_no_interval(sign: float) -> None:
    x = np.random.default_rng(5).normal(0, 0.01, 320)
    r, low, high = ends(moved(RUT=x, SOL=sign * x), 60)
    np.testing.assert_allclose(r[60:], sign, rtol=1e-12)
    assert np.isnan([low, high]).all()


def test_a_print_in_both_legs_that_makes_250_returns_perfect_leaves_a_later_window_its_own_tails() -> None:
    x, y = pair(6, 360)
    x[200] = y[200] = 6.9e6
    panel = moved(RUT=x * 1e-6, SOL=y * 1e-6)
    r, low, high = ends(panel, 60)
    u, v = returns_in(panel)
    g = definitions.tail_factor(u[-60:], v[-60:])
    assert (low[-1], high[-1]) == pytest.approx(definitions.interval(float(r[-1]), 60, g))


@pytest.mark.parametrize(("rho", "n"), [(0.2, 20), (0.2, 60), (0.5, 30), (0.7, 60), (0.7, 90)])
def test_the_interval_of_fat_tailed_returns_covers_the_truth_about_as_often_as_it_says(rho: float, n: int) -> None:
    """Nominal 90 %: STATS asks for 87 to 93 in its own world; 600 draws leave 2.4 points of chance."""
    rng = np.random.default_rng([int(rho * 10), n])
    covered = plain = 0
    for _ in range(600):
        x, y = fat_tailed(rho, TAIL_ROWS + 1, rng)
        r, low, high = (float(column[-1]) for column in ends(moved(RUT=0.01 * x, SOL=0.01 * y), n, TAIL_ROWS))
        covered += low <= rho <= high
        bare_low, bare_high = definitions.interval(r, n, 1.0)
        plain += bare_low <= rho <= bare_high
    assert 0.85 <= covered / 600 <= 0.95
    assert plain < covered


# --- ranks


@given(seeds, st.integers(5, 60), st.integers(0, 4))
def test_spearman_of_each_window_is_scipys_also_with_ties(seed: int, n: int, digits: int) -> None:
    x, y = (np.round(100 * each, digits) for each in pair(seed, 90))
    known = moving_spearman(n, x, y)
    for k, value in enumerate(known):
        u, v = x[k : k + n], y[k : k + n]
        if len(set(u)) == 1 or len(set(v)) == 1:
            assert np.isnan(value)
        else:
            assert value == pytest.approx(stats.spearmanr(u, v).statistic, abs=1e-12)


@given(seeds)
def test_spearman_is_the_same_for_whatever_rises_with_a_leg(seed: int) -> None:
    x, y = pair(seed, 90)
    assert same_bits(moving_spearman(30, np.exp(50 * x), y), moving_spearman(30, x, y))


def test_one_wild_day_counts_no_more_than_its_rank() -> None:
    x, y = pair(10, 60)
    x[30] = y[30] = 0.2
    wild_x, wild_y = x.copy(), y.copy()
    wild_x[30] = wild_y[30] = 6.9
    assert same_bits(moving_spearman(60, wild_x, wild_y), moving_spearman(60, x, y))
    assert moving_pearson(60, wild_x, wild_y)[0] > 0.99


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_spearman_of_a_leg_and_itself_is_one(sign: float) -> None:
    x, _ = pair(12, 90)
    assert (moving_spearman(20, x, sign * x) == sign).all()


# --- given others


@given(seeds, st.integers(1, 3), st.integers(20, 60))
def test_a_partial_correlation_is_that_of_the_inverse_matrix_and_of_the_residuals(
    seed: int, controls: int, n: int
) -> None:
    rng = np.random.default_rng(seed)
    others = rng.standard_t(5, (controls, 80))
    x, y = (100 * each + rng.standard_normal(controls) @ others for each in pair(seed, 80))
    values = moving_partial(n, x, y, *others)
    for k in (0, 7, 80 - n):
        window = np.array([x, y, *others])[:, k : k + n]
        inverse = np.linalg.inv(np.corrcoef(window))
        assert values[k] == pytest.approx(-inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1]), abs=1e-9)
        design = np.column_stack([np.ones(n), *window[2:]])
        left = [leg - design @ np.linalg.lstsq(design, leg, rcond=None)[0] for leg in window[:2]]
        assert values[k] == pytest.approx(float(np.corrcoef(left)[0, 1]), abs=1e-9)


def test_given_nothing_a_partial_correlation_is_the_correlation() -> None:
    x, y = pair(13, 90)
    np.testing.assert_allclose(moving_partial(20, x, y), moving_pearson(20, x, y), rtol=1e-9)


def test_what_two_legs_share_with_a_third_is_taken_out() -> None:
    rng = np.random.default_rng(14)
    market, own = rng.standard_normal(4_000), rng.standard_normal((2, 4_000))
    x, y = market + own[0], market + own[1]
    assert moving_pearson(4_000, x, y)[0] == pytest.approx(0.5, abs=0.03)
    assert moving_partial(4_000, x, y, market)[0] == pytest.approx(0.0, abs=0.04)


@pytest.mark.parametrize("what", ["a control twice", "a leg as control", "a still control", "a still leg", "one leg"])
def test_a_singular_matrix_has_no_partial_correlation(what: str) -> None:
    x, y = pair(15, 90)
    control, still = np.random.default_rng(16).standard_normal(90), np.ones(90)
    columns = {
        "a control twice": (x, y, control, 2 * control),
        "a leg as control": (x, y, x),
        "a still control": (x, y, control, still),
        "a still leg": (x, still, control),
        "one leg": (x, -x, control),
    }[what]
    assert np.isnan(moving_partial(30, *columns)).all()


@given(seeds, st.sampled_from([1e-3, 1e-4, 1e-5, 1e-6, 1e-7]))
def test_a_nearly_singular_matrix_gives_nothing_or_a_number_within_bounds(seed: int, apart: float) -> None:
    x, y = pair(seed, 60)
    noise = np.random.default_rng(seed).standard_normal((2, 60))
    values = moving_partial(10, x, x + 0.01 * apart * noise[0], y, y + 0.01 * apart * noise[1])
    known = values[~np.isnan(values)]
    assert ((known >= -1) & (known <= 1)).all()


def test_one_window_that_is_singular_does_not_touch_its_neighbours() -> None:
    x, y = pair(17, 90)
    control = np.random.default_rng(18).standard_normal(90)
    control[30:50] = 0.0
    values, whole = moving_partial(20, x, y, control), moving_partial(20, x, y, np.where(control == 0, 1.0, control))
    assert np.flatnonzero(np.isnan(values)).tolist() == [30]
    assert same_bits(values[:11], moving_partial(20, x[:30], y[:30], control[:30]))
    assert len(whole) == len(values)


# --- slope, and the volatility of before


@given(seeds, st.integers(5, 60))
def test_the_slope_of_each_window_is_least_squares(seed: int, n: int) -> None:
    x, y = pair(seed, 90)
    expected = each_window(n, lambda u, v: float(stats.linregress(u, v).slope), x, y)
    np.testing.assert_allclose(moving_slope(n, x, y), expected, rtol=1e-8, atol=1e-10)


def test_a_slope_needs_a_leg_that_moves_and_is_nought_on_one_that_does_not() -> None:
    x, still = pair(19, 30)[0], np.ones(30)
    assert np.isnan(moving_slope(20, still, x)).all()
    assert (moving_slope(20, x, still) == 0).all()


@given(seeds, st.integers(5, 60))
def test_the_rise_is_the_variance_of_now_over_that_of_the_250_before_less_one(seed: int, n: int) -> None:
    x, _ = pair(seed, 340)
    expected = each_window(n + CALM_ROWS, lambda u: float(u[-n:].var(ddof=1) / u[:-n].var(ddof=1) - 1), x)
    np.testing.assert_allclose(moving_rise(n, x), expected, rtol=1e-9)


@pytest.mark.parametrize("still", [slice(0, 250), slice(250, 280)])
def test_there_is_no_rise_from_or_to_a_standstill(still: slice) -> None:
    x, _ = pair(20, 280)
    x[still] = 0.0
    assert np.isnan(moving_rise(30, x)).all()


def test_the_rise_of_either_leg_is_over_the_joint_returns_of_both() -> None:
    panel = gappy(21, 0.04)
    x, y = returns_in(panel)
    for leg, own in (("RUT", x), ("SOL", y)):
        node = rise_of("SOL", "RUT", leg, 30)
        expected = [
            math.nan if rows is None else float(own[rows][-30:].var(ddof=1) / own[rows][:-30].var(ddof=1) - 1)
            for rows in definitions.joint_windows(30 + CALM_ROWS, x, y)
        ]
        np.testing.assert_allclose(evaluate([node], panel).columns[node], expected, rtol=1e-8)
        assert not np.isnan(expected).all()


@pytest.mark.parametrize(
    ("r", "rise", "freed"),
    [
        # d = 3: r / sqrt(1 + 3 (1 - r^2))
        (0.6, 3.0, 0.6 / math.sqrt(1 + 3 * 0.64)),
        (-0.6, 3.0, -0.6 / math.sqrt(1 + 3 * 0.64)),
        (0.6, 0.0, 0.6),
        (0.0, 5.0, 0.0),
        (1.0, 5.0, 1.0),
        (-1.0, 5.0, -1.0),
        (0.6, math.nan, math.nan),
        (math.nan, 1.0, math.nan),
    ],
)
def test_the_adjusted_correlation_is_that_at_the_volatility_of_before(r: float, rise: float, freed: float) -> None:
    assert adjusted(np.array([r]), np.array([rise]))[0] == pytest.approx(freed, nan_ok=True)


def test_a_regression_with_louder_shocks_has_a_higher_correlation_and_the_same_adjusted_one() -> None:
    """y = x + e: r rises with the variance of x alone, which is what Forbes and Rigobon undo."""
    rng = np.random.default_rng(22)
    x, e = rng.standard_normal((2, 200_000))
    calm, loud = moving_pearson(200_000, x, x + e)[0], moving_pearson(200_000, 3 * x, 3 * x + e)[0]
    assert loud - calm > 0.2
    assert adjusted(np.array([loud]), np.array([8.0]))[0] == pytest.approx(calm, abs=0.01)


@given(st.floats(-1, 1), st.floats(0, 1e6))
def test_a_louder_market_never_raises_an_adjusted_correlation(r: float, rise: float) -> None:
    freed = float(adjusted(np.array([r]), np.array([rise]))[0])
    assert abs(freed) <= abs(r)
    assert freed * r >= 0


@given(st.floats(-1, 1), st.one_of(st.floats(-1, 1e6), st.floats(0, 1e-6).map(lambda x: x - 1)))
@example(0.007, -1.0)
@example(0.0, -1.0)
def test_an_adjusted_correlation_is_never_beyond_one(r: float, rise: float) -> None:
    """A variance that fell to under 1e-16 of what it was is a rise of exactly -1."""
    freed = float(adjusted(np.array([r]), np.array([rise]))[0])
    assert math.isnan(freed) or -1.0 <= freed <= 1.0
