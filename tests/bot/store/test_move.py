"""From a SQLite file to a PostgreSQL server: every value to the last bit, all of it or nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.chats import forget
from bot.store.copies import Told, untold
from bot.store.database import Database, open_database
from bot.store.document import Document
from bot.store.errors import StoreError
from bot.store.move import STAYS, Checksum, Moved, move
from bot.store.schema import SCHEMA, chats, deliveries, metadata
from tests.bot.store.postgres import Postgres
from tests.bot.store.stores import message, owes, states, stored, subscribed, subscribes

ROOT = Path(__file__).resolve().parents[3]
TABLES = [each for each in metadata.sorted_tables if each.name not in STAYS]

Row = tuple[object, ...]

VALUES: dict[type, tuple[object, ...]] = {
    sa.Boolean: (0, 1, 1, 0),
    sa.BigInteger: (-(2**63), 0, 2**53 + 1, 2**63 - 1),
    sa.Integer: (1, 2, 3, 2**31 - 1),
    sa.Float: (float("-inf"), 5e-324, 0.1 + 0.2, 1.7976931348623157e308),
    Document: ('{"a": NaN, "b": [Infinity, -0.0, 1e-320, 123456789012345678901234567890]}', "null", '"\\u0000"', "{}"),
    sa.LargeBinary: (b"", bytes(range(256)), b"\0" * 9, b"\\x00"),
    sa.String: ("", "🟠 Ünïcode, 'quoted'", '\\N\t\n\r"', "plain"),
}
"""Of each type what is awkward to carry, one a row; the last text is as long as its column is wide."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A service that was stopped: three chats, one of them forgotten since, and what it owes."""

    async def story(database: Database) -> None:
        await subscribes(database, "1", "2", "3")
        await owes(database, message(1), message(2))
        async with database.write() as connection:
            await forget(connection, "telegram", "3")

    stored(tmp_path, story)
    return tmp_path / "bellwether.db"


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    """Of a database that is empty."""
    found = postgres.database()
    yield found
    postgres.execute(f"drop database {found.rpartition('/')[2]} with (force)")


def moves(file: Path, url: str, told: Told = untold) -> Moved:
    async def of() -> Moved:
        target = open_database(url)
        try:
            return await move(file, target, told)
        finally:
            await target.close()

    return asyncio.run(of())


def refusal(file: Path, url: str) -> str:
    """The sentence, with the places' names cut short; no password is in it."""
    with pytest.raises(StoreError) as refused:
        moves(file, url)
    said = str(refused.value)
    assert "not-asked-for" not in said
    return said.replace(str(file), "FILE").replace(f"{url.rpartition('/')[2]} on 127.0.0.1", "SERVER")


def tables(postgres: Postgres, url: str) -> int:
    """How many there are."""
    [(count,)] = postgres.execute("select count(*) from pg_class where relnamespace = 'public'::regnamespace", url)
    return int(count)


def told_of(moved: Moved) -> dict[str, int]:
    return {each.name: each.rows for each in moved.tables if each.rows}


def raw(rows: Iterator[Row] | list[Row]) -> list[str]:
    """Rows as they are kept, every number to its last bit."""
    return sorted(repr(tuple(int(each) if isinstance(each, bool) else each for each in row)) for row in rows)


def columns(table: sa.Table) -> str:
    return ", ".join(f'"{each.name}"' for each in table.columns)


def in_file(file: Path, table: sa.Table) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return raw(connection.execute(f"select {columns(table)} from {table.name}"))


def on_server(postgres: Postgres, url: str, table: sa.Table) -> list[str]:
    return raw(postgres.execute(f"select {columns(table)} from {table.name}", url))


def awkward(column: sa.Column[object], row: int) -> object:
    """The value of a column in the row of this number: nothing wherever that may be, in one of them."""
    for key in column.foreign_keys:
        return awkward(key.column, row)
    if column.nullable and row == 0:
        return None
    kind = next(each for each in type(column.type).__mro__ if each in VALUES)
    value, width = VALUES[kind][row], getattr(column.type, "length", None)
    if not isinstance(value, str) or width is None:
        return value
    return "é" * width if row == 3 else value[:width]


