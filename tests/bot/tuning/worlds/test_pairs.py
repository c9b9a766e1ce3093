"""The simulated worlds: a path is its own, and has the correlation, tails and volatility that are said of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from bot.tuning.worlds.pairs import (
    ALPHA,
    BETA,
    CHANGE,
    CONSTANT,
    CONSTANT_20,
    CONSTANT_50,
    CONSTANT_80,
    LADDER,
    LEAST_DWELL,
    MORE_DWELL,
    NU,
    RAMP,
    RAMP_TO_80,
    ROWS,
    STEP_DOWN,
    STEP_TO_70,
    SWITCHING,
    WORLDS,
    YEAR,
    Paths,
    World,
    draw,
    garch,
)
from rules.bars import Floats
from tests.rules.markets import same_bits

every_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)


def shocks_of(paths: Paths) -> tuple[Floats, Floats]:
    """The returns of both legs over the volatility that the margins' formula gives them from the rows before."""
    return shocks_of_leg(paths.x, 0.22), shocks_of_leg(paths.y, 0.75)


def shocks_of_leg(returns: Floats, volatility: float) -> Floats:
    usual = volatility**2 / 252
    variance, out = np.full(returns.shape[1], usual), []
    for r in returns:
        out.append(r / np.sqrt(variance))
        variance = 0.02 * usual + 0.08 * r**2 + 0.90 * variance
    return np.array(out)


@every_world
def test_a_path_is_the_same_whatever_is_drawn_beside_it(world: World) -> None:
    bank, alone = draw(world, 7, range(5)), draw(world, 7, [3])
    for of_bank, of_one in zip((bank.x, bank.y, bank.rho), (alone.x, alone.y, alone.rho), strict=True):
        assert same_bits(np.ascontiguousarray(of_bank[:, 3:4]), of_one)


def test_another_seed_world_or_number_is_another_path() -> None:
    drawn = [draw(CONSTANT_20, 7, [0, 1]), draw(CONSTANT_20, 8, [0]), draw(CONSTANT_50, 7, [0])]
    firsts = [value for paths in drawn for value in paths.x[0]]
    assert len(set(firsts)) == len(firsts) == 4


def test_every_world_has_a_number_and_a_name_of_its_own() -> None:
    worlds = {*WORLDS, *LADDER.values()}
    assert len({world.number for world in worlds}) == len({world.name for world in worlds}) == len(worlds)


@pytest.mark.parametrize(
    ("world", "rho"), [*zip(CONSTANT, (0.2, 0.5, 0.7, 0.8), strict=True)], ids=["20", "50", "70", "80"]
)
def test_shocks_are_students_t_with_unit_variance_the_correlation_and_common_mixing(world: World, rho: float) -> None:
    """With common mixing the squared distance of both is F(2, nu): with one mixing a leg it would not be."""
    u, v = (shocks.ravel() for shocks in shocks_of(draw(world, 3, range(20))))
    unit = np.sqrt((NU - 2) / NU)
    assert stats.kstest(u / unit, stats.t(NU).cdf).pvalue > 1e-3
    assert stats.kstest(v / unit, stats.t(NU).cdf).pvalue > 1e-3
    distance = (u * u + v * v - 2 * rho * u * v) / (1 - rho * rho) / 2
    assert stats.kstest(distance / unit**2, stats.f(2, NU).cdf).pvalue > 1e-3
    assert np.mean(u * v) == pytest.approx(rho, abs=0.04)
    assert np.mean(u * u) == pytest.approx(1.0, abs=0.04)


def test_legs_have_their_volatility_a_year() -> None:
    """The variance of a GARCH with these tails converges slowly: hence many paths and a wide margin."""
    paths = draw(CONSTANT_50, 11, range(300))
    for leg, volatility in ((paths.x, 0.22), (paths.y, 0.75)):
        assert np.sqrt(np.mean(leg * leg) * YEAR) == pytest.approx(volatility, rel=0.05)


def test_a_shock_echoes_in_the_variance_as_the_formula_says() -> None:
    usual = 0.2**2 / YEAR
    first, second, third = garch(np.array([[3.0], [1.0], [1.0]]), 0.2)[:, 0]
    assert first == pytest.approx(3.0 * np.sqrt(usual))
    assert second**2 == pytest.approx(usual * (1 - ALPHA - BETA + 9 * ALPHA + BETA))
    assert third**2 == pytest.approx(usual * (1 - ALPHA - BETA) + (ALPHA + BETA) * second**2)


def test_a_step_comes_on_the_row_of_the_change() -> None:
    rho = draw(STEP_TO_70, 7, [0]).rho[:, 0]
    assert (rho[:CHANGE] == 0.2).all()
    assert (rho[CHANGE:] == 0.7).all()
    down = draw(STEP_DOWN, 7, [0]).rho[:, 0]
    assert (down[CHANGE - 1], down[CHANGE]) == (0.8, 0.2)


def test_a_ramp_takes_sixty_equal_steps() -> None:
    rho = draw(RAMP_TO_80, 7, [0]).rho[:, 0]
    steps = np.diff(rho)
    moved = np.flatnonzero(steps > 0) + 1
    assert moved.tolist() == list(range(CHANGE, CHANGE + RAMP))
    assert steps[moved - 1] == pytest.approx(0.01)
    assert (rho[0], rho[-1]) == (0.2, pytest.approx(0.8))


def test_the_switching_world_dwells_at_least_sixty_rows_and_two_hundred_on_average() -> None:
    rho = draw(SWITCHING, 7, range(200)).rho
    assert set(np.unique(rho)) == {0.2, 0.8}
    assert 60 < np.count_nonzero(rho[0] == 0.8) < 140
    dwells = np.concatenate([np.diff(np.flatnonzero(np.diff(path))) for path in rho.T])
    assert dwells.min() > LEAST_DWELL
    rate = np.count_nonzero(np.diff(rho, axis=0)) / rho.size
    assert 1 / rate == pytest.approx(LEAST_DWELL + MORE_DWELL, rel=0.08)


def test_the_correlation_of_a_moving_world_is_that_of_its_shocks() -> None:
    paths = draw(STEP_DOWN, 7, range(30))
    u, v = shocks_of(paths)
    assert np.mean((u * v)[:CHANGE]) == pytest.approx(0.8, abs=0.05)
    assert np.mean((u * v)[CHANGE:]) == pytest.approx(0.2, abs=0.05)
    assert len(u) == ROWS


def test_a_constant_world_stays_where_it_is() -> None:
    assert (draw(CONSTANT_80, 7, [0]).rho == 0.8).all()
    assert all((draw(world, 7, [0]).rho == rho).all() for rho, world in LADDER.items())
