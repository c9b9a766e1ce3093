"""Strength and relative strength, against a plain loop over the definition STATS D9."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rules.panel import Panel
from tests.rules.functions.test_trend import linked_returns
from tests.rules.markets import BASKETS, TAPE, column, columns_of, market, prices, relinked, weekdays, written

Returns = list[float]


def log_returns(panel: Panel, name: str, n: int) -> Returns:
    close, link = panel.field(name, "close"), panel.field(name, "link")
    returns: Returns = np.log1p(linked_returns(close, link, n)).tolist()
    return returns


def strength(daily: Returns, quarter: Returns) -> Returns:
    """z of a change over 63 rows in daily moves, whose variance forgets half in 60 rows."""
    decay, variance, out = 0.5 ** (1 / 60), None, []
    for step, change in zip(daily, quarter, strict=True):
        if not math.isnan(step):
            variance = step * step if variance is None else decay * variance + (1 - decay) * step * step
        moves = variance is not None and math.sqrt(variance) > 1e-9
        out.append(change / (math.sqrt(variance) * math.sqrt(63)) if moves and variance else math.nan)
    return out


def less(a: Returns, b: Returns) -> Returns:
    return [x - y for x, y in zip(a, b, strict=True)]


def of_pair(panel: Panel, a: str, b: str) -> Returns:
    daily, quarter = (less(log_returns(panel, a, n), log_returns(panel, b, n)) for n in (1, 63))
    return strength(daily, quarter)


def mean(panel: Panel, names: tuple[str, ...], n: int) -> Returns:
    return [sum(row) / len(names) for row in zip(*(log_returns(panel, name, n) for name in names), strict=True)]


def agrees(text: str, panel: Panel, wanted: Returns) -> None:
    """The column of an expression is the loop's, and not all unknown."""
    np.testing.assert_allclose(column(text, panel), wanted, rtol=1e-9, atol=1e-12)
    assert not np.isnan(wanted).all()


SEEDS = pytest.mark.parametrize("seed", range(1, 7))


@SEEDS
@pytest.mark.parametrize(("a", "b"), [("RUT", "SPX"), ("SOL", "BTC"), ("VIX", "ETH")])
def test_relative_strength_agrees_with_a_plain_loop_over_the_definition(seed: int, a: str, b: str) -> None:
    panel = market(seed)
    agrees(f"rel_strength({a}, {b})", panel, of_pair(panel, a, b))


@SEEDS
@pytest.mark.parametrize("basket", ["ALTS", "RISK", "CORE"])
def test_a_rotation_is_the_strength_of_the_mean_of_its_members(seed: int, basket: str) -> None:
    panel = market(seed, 500, scars=seed % 2 == 0)
    members = BASKETS[basket]
    daily, quarter = (less(mean(panel, members, n), log_returns(panel, "VIX", n)) for n in (1, 63))
    wanted = strength(daily, quarter)
    np.testing.assert_allclose(column(f"rotation({basket}, VIX)", panel), wanted, rtol=1e-9, atol=1e-12)


@SEEDS
def test_momentum_is_the_strength_of_one_alone(seed: int) -> None:
    panel = market(seed)
    agrees("momentum(SPX)", panel, strength(log_returns(panel, "SPX", 1), log_returns(panel, "SPX", 63)))


def test_the_strength_of_one_against_another_is_mirrored_when_they_change_places() -> None:
    panel = market(3)
    np.testing.assert_array_equal(column("rel_strength(RUT, SPX)", panel), -column("rel_strength(SPX, RUT)", panel))


def test_a_steady_climb_is_as_strong_as_its_rows_allow() -> None:
    """1 % a row: 63 of them are 63 moves in root 63 usual ones."""
    climb = np.array([100.0 * 1.01**row for row in range(100)])
    panel = Panel(weekdays(100), {"RUT": columns_of(climb)}, {"RUT": (TAPE,)})
    found = column("momentum(RUT)", panel)
    assert np.isnan(found[:63]).all()
    np.testing.assert_allclose(found[63:], math.sqrt(63))


