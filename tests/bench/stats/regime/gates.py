"""The figures of the regime that must be reached, the better ones that may be, and where each is measured: one literal.

Every figure is shown in every era; those without a bound decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bot.tuning.worlds.regime import (
    ALWAYS_CALM,
    ALWAYS_NEUTRAL,
    HIGH_CALM,
    HIGH_NEUTRAL,
    HIGH_SWITCHING,
    LOW_CALM,
    LOW_NEUTRAL,
    LOW_SWITCHING,
    SWITCHING,
    World,
)
from tests.bench.stats.gates import Bound, Line, Unit, least, most
from tests.bench.stats.regime.detectors import Detector
from tests.bench.stats.regime.figures import (
    Told,
    accuracy_of_all,
    accuracy_of_off,
    false_entries_a_year,
    flips_a_year,
    long_delay,
    median_delay,
    missed,
)


@dataclass(frozen=True)
class Figure:
    """What is measured of RISK_OFF in a world. Without a `must` it is only shown."""

    words: str
    measure: Callable[[Told], float]
    unit: Unit
    world: World
    must: Bound | None = None
    stretch: Bound | None = None


FIGURES = (
    Figure("base era, entry median", median_delay, Unit.ROWS, SWITCHING, most(10), most(8)),
    Figure("base era, entry p90", long_delay, Unit.ROWS, SWITCHING, most(20), most(14)),
    Figure("base era, missed", missed, Unit.SHARE, SWITCHING, most(0.12), most(0.03)),
    Figure("base era, false a year, switching", false_entries_a_year, Unit.YEARLY, SWITCHING, most(0.35), most(0.15)),
    Figure(
        "base era, false a year, neutral", false_entries_a_year, Unit.YEARLY, ALWAYS_NEUTRAL, most(0.15), most(0.03)
    ),
    Figure("base era, false a year, calm", false_entries_a_year, Unit.YEARLY, ALWAYS_CALM, most(0.12), most(0)),
    Figure("base era, flips a year", flips_a_year, Unit.RATIO, SWITCHING, most(1.9), most(1.3)),
    Figure("base era, balanced accuracy, OFF", accuracy_of_off, Unit.ACCURACY, SWITCHING, least(0.84), least(0.88)),
    Figure("base era, balanced accuracy, all", accuracy_of_all, Unit.ACCURACY, SWITCHING, least(0.70), least(0.78)),
    Figure("low era, entry median", median_delay, Unit.ROWS, LOW_SWITCHING),
    Figure("low era, entry p90", long_delay, Unit.ROWS, LOW_SWITCHING),
    Figure("low era, missed", missed, Unit.SHARE, LOW_SWITCHING, most(0.22), most(0.10)),
    Figure(
        "low era, false a year, switching", false_entries_a_year, Unit.YEARLY, LOW_SWITCHING, most(0.20), most(0.05)
    ),
    Figure("low era, false a year, neutral", false_entries_a_year, Unit.YEARLY, LOW_NEUTRAL, most(0.10), most(0.01)),
    Figure("low era, false a year, calm", false_entries_a_year, Unit.YEARLY, LOW_CALM),
    Figure("low era, flips a year", flips_a_year, Unit.RATIO, LOW_SWITCHING),
    Figure("low era, balanced accuracy, OFF", accuracy_of_off, Unit.ACCURACY, LOW_SWITCHING, least(0.80), least(0.85)),
    Figure("low era, balanced accuracy, all", accuracy_of_all, Unit.ACCURACY, LOW_SWITCHING),
    Figure("high era, entry median", median_delay, Unit.ROWS, HIGH_SWITCHING),
    Figure("high era, entry p90", long_delay, Unit.ROWS, HIGH_SWITCHING),
    Figure("high era, missed", missed, Unit.SHARE, HIGH_SWITCHING, most(0.12), most(0.04)),
    Figure(
        "high era, false a year, switching", false_entries_a_year, Unit.YEARLY, HIGH_SWITCHING, most(0.6), most(0.25)
    ),
    Figure("high era, false a year, neutral", false_entries_a_year, Unit.YEARLY, HIGH_NEUTRAL, most(0.50), most(0.10)),
    Figure("high era, false a year, calm", false_entries_a_year, Unit.YEARLY, HIGH_CALM),
    Figure("high era, flips a year", flips_a_year, Unit.RATIO, HIGH_SWITCHING),
    Figure(
        "high era, balanced accuracy, OFF", accuracy_of_off, Unit.ACCURACY, HIGH_SWITCHING, least(0.83), least(0.88)
    ),
    Figure("high era, balanced accuracy, all", accuracy_of_all, Unit.ACCURACY, HIGH_SWITCHING),
)


def lines_of(heard: Mapping[World, Mapping[Detector, Told]], figures: Iterable[Figure] = FIGURES) -> list[Line]:
    """The figures of what was told in the worlds."""
    return [_line(figure, heard[figure.world]) for figure in figures]


def _line(figure: Figure, told: Mapping[Detector, Told]) -> Line:
    values: dict[str, float] = {detector: figure.measure(each) for detector, each in told.items()}
    ours = values.pop(Detector.OURS)
    return Line(figure.words, figure.unit, ours, figure.must, figure.stretch, values)