def fills(file: Path) -> None:
    """Four rows in every table."""
    with closing(sqlite3.connect(file)) as connection, connection:
        for table in reversed(TABLES):
            connection.execute(f"delete from {table.name}")
        for table in TABLES:
            marks = ", ".join("?" * len(table.columns))
            for row in range(4):
                values = [awkward(each, row) for each in table.columns]
                connection.execute(f"insert into {table.name} ({columns(table)}) values ({marks})", values)


def test_every_value_of_every_table_comes_over_to_the_last_bit(file: Path, url: str, postgres: Postgres) -> None:
    fills(file)
    before = file.read_bytes()
    assert told_of(moves(file, url)) == {table.name: 4 for table in TABLES}
    for table in TABLES:
        assert on_server(postgres, url, table) == in_file(file, table), table.name
    assert file.read_bytes() == before


def test_only_the_lease_stays_behind(file: Path, url: str, postgres: Postgres) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("insert into leases values ('run', 'somebody', 7, 9999999999999)")
    assert {each.name for each in moves(file, url).tables} == set(metadata.tables) - {"leases"}
    assert postgres.execute("select * from leases", url) == []
    assert postgres.execute("select version_num from alembic_version", url) == [(SCHEMA,)]


def test_a_nul_in_a_text_becomes_what_a_server_keeps_in_its_place(file: Path, url: str, postgres: Postgres) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("update deliveries set html = 'a' || char(0) || 'b'")
    moves(file, url)
    assert postgres.execute("select distinct html from deliveries", url) == [("a\ufffdb",)]


def test_what_is_new_is_numbered_after_everything_that_ever_was(file: Path, url: str) -> None:
    """The third chat is gone, and its number is still nobody else's: an answer to it must not hit another."""

    async def numbers(database: Database) -> dict[str, list[int]]:
        await subscribes(database, "4")
        await owes(database, message(3))
        async with database.read() as connection:
            return {
                table.name: list(await connection.scalars(sa.select(table.c.id).order_by(table.c.id)))
                for table in (chats, deliveries)
            }

    moves(file, url)
    there, here = stored(url, numbers), stored(file, numbers)
    assert there == here
    assert there["chats"] == [1, 2, 4]


def test_what_was_owed_is_owed_and_to_whom(file: Path, url: str) -> None:
    assert moves(file, url).owed == 4
    assert stored(url, states) == stored(file, states)
    assert stored(url, subscribed) == stored(file, subscribed)


