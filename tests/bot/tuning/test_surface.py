"""The best of a surface beside its neighbours, at its edge, and against chance."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from bot.tuning.grid import Grid, Variant, grid_of
from bot.tuning.measure import Measured
from bot.tuning.surface import Point, best_of, by_chance, edges_of, greatest, plateau_of
from rules.evidence import Base, Outcome
from tests.bot.tuning.tuned import DIP, compiled
from tests.rules.markets import SCOPE

NAN = math.nan


def point(at: Sequence[int], score: float, error: float = 0.01, chance: tuple[float, ...] = ()) -> Point:
    """A variant with a score, whose median has that standard error."""
    half = 1.6448536269514722 * error
    base = Base(100, 0.0, 0.5)
    whole = Outcome("RUT", 5, 20, 20.0, score + half, 12, score, score + 2 * half, NAN, NAN, base, None)
    return Point(Variant(tuple(at), DIP), Measured(20, whole, (), (), chance), score)


def surface(scores: Mapping[tuple[int, ...], float]) -> list[Point]:
    return [point(at, score) for at, score in scores.items()]


def hill(peak: float, round_it: float) -> list[Point]:
    """Five by five: `peak` in the middle, `round_it` elsewhere."""
    return surface({at: peak if at == (2, 2) else round_it for at in itertools.product(range(5), repeat=2)})


def grid() -> Grid:
    return grid_of(compiled(DIP), ("enter=-5%:-1%:1%", "leave=0%,1%"), SCOPE)


def test_the_best_is_the_greatest_score_and_the_first_of_equals() -> None:
    points = surface({(0,): NAN, (1,): 0.02, (2,): 0.02, (3,): -0.1})
    assert best_of(points) is points[1]
    assert best_of(surface({(0,): NAN})) is None
    assert best_of([]) is None
    assert greatest([NAN, NAN]) is None


def test_a_best_like_its_neighbours_is_no_spike() -> None:
    points = hill(0.012, 0.010)
    plateau = plateau_of(points[12], points)
    assert (plateau.neighbours, plateau.scored) == (4, 4)
    assert plateau.advantage == pytest.approx(0.002)
    assert plateau.error == pytest.approx(0.01)
    assert not plateau.is_spike


def test_a_best_far_above_its_neighbours_is_a_spike() -> None:
    points = hill(0.05, 0.01)
    assert plateau_of(points[12], points).is_spike


def test_a_best_whose_neighbours_say_nothing_is_a_spike() -> None:
    points = hill(0.05, NAN)
    plateau = plateau_of(points[12], points)
    assert plateau.scored == 0
    assert math.isnan(plateau.median)
    assert plateau.is_spike


def test_one_variant_alone_is_no_spike() -> None:
    points = surface({(0,): 0.05})
    assert not plateau_of(points[0], points).is_spike


def test_neighbours_are_one_step_away_along_one_parameter() -> None:
    points = hill(0.0, 0.0)
    assert plateau_of(points[0], points).neighbours == 2
    assert plateau_of(points[2], points).neighbours == 3


def test_the_first_and_the_last_value_are_an_edge_where_there_are_three() -> None:
    assert edges_of(point((0, 0), 1.0), grid()) == ("enter",)
    assert edges_of(point((4, 1), 1.0), grid()) == ("enter",)
    assert edges_of(point((2, 0), 1.0), grid()) == ()


def test_chance_is_the_best_of_all_variants_for_each_shift() -> None:
    points = [point((0,), 0.0, chance=(0.3, NAN, NAN)), point((1,), 0.0, chance=(0.1, 0.2, NAN))]
    assert by_chance(points) == (0.2, 0.3)
    assert by_chance([]) == ()


def test_more_variants_have_more_luck() -> None:
    rng = np.random.default_rng(1)
    drawn = [point((k,), 0.0, chance=tuple(rng.normal(size=19).tolist())) for k in range(100)]
    assert np.median(by_chance(drawn)) > np.median(by_chance(drawn[:5])) > np.median(by_chance(drawn[:1]))
