"""A server says no in many ways: each is one sentence that names the database and never a password."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.bars import load_bars
from bot.store.chats import subscribe
from bot.store.database import Connection, Database, look_into, open_database
from bot.store.errors import StoreError
from bot.store.schema import chats
from rules.bars import Interval
from tests.bot.store.postgres import GUARDED, Postgres
from tests.bot.store.stores import NOW, nothing, rows, stored, subscribes

PASSWORD = "pass/w#rd"
WRITTEN = "pass%2Fw%23rd"


@pytest.fixture
def guarded(postgres: Postgres) -> Iterator[str]:
    """The URL of a database whose user needs the password and may have two connections."""
    postgres.execute(f"create role {GUARDED} login password '{PASSWORD}' connection limit 2")
    url = postgres.database()
    name = url.rpartition("/")[2]
    postgres.execute(f"alter database {name} owner to {GUARDED}")
    yield postgres.url(name, GUARDED, WRITTEN)
    postgres.execute(f"drop database {name} with (force)")
    postgres.execute(f"drop role {GUARDED}")


def refusal(url: str, story: Callable[[Database], Awaitable[object]] = nothing) -> str:
    """The sentence, without the database's name."""
    with pytest.raises(StoreError) as refused:
        stored(url, story)
    said = str(refused.value)
    assert not [each for each in (PASSWORD, WRITTEN, "guessed", "not-asked-for") if each in said]
    name, _, why = said.partition(" cannot be used as a database: ")
    assert name.endswith("127.0.0.1")
    return why


def test_a_password_may_hold_anything_when_it_is_written_as_a_url_wants_it(guarded: str) -> None:
    async def story(database: Database) -> str:
        await subscribes(database, "7")
        return database.name

    assert stored(guarded, story) == f"{guarded.rpartition('/')[2]} on 127.0.0.1"


def test_a_wrong_password_is_told(guarded: str) -> None:
    wrong = guarded.replace(WRITTEN, "guessed")
    assert refusal(wrong) == f'password authentication failed for user "{GUARDED}"'


def test_a_password_that_is_lacking_is_told(guarded: str) -> None:
    assert refusal(guarded.replace(f":{WRITTEN}", "")) == "no password supplied"


def test_a_database_that_is_not_there_is_named(postgres: Postgres) -> None:
    assert refusal(postgres.url("nowhere")) == 'database "nowhere" does not exist'


def test_a_server_that_is_down_is_told() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        assert (
            refusal(f"postgresql://me:{WRITTEN}@127.0.0.1:{taken.getsockname()[1]}/bellwether") == "connection refused"
        )


def test_a_server_that_says_nothing_is_not_waited_for_for_ever() -> None:
    with closing(socket.socket()) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/bellwether?connect_timeout=2"
        assert refusal(url) == "connection timeout expired"


def test_a_user_without_rights_is_told(guarded: str, postgres: Postgres) -> None:
    with pytest.raises(StoreError) as refused:
        stored(postgres.url("postgres", GUARDED, WRITTEN), nothing)
    assert str(refused.value) == (
        "postgres on 127.0.0.1 cannot be given its tables: permission denied for schema public; nothing was changed"
    )
    assert refused.value.why == "permission denied for schema public"


def test_too_many_connections_are_told(guarded: str) -> None:
    async def crowd(database: Database) -> None:
        async with database.read() as one, database.read() as two, database.read() as three:
            for each in (one, two, three):
                await each.execute(sa.select(1))

    assert refusal(guarded, crowd).startswith("too many connections for role")


