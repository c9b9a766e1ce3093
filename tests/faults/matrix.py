"""Plays many scenarios in several processes: the libraries of one can be redirected to one pair of servers only."""

from __future__ import annotations

import logging
import multiprocessing
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.faults.cells import Cell
from tests.faults.play import Play
from tests.faults.stage import Stage
from tests.faults.verdict import complaints

JOBS = min(2, os.cpu_count() or 1)

_STACK = ExitStack()
_OPEN: list[tuple[Stage, Play]] = []


@contextmanager
def opened() -> Iterator[tuple[Stage, Play]]:
    """A stage, and the play without a fault that the others are held against."""
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder)) as stage:
        yield stage, stage.plays(None, backed=True)


def play(stage: Stage, cell: Cell) -> Play:
    """What comes of a cell."""
    return stage.plays(cell.deed, timeout=cell.timeout, restarts=cell.restarts, backed=cell.backed)


def judged(cells: Sequence[Cell], jobs: int = JOBS) -> Iterator[tuple[Cell, list[str]]]:
    """Each cell with what is wrong with it, in their order."""
    spawning = multiprocessing.get_context("spawn")
    with spawning.Pool(jobs, _open) as pool:
        yield from zip(cells, pool.imap(_judge, [cell.name for cell in cells]), strict=True)


def _open() -> None:
    """In a new process, once."""
    logging.disable(logging.WARNING)
    _OPEN.append(_STACK.enter_context(opened()))


def _judge(name: str) -> list[str]:
    from tests.faults.catalogue import cells

    stage, clean = _OPEN[0]
    cell = next(each for each in cells() if each.name == name)
    return complaints(cell, play(stage, cell), clean)
