"""A database of an earlier version goes on where it was: no rule is adopted anew, no alert and no message is lost."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

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


def a_database_of(path: Path, revision: str) -> None:
    """What a process of that schema left: a rule that fires, its event, and the message that is owed for it."""
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = configuration()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
    event = {
        "rule": "high", "edge": "fired", "at": NOW, "session": "2025-12-04", "severity": "high", "title": "High",
        "clock": "XNYS", "values": {"RUT": 101.5}, "context": {}, "origins": ["yahoo USD"], "provisional": False,
        "since": None,
    }  # fmt: skip
    firing = {"state": "Firing", "bar": NOW, "since": NOW, "age": 0, "clearing": 0}
    coverage = {"bar": NOW, "ever": True, "unknown": 0, "told": False}
    with sqlite3.connect(path) as file:
        of = "insert into {} values ({})"
        rows: dict[str, tuple[object, ...]] = {
            "rules": ("high", "d1", json.dumps(firing), json.dumps(coverage), NOW),
            "checkpoints": ("XNYS", "node", json.dumps({"at": NOW, "state": {"x": [1.0]}})),
            "events": (1, f"high/fired/{NOW}", "high", NOW, json.dumps(event), NOW),
            "chats": (1, "telegram", "7", "private", NOW, None),
            "subscriptions": (1, "*", NOW - 9),
            "deliveries": (
                1, f"high/fired/{NOW}", 1, "<b>High</b>", NOW, NOW + 9, NOW + 99, 0, 0, NOW, "owed", "", NOW, None, 0,
                0, 0, 0, None, "",
            ),
        }  # fmt: skip
        for table, row in rows.items():
            file.execute(of.format(table, ", ".join("?" * len(row))), row)
    file.close()


def test_the_first_schema_moves_forward_and_everything_goes_on(tmp_path: Path) -> None:
    a_database_of(tmp_path / "bellwether.db", "0001")

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
    assert (unsaid, owed) == ([], ["<b>High</b>"])
