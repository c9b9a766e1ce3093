"""Seconds, and the lines of a table that they stand in, each beside a yardstick of the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table: seconds, the target in seconds, and a yardstick."""

    what: str
    seconds: float
    target: float | None
    yardstick: str
    yardstick_seconds: float

    def __str__(self) -> str:
        target = (
            "" if self.target is None else f"{span(self.target)}{' **missed**' if self.seconds > self.target else ''}"
        )
        ratio = self.seconds / self.yardstick_seconds
        return f"| {self.what} | {span(self.seconds)} | {target} | {ratio:.2g} x {self.yardstick} |"


def span(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1e3:.3g} ms"
        if seconds >= 1e-3
        else f"{seconds * 1e6:.3g} us"
    )


def best(job: Callable[[], object], runs: int = 3) -> float:
    """The least time of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def table(what: str, rows: Iterable[Row]) -> str:
    """Rows under their heads."""
    return "\n".join([f"| {what} | time | target | ratio |", "|---|---|---|---|", *map(str, rows)])
