"""What was measured: a figure in its unit, once a run, and the target that it has. The median counts, and is written;
the least and the most of the runs stand beside it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from statistics import median
from typing import Self


class Unit(enum.Enum):
    """What a number counts."""

    SECONDS = "seconds"
    MEGABYTES = "megabytes"
    A_SECOND = "a second"
    TIMES = "times"


def written(value: float, unit: Unit) -> str:
    """A number in its unit, seconds in the one that suits them."""
    match unit:
        case Unit.SECONDS:
            return _span(value)
        case Unit.MEGABYTES:
            return f"{value:.0f} MB" if value >= 20 else f"{value:.1f} MB"
        case Unit.A_SECOND:
            return f"{value:.1f}/s"
        case Unit.TIMES:
            return f"{value:,.0f} x" if value >= 100 else f"{value:.2g} x"


def _span(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


@dataclass(frozen=True)
class Figure:
    """A number a run."""

    runs: tuple[float, ...]
    unit: Unit = Unit.SECONDS

    @classmethod
    def once(cls, value: float, unit: Unit = Unit.SECONDS) -> Self:
        """Of one run."""
        return cls((value,), unit)

    @property
    def median(self) -> float:
        """What is told of it."""
        return median(self.runs)

    @property
    def spread(self) -> str:
        """The least and the most; nothing of one run."""
        ends = (written(min(self.runs), self.unit), written(max(self.runs), self.unit))
        return " to ".join(dict.fromkeys(ends)) if len(self.runs) > 1 else ""

    def over(self, other: Figure) -> Figure:
        """How many times the other, run by run."""
        return Figure(tuple(mine / its for mine, its in zip(self.runs, other.runs, strict=True)), Unit.TIMES)

    def and_again(self, other: Figure) -> Figure:
        """With further runs."""
        return Figure(self.runs + other.runs, self.unit)

    def __str__(self) -> str:
        return written(self.median, self.unit)


@dataclass(frozen=True)
class Target:
    """What a figure may be at most, or must be at least."""

    bound: float
    unit: Unit = Unit.SECONDS
    at_least: bool = False

    def judged(self, figure: Figure) -> str:
        """The target, and whether the runs have missed it."""
        missed = sum(value < self.bound if self.at_least else value > self.bound for value in figure.runs)
        told = f"{'at least ' if self.at_least else ''}{written(self.bound, self.unit)}"
        if not missed:
            return told
        return (
            f"{told} **missed**"
            if missed == len(figure.runs)
            else f"{told} **missed in {missed} of {len(figure.runs)}**"
        )
