"""The figures that must be reached, the better ones that may be, and where each is measured: one literal.

"Must" is about the 99.9 % point of what chance does to 200 paths of a seed taken at random.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.tuning.worlds.pairs import (
    CONSTANT,
    CONSTANT_20,
    CONSTANT_50,
    CONSTANT_70,
    CONSTANT_80,
    RAMP_TO_80,
    STEP_DOWN,
    STEP_TO_70,
    STEP_TO_80,
    SWITCHING,
    World,
)
from tests.bench.stats.detectors import Alarm, Detector
from tests.bench.stats.figures import (
    Told,
    balanced_accuracy,
    entries_a_year,
    flips_a_year,
    flips_per_true_one,
    long_delay,
    long_exit,
    median_delay,
    median_exit,
    median_wait,
    missed,
    pooled,
)
from tests.bench.stats.intervals import Coverage


class Unit(enum.StrEnum):
    """How a figure is written."""

    YEARLY = "{:.3f}"
    ROWS = "{:.1f}"
    RATIO = "{:.2f}"
    ACCURACY = "{:.3f}"
    SHARE = "{:.1%}"
    COUNT = "{:.0f}"

    def write(self, value: float) -> str:
        """A figure in a table; a dash where nothing can be said."""
        return self.format(value) if math.isfinite(value) else "–"


@dataclass(frozen=True)
class Bound:
    """What a figure may be, both ends included. NaN is within no bound."""

    least: float = -math.inf
    most: float = math.inf

    def holds(self, value: float) -> bool:
        """Whether a figure is good enough."""
        return self.least <= value <= self.most

    def write(self, unit: Unit) -> str:
        """As a reader writes it."""
        ends = [unit.write(end) for end in (self.least, self.most) if math.isfinite(end)]
        return "–".join(ends) if len(ends) == 2 else f"{'≤' if self.least == -math.inf else '≥'} {ends[0]}"


def most(value: float) -> Bound:
    """Less is better."""
    return Bound(most=value)


def least(value: float) -> Bound:
    """More is better."""
    return Bound(least=value)


@dataclass(frozen=True)
class Figure:
    """What is measured of an alarm in worlds, pooled. Without a `must` it is only shown."""

    words: str
    measure: Callable[[Told], float]
    unit: Unit
    worlds: Sequence[World]
    must: Bound | None = None
    stretch: Bound | None = None
    alarm: Alarm = Alarm.COUPLED


@dataclass(frozen=True)
class Line:
    """A figure as it came out: ours, and under their names those it is held against."""

    words: str
    unit: Unit
    ours: float
    must: Bound | None = None
    stretch: Bound | None = None
    others: Mapping[str, float] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Whether it is worse than it must be."""
        return self.must is not None and not self.must.holds(self.ours)

    @property
    def stretched(self) -> bool:
        """Whether it is as good as was hoped."""
        return self.stretch is not None and self.stretch.holds(self.ours)


_ROSE, _FELL, _SHIFTED = Alarm.ROSE, Alarm.FELL, Alarm.SHIFTED

FIGURES = (
    Figure("false entries a year, ρ .50", entries_a_year, Unit.YEARLY, [CONSTANT_50], most(0.12), most(0.03)),
    Figure("false entries a year, ρ .20", entries_a_year, Unit.YEARLY, [CONSTANT_20], most(0.08), most(0.01)),
    Figure("flips a year, ρ .70", flips_a_year, Unit.YEARLY, [CONSTANT_70], most(1.0), most(0.5)),
    Figure("flips a year, ρ .80", flips_a_year, Unit.YEARLY, [CONSTANT_80], most(0.15), most(0.01)),
    Figure("entry .2 → .8, median", median_delay, Unit.ROWS, [STEP_TO_80], most(28), most(20)),
    Figure("entry .2 → .8, p90", long_delay, Unit.ROWS, [STEP_TO_80], most(64), most(40)),
    Figure("entry .2 → .8, missed", missed, Unit.SHARE, [STEP_TO_80], most(0.01)),
    Figure("entry .2 → .7, median", median_delay, Unit.ROWS, [STEP_TO_70], most(70), most(45)),
    Figure("entry .2 → .7, missed", missed, Unit.SHARE, [STEP_TO_70], most(0.15), most(0.05)),
    Figure("entry ramp .2 → .8, median", median_delay, Unit.ROWS, [RAMP_TO_80], most(82), most(70)),
    Figure("exit .8 → .2, median", median_exit, Unit.ROWS, [STEP_DOWN], most(23), most(16)),
    Figure("exit .8 → .2, p90", long_exit, Unit.ROWS, [STEP_DOWN], most(47)),
    Figure("switching, balanced accuracy", balanced_accuracy, Unit.ACCURACY, [SWITCHING], least(0.86), least(0.90)),
    Figure("switching, transitions a year", flips_a_year, Unit.RATIO, [SWITCHING]),
    Figure("switching, transitions per true one", flips_per_true_one, Unit.RATIO, [SWITCHING], Bound(0.85, 1.15)),
    Figure("shift, false a year, ρ constant", entries_a_year, Unit.YEARLY, CONSTANT, most(0.06), most(0.01), _SHIFTED),
    Figure("shift .2 → .7, median", median_wait, Unit.ROWS, [STEP_TO_70], most(57), most(43), _ROSE),
    Figure("shift .2 → .8, median", median_wait, Unit.ROWS, [STEP_TO_80], most(31), most(24), _ROSE),
    Figure("shift .8 → .2, median", median_wait, Unit.ROWS, [STEP_DOWN], most(26), most(18), _FELL),
)

COVERED = Bound(0.87, 0.93)
"""What share of nominal 90 % intervals must hold the truth."""

PLAIN = "plain Fisher"

Watched = Mapping[World, Mapping[Alarm, Mapping[Detector, Told]]]


def lines_of(watched: Watched, figures: Iterable[Figure] = FIGURES) -> list[Line]:
    """The figures of what was told in the worlds."""
    return [_line(figure, watched) for figure in figures]


def coverage_lines(covered: Mapping[tuple[World, int], Coverage]) -> list[Line]:
    """The figures of the intervals, by world and window."""
    return [
        Line(
            f"90 % interval, {world.name}, n = {n}",
            Unit.SHARE,
            found.share(found.ours),
            COVERED,
            others={PLAIN: found.share(found.plain)},
        )
        for (world, n), found in covered.items()
    ]


def _line(figure: Figure, watched: Watched) -> Line:
    told = [watched[world][figure.alarm] for world in figure.worlds]
    values: dict[str, float] = {
        detector: figure.measure(pooled(each[detector] for each in told)) for detector in told[0]
    }
    ours = values.pop(Detector.OURS)
    return Line(figure.words, figure.unit, ours, figure.must, figure.stretch, values)
