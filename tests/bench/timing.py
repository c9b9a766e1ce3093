"""Seconds of a job."""

from __future__ import annotations

import time
from collections.abc import Callable


def best(job: Callable[[], object], runs: int = 3) -> float:
    """The least time of several runs."""
    return min(seconds_of(job) for _ in range(runs))


def seconds_of(job: Callable[[], object]) -> float:
    """The time of one."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start
