"""The database: how it is opened, how a transaction begins, how the schema moves forward.

SQLite by SQLAlchemy's defaults loses updates between processes: the recipe below (WAL, full sync, BEGIN IMMEDIATE for
what writes) does not. Reads begin deferred, so that an answer never waits for a tick.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bot.store.errors import StoreError
from bot.store.schema import SCHEMA

_PRAGMAS = ("foreign_keys=ON", "cache_size=-4096")

_OURS = (sa.exc.IntegrityError, sa.exc.ProgrammingError, sa.exc.InterfaceError, sa.exc.DataError)
"""Errors that only a fault of this program leads to; they are not told in a sentence."""

_READS = {"reads": True}

_AGAIN = 0.02
"""Seconds between two attempts at what SQLite does not wait for."""

Connection = AsyncConnection
"""What the functions of this package are given; those above only hand it on."""


class Database:
    """Connections to one SQLite file. `close` must be awaited, or the process does not end.

    `durable`: a commit is on the disk when it returns. Without it a power cut may cost the last ones: for what is
    thrown away anyway. `patience`: seconds that a writer waits for another process.
    """

    def __init__(self, path: Path, *, durable: bool = True, patience: float = 10.0) -> None:
        self.path = path
        url = sa.URL.create("sqlite+aiosqlite", database=str(path))  # a path may hold what a URL's text may not
        self._engine = create_async_engine(url, pool_size=4, max_overflow=4)
        self._writing = asyncio.Lock()
        self._file: tuple[int, int] | None = None
        sa.event.listen(self._engine.sync_engine, "connect", partial(_prepare, durable, patience))
        sa.event.listen(self._engine.sync_engine, "begin", _begin)
        sa.event.listen(self._engine.sync_engine, "invalidate", _let_go)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """A transaction that may write; committed at the end, rolled back on an error. One at a time, in turn.

        Cancelled while it commits, it may have been committed. Raises StoreError when the database does not take it.
        """
        with self._told():
            # SQLite would let our own writers wait by polling, each with a connection that readers then lack.
            async with self._writing, self._engine.begin() as connection:
                yield connection

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A transaction that sees one state of the database and never waits for a writer. Raises StoreError."""
        with self._told():
            async with self._engine.connect() as connection:
                await connection.execution_options(**_READS)
                async with connection.begin():
                    yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The database's errors in a sentence; our own stay what they are."""
        try:
            yield
        except _OURS:
            raise
        except sa.exc.DBAPIError as error:
            raise unusable(self.path, str(error.orig)) from error
        except sa.exc.TimeoutError as error:
            raise unusable(self.path, "every connection is in use") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    @property
    def size(self) -> int:
        """Bytes on disk, the log that is not yet folded in included."""
        parts = (self.path, self.path.with_name(f"{self.path.name}-wal"))
        return sum(each.stat().st_size for each in parts if each.exists())

    @property
    def is_lost(self) -> bool:
        """Whether the file was deleted or replaced since it was opened: SQLite writes on into what nobody will find."""
        return self._file is not None and self._file != _identity(self.path)

    async def migrate(self) -> None:
        """Bring the schema to the newest revision. Raises StoreError for a file that is none of ours, or a newer one's.

        Alembic is only loaded when there is something to do.
        """
        check_place(self.path)
        self._file = _identity(self.path)
        async with self.write() as connection:
            found = await connection.run_sync(_revision)
            if found == SCHEMA:
                return
            from bot.store.migrations.upgrade import upgrade  # heavy, and seldom needed

            await connection.run_sync(upgrade, found, self.path)


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def unusable(path: Path, why: str) -> StoreError:
    """The sentence for a file that cannot be a database."""
    return StoreError(f"{path} cannot be used as a database: {why[:1].lower()}{why[1:]}")


def check_place(path: Path) -> None:
    """Raise StoreError where no file can be written, and say why: SQLite only knows that it cannot open it."""
    if not path.parent.is_dir():
        raise unusable(path, f"there is no folder {path.parent}")
    try:
        path.open("ab").close()
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from None


def _prepare(durable: bool, patience: float, connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy says when a transaction begins, not sqlite3
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={round(patience * 1_000)}")
    connection.run_async(partial(_write_ahead, patience))
    for pragma in (*_PRAGMAS, f"synchronous={'FULL' if durable else 'OFF'}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


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
    connection.rollback()


def _revision(connection: sa.Connection) -> str | None:
    """The schema's revision; None in an empty file."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("select version_num from alembic_version")).scalar()
    return found
