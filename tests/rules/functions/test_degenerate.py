"""Legs no statistic may make a number of: for every function of a pair, what is UNKNOWN and what is a number.

A new function of a pair meets the first half of this file without a line of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rules.bars import Floats
from rules.functions.registry import Function, Type, Unit, vocabulary
from rules.panel import Panel
from tests.rules.legs import (
    BOTH_CONSTANT,
    BOTH_PRINT,
    CONSTANT,
    GAPS,
    IDENTICAL,
    NEVER,
    ONE_PRINT,
    OPPOSITE,
    ROWS,
    SCALED,
    STOPPED,
    WORLDS,
    YOUNG,
    hardly_moving,
    moved,
)
from tests.rules.markets import column, together

PAIRS = [function for function in vocabulary().values() if function.pair]

WINDOWS = {
    "corr", "corr_low", "corr_high", "spearman", "beta", "classic", "pcorr", "adjcorr", "vol_driven", "shared",
}  # fmt: skip
"""Those that look at a window of joint returns."""

FILTERS = {"p_corr", "rho", "rho_low", "rho_high", "rho_ref", "corr_shift", "ewcorr"}
"""Those that remember all joint returns."""

ENDS = {"rel_strength"}
"""Those that look at the two ends of a quarter, in moves that they remember: a leg alone is enough to move them."""

PRICES = {"rs"}
"""Those that look at two prices of each leg, n rows apart: one that stands still has gained nothing, a number."""

EVERY = WINDOWS | FILTERS | ENDS | PRICES


def call(function: Function, n: int, *, swapped: bool = False, also: bool = False) -> str:
    """A call on RUT and SOL, given SPX where a control is needed."""
    legs = iter(["SOL", "RUT"] if swapped else ["RUT", "SOL"])
    given: list[str] = []
    for parameter in function.parameters:
        if parameter.accepts.type == Type.INSTRUMENT and parameter.required:
            given.append(f"{parameter.name}={next(legs, 'SPX')}")
        elif parameter.accepts.type == Type.INSTRUMENT and also:
            given.append(f"{parameter.name}=BTC")
        elif parameter.name == "n":
            given.append(f"n={n}")
    return f"{function.name}({', '.join(given)})"


def values_on(panel: Panel, n: int = 60, *, swapped: bool = False) -> dict[str, Floats]:
    """The column of every function of a pair, by its name."""
    calls = {function.name: call(function, n, swapped=swapped) for function in PAIRS}
    found = together(calls.values(), panel)
    return {name: found[text] for name, text in calls.items()}


def numbers_of(columns: dict[str, Floats]) -> set[str]:
    """The functions with a number on any row."""
    return {name for name, values in columns.items() if not np.isnan(values).all()}


def test_every_function_of_a_pair_is_sorted_here() -> None:
    assert {function.name for function in PAIRS} == EVERY


# --- nothing beyond its bounds, whatever the legs


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("function", PAIRS, ids=[function.name for function in PAIRS])
def test_whatever_the_legs_a_value_is_unknown_or_within_its_bounds(
    function: Function, world: Callable[[], Panel]
) -> None:
    texts = [
        text
        for n in (5, 60)
        for text in (call(function, n), call(function, n, swapped=True), call(function, n, also=True))
    ]
    for values in together(texts, world()).values():
        known = values[~np.isnan(values)]
        assert np.isfinite(known).all()
        if function.gives.unit == Unit.CORRELATION:
            assert (np.abs(known) <= 1).all()
        if function.gives.unit == Unit.PROBABILITY:
            assert ((known >= 0) & (known <= 1)).all()
        if function.gives.unit == Unit.TRUTH:
            assert set(known.tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.parametrize("n", [5, 20, 60, 300])
def test_whatever_the_legs_an_interval_holds_its_correlation(world: Callable[[], Panel], n: int) -> None:
    panel = world()
    r, low, high = (column(f"{name}(RUT, SOL, {n})", panel) for name in ("corr", "corr_low", "corr_high"))
    known = ~np.isnan(low)
    np.testing.assert_array_equal(known, ~np.isnan(high))
    assert not np.isnan(r[known]).any()
    assert ((low <= r) & (r <= high))[known].all()


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_whatever_the_legs_the_quantiles_of_the_filter_do_not_cross(world: Callable[[], Panel]) -> None:
    panel = world()
    low, high = column("rho_low(RUT, SOL)", panel), column("rho_high(RUT, SOL)", panel)
    np.testing.assert_array_equal(np.isnan(low), np.isnan(high))
    assert (low[~np.isnan(low)] <= high[~np.isnan(low)]).all()


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_whatever_the_legs_a_row_without_a_joint_return_is_unknown(world: Callable[[], Panel]) -> None:
    panel = world()
    closes = [panel.field(name, "close") for name in ("RUT", "SOL")]
    joint = np.append(False, ~np.isnan(sum(np.diff(np.log(close)) for close in closes)))
    for name, values in values_on(panel).items():
        assert name in ENDS | PRICES or np.isnan(values[~joint]).all(), name


# --- what is a number, and what is none


def test_a_leg_that_never_moves_has_only_a_slope_and_that_is_nought() -> None:
    """What SOL does when RUT moves is known, nothing; what RUT does when SOL moves is not."""
    columns = values_on(CONSTANT())
    assert numbers_of(columns) == {"beta"} | ENDS | PRICES
    assert set(columns["beta"][60:]) == {0.0}
    assert numbers_of(values_on(CONSTANT(), swapped=True)) == ENDS | PRICES


def test_two_legs_that_never_move_have_gained_nothing_on_each_other_and_that_is_all() -> None:
    columns = values_on(BOTH_CONSTANT())
    assert numbers_of(columns) == PRICES
    assert set(columns["rs"][60:]) == {0.0}


@pytest.mark.parametrize("size", [1e-15, 1e-14, 1e-13])
def test_a_leg_that_moves_by_roundings_only_is_one_that_never_moves(size: float) -> None:
    columns = values_on(hardly_moving(size)())
    assert np.nanmax(np.abs(columns.pop("beta"))) < 1e-10
    assert numbers_of(columns) == ENDS | PRICES
    assert numbers_of(values_on(hardly_moving(size)(), swapped=True)) == ENDS | PRICES


@pytest.mark.parametrize("size", [1e-8, 1e-7, 1e-6])
def test_a_leg_that_moves_a_little_is_measured_like_any_other(size: float) -> None:
    little, usual = values_on(hardly_moving(size)()), values_on(hardly_moving(1e-2)())
    assert numbers_of(little) == EVERY
    for name in EVERY - {"beta"} - ENDS - PRICES:
        tolerance = 1e-15 / size * 100
        np.testing.assert_allclose(little[name][-100:], usual[name][-100:], atol=max(tolerance, 1e-2), err_msg=name)


def test_one_print_of_a_thousand_times_the_price_makes_no_coupling() -> None:
    """Unrelated returns 6.9 and -6.9 in one leg: every point estimate falls, none is beyond its bounds."""
    columns = values_on(ONE_PRINT())
    assert numbers_of(columns) == EVERY
    within = slice(401, 455)  # windows of 60 returns that hold both of them
    assert (np.abs(columns["corr"][within]) < 0.3).all()
    assert (columns["corr_low"][within] < 0).all()
    assert (columns["p_corr"][within] < columns["p_corr"][399]).all()
    assert (np.diff(columns["classic"])[399:460] <= 0).all()


def test_one_print_in_both_legs_fools_pearson_and_not_the_filter_or_the_ranks() -> None:
    columns = values_on(BOTH_PRINT())
    within = slice(401, 455)
    assert (columns["corr"][within] > 0.99).all()
    assert (columns["spearman"][within] < 0.8).all()
    assert abs(columns["rho"][401] - columns["rho"][399]) < 0.1
    assert np.nanmax(columns["corr_shift"]) < 0.9


def test_a_gap_on_every_fifth_row_leaves_only_what_remembers() -> None:
    """A return needs two prices: 64 % of them are known, and a window needs 80."""
    columns = values_on(GAPS())
    assert numbers_of(columns) == FILTERS | ENDS | PRICES
    assert np.flatnonzero(~np.isnan(columns["p_corr"]))[0] > 122


def test_a_leg_without_a_price_has_nothing() -> None:
    assert numbers_of(values_on(NEVER())) == set()


def test_twenty_rows_are_enough_only_for_windows_that_fit_in_them() -> None:
    assert numbers_of(values_on(YOUNG(), n=60)) == set()
    assert numbers_of(values_on(YOUNG(), n=20)) == set()
    assert numbers_of(values_on(YOUNG(), n=19)) == (WINDOWS - {"adjcorr", "vol_driven"}) | PRICES


@pytest.mark.parametrize("world", [IDENTICAL, SCALED, OPPOSITE], ids=["identical", "a multiple", "opposite"])
def test_a_perfect_pair_has_its_correlation_and_nothing_of_how_sure_that_is(world: Callable[[], Panel]) -> None:
    columns = values_on(world())
    sign = -1.0 if world is OPPOSITE else 1.0
    still = set() if world is OPPOSITE else ENDS
    assert EVERY - numbers_of(columns) == {"corr_low", "corr_high", "pcorr", "shared"} | still
    for name in ("corr", "spearman", "beta", "adjcorr", "ewcorr"):
        known = columns[name][~np.isnan(columns[name])]
        np.testing.assert_allclose(known, sign, rtol=1e-12, err_msg=name)
    assert set(columns["vol_driven"][~np.isnan(columns["vol_driven"])]) == {0.0}
    assert columns["classic"][-1] == (sign > 0)


@pytest.mark.parametrize("world", [IDENTICAL, SCALED, OPPOSITE], ids=["identical", "a multiple", "opposite"])
def test_the_filter_takes_a_perfect_pair_to_the_end_of_its_grid(world: Callable[[], Panel]) -> None:
    columns = values_on(world())
    sign = -1.0 if world is OPPOSITE else 1.0
    assert (columns["p_corr"][122:] > 0.99 if sign > 0 else columns["p_corr"][122:] < 0.01).all()
    assert (columns["rho_low"][122:] == sign * 0.95).all()
    assert (columns["rho_high"][122:] == sign * 0.95).all()
    assert (np.abs(columns["rho"][122:]) > 0.94).all()
    assert (np.abs(columns["rho"][122:]) < 0.95).all()
    assert (columns["corr_shift"][123:] < 0.01).all()


def test_a_perfect_pair_has_no_partial_correlation_whichever_two_are_asked_for() -> None:
    panel = IDENTICAL()
    for text in ("pcorr(RUT, SOL, SPX)", "pcorr(RUT, BTC, SOL)", "pcorr(RUT, BTC, SPX, also=SOL)"):
        assert np.isnan(column(text, panel)).all()
    assert not np.isnan(column("pcorr(RUT, BTC, SPX)", panel)[60:]).any()


def test_a_leg_that_stops_is_unknown_to_windows_and_never_again_coupled_to_the_filter() -> None:
    """A price that stands still is no missing price: the filter sees returns of 0 and lets go."""
    columns = values_on(STOPPED())
    for name in WINDOWS - {"beta"}:
        assert np.isnan(columns[name][360:]).all(), name
    assert (columns["beta"][360:] == 0).all()
    assert (columns["p_corr"][400:] < 0.05).all()
    assert (columns["rho_low"][400:] < 0.3).all()


def test_a_calm_after_a_storm_is_within_bounds() -> None:
    """Both legs a hundred million times calmer than before: a rise in variance of exactly -1."""
    rng = np.random.default_rng(1)
    rut, sol = 0.01 * rng.standard_t(5, (2, ROWS)) * np.where(np.arange(ROWS) < 450, 1.0, 1e-8)
    panel = moved(RUT=rut, SOL=sol)
    for n in (5, 60):
        values = column(f"adjcorr(RUT, SOL, {n})", panel)
        assert (np.abs(values[~np.isnan(values)]) <= 1).all()
