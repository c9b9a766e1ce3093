"""The surface of a tuning, and whether its best is anything: beside its neighbours, at its edge, against chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from bot.tuning.grid import Grid, Variant
from bot.tuning.measure import Measured, score
from bot.tuning.truth import Lived
from rules.bars import Floats
from rules.resampling import NOMINAL

FEWEST_STEPS = 3
"""Values of a parameter from which its first and last are an edge: of two, both always are."""


@dataclass(frozen=True)
class Point:
    """A variant, what followed it, its in-sample score (NaN: too few firings), and how it did in each world."""

    variant: Variant
    measured: Measured
    score: float
    lived: tuple[Lived, ...] = ()


@dataclass(frozen=True)
class Plateau:
    """The best point beside those one step away: how many there are, how many of them have a score, the median of
    those scores (NaN without any), and the standard error of the best one's median outcome.
    """

    neighbours: int
    scored: int
    median: float
    error: float
    advantage: float

    @property
    def is_spike(self) -> bool:
        """Whether the best stands alone: most neighbours say nothing, or it is above their median by more than its own
        standard error.
        """
        return bool(self.neighbours) and (2 * self.scored < self.neighbours or self.advantage > self.error)


def point(variant: Variant, measured: Measured, lived: tuple[Lived, ...], *, up: bool) -> Point:
    """A variant on the surface."""
    return Point(variant, measured, score(measured.whole, up=up), lived)


def best_of(points: Sequence[Point]) -> Point | None:
    """The greatest score, the first of equals; None where no variant has one."""
    index = greatest([each.score for each in points])
    return None if index is None else points[index]


def greatest(scores: Sequence[float]) -> int | None:
    """The place of the greatest number, the first of equals; None where all are NaN."""
    known: Floats = np.array(scores, np.float64)
    return None if np.isnan(known).all() else int(np.nanargmax(known))


def plateau_of(best: Point, points: Sequence[Point]) -> Plateau:
    """The best among its neighbours on the grid."""
    beside = [each for each in points if _steps(best, each) == 1]
    scores = [each.score for each in beside if not math.isnan(each.score)]
    median = float(np.median(scores)) if scores else math.nan
    whole = best.measured.whole
    error = (whole.high - whole.low) / (2.0 * NormalDist().inv_cdf((1.0 + NOMINAL) / 2.0))
    return Plateau(len(beside), len(scores), median, error, best.score - median)


def edges_of(best: Point, grid: Grid) -> tuple[str, ...]:
    """The parameters of which the best has the first or the last value."""
    return tuple(
        axis.name
        for axis, step in zip(grid.axes, best.variant.at, strict=True)
        if len(axis.values) >= FEWEST_STEPS and step in (0, len(axis.values) - 1)
    )


def by_chance(points: Sequence[Point]) -> tuple[float, ...]:
    """The best score of all variants for each shift of the outcomes in time, ascending; those without one left out.

    What the best of so many has when nothing follows from anything; variants that are alike count as what they are.
    (after White 2000; Bailey and Lopez de Prado 2014)
    """
    if not points:
        return ()
    table = [each.measured.chance for each in points]
    found = [greatest([row[at] for row in table]) for at in range(len(table[0]))]
    return tuple(sorted(table[index][at] for at, index in enumerate(found) if index is not None))


def _steps(one: Point, other: Point) -> int:
    return sum(abs(a - b) for a, b in zip(one.variant.at, other.variant.at, strict=True))
