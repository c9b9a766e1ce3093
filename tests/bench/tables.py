"""Tables of figures: the lines they are made of, several runs put together, and the one table of what counts most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

from tests.bench.figures import Figure, Target, Unit

FASTER = 1.15
"""By how much more a tenfold of work may cost than ten times as much before it says so: below lies noise."""


class Line(Protocol):
    """A line of a table."""

    @property
    def what(self) -> str:
        """What it is about; the same in each run."""
        ...

    def and_again(self, other: Self) -> Self:
        """With what a further run has measured."""
        ...

    def cells(self) -> Sequence[str]:
        """As it is printed."""
        ...


@dataclass(frozen=True)
class Row:
    """A figure beside a yardstick of the same run. A target in times is one of the ratio of the two.

    `chief` is what it is called in the table of what counts most; empty: it does not stand there.
    """

    what: str
    measured: Figure
    target: Target | None = None
    yardstick: str = ""
    beside: Figure | None = None
    chief: str = ""

    @property
    def ratio(self) -> Figure | None:
        """How many times the yardstick, where there is one."""
        return None if self.beside is None else self.measured.over(self.beside)

    def and_again(self, other: Self) -> Self:
        """Both figures, run by run."""
        beside = self.beside and other.beside and self.beside.and_again(other.beside)
        return replace(self, measured=self.measured.and_again(other.measured), beside=beside)

    def cells(self) -> Sequence[str]:
        """What, how much, the target, the ratio, the spread."""
        ratio = self.ratio
        judged = ratio if self.target is not None and self.target.unit is Unit.TIMES else self.measured
        target = "" if self.target is None or judged is None else self.target.judged(judged)
        return (
            self.what, str(self.measured), target, f"{ratio} {self.yardstick}" if ratio else "", self.measured.spread,
        )  # fmt: skip


@dataclass(frozen=True)
class Growth:
    """What a job costs with so much work, with ten and with a hundred times as much of it."""

    what: str
    work: tuple[int, ...]
    costs: tuple[Figure, ...]

    @property
    def by_unit(self) -> Figure:
        """What the last step has made of the cost of a unit of work: above 1 it grows faster than its work."""
        last = self.costs[-1].over(self.costs[-2])
        return Figure(tuple(times * self.work[-2] / self.work[-1] for times in last.runs), Unit.TIMES)

    def and_again(self, other: Self) -> Self:
        """All costs, run by run."""
        both = zip(self.costs, other.costs, strict=True)
        return replace(self, costs=tuple(mine.and_again(its) for mine, its in both))

    def cells(self) -> Sequence[str]:
        """What, how much work, the first cost, what it grows to, and what a unit of work has come to cost."""
        first, by_unit = self.costs[0], self.by_unit
        grown = [str(cost.over(first)) for cost in self.costs[1:]]
        faster = " **faster than its work**" if by_unit.median > FASTER else ""
        work = ", ".join(f"{each:,}" for each in self.work)
        return (self.what, work, str(first), *grown, f"{by_unit}{faster}", by_unit.spread)


@dataclass(frozen=True)
class Words:
    """A line without a figure of its own: the first run's."""

    what: str
    rest: tuple[str, ...]

    def and_again(self, other: Self) -> Self:
        """It has no spread."""
        return self

    def cells(self) -> Sequence[str]:
        """As given."""
        return (self.what, *self.rest)


@dataclass(frozen=True)
class Table:
    """Lines under their heads."""

    heads: tuple[str, ...]
    lines: Sequence[Line]

    def and_again(self, other: Table) -> Table:
        """The same lines with a further run. Raises ValueError where they are about something else."""
        ours, theirs = ([line.what for line in each.lines] for each in (self, other))
        if ours != theirs:
            raise ValueError(f"another run has other lines: {sorted(set(ours) ^ set(theirs))}")
        both = zip(self.lines, other.lines, strict=True)
        return replace(self, lines=[line.and_again(again) for line, again in both])

    def __str__(self) -> str:
        rows = [self.heads, ("---",) * len(self.heads), *(line.cells() for line in self.lines)]
        return "\n".join(f"|{'|'.join(f' {cell} ' if cell != '---' else cell for cell in row)}|" for row in rows)


Block = Table | str
"""A table, or a sentence that stands instead of one."""


def rows(what: str, lines: Iterable[Row]) -> Table:
    """Rows under their heads."""
    return Table((what, "measured", "target", "ratio to a yardstick", "spread"), list(lines))


def growths(what: str, lines: Iterable[Growth]) -> Table:
    """How costs grow, under their heads."""
    heads = (what, "work", "at first", "x 10", "x 100", "a unit of work, last step", "spread")
    return Table(heads, list(lines))


def together(runs: Sequence[Sequence[Block]]) -> list[Block]:
    """The blocks of several runs as one. A sentence is the first run's."""
    found = list(runs[0])
    for run in runs[1:]:
        found = [_both(one, other) for one, other in zip(found, run, strict=True)]
    return found


def _both(one: Block, other: Block) -> Block:
    return one.and_again(other) if isinstance(one, Table) and isinstance(other, Table) else one


def chief(blocks: Iterable[Block]) -> Table:
    """What counts most, of all tables."""
    lines = [line for block in blocks if isinstance(block, Table) for line in block.lines]
    return rows("what", [replace(line, what=line.chief) for line in lines if isinstance(line, Row) and line.chief])


def timed(
    what: str,
    seconds: float,
    target: float | None = None,
    yardstick: str = "",
    beside: float | None = None,
    chief: str = "",
) -> Row:
    """Seconds of one run, the target in seconds, and the yardstick's."""
    bound = None if target is None else Target(target)
    measure = None if beside is None else Figure.once(beside)
    return Row(what, Figure.once(seconds), bound, yardstick, measure, chief)


def held(what: str, megabytes: float, target: float, chief: str = "") -> Row:
    """Megabytes of one run, and the target in them."""
    return Row(what, Figure.once(megabytes, Unit.MEGABYTES), Target(target, Unit.MEGABYTES), chief=chief)
