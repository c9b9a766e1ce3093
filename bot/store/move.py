"""A database in a SQLite file, moved into an empty one of a PostgreSQL server: the one place that knows both.

The tables, every row, and the look whether all of it reads back as it was are one transaction of the server: whatever
ends it before its commit leaves an empty database there. The file is only read. Whoever calls this holds the lock on
it, so that nobody writes there what would be left behind; a service that starts on the server meanwhile waits for the
tables, as for any other that makes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import sqlalchemy as sa

from bot.store.copies import Told, examine, opened, untold
from bot.store.database import Connection, Database
from bot.store.document import Document
from bot.store.errors import StoreError, unusable
from bot.store.schema import SCHEMA, leases, metadata

CHUNK = 500
"""Rows that are in memory at a time; some carry a picture."""

STAYS = frozenset({leases.name})
"""Who works on the server is settled there, by its own clock; a file has a lock instead, and no such row."""

_BITS = 128

_NUMBERS_ON = sa.text("select setval(pg_get_serial_sequence(:table, :column), :highest)")

Rows = list[tuple[object, ...]]


class Checksum:
    """Of a table's rows, in whatever order they are read: their number, and the sum of their hashes."""

    def __init__(self) -> None:
        self.rows = 0
        self._sum = 0

    def add(self, rows: Rows) -> None:
        """Take these in. Python writes every number so that it reads back as the same one."""
        self.rows += len(rows)
        for row in rows:
            self._sum += int.from_bytes(sha256(repr(row).encode()).digest()[: _BITS // 8])

    def __str__(self) -> str:
        return f"{self._sum % 2**_BITS:0{_BITS // 4}x}"


@dataclass(frozen=True, slots=True)
class Table:
    """What was moved of a table, and the checksum of it on both sides."""

    name: str
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Moved:
    """What stands in the new database: its tables, and how many messages are owed."""

    tables: Sequence[Table]
    owed: int


async def move(file: Path, target: Database, told: Told = untold) -> Moved:
    """Copy what `file` holds into the empty database `target`; `told` hears of rows. Raises StoreError; then `target`
    is as empty as it was, unless the connection was cut in the very moment of the commit.
    """
    found = await asyncio.to_thread(examine, file)
    _check_schema(found.schema, file)
    with _read_only(file) as old:
        async with target.write() as new:
            await _lay_tables(target, new)
            return Moved(await _Move(file, old, target, new, told).all(), found.owed)


@contextmanager
def _read_only(file: Path) -> Iterator[sa.Connection]:
    """One transaction of the file, which nothing can be written in. Nothing else happens here while it is read."""
    engine = sa.create_engine("sqlite://", creator=lambda: opened(file, "ro"), poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection


def _check_schema(schema: str, file: Path) -> None:
    if schema != SCHEMA:
        from bot.store.migrations.upgrade import check  # heavy, and seldom needed

        check(schema or None, str(file))
        raise StoreError(
            f"{file} has schema {schema}, not {SCHEMA}: start `bellwether run` on it once, which brings it there"
        )


async def _lay_tables(target: Database, new: Connection) -> None:
    """Every table, empty, and nobody else makes any. Raises StoreError where the database is not empty."""
    from bot.store.migrations.upgrade import upgrade  # heavy, and seldom needed

    if target.backend.alone is not None:
        await new.exec_driver_sql(target.backend.alone)
    if there := await new.run_sync(lambda connection: sa.inspect(connection).get_table_names()):
        whose = "Bellwether's tables" if "alembic_version" in there else f"tables ({', '.join(sorted(there)[:3])})"
        raise StoreError(f"{target.place} is not empty: it holds {whose} already; move into a new database")
    await new.run_sync(upgrade, None, target.place)


class _Move:
    """One move, inside a transaction of either side."""

    def __init__(self, file: Path, old: sa.Connection, target: Database, new: Connection, told: Told) -> None:
        self._file, self._old = file, old
        self._target, self._new = target, new
        self._told = told
        self._there = self._of = 0

    async def all(self) -> list[Table]:
        """Every table, those first that others refer to."""
        tables = [each for each in metadata.sorted_tables if each.name not in STAYS]
        for table in tables:
            self._of += self._old.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        moved = [await self._one(table) for table in tables]
        for table in tables:
            await self._number_on(table)
            await self._new.exec_driver_sql(f"analyze {table.name}")
        return moved

    async def _one(self, table: sa.Table) -> Table:
        """Copy a table, and read it back. Raises StoreError where that is not what was written."""
        written, found, plain = Checksum(), Checksum(), _plain(table)
        for rows in self._rows(plain):
            written.add(rows)
            with self._fits(table.name):
                await self._new.execute(plain.insert(), [dict(zip(plain.c.keys(), row, strict=True)) for row in rows])
            self._there += len(rows)
            self._told(self._there, self._of)
        async for rows in _read_back(self._new, plain):
            found.add(rows)
        if (written.rows, str(written)) != (found.rows, str(found)):
            raise StoreError(
                f"{self._target.place} does not give back what was written to {table.name} "
                f"({found.rows} rows of {written.rows}, or other values); nothing was moved"
            )
        return Table(table.name, written.rows, str(written))

    def _rows(self, plain: sa.TableClause) -> Iterator[Rows]:
        """Of the file, as a server keeps them: in a text of PostgreSQL's there is no NUL (bot.store.postgres)."""
        try:
            for rows in self._old.execution_options(yield_per=CHUNK).execute(sa.select(plain)).partitions():
                yield [tuple(_without_nul(value) for value in row) for row in rows]
        except sa.exc.DBAPIError as error:
            raise unusable(self._file, str(error.orig)) from error

    @contextmanager
    def _fits(self, table: str) -> Iterator[None]:
        """SQLite holds no column to its width; what is too long for the server is no fault of this program's."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            if self._target.backend.told(error) is not None:
                raise
            why = str(error.orig).splitlines()[0]
            sentence = f"{self._target.place} does not take what {self._file} holds in {table}: {why}"
            raise StoreError(f"{sentence}; nothing was moved") from error

    async def _number_on(self, table: sa.Table) -> None:
        """New rows get numbers after the highest that was ever given: also to what was deleted since, where the file
        remembers that.
        """
        if (column := table.autoincrement_column) is None:
            return
        highest = self._old.scalar(sa.select(sa.func.max(column))) or 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            given = sa.text("select seq from sqlite_sequence where name = :table")
            highest = max(highest, self._old.scalar(given, {"table": table.name}) or 0)
        if highest:
            await self._new.execute(_NUMBERS_ON, {"table": table.name, "column": column.name, "highest": highest})


def _plain(table: sa.Table) -> sa.TableClause:
    """The same table with its documents as the text that they are kept as: they are neither read nor written anew."""
    types = {each.name: sa.Text() if isinstance(each.type, Document) else each.type for each in table.columns}
    return sa.table(table.name, *(sa.column(name, kind) for name, kind in types.items()))


async def _read_back(connection: Connection, plain: sa.TableClause) -> AsyncIterator[Rows]:
    """Every row of the new table, some at a time, by a cursor of the server's."""
    query = sa.select(plain).compile(dialect=connection.dialect)
    await connection.exec_driver_sql(f"declare written no scroll cursor for {query}")
    some = sa.text(f"fetch {CHUNK} from written").columns(*plain.c)
    while rows := (await connection.execute(some)).all():
        yield [tuple(row) for row in rows]
    await connection.exec_driver_sql("close written")


def _without_nul(value: object) -> object:
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
