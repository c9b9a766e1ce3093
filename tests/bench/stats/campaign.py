"""All worlds before all detectors: paths in batches, batches side by side in processes; no figure depends on either."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import TypeVar

from bot.tuning.worlds.pairs import CONSTANT, WORLDS, World, draw
from rules.bars import Bools
from tests.bench.stats.detectors import THETA, Alarm, Detector, Fires, judge
from tests.bench.stats.figures import Told, pooled
from tests.bench.stats.gates import Line, coverage_lines, lines_of
from tests.bench.stats.intervals import Coverage, coverage
from tests.bench.stats.prices import panel_of

BATCH = 50
"""Paths that a process holds in memory at once."""

Task = TypeVar("Task")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Job:
    """Some paths of a world."""

    world: World
    seed: int
    paths: range


@dataclass(frozen=True)
class Seen:
    """What became of a job: what was told and what was true, and how often intervals of n returns held the truth."""

    world: World
    fires: Fires
    truth: Bools
    covered: Mapping[int, Coverage]


@dataclass(frozen=True)
class Report:
    """The lines of the alarms, of the intervals and of the regime; none of what was not asked for."""

    alarms: list[Line] = field(default_factory=list)
    intervals: list[Line] = field(default_factory=list)
    regime: list[Line] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        """All of them."""
        return [*self.alarms, *self.intervals, *self.regime]

    @property
    def failed(self) -> list[Line]:
        """Those that are worse than they must be."""
        return [line for line in self.lines if line.failed]


def measure(seed: int, paths: int, processes: int = 1) -> Report:
    """The figures of the first `paths` paths of every world under a seed."""
    return report(side_by_side(see, jobs_of(seed, paths), processes))


def jobs_of(seed: int, paths: int, worlds: Iterable[World] = WORLDS) -> list[Job]:
    """The paths 0, 1 ... of every world, in batches."""
    return [Job(world, seed, batch) for world in worlds for batch in batches(paths)]


def batches(paths: int) -> list[range]:
    """The paths 0, 1 ... in runs of at most BATCH."""
    return [range(first, min(first + BATCH, paths)) for first in range(0, paths, BATCH)]


def side_by_side(work: Callable[[Task], Found], jobs: Iterable[Task], processes: int) -> Iterator[Found]:
    """What comes of each job, in their order."""
    if processes == 1:
        yield from map(work, jobs)
        return
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        yield from pool.map(work, jobs)


def see(job: Job) -> Seen:
    """Draw the paths, judge them row by row, and look at the intervals where the truth is one number."""
    paths = draw(job.world, job.seed, job.paths)
    panel = panel_of(paths)
    covered = coverage(panel, paths.rho) if job.world in CONSTANT else {}
    return Seen(job.world, judge(panel), paths.rho >= THETA, covered)


def report(seen: Iterable[Seen]) -> Report:
    """The lines of all jobs of pairs."""
    told: dict[World, dict[Alarm, dict[Detector, list[Told]]]] = {}
    covered: dict[tuple[World, int], Coverage] = defaultdict(Coverage)
    for each in seen:
        for alarm, fires in each.fires.items():
            for detector, rows in fires.items():
                of_alarm = told.setdefault(each.world, {}).setdefault(alarm, {})
                of_alarm.setdefault(detector, []).append(Told(rows, each.truth))
        for n, found in each.covered.items():
            covered[each.world, n] += found
    watched = {
        world: {alarm: {name: pooled(parts) for name, parts in of_alarm.items()} for alarm, of_alarm in alarms.items()}
        for world, alarms in told.items()
    }
    return Report(lines_of(watched), coverage_lines(covered))
