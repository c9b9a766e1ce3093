"""A database of an earlier version goes on where it was: no rule is adopted anew, no alert and no message is lost."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from bot.store.alerts import load_book, recorded_events, unsaid_events
from bot.store.copies import examine
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.migrations.upgrade import configuration
from bot.store.outbox import claim
from bot.store.schema import SCHEMA
from rules.alerting import BEFORE, Coverage, Firing, Inactive
from rules.book import Book, Record
from rules.model import AlertEvent
from tests.bot.store.small_disk import small_disk
from tests.bot.store.stores import NOW, nothing, stored


def upgraded(path: Path, revision: str) -> None:
    """Move a file to a revision."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def a_database_of(path: Path, revision: str) -> None:
    """What a process of that schema left: a rule that fires, its event, the message that is owed for it, and one that
    lists what somebody missed.
    """
    upgraded(path, "0001")
    event = {
        "rule": "high", "edge": "fired", "at": NOW, "session": "2025-12-04", "severity": "high", "title": "High",
        "clock": "XNYS", "values": {"RUT": 101.5}, "context": {}, "origins": ["yahoo USD"], "provisional": False,
        "since": None,
    }  # fmt: skip
    firing = {"state": "Firing", "bar": NOW, "since": NOW, "age": 0, "clearing": 0}
    coverage = {"bar": NOW, "ever": True, "unknown": 0, "told": False}
    with sqlite3.connect(path) as file:
        of = "insert into {} values ({})"
        rest = ("owed", "", NOW, None, 0, 0, 0, 0, None, "")
        rows: list[tuple[str, tuple[object, ...]]] = [
            ("rules", ("high", "d1", json.dumps(firing), json.dumps(coverage), NOW)),
            ("checkpoints", ("XNYS", "node", json.dumps({"at": NOW, "state": {"x": [1.0]}}))),
            ("events", (1, f"high/fired/{NOW}", "high", NOW, json.dumps(event), NOW)),
            ("chats", (1, "telegram", "7", "private", NOW, None)),
            ("chats", (2, "telegram", "8", "private", NOW, None)),
            ("subscriptions", (1, "*", NOW - 9)),
            ("deliveries", (1, "away/8/9", 2, "While I was away", NOW, NOW + 9, NOW + 99, 0, 0, NOW, *rest)),
            ("deliveries", (2, f"high/fired/{NOW}", 1, "<b>High</b>", NOW, NOW + 9, NOW + 99, 0, 0, NOW, *rest)),
        ]
        for table, row in rows:
            file.execute(of.format(table, ", ".join("?" * len(row))), row)
    file.close()
    upgraded(path, revision)


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_an_earlier_schema_moves_forward_and_everything_goes_on(tmp_path: Path, revision: str) -> None:
    a_database_of(tmp_path / "bellwether.db", revision)

    async def story(database: Database) -> tuple[Book, list[AlertEvent], list[AlertEvent], list[str]]:
        async with database.write() as connection:
            owed = [each.html for each in await claim(connection, "telegram", "me", NOW, 60, 9)]
            known = await recorded_events(connection, None, 9)
            return await load_book(connection), known, await unsaid_events(connection), owed

    book, known, unsaid, owed = stored(tmp_path, story)
    record = Record("d1", Firing(NOW, NOW), Coverage(NOW, ever=True), NOW, NOW, Inactive(), BEFORE)
    assert book == Book({"high": record})
    assert [(event.key, dict(event.values), dict(event.was)) for event in known] == [
        (f"high/fired/{NOW}", {"RUT": 101.5}, {})
    ]
    assert (unsaid, owed) == ([], ["<b>High</b>", "While I was away"]), "what is no news goes after all that is"


RELEASED = ("0001", "0002", "0003")


def moved(path: Path) -> None:
    """As a start moves it."""
    stored(path, nothing)


def dumped(path: Path) -> str:
    """Everything in a file, as SQL."""
    with closing(sqlite3.connect(path)) as file:
        return "\n".join(file.iterdump())


@pytest.mark.parametrize("revision", RELEASED)
def test_before_the_schema_moves_the_file_is_copied_and_of_such_copies_the_last_is_kept(
    tmp_path: Path, revision: str
) -> None:
    database, older = tmp_path / "bellwether.db", tmp_path / "bellwether.db.before-0002"
    a_database_of(database, revision)
    older.write_text("of an earlier version")
    (tmp_path / "bellwether.db.before-restore-1").write_text("not of this kind")
    before = dumped(database)
    moved(database)
    kept = tmp_path / f"bellwether.db.before-{SCHEMA}"
    assert dumped(kept) == before
    assert examine(kept).schema == revision
    assert not older.exists()
    assert (tmp_path / "bellwether.db.before-restore-1").exists()


def test_a_new_database_and_one_that_is_up_to_date_are_not_copied(tmp_path: Path) -> None:
    for _ in range(2):
        moved(tmp_path / "bellwether.db")
    assert [each.name for each in tmp_path.iterdir() if "before" in each.name] == []


@pytest.mark.parametrize("revision", RELEASED)
def test_a_migration_that_fails_leaves_everything_as_it_was_and_says_what_to_do(tmp_path: Path, revision: str) -> None:
    """A column of that name is there already, by another's hand."""
    database = tmp_path / "bellwether.db"
    a_database_of(database, revision)
    with closing(sqlite3.connect(database)) as file, file:
        file.execute("alter table deliveries add column severity text")
    before = dumped(database)
    with pytest.raises(StoreError) as refused:
        moved(database)
    assert str(refused.value) == (
        f"{database} cannot be moved from schema {revision} to {SCHEMA}: duplicate column name: severity; nothing was "
        f"changed, the version before this one still works on it; a copy from before is bellwether.db.before-{SCHEMA}. "
        "Remove the reason and start again"
    )
    assert dumped(database) == before
    with closing(sqlite3.connect(database)) as file, file:
        file.execute("alter table deliveries drop column severity")
    moved(database)
    assert examine(database).schema == SCHEMA


@pytest.mark.parametrize("room", [20_000, 120_000], ids=["for no copy", "for no migration"])
def test_a_full_disk_leaves_the_old_schema_and_is_said(tmp_path: Path, room: int) -> None:
    a_database_of(tmp_path / "bellwether.db", "0001")
    whole = (tmp_path / "bellwether.db").read_bytes()
    with small_disk(tmp_path / "disk", 2 * len(whole) + 2**20) as disk:
        database, ballast = disk / "bellwether.db", disk / "ballast"
        database.write_bytes(whole)
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        ballast.write_bytes(b"x" * (free - room))
        with pytest.raises(StoreError, match="full"):
            moved(database)
        ballast.unlink()
        assert examine(database).schema == "0001"
        moved(database)
        assert examine(database).schema == SCHEMA


def test_another_programs_tables_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bellwether.db")) as file, file:
        file.execute("create table tea (leaf text)")
    with pytest.raises(StoreError, match="holds another program's tables"):
        asyncio.run(_moved(tmp_path / "bellwether.db"))
    assert not list(tmp_path.glob("*.before-*"))


async def _moved(path: Path) -> None:
    database = Database(path)
    try:
        await database.migrate()
    finally:
        await database.close()
