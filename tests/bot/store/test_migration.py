"""A database of an earlier version goes on where it was: no rule is adopted anew, no alert and no message is lost."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command

from bot.store.alerts import load_book, recorded_events, unsaid_events
from bot.store.database import Database
from bot.store.migrations.upgrade import configuration
from bot.store.outbox import claim
from rules.alerting import BEFORE, Coverage, Firing, Inactive
from rules.book import Book, Record
from rules.model import AlertEvent
from tests.bot.store.stores import NOW, stored


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


@pytest.mark.parametrize("revision", ["0001", "0002"])
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
