"""The markets of SYN-REG: a path is its own, and has the dwell times, tails, volatility and VIX that are said of it."""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest

from bot.tuning.worlds import pairs
from bot.tuning.worlds.pairs import NU, ROWS, YEAR
from bot.tuning.worlds.regime import (
    ALWAYS_CALM,
    ALWAYS_NEUTRAL,
    BASE,
    CRYPTO_CORRELATION,
    CRYPTO_VOLATILITY,
    DWELL,
    EXITS,
    FIRST,
    HIGH,
    HIGH_SWITCHING,
    LEAST_DWELL,
    LOW_SWITCHING,
    NEUTRAL,
    OFF,
    ON,
    SWITCHING,
    WORLDS,
    Era,
    Paths,
    World,
    draw,
)
from rules.bars import Floats, Ints
from tests.rules.markets import same_bits

COLUMNS = [column.name for column in fields(Paths)]
every_world = pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
every_era = pytest.mark.parametrize("world", [LOW_SWITCHING, SWITCHING, HIGH_SWITCHING], ids=["low", "base", "high"])


@pytest.fixture(scope="module")
def switching() -> Paths:
    return draw(SWITCHING, 11, range(200))


def whole_spells(state: Ints) -> list[tuple[int, int, int]]:
    """Of each spell that begins and ends on a path: its state, its rows, and the state after it."""
    edges = np.flatnonzero(np.diff(state)) + 1
    return [(int(state[first]), stop - first, int(state[stop])) for first, stop in pairwise(edges.tolist())]


def a_year(returns: Floats) -> float:
    return float(returns.std() * np.sqrt(YEAR))


@every_world
def test_a_path_is_the_same_whatever_is_drawn_beside_it(world: World) -> None:
    bank, alone = draw(world, 7, range(5)), draw(world, 7, [3])
    for name in COLUMNS:
        of_bank, of_one = getattr(bank, name)[:, 3:4], getattr(alone, name)
        assert same_bits(np.ascontiguousarray(of_bank, np.float64), of_one.astype(np.float64))


def test_another_seed_world_or_number_is_another_path() -> None:
    drawn = [draw(ALWAYS_CALM, 7, [0, 1]), draw(ALWAYS_CALM, 8, [0]), draw(ALWAYS_NEUTRAL, 7, [0])]
    firsts = [value for paths in drawn for value in paths.spx[0]]
    assert len(set(firsts)) == len(firsts) == 4


def test_every_world_has_a_number_and_a_name_of_its_own_here_and_in_syn_corr() -> None:
    of_pairs = {*pairs.WORLDS, *pairs.LADDER.values()}
    known = [*((each.number, each.name) for each in of_pairs), *((each.number, each.name) for each in WORLDS)]
    assert len(dict(known)) == len({name for _, name in known}) == len(known)
    assert [world.number for world in WORLDS] == list(range(100, 109))


def test_a_state_stays_its_least_dwell_and_its_mean_and_leads_where_it_should(switching: Paths) -> None:
    spells = [spell for state in switching.state.T for spell in whole_spells(state)]
    for state in (ON, NEUTRAL, OFF):
        exits = [after for each, _, after in spells if each == state]
        shares = np.bincount(exits, minlength=3) / len(exits)
        assert min(rows for each, rows, _ in spells if each == state) > LEAST_DWELL[state]
        assert shares == pytest.approx(EXITS[state], abs=0.05)


def test_dwell_times_have_their_mean() -> None:
    """A long spell is cut off by the end of a path more often than a short one: only the first of a state is taken."""
    states = draw(SWITCHING, 5, range(400)).state.T
    for state in (NEUTRAL, OFF):
        firsts = [next((rows for each, rows, _ in whole_spells(path) if each == state), None) for path in states]
        rows = [each for each in firsts if each is not None]
        assert len(rows) > 300
        assert np.mean(rows) == pytest.approx(DWELL[state], rel=0.12)


