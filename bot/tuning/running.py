"""How tasks are run: one after the other, in this process. A cluster runs the same ones (bot/tuning/cluster.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from bot.tuning.market import Market

Spec = TypeVar("Spec")
Result = TypeVar("Result")

CHUNK = 10
"""Variants of one task: what they share is computed once, and what is lost with a worker is little."""


class Progress(Protocol):
    """Somebody who wants to know how far it is."""

    def more(self, tasks: int) -> None:
        """So many tasks are to be done."""
        ...

    def done(self) -> None:
        """One of them is."""
        ...


@dataclass(frozen=True)
class Task:
    """`run(spec, market)`: a function of a module, and a plain value."""

    run: Callable[[Any, Market], Any]
    spec: Any


class Runner(Protocol):
    """Who computes tasks."""

    def run(self, tasks: Sequence[Task], progress: Progress) -> list[Any]:
        """The results in the order of the tasks."""
        ...


class Here:
    """This process."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def run(self, tasks: Sequence[Task], progress: Progress) -> list[Any]:
        """One after the other."""
        found = []
        progress.more(len(tasks))
        for task in tasks:
            found.append(task.run(task.spec, self.market))
            progress.done()
        return found


class Silent:
    """Nobody who wants to know."""

    def more(self, tasks: int) -> None:
        """Nothing is told."""

    def done(self) -> None:
        """Nothing is told."""


def chunks(items: Sequence[Spec]) -> list[tuple[Spec, ...]]:
    """The items in order, so many together."""
    return [tuple(items[at : at + CHUNK]) for at in range(0, len(items), CHUNK)]


def flat(parts: Sequence[Sequence[Result]]) -> list[Result]:
    """The items of all chunks, in order."""
    return [each for part in parts for each in part]
