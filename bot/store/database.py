"""The database: transactions that read or write, and how the schema moves forward.

What SQLite and PostgreSQL do not have in common stands in `sqlite` and `postgres`; nobody else can tell them apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.backend import Backend
from bot.store.errors import StoreError, unusable
from bot.store.schema import SCHEMA
from bot.store.sqlite import SqliteFile

SQLITE = "sqlite:///"

IN_LINE = 3
"""How many times its patience with other processes a writer waits for those of this one that are before it."""

Connection = AsyncConnection
"""What the functions of this package are given; those above only hand it on."""

Guard = Callable[[Connection], Awaitable[None]]
"""Raises where a transaction must not write."""


class Database:
    """Connections to one database: a SQLite file, or what a Backend says. `close` must be awaited, or the process does
    not end. `durable` is a file's; `patience` is how many seconds a writer waits for another process. `moved_from` is
    the schema that this process found and moved forward; empty where there was nothing to move.
    """

    def __init__(self, at: Path | Backend, *, durable: bool = True, patience: float = 10.0) -> None:
        self.backend: Backend = SqliteFile(at, durable, patience) if isinstance(at, Path) else at
        self._engine = self.backend.engine()
        self._writing = asyncio.Lock()
        self._in_line = IN_LINE * patience
        self._guard: Guard | None = None
        self.moved_from = ""

    @property
    def name(self) -> str:
        """For a reader who need not know where it lies: the file's name, or the database and its server."""
        return self.backend.name

    @property
    def place(self) -> str:
        """For an operator: the file, or the database and its server. Never a password."""
        return self.backend.place

    @property
    def path(self) -> Path:
        """The file of a database that is one."""
        if not isinstance(self.backend, SqliteFile):
            raise TypeError(f"{self.place} is no file")
        return self.backend.path

    def guarded_by(self, guard: Guard) -> None:
        """Ask first, in each transaction that may write."""
        self._guard = guard

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        """A transaction that may write; committed at the end, rolled back on an error. One at a time, in turn.

        Cancelled while it commits, or cut off from the answer, it may have been committed. Raises StoreError when the
        database does not take it, or its turn does not come.
        """
        with self._told():
            # The database would let our own writers wait each with a connection that readers then lack.
            async with self._turn(), self._engine.begin() as connection:
                if self._guard is not None:
                    await self._guard(connection)
                yield connection

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Each of those before us may have waited its patience out: the line alone must not take minutes."""
        try:
            async with asyncio.timeout(self._in_line):
                await self._writing.acquire()
        except TimeoutError:
            raise unusable(self.place, f"others have been writing for {self._in_line:g} s") from None
        try:
            yield
        finally:
            self._writing.release()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Connection]:
        """A transaction that sees one state of the database and never waits for a writer. Raises StoreError."""
        with self._told():
            async with self._engine.connect() as connection:
                await connection.execution_options(**self.backend.reads)
                async with connection.begin():
                    yield connection

    @contextmanager
    def _told(self) -> Iterator[None]:
        with told(self.backend):
            yield

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()
        await self.backend.let_go()

    async def size(self, connection: Connection) -> int:
        """Bytes that it takes on its disk, asked within a transaction: who has a connection must not wait for one more
        while others do the same.
        """
        if self.backend.measure is None:
            return self.backend.size
        return int((await connection.exec_driver_sql(self.backend.measure)).scalar_one())

    @property
    def free(self) -> int | None:
        """Bytes that are left where its file lies; None where that cannot be known: on a server."""
        return self.backend.free

    async def tidy(self) -> None:
        """Make the best of what has become free. Raises StoreError."""
        await asyncio.to_thread(self.backend.tidy)

    @property
    def is_lost(self) -> bool:
        """Whether what is written now is found by nobody: the file was deleted or replaced since it was opened."""
        return self.backend.is_lost

    async def revision(self) -> str | None:
        """The schema's revision; None where there are no tables of ours. Raises StoreError."""
        async with self.read() as connection:
            return await connection.run_sync(_revision)

    async def check_revision(self) -> None:
        """Raise StoreError for a schema that this version cannot move forward."""
        if (found := await self.revision()) not in (None, SCHEMA):
            from bot.store.migrations.upgrade import check  # heavy, and seldom needed

            check(found, self.place)

    async def migrate(self) -> None:
        """Bring the schema to the newest revision. Raises StoreError for a database that is none of ours, or a newer
        one's, or one that cannot be moved: then nothing of it has changed, and a file was copied before.

        Alembic is only loaded when there is something to do.
        """
        self.backend.check()
        before = await self.revision()
        kept = await self._keep() if before not in (None, SCHEMA) else ""
        async with self.write() as connection:
            if self.backend.alone is not None:
                await connection.exec_driver_sql(self.backend.alone)
            found = await connection.run_sync(_revision)
            if found == SCHEMA:
                return
            from bot.store.migrations.upgrade import upgrade  # heavy, and seldom needed

            await connection.run_sync(upgrade, found, self.place, kept)
        self.moved_from = found or ""
        if kept:
            await asyncio.to_thread(self.backend.forget_others)

    async def _keep(self) -> str:
        """Copy what is there before its schema moves; the copy's name. Raises StoreError."""
        await self.check_revision()
        try:
            return await asyncio.to_thread(self.backend.keep)
        except StoreError as error:
            why = f"no copy of it could be made before its schema moves: {error.why}"
            raise StoreError(f"{self.place} is left as it is: {why}", why) from error


@contextmanager
def told(backend: Backend) -> Iterator[None]:
    """The database's errors in a sentence; our own stay what they are."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if (why := backend.told(error)) is None:
            raise
        raise unusable(backend.place, why) from error
    except sa.exc.TimeoutError as error:
        raise unusable(backend.place, "every connection is in use") from error


def open_database(url: str) -> Database:
    """What `store.url` names; nothing is connected yet. `close` must be awaited. Raises StoreError for a bad URL."""
    if url.startswith(SQLITE):
        return Database(Path(url.removeprefix(SQLITE)))
    from bot.store.postgres import PostgresServer  # its driver is nothing for who keeps a file

    return Database(PostgresServer(url))


@asynccontextmanager
async def look_into(url: str) -> AsyncIterator[Database]:
    """What `bellwether run` has filled, to be read; it may be running meanwhile. Raises StoreError where there is
    nothing.
    """
    database = open_database(url)
    try:
        database.backend.expect()
        yield database
    finally:
        await database.close()


def _revision(connection: sa.Connection) -> str | None:
    """The schema's revision; None in an empty database."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(sa.text("select version_num from alembic_version")).scalar()
    return found
