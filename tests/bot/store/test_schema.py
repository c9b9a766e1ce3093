"""What the migrations make is what the tables say, and a file that is none of ours is refused in a sentence."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.migrations.upgrade import configuration, upgrade
from bot.store.schema import SCHEMA, metadata
from tests.bot.store.postgres import Postgres
from tests.bot.store.stores import Place, nothing, opened, stored


def refusal(path: Path) -> str:
    """Why a file is refused, without its name."""
    with pytest.raises(StoreError) as refused:
        stored(path, nothing)
    return str(refused.value).replace(str(path), "FILE").replace(str(path.parent), "FOLDER")


def made_by_sqlite(path: Path) -> dict[str, str]:
    """Every table and index as SQLite keeps its definition; it quotes the name of one that was made anew."""
    with sqlite3.connect(path) as connection:
        query = "select name, sql from sqlite_master where name not like 'sqlite_%' and name != 'alembic_version'"
        rows = [(name, " ".join(sql.split())) for name, sql in connection.execute(query) if sql]
        found = {name: sql.replace(f'CREATE TABLE "{name}"', f"CREATE TABLE {name}") for name, sql in rows}
    connection.close()
    return found


def test_the_newest_migration_is_the_schema() -> None:
    assert ScriptDirectory.from_config(configuration()).get_current_head() == SCHEMA


def test_migrating_an_empty_file_makes_the_tables_as_they_are_declared(tmp_path: Path) -> None:
    stored(tmp_path / "migrated.db", nothing)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert made_by_sqlite(tmp_path / "migrated.db") == made_by_sqlite(tmp_path / "declared.db")


def test_alembic_finds_nothing_to_migrate_after_a_migration(place: Place) -> None:
    async def compare(database: Database) -> list[object]:
        async with database.read() as connection:
            return await connection.run_sync(
                lambda sync: list(compare_metadata(MigrationContext.configure(sync), metadata))
            )

    assert stored(place, compare) == []


def test_what_sqlite_alone_knows_is_there_too(tmp_path: Path) -> None:
    stored(tmp_path, nothing)
    made = made_by_sqlite(tmp_path / "bellwether.db")
    assert made["bars"].endswith("WITHOUT ROWID")
    assert made["ix_deliveries_due"].endswith("(digest, due_at, id) WHERE state = 'owed'")
    assert "AUTOINCREMENT" in made["chats"]
    assert "AUTOINCREMENT" in made["deliveries"]


def test_migrating_again_changes_nothing_and_loads_no_alembic(tmp_path: Path) -> None:
    stored(tmp_path, nothing)
    before = made_by_sqlite(tmp_path / "bellwether.db")
    program = """
import asyncio, sys
from pathlib import Path
from bot.store.database import Database

async def again():
    database = Database(Path(sys.argv[1]))
    await database.migrate()
    await database.close()

