"""Connections to a SQLite file, and the threads that speak to it: none of them outlives the database.

A task that is cancelled within a call leaves its thread at work. The driver answers from it to whatever loop was there,
be it closed by now; and stopped twice, as happens to a connection whose task is cancelled twice, it waits for an
answer from a thread that has ended.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from pathlib import Path
from typing import Any

from aiosqlite import Connection

_ROWS = 64
"""Rows that are fetched at a time."""


class Line(Connection):
    """A connection that may be stopped more than once."""

    def __init__(self, path: Path) -> None:
        super().__init__(partial(sqlite3.connect, path, check_same_thread=False), _ROWS)
        self._thread.daemon = True  # as SQLAlchemy sets it on connections of its own: a crash ends the process
        self._is_stopped = False
        self._end: asyncio.Future[Any] | None = None

    @property
    def is_open(self) -> bool:
        """Whether its thread is at work, or waits for work."""
        return self._thread.is_alive()

    def stop(self) -> asyncio.Future[Any] | None:
        """Let the thread end once it has done what it was given; who waits for that may be cancelled alone."""
        if not self._is_stopped:
            self._is_stopped, self._end = True, super().stop()
        return None if self._end is None else asyncio.shield(self._end)

    async def close(self) -> None:
        """Close it once it has done what it was given; one that was stopped is closed then."""
        if not self._is_stopped:
            await super().close()
        elif (end := self.stop()) is not None:
            await end


class Lines:
    """All connections to one file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lines: list[Line] = []

    @property
    def count(self) -> int:
        """How many may still be at work."""
        return len(self._lines)

    def open(self) -> Line:
        """A new one; it is connected when it is awaited."""
        line = Line(self._path)
        self._lines = [*(each for each in self._lines if each.is_open), line]
        return line

    async def end(self) -> None:
        """Wait until every thread has answered for the last time."""
        for line in self._lines:
            if line.is_open and (end := line.stop()) is not None:
                await end
        self._lines = []