def test_a_connection_that_is_cut_is_told_and_the_next_transaction_has_a_new_one(
    migrated: str, postgres: Postgres
) -> None:
    postgres.execute("truncate chats restart identity cascade", migrated)

    async def story(database: Database) -> list[dict[str, object]]:
        with pytest.raises(StoreError, match="cannot be used as a database: terminating connection"):
            await writes_and_is_cut(database)
        await subscribes(database, "8")
        return await rows(database, chats)

    async def writes_and_is_cut(database: Database) -> None:
        async with database.write() as connection:
            await subscribe(connection, "telegram", "7", "private", NOW)
            await cut(connection)
            await subscribe(connection, "telegram", "9", "private", NOW)

    async def cut(connection: Connection) -> None:
        pid = (await connection.execute(sa.text("select pg_backend_pid()"))).scalar_one()
        await asyncio.to_thread(postgres.execute, f"select pg_terminate_backend({pid}, 5000)")

    assert [row["address"] for row in stored(migrated, story)] == ["8"]


def test_connections_that_were_cut_while_nobody_used_them_are_no_fault(migrated: str, postgres: Postgres) -> None:
    async def story(database: Database) -> None:
        await rows(database, chats)
        name = migrated.rpartition("/")[2]
        others = f"datname = '{name}' and pid != pg_backend_pid()"
        await asyncio.to_thread(
            postgres.execute, f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where {others}"
        )
        await rows(database, chats)
        await subscribes(database, "7")

    stored(migrated, story)


def test_what_hangs_is_ended_by_the_server(migrated: str) -> None:
    async def limits(database: Database) -> list[str]:
        names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "synchronous_commit")
        async with database.read() as connection:
            return [(await connection.exec_driver_sql(f"show {name}")).scalar_one() for name in names]

    assert stored(migrated, limits) == ["1min", "10s", "1min", "on"]


def test_a_commit_is_on_the_disk_whatever_the_database_s_default_is(postgres: Postgres) -> None:
    url = postgres.database()
    postgres.execute(f"alter database {url.rpartition('/')[2]} set synchronous_commit = off")

    async def level(database: Database) -> object:
        async with database.read() as connection:
            return (await connection.exec_driver_sql("show synchronous_commit")).scalar_one()

    assert stored(url, level) == "on"


def test_a_text_with_a_character_that_no_text_may_hold_is_kept_without_it(migrated: str, postgres: Postgres) -> None:
    postgres.execute("truncate chats restart identity cascade", migrated)

    async def story(database: Database) -> list[object]:
        await subscribes(database, "a\0b")
        return [row["address"] for row in await rows(database, chats)]

    assert stored(migrated, story) == ["a\ufffdb"]


def test_who_reads_cannot_write(migrated: str) -> None:
    async def story(database: Database) -> None:
        async with database.read() as connection:
            await subscribe(connection, "telegram", "7", "private", NOW)

    assert refusal(migrated, story) == "cannot execute INSERT in a read-only transaction"


def test_a_database_that_run_has_not_filled_is_told_to_who_looks_into_it(postgres: Postgres) -> None:
    async def look() -> None:
        async with look_into(postgres.database()) as database, database.read() as connection:
            await load_bars(connection, "RUT", Interval.DAY)

    with pytest.raises(StoreError, match=r"it has no such tables; `bellwether run` makes them$"):
        asyncio.run(look())


def test_a_socket_is_reached_too(postgres: Postgres, migrated: str) -> None:
    database = migrated.rpartition("/")[2]
    url = f"postgresql+psycopg:///{database}?host={postgres.folder}&port={postgres.port}&user=postgres"

    async def name(database: Database) -> str:
        return database.name

    assert stored(url, name) == f"{database} on this machine"


@pytest.mark.parametrize("url", ["postgresql://me:secret@[host/db", "postgresql://me:secret@host/db?nonsense=1"])
def test_a_url_that_psql_would_refuse_is_refused_without_being_quoted(url: str) -> None:
    with pytest.raises(StoreError, match=r"^store\.url is not a URL that PostgreSQL understands"):
        open_database(url)


def test_a_file_needs_no_driver(tmp_path: Path) -> None:
    """Most keep a file; psycopg takes a tenth of a second to load."""
    program = f"""
import asyncio, sys
from bot.store.database import open_database
database = open_database("sqlite:///{tmp_path}/bellwether.db")
asyncio.run(database.close())
assert "psycopg" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
