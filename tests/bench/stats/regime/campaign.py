"""All worlds before all detectors of the regime, paths in batches, as in SYN-CORR."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.tuning.worlds.regime import WORLDS, World, draw
from tests.bench.stats.campaign import batches, side_by_side
from tests.bench.stats.gates import Line
from tests.bench.stats.regime.detectors import HMM_PATHS, Detector, judge, judge_slowly
from tests.bench.stats.regime.figures import Told, pooled
from tests.bench.stats.regime.gates import lines_of
from tests.bench.stats.regime.prices import panel_of


@dataclass(frozen=True)
class Job:
    """Some paths of a world."""

    world: World
    seed: int
    paths: range


def measure(seed: int, paths: int, processes: int = 1) -> list[Line]:
    """The figures of the first `paths` paths of every world under a seed."""
    jobs = jobs_of(seed, paths)
    return lines_of(by_world(zip(jobs, side_by_side(hear, jobs, processes), strict=True)))


def jobs_of(seed: int, paths: int) -> list[Job]:
    """The paths 0, 1 ... of every world, in batches."""
    return [Job(world, seed, batch) for world in WORLDS for batch in batches(paths)]


def hear(job: Job) -> dict[Detector, Told]:
    """What each detector tells on the paths of a job; the slow one on those before HMM_PATHS, if there are any."""
    paths = draw(job.world, job.seed, job.paths)
    labels = judge(panel_of(paths))
    few = sum(path < HMM_PATHS for path in job.paths)
    if few:
        labels |= judge_slowly(paths.spx[:, :few])
    return {detector: Told(label, paths.state[:, : label.shape[1]]) for detector, label in labels.items()}


def by_world(heard: Iterable[tuple[Job, Mapping[Detector, Told]]]) -> dict[World, dict[Detector, Told]]:
    """The paths of all jobs of a world as one."""
    parts: dict[World, dict[Detector, list[Told]]] = defaultdict(lambda: defaultdict(list))
    for job, of_job in heard:
        for detector, told in of_job.items():
            parts[job.world][detector].append(told)
    return {world: {name: pooled(each) for name, each in of_world.items()} for world, of_world in parts.items()}
