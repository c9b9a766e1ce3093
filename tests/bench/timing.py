"""Seconds of a job."""

from __future__ import annotations

import time
from collections.abc import Callable

Timer = Callable[[], float]


def best(job: Callable[[], object], runs: int = 3, timer: Timer = time.perf_counter) -> float:
    """The least time of several runs."""
    return min(seconds_of(job, timer) for _ in range(runs))


def busy(job: Callable[[], object], runs: int = 3) -> float:
    """The same of the processor: who shares a machine is interrupted in long jobs, and seldom in short ones."""
    return best(job, runs, time.process_time)


def seconds_of(job: Callable[[], object], timer: Timer = time.perf_counter) -> float:
    """The time of one."""
    start = timer()
    job()
    return timer() - start
