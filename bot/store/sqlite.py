"""SQLite: how a file is opened, how a transaction on it begins.

By SQLAlchemy's defaults it loses updates between processes: the recipe below (WAL, full sync, BEGIN IMMEDIATE for what
writes) does not. Reads begin deferred, so that an answer never waits for a tick.
"""

from __future__ import annotations

import asyncio
import glob
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.store.copies import copy, draft_of, put
from bot.store.errors import StoreError, unusable
from bot.store.place import check_place
from bot.store.schema import SCHEMA
from bot.store.threads import Lines

_PRAGMAS = ("foreign_keys=ON", "cache_size=-4096")

_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.InterfaceError, sa.exc.DataError)
"""Errors that only a fault of this program leads to; they are not told in a sentence."""

_AGAIN = 0.02
"""Seconds between two attempts at what SQLite does not wait for."""


class SqliteFile:
    """A database in a file of its own.

    `durable`: a commit is on the disk when it returns. Without it a power cut may cost the last ones: for what is
    thrown away anyway. `patience`: seconds that a writer waits for another process.
    """

    reads: Mapping[str, object] = {"reads": True}
    alone: str | None = None
    measure: str | None = None

    def __init__(self, path: Path, durable: bool, patience: float) -> None:
        self.path = path
        self._durable = durable
        self._patience = patience
        self._file: tuple[int, int] | None = None
        self._lines = Lines(path)

    @property
    def name(self) -> str:
        """For a reader who need not know where it lies."""
        return self.path.name

    @property
    def place(self) -> str:
        """For an operator."""
        return str(self.path)

    def engine(self) -> AsyncEngine:
        """Connections that follow the recipe."""
        url = sa.URL.create("sqlite+aiosqlite", database=str(self.path))  # a path may hold what a URL's text may not
        engine = create_async_engine(url, async_creator=self._lines.open, pool_size=4, max_overflow=4)
        sa.event.listen(engine.sync_engine, "connect", self._prepare)
        sa.event.listen(engine.sync_engine, "begin", _begin)
        sa.event.listen(engine.sync_engine, "invalidate", _let_go)
        return engine

    async def let_go(self) -> None:
        """No thread is left that would answer to a loop that has ended."""
        await self._lines.end()

    def engine_of_a_lease(self) -> AsyncEngine | None:
        """None: the lock on the file is all that is needed."""
        return None

    def told(self, error: sa.exc.DBAPIError) -> str | None:
        """Why the database did not take it; None for a fault of ours."""
        return None if isinstance(error, _OURS) else str(error.orig)

    def check(self) -> None:
        """Raise StoreError where no file can be written; remember which file it is."""
        check_place(self.path)
        self._file = _identity(self.path)

    def expect(self) -> None:
        """Raise StoreError where there is no file."""
        if not self.path.exists():
            raise StoreError(f"{self.path} is not there; `bellwether run` makes it, and store.url names it")

    def keep(self) -> str:
        """Copy the file beside itself, named for the schema that it is to have. Raises StoreError."""
        kept = self._kept
        with draft_of(kept) as draft:
            copy(self.path, draft)
            put(draft, kept)
        return kept.name

    def forget_others(self) -> None:
        """Of such copies the last is enough."""
        for each in self.path.parent.glob(f"{glob.escape(self.path.name)}.before-[0-9][0-9][0-9][0-9]"):
            if each != self._kept:
                each.unlink(missing_ok=True)

    def tidy(self) -> None:
        """Fold the log in and cut it: what was deleted is written over, and the file grows no further before that is
        used up. Where somebody reads meanwhile the log is cut another time. Raises StoreError.
        """
        try:
            with closing(sqlite3.connect(self.path, timeout=1.0, isolation_level=None)) as connection:
                connection.execute("PRAGMA optimize")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise unusable(self.path, str(error)) from error

    @property
    def _kept(self) -> Path:
        return self.path.with_name(f"{self.path.name}.before-{SCHEMA}")

    @property
    def is_lost(self) -> bool:
        """Whether the file was deleted or replaced since it was opened: SQLite writes on into what nobody will find."""
        return self._file is not None and self._file != _identity(self.path)

    @property
    def size(self) -> int:
        """Bytes on disk, the log that is not yet folded in included."""
        parts = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(each.stat().st_size for each in parts if each.exists())

    @property
    def free(self) -> int | None:
        """Bytes that are left on the disk that it lies on; None where there is no such folder."""
        try:
            return shutil.disk_usage(self.path.parent).free
        except OSError:
            return None

    def _prepare(self, connection: Any, _record: object) -> None:
        connection.isolation_level = None  # SQLAlchemy says when a transaction begins, not sqlite3
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={round(self._patience * 1_000)}")
        connection.run_async(partial(_write_ahead, self._patience))
        for pragma in (*_PRAGMAS, f"synchronous={'FULL' if self._durable else 'OFF'}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


async def _write_ahead(patience: float, connection: Any) -> None:
    """Switch the file to WAL. While somebody writes, SQLite refuses this at once: its patience does not hold here."""
    until = asyncio.get_running_loop().time() + patience
    while True:
        try:
            async with connection.execute("PRAGMA journal_mode=WAL"):
                return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or asyncio.get_running_loop().time() > until:
                raise
        await asyncio.sleep(_AGAIN)


def _begin(connection: sa.Connection) -> None:
    reads = connection.get_execution_options().get("reads", False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _let_go(connection: Any, _record: object, _error: object) -> None:
    """Roll back before the connection of a cancelled task is closed.

    SQLite keeps a closed connection, and its lock on the file, until the last cursor is gone: for a task that was
    cancelled that is when the garbage collector comes round. Until then every other writer would wait in vain.
    """
    with suppress(sqlite3.OperationalError):  # closed already: there is nothing to be held
        connection.rollback()