def test_what_does_not_move_against_another_has_no_strength() -> None:
    panel = market(4, scars=False)
    twin = Panel(panel.clock, {**panel.columns, "SPX": columns_of(3.7 * panel.field("RUT", "close"))}, panel.origins)
    assert np.isnan(column("rel_strength(RUT, SPX)", twin)).all()
    still = Panel(panel.clock, {**panel.columns, "SPX": columns_of(np.full(len(panel), 9.0))}, panel.origins)
    assert np.isnan(column("momentum(SPX)", still)).all()


def test_a_gap_on_either_end_is_unknown_and_the_rows_beside_it_are_not() -> None:
    gapless = market(5, 200, scars=False)
    close = gapless.field("RUT", "close").copy()
    close[100] = np.nan
    panel = Panel(gapless.clock, {**gapless.columns, "RUT": columns_of(close)}, gapless.origins)
    unknown = np.flatnonzero(np.isnan(column("rel_strength(RUT, SPX)", panel)))
    assert unknown.tolist() == [*range(63), 100, 163]


def test_a_member_without_a_price_leaves_a_rotation_unknown() -> None:
    """Its absence would else look like a move of the others."""
    panel = market(6, 200, scars=False)
    close = panel.field("ETH", "close").copy()
    close[150:] = np.nan
    gone = Panel(panel.clock, {**panel.columns, "ETH": columns_of(close)}, panel.origins)
    known = np.flatnonzero(~np.isnan(column("rotation(ALTS, BTC)", gone)))
    assert known.tolist() == list(range(63, 150))


def test_a_switch_of_venue_is_no_move() -> None:
    steps = " ".join(str(100 + row % 2) for row in range(80))
    panel = written(RUT=steps, SPX=" ".join(["100 101"] * 40))
    jumped = prices(steps) * np.where(np.arange(80) < 40, 1.0, 2.0)
    switched = relinked(Panel(panel.clock, {**panel.columns, "RUT": columns_of(jumped)}, panel.origins), "RUT", 40, 2.0)
    np.testing.assert_allclose(column("momentum(RUT)", switched), column("momentum(RUT)", panel))


@SEEDS
@pytest.mark.parametrize("n", [1, 21, 63])
def test_a_relative_return_is_what_the_ratio_has_gained(seed: int, n: int) -> None:
    panel = market(seed)
    a, b = (np.exp(np.array(log_returns(panel, name, n))) for name in ("RUT", "SOL"))
    np.testing.assert_allclose(column(f"rs(RUT, SOL, {n})", panel), a / b - 1, rtol=1e-9, atol=1e-13)
    assert not np.isnan(a / b).all()


def test_a_relative_return_is_over_a_quarter_unless_it_is_said() -> None:
    panel = market(7, scars=False)
    np.testing.assert_array_equal(column("rs(RUT, SPX)", panel), column("rs(RUT, SPX, 63)", panel))


def test_a_relative_return_needs_both_ends_of_both_and_no_more() -> None:
    panel = written(RUT="100 . 110 121", SPX="100 100 . 100")
    np.testing.assert_allclose(column("rs(RUT, SPX, 3)", panel), prices(". . . .21"))
    np.testing.assert_array_equal(column("rs(RUT, SPX, 2)", panel), prices(". . . ."))


def test_a_price_that_is_none_has_no_relative_return() -> None:
    panel = written(RUT="100 110 121", SPX="-1 0 5")
    assert np.isnan(column("rs(RUT, SPX, 1)", panel)).all()


def test_a_relative_return_knows_a_switch_of_venue() -> None:
    panel = written(SOL="100 100 104 104", BTC="50 50 50 50")
    np.testing.assert_allclose(column("rs(SOL, BTC, 2)", relinked(panel, "SOL", 2, 1.04))[2:], 0.0, atol=1e-15)
    lost = column("rs(SOL, BTC, 2)", relinked(panel, "SOL", 2, np.nan))
    assert np.isnan(lost).all()