def test_a_process_that_was_killed_left_a_log_and_what_that_holds_comes_along(file: Path, url: str) -> None:
    program = (
        f"import os, sqlite3\nfile = sqlite3.connect({str(file)!r})\n"
        "file.execute(\"update deliveries set html = 'newer'\")\nfile.commit()\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGKILL
    assert file.with_name("bellwether.db-wal").stat().st_size > 0
    moves(file, url)
    assert {each.partition(": ")[2] for each in stored(url, states)} == {"newer owed"}


_KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from bot.store.database import open_database
from bot.store.move import move

def told(there, of):
    if there >= of * float(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(move(Path(sys.argv[1]), open_database(sys.argv[2]), told))
"""


@pytest.mark.parametrize("share", ["0", "0.5", "1"])
def test_killed_in_the_middle_it_leaves_an_empty_database_and_the_file_as_it_was(
    file: Path, url: str, postgres: Postgres, share: str
) -> None:
    fills(file)
    before = file.read_bytes()
    killed = subprocess.run([sys.executable, "-c", _KILLED, file, url, share], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert tables(postgres, url) == 0
    assert file.read_bytes() == before
    assert told_of(moves(file, url)) == {table.name: 4 for table in TABLES}


def test_a_connection_that_is_cut_in_the_middle_is_told_and_leaves_an_empty_database(
    file: Path, url: str, postgres: Postgres
) -> None:
    def cuts(there: int, of: int) -> None:
        if there == of:
            name = url.rpartition("/")[2]
            postgres.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")

    with pytest.raises(StoreError, match=r"cannot be used as a database: .*(cut|terminat|closed)"):
        moves(file, url, cuts)
    assert tables(postgres, url) == 0
    assert moves(file, url).owed == 4


def test_a_database_with_tables_is_refused(file: Path, url: str, postgres: Postgres) -> None:
    postgres.execute("create table tea (leaf text)", url)
    assert refusal(file, url) == "SERVER is not empty: it holds tables (tea) already; move into a new database"
    postgres.execute("drop table tea", url)
    moves(file, url)
    assert refusal(file, url) == ("SERVER is not empty: it holds Bellwether's tables already; move into a new database")


def test_a_server_that_is_not_there_is_told(file: Path) -> None:
    said = refusal(file, "postgresql://me:not-asked-for@127.0.0.1:1/bellwether")
    assert said == "SERVER cannot be used as a database: connection refused"


def test_a_schema_that_is_not_ours_is_refused_before_anything_is_made(file: Path, url: str, postgres: Postgres) -> None:
    for found, why in {
        "0004": f"FILE has schema 0004, not {SCHEMA}: start `bellwether run` on it once, which brings it there",
        "9999": "FILE has schema 9999, which is a newer Bellwether's or another program's; start that one, or name "
        "another in store.url",
    }.items():
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("update alembic_version set version_num = ?", [found])
        assert refusal(file, url) == why
    assert tables(postgres, url) == 0


def test_a_damaged_file_is_refused(file: Path, url: str) -> None:
    file.write_bytes(file.read_bytes()[:40_000])
    assert refusal(file, url).startswith("FILE cannot be used as a database: ")


def test_a_text_that_is_too_long_for_its_column_is_told_with_its_table(
    file: Path, url: str, postgres: Postgres
) -> None:
    """SQLite takes any length: only a hand in the file writes such a one."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("update deliveries set reason = ?", ["x" * 201])
    assert refusal(file, url) == (
        "SERVER does not take what FILE holds in deliveries: value too long for type character varying(200); "
        "nothing was moved"
    )
    assert tables(postgres, url) == 0


def test_a_server_that_does_not_give_back_what_it_was_given_is_refused(
    file: Path, url: str, postgres: Postgres
) -> None:
    fills(file)
    postgres.execute(f"alter database {url.rpartition('/')[2]} set extra_float_digits = -9", url)  # it rounds
    said = refusal(file, url)
    assert said.endswith("(4 rows of 4, or other values); nothing was moved")
    assert tables(postgres, url) == 0


def test_a_service_that_starts_there_meanwhile_finds_everything(file: Path, url: str) -> None:
    """It would make the tables itself; it waits for those that are on their way."""

    async def story() -> list[str]:
        target, other = open_database(url), open_database(url)
        starting: list[asyncio.Task[None]] = []

        def told(_there: int, _of: int) -> None:
            if not starting:
                starting.append(asyncio.create_task(other.migrate()))

        try:
            await move(file, target, told)
            await starting[0]
            return await states(other)
        finally:
            await target.close()
            await other.close()

    assert asyncio.run(story()) == stored(file, states)


def test_a_checksum_is_of_the_rows_and_not_of_their_order() -> None:
    def of(*chunks: list[Row]) -> str:
        found = Checksum()
        for rows in chunks:
            found.add(rows)
        return f"{found.rows} {found}"

    rows: list[Row] = [(1, "a", None), (2, "b", 0.1), (2, "b", 0.1)]
    assert of(rows) == of(rows[1:], rows[:1])
    assert of(rows) not in (of(rows[:2]), of([*rows[:2], (2, "b", 0.1 + 2**-56)]), of([*rows[:2], (2, "b", "0.1")]))
