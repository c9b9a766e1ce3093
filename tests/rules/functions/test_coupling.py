"""The correlation filter and what is read from it, against plain loops over the definitions STATS D1 to D3."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from rules.coupling import devolatilised, posterior
from rules.evaluation import evaluate
from rules.panel import Panel
from rules.windows import close_of
from tests.rules import definitions
from tests.rules.definitions import NODES
from tests.rules.functions.test_correlation import log_returns
from tests.rules.legs import coupled
from tests.rules.markets import column, columns_of, market, same_bits

WORLDS = [(3, "RUT", "SOL"), (2, "SPX", "VIX"), (3, "BTC", "ETH"), (9, "RUT", "SPX")]
in_each_world = pytest.mark.parametrize(("seed", "a", "b"), WORLDS)

BY_DEFINITION: dict[tuple[int, str, str], np.ndarray] = {}


def by_definition(seed: int, a: str, b: str) -> np.ndarray:
    """The posterior of a pair, row by row, from the loops; made once a world."""
    if (seed, a, b) not in BY_DEFINITION:
        u, v = (definitions.devolatilised(log_returns(market(seed), name)) for name in (a, b))
        BY_DEFINITION[seed, a, b] = definitions.posteriors(u, v)
    return BY_DEFINITION[seed, a, b]


def posterior_of(panel: Panel, a: str, b: str) -> np.ndarray:
    node = posterior(close_of(a), close_of(b))
    return evaluate([node], panel).columns[node]


# --- the filter


@in_each_world
def test_returns_are_freed_of_their_volatility_as_defined(seed: int, a: str, b: str) -> None:
    panel = market(seed)
    nodes = devolatilised(close_of(a), close_of(b))
    for node, name in zip(nodes, sorted((a, b)), strict=True):
        expected = definitions.devolatilised(log_returns(panel, name))
        np.testing.assert_allclose(evaluate([node], panel).columns[node], expected, rtol=1e-7, atol=1e-9)


@in_each_world
def test_p_corr_agrees_with_a_plain_loop_over_the_definition(seed: int, a: str, b: str) -> None:
    panel, expected = market(seed), by_definition(seed, a, b)
    np.testing.assert_allclose(posterior_of(panel, a, b), expected, rtol=1e-7, atol=1e-12)
    for theta in (-0.95, 0.0, 0.5, 0.6, 0.62, 0.7, 0.95):
        mass = expected[:, [k for k, rho in enumerate(NODES) if rho >= theta]].sum(axis=1)
        np.testing.assert_allclose(column(f"p_corr({a}, {b}, above={theta})", panel), mass, rtol=1e-7, atol=1e-12)
    assert not np.isnan(expected).all()


@in_each_world
def test_rho_is_the_mean_and_its_ends_are_the_quantiles(seed: int, a: str, b: str) -> None:
    panel, expected = market(seed), by_definition(seed, a, b)
    mean = (expected * NODES).sum(axis=1)
    np.testing.assert_allclose(column(f"rho({a}, {b})", panel), mean, rtol=1e-7, atol=1e-9)
    for name, share in (("rho_low", 0.05), ("rho_high", 0.95)):
        below = np.cumsum(expected, axis=1)
        quantile = [np.nan if np.isnan(row[0]) else NODES[int((row < share).sum())] for row in below]
        np.testing.assert_allclose(column(f"{name}({a}, {b})", panel), quantile, atol=1e-12)


@pytest.mark.parametrize("k", range(-19, 20))
def test_the_node_at_the_level_is_included(k: int) -> None:
    """A grid of inexact nodes would lose one: 0.15000000000000002 is above 0.15, -0.15 written by linspace below it."""
    panel = market(9)
    known = posterior_of(panel, "RUT", "SPX")[-1]
    level = round(0.05 * k, 2)
    assert column(f"p_corr(RUT, SPX, above={level})", panel)[-1] == pytest.approx(known[k + 19 :].sum())


def test_p_corr_of_the_lowest_level_is_certain_and_falls_with_the_level() -> None:
    panel = market(3, scars=False)
    ladder = [column(f"p_corr(BTC, ETH, above={theta})", panel)[-1] for theta in NODES]
    assert ladder[0] == pytest.approx(1.0)
    assert all(lower >= higher for lower, higher in pairwise(ladder))


def test_a_probability_never_exceeds_one_by_a_rounding() -> None:
    assert np.nanmax(column("p_corr(RUT, SPX, above=-0.95)", market(1, scars=False))) <= 1.0


EACH = ["p_corr({}, {})", "rho({}, {})", "rho_low({}, {})", "rho_high({}, {})", "rho_ref({}, {})", "corr_shift({}, {})"]


@pytest.mark.parametrize("call", [*EACH, "ewcorr({}, {})"])
def test_the_order_of_a_pair_does_not_matter(call: str) -> None:
    panel = market(6)
    assert same_bits(column(call.format("RUT", "SOL"), panel), column(call.format("SOL", "RUT"), panel))


@pytest.mark.parametrize(
    ("call", "first"),
    [
        # the first row with a number, on a panel without gaps: a price, the first return without a scale, then ...
        ("p_corr(RUT, SOL)", 2 + 120),
        ("rho(RUT, SOL)", 2 + 120),
        ("rho_low(RUT, SOL)", 2 + 120),
        ("rho_high(RUT, SOL)", 2 + 120),
        ("rho_ref(RUT, SOL)", 2 + 121),
        ("corr_shift(RUT, SOL)", 2 + 121),
        ("ewcorr(RUT, SOL)", 2 + 40),
        ("ewcorr(RUT, SOL, 10)", 2 + 10),
    ],
)
def test_the_filter_is_silent_at_first(call: str, first: int) -> None:
    assert np.flatnonzero(~np.isnan(column(call, market(3, scars=False))))[0] == first


@pytest.mark.parametrize(("rho", "low", "high"), [(0.2, 0.0, 0.05), (0.85, 0.95, 1.0), (-0.5, 0.0, 0.005)])
def test_p_corr_finds_the_truth_in_a_world_that_has_one(rho: float, low: float, high: float) -> None:
    assert low <= column("p_corr(RUT, SOL, above=0.6)", coupled(rho))[-1] <= high


@pytest.mark.parametrize("rho", [-0.6, 0.0, 0.3, 0.7])
def test_rho_and_ewcorr_are_near_the_truth_and_nine_tenths_of_the_time_it_lies_between_the_ends(rho: float) -> None:
    panel = coupled(rho, seed=4, rows=1_500)
    between = (column("rho_low(RUT, SOL)", panel) <= rho) & (rho <= column("rho_high(RUT, SOL)", panel))
    assert np.nanmean(column("rho(RUT, SOL)", panel)) == pytest.approx(rho, abs=0.1)
    assert np.nanmean(column("ewcorr(RUT, SOL)", panel)) == pytest.approx(rho, abs=0.1)
    assert between[200:].mean() > 0.85


def test_a_leg_that_was_flat_at_first_is_measured_like_any_other_later() -> None:
    """Forty flat returns make s exactly 0; winsorised at 6 s, no later return would ever move it again."""
    panel = coupled(0.85)
    late = panel.field("SOL", "close").copy()
    late[:60] = late[60]
    stale = Panel(panel.clock, {**panel.columns, "SOL": columns_of(late)}, panel.origins)
    assert column("p_corr(RUT, SOL, above=0.6)", stale)[-1] == pytest.approx(
        column("p_corr(RUT, SOL, above=0.6)", panel)[-1], abs=0.02
    )


# --- shifts

BROKEN = np.repeat([0.1, 0.85, -0.3], [300, 200, 150])
"""A correlation that jumps up, and then down."""

JUMPED = [(seed, coupled(BROKEN, seed, len(BROKEN))) for seed in range(4)]
in_each_jump = pytest.mark.parametrize("panel", [panel for _, panel in JUMPED], ids=[f"seed {s}" for s, _ in JUMPED])


@in_each_jump
@pytest.mark.parametrize("by", [0.1, 0.2, 0.35])
def test_corr_shift_and_rho_ref_agree_with_a_plain_loop_over_the_definition(panel: Panel, by: float) -> None:
    u, v = (definitions.devolatilised(log_returns(panel, name)) for name in ("RUT", "SOL"))
    expected = definitions.shifts(definitions.posteriors(u, v), by)
    known = column(f"corr_shift(RUT, SOL, by={by})", panel)
    reference = column(f"rho_ref(RUT, SOL, by={by})", panel)
    np.testing.assert_allclose(known, [max(row.above, row.below) for row in expected], rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(reference, [row.reference for row in expected], rtol=1e-7, atol=1e-10)
    assert np.flatnonzero(known > 0.9).tolist() == [row for row, each in enumerate(expected) if each.alarm]


@pytest.mark.parametrize("seed", [3, 5])
def test_corr_shift_agrees_with_the_loop_on_legs_with_scars(seed: int) -> None:
    panel = market(seed)
    u, v = (definitions.devolatilised(log_returns(panel, name)) for name in ("ETH", "SOL"))
    expected = definitions.shifts(definitions.posteriors(u, v))
    np.testing.assert_allclose(
        column("corr_shift(ETH, SOL)", panel), [max(row.above, row.below) for row in expected], rtol=1e-7, atol=1e-10
    )


@in_each_jump
def test_each_change_of_the_truth_is_one_alarm_soon_after_it(panel: Panel) -> None:
    alarms = np.flatnonzero(column("corr_shift(RUT, SOL)", panel) > 0.9)
    assert len(alarms) == 2
    assert 300 <= alarms[0] < 340
    assert 500 <= alarms[1] < 540


@in_each_jump
def test_after_an_alarm_the_reference_is_rho_for_twenty_rows(panel: Panel) -> None:
    first = int(np.flatnonzero(column("corr_shift(RUT, SOL)", panel) > 0.9)[0])
    rho, reference = column("rho(RUT, SOL)", panel), column("rho_ref(RUT, SOL)", panel)
    np.testing.assert_allclose(reference[first + 1 : first + 21], rho[first + 1 : first + 21], rtol=1e-12)
    assert reference[first + 21] == pytest.approx(rho[first + 20])
    assert reference[first + 22] != pytest.approx(rho[first + 22])


@pytest.mark.parametrize("rho", [0.0, 0.45, 0.7])
def test_a_correlation_that_never_changes_does_not_shift(rho: float) -> None:
    alarms = sum((column("corr_shift(RUT, SOL)", coupled(rho, seed)) > 0.9).sum() for seed in range(6))
    assert alarms == 0


# --- ewcorr


@in_each_world
@pytest.mark.parametrize("half_life", [10, 40])
def test_ewcorr_agrees_with_a_plain_loop_over_the_definition(seed: int, a: str, b: str, half_life: int) -> None:
    panel = market(seed)
    u, v = (definitions.devolatilised(log_returns(panel, name)) for name in (a, b))
    expected = definitions.ewma_correlation(u, v, half_life)
    np.testing.assert_allclose(column(f"ewcorr({a}, {b}, {half_life})", panel), expected, rtol=1e-7, atol=1e-9)


def test_a_half_life_of_forty_rows_is_the_default_of_ewcorr() -> None:
    panel = market(2)
    assert same_bits(column("ewcorr(RUT, SOL)", panel), column("ewcorr(RUT, SOL, 40)", panel))