asyncio.run(again())
assert not [name for name in sys.modules if name.partition(".")[0] in ("alembic", "mako")]
"""
    subprocess.run([sys.executable, "-c", program, tmp_path / "bellwether.db"], check=True, timeout=60)
    assert made_by_sqlite(tmp_path / "bellwether.db") == before


def test_several_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    async def open_all() -> None:
        databases = [Database(tmp_path / "bellwether.db") for _ in range(4)]
        await asyncio.gather(*(each.migrate() for each in databases))
        for each in databases:
            await each.close()

    asyncio.run(open_all())
    assert "deliveries" in made_by_sqlite(tmp_path / "bellwether.db")


def test_a_new_file_that_another_process_just_writes_to_is_waited_for(tmp_path: Path) -> None:
    async def open_beside_a_writer() -> None:
        writer = sqlite3.connect(tmp_path / "bellwether.db", isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")  # not in WAL yet: the switch to it is refused without waiting
        database = Database(tmp_path / "bellwether.db")
        opening = asyncio.create_task(database.migrate())
        await asyncio.wait([opening], timeout=0.2)
        assert not opening.done()
        writer.execute("COMMIT")
        writer.close()
        await opening
        await database.close()

    asyncio.run(open_beside_a_writer())
    assert "deliveries" in made_by_sqlite(tmp_path / "bellwether.db")


def test_a_new_file_that_another_process_never_lets_go_of_is_told_of(tmp_path: Path) -> None:
    async def open_beside_a_writer() -> None:
        database = Database(tmp_path / "bellwether.db", patience=0.1)
        try:
            await database.migrate()
        finally:
            await database.close()

    writer = sqlite3.connect(tmp_path / "bellwether.db", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="cannot be used as a database: database is locked"):
        asyncio.run(open_beside_a_writer())
    writer.close()


def test_a_migration_that_is_cut_off_leaves_an_empty_file(tmp_path: Path) -> None:
    async def cut_off() -> None:
        database = Database(tmp_path / "bellwether.db")
        try:
            async with database.write() as connection:
                await connection.run_sync(upgrade, None, database.place)
                raise asyncio.CancelledError
        finally:
            await database.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cut_off())
    assert made_by_sqlite(tmp_path / "bellwether.db") == {}
    stored(tmp_path, nothing)


# Files that are none of ours


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table photos (id integer primary key)")
    connection.close()
    assert refusal(path) == "FILE holds another program's tables; store.url needs one of its own"
    assert list(made_by_sqlite(path)) == ["photos"]


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    stored(path, nothing)
    with sqlite3.connect(path) as connection:
        connection.execute("update alembic_version set version_num = '9999'")
    connection.close()
    assert refusal(path) == (
        "FILE has schema 9999, which is a newer Bellwether's or another program's; "
        "start that one, or name another in store.url"
    )


def test_a_text_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("buy low, sell high\n" * 100)
    assert refusal(path) == "FILE cannot be used as a database: file is not a database"
    assert path.read_text() == "buy low, sell high\n" * 100


def test_a_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    path.mkdir()

    async def story() -> None:
        database = Database(path)
        try:
            await database.migrate()
        finally:
            await database.close()

    with pytest.raises(StoreError, match=r"bellwether\.db cannot be used as a database: is a directory$"):
        asyncio.run(story())


def test_a_missing_folder_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "mistyped" / "bellwether.db"
    assert refusal(path) == "FILE cannot be used as a database: there is no folder FOLDER"
    assert not path.parent.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "fixed"
    folder.mkdir(mode=0o500)
    assert refusal(folder / "bellwether.db") == "FILE cannot be used as a database: permission denied"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no folder here that nobody may write to")
def test_a_folder_that_nobody_may_write_to_is_refused() -> None:
    assert refusal(Path("/proc/self/bellwether.db")).startswith("FILE cannot be used as a database: no such file")


@pytest.mark.parametrize("name", ["what?.db", "50%.db", "a#b.db", "two words.db", "día.db"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    stored(tmp_path / name, nothing)
    assert "deliveries" in made_by_sqlite(tmp_path / name)


@pytest.mark.parametrize("place", ["mistyped/bellwether.db", "folder", "notes.txt"])
def test_a_program_that_is_refused_ends_at_once_and_quietly(tmp_path: Path, place: str) -> None:
    """A connection that cannot be opened used to leave a thread behind, and its traceback on the terminal."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").write_text("buy low, sell high\n" * 100)
    program = """
import asyncio, sys
from pathlib import Path
from bot.store.database import Database
from bot.store.errors import StoreError

async def opened():
    database = Database(Path(sys.argv[1]))
    try:
        await database.migrate()
    finally:
        await database.close()

try:
    asyncio.run(opened())
except StoreError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, tmp_path / place], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0
    assert "cannot be used as a database" in done.stdout
    assert done.stderr == ""


# PostgreSQL


def declared(postgres: Postgres) -> str:
    """A database with the tables as they are declared."""
    url = postgres.database()
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    metadata.create_all(engine)
    engine.dispose()
    return url


@pytest.mark.parametrize(
    "query",
    [
        "select tablename, indexdef from pg_indexes where schemaname = 'public' order by indexname",
        "select table_name, column_name, data_type, character_maximum_length, is_nullable, column_default "
        "from information_schema.columns where table_schema = 'public' order by table_name, column_name",
        "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint "
        "where connamespace = 'public'::regnamespace order by 1, 2",
    ],
    ids=["indexes", "columns", "constraints"],
)
def test_the_server_has_what_is_declared(postgres: Postgres, migrated: str, query: str) -> None:
    made = [row for row in postgres.execute(query, migrated) if "alembic" not in str(row[0])]
    assert made == postgres.execute(query, declared(postgres))
    assert made


def test_a_server_s_database_of_another_program_is_refused(postgres: Postgres) -> None:
    url = postgres.database()
    postgres.execute("create table photos (id integer primary key)", url)
    with pytest.raises(StoreError, match=r" on 127\.0\.0\.1 holds another program's tables; store\.url needs one"):
        stored(url, nothing)


def test_a_migration_that_is_cut_off_leaves_an_empty_database(postgres: Postgres) -> None:
    url = postgres.database()

    async def cut_off() -> None:
        database = opened(url)
        try:
            async with database.write() as connection:
                await connection.run_sync(upgrade, None, database.place)
                raise asyncio.CancelledError
        finally:
            await database.close()

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cut_off())
    assert postgres.execute("select count(*) from pg_tables where schemaname = 'public'", url) == [(0,)]
    stored(url, nothing)


def test_several_may_migrate_a_server_s_database_at_once(postgres: Postgres) -> None:
    url = postgres.database()

    async def migrate_all() -> None:
        databases = [opened(url) for _ in range(4)]
        await asyncio.gather(*(each.migrate() for each in databases))
        for each in databases:
            await each.close()

    asyncio.run(migrate_all())