def test_a_path_begins_in_each_state_as_often_as_is_said(switching: Paths) -> None:
    shares = np.bincount(switching.state[0], minlength=3) / switching.state.shape[1]
    assert shares == pytest.approx(FIRST, abs=0.11)


@every_era
def test_the_sp500_has_the_volatility_of_its_state_and_era(world: World) -> None:
    paths = draw(world, 11, range(100))
    for state in (ON, NEUTRAL, OFF):
        spx = paths.spx[paths.state == state]
        assert a_year(spx) == pytest.approx(world.era.volatility[state], rel=0.08)


def test_small_caps_move_by_their_beta_and_their_own_noise(switching: Paths) -> None:
    for state, noise in ((ON, 0.09), (NEUTRAL, 0.11), (OFF, 0.16)):
        rows = switching.state == state
        rut, spx = switching.rut[rows], switching.spx[rows]
        beta = np.cov(rut, spx)[0, 1] / spx.var()
        assert beta == pytest.approx(1.15, abs=0.04)
        assert a_year(rut - beta * spx) == pytest.approx(noise, rel=0.06)


def test_bitcoin_moves_more_and_more_with_stocks_the_worse_the_state(switching: Paths) -> None:
    """Half of its mixing is its own, so that it moves a little less than its factor, and so does the correlation."""
    for state in (ON, NEUTRAL, OFF):
        rows = switching.state == state
        btc, spx = switching.btc[rows], switching.spx[rows]
        assert a_year(btc) == pytest.approx(np.hypot(CRYPTO_VOLATILITY[state], 0.15), rel=0.08)
        assert np.corrcoef(btc, spx)[0, 1] == pytest.approx(CRYPTO_CORRELATION[state], abs=0.05)


def test_tails_are_those_of_students_t_round_a_volatility_that_moves() -> None:
    """Mixing 3 / chi2(5) makes the fourth moment large; a volatility that wanders makes large days come in clusters."""
    spx = draw(ALWAYS_NEUTRAL, 3, range(100)).spx
    size = np.abs(spx - spx.mean()) / spx.std()
    assert NU == 5
    assert 0.004 < np.mean(size > 4) < 0.009  # of a normal distribution 0.00006
    later = [np.corrcoef(size[:-lag].ravel(), size[lag:].ravel())[0, 1] for lag in (1, 60)]
    assert later[0] > 0.02 > abs(later[1])


@pytest.mark.parametrize(("world", "state", "era"), [(ALWAYS_NEUTRAL, NEUTRAL, BASE), (HIGH_SWITCHING, OFF, HIGH)])
def test_the_vix_reverts_to_the_level_of_its_state(world: World, state: int, era: Era) -> None:
    paths = draw(world, 3, range(60))
    late = np.lib.stride_tricks.sliding_window_view(paths.state == state, 40, axis=0).all(axis=-1)
    assert np.exp(np.log(paths.vix[39:][late]).mean()) == pytest.approx(era.vix[state], rel=0.04)


def test_the_vix_rises_by_a_multiple_of_what_the_sp500_loses() -> None:
    paths = draw(ALWAYS_NEUTRAL, 3, range(20))
    level = np.log(paths.vix)
    answer = level[1:] - 0.9 * level[:-1] - 0.1 * np.log(18.5)
    surprise = paths.spx[1:] - 0.02 / YEAR
    small = np.abs(surprise) < 0.06
    slope, _ = np.polyfit(surprise[small], answer[small], 1)
    assert slope == pytest.approx(-2.4, abs=0.05)
    assert (answer - -2.4 * np.clip(surprise, -0.06, 0.06)).std() == pytest.approx(0.03, rel=0.02)


def test_a_world_that_stays_stays() -> None:
    assert (draw(ALWAYS_NEUTRAL, 7, [0]).state == NEUTRAL).all()
    assert (draw(ALWAYS_CALM, 7, [0]).state == ON).all()
    assert draw(ALWAYS_CALM, 7, [0]).spx.shape == (ROWS, 1)
