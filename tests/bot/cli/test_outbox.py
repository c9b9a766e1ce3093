"""`bellwether outbox`: what is owed and why, on a terminal and as JSON."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.outbox import claim, postpone, settle
from tests.bot.cli.terminal import Terminal
from tests.bot.store.stores import NOW, event, message, owes, stored, subscribes


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A service that owes two messages, one of them after a failed attempt, and has given one up."""

    async def story(database: Database) -> None:
        await subscribes(database, "1", "2", "3")
        await owes(database, message(1))
        async with database.write() as connection:
            first, second = await claim(connection, "telegram", "me", NOW, 60, 2)
            await postpone(connection, first, NOW + 30, "Timed out", repeat=True)
            await settle(connection, second, NOW, "rejected", "Bad Request: too long")

    stored(tmp_path, story)
    file = tmp_path / "my.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/bellwether.db"\n')
    return file


def test_what_is_owed_is_a_line_each_with_its_reason(terminal: Terminal, config: Path) -> None:
    ran = terminal.runs("outbox", "--config", config)
    assert (ran.code, ran.err) == (0, "")
    count, head, third, first = ran.out.splitlines()
    assert count == "2 messages owed"
    assert re.split(r"  +", head) == ["id", "chat", "tries", "since", "next try", "expires", "why"]
    assert re.split(r"  +", third)[1:3] == ["telegram 3", "0"]
    assert third.endswith("  not tried yet")
    assert re.split(r"  +", first)[1:3] == ["telegram 1", "1"]
    assert first.endswith("  Timed out (may be a repeat)")


def test_what_was_given_up_is_told_with_how_it_ended(terminal: Terminal, config: Path) -> None:
    ran = terminal.runs("outbox", "--config", config, "--undelivered")
    count, _, line = ran.out.splitlines()
    assert count == "1 message undelivered"
    assert line.endswith("  rejected: Bad Request: too long")


def test_json_is_one_object_a_message(terminal: Terminal, config: Path) -> None:
    first, second = terminal.runs("outbox", "--config", config, "--json").lines
    assert (first["address"], first["why"], first["due"]) == ("3", "not tried yet", "2025-12-04T21:30:00Z")
    assert second | {"id": 0, "expires": ""} == {
        "id": 0, "channel": "telegram", "address": "1", "event": event(1).key, "state": "owed", "why": "Timed out",
        "attempts": 1, "repeat": True, "since": "2025-12-04T21:30:00Z", "due": "2025-12-04T21:30:30Z", "expires": "",
    }  # fmt: skip


def test_more_than_are_shown_are_counted(terminal: Terminal, config: Path) -> None:
    ran = terminal.runs("outbox", "--config", config, "--most", "1")
    assert len(ran.out.splitlines()) == 4
    assert ran.out.splitlines()[-1] == "and 1 more: --most N"


def test_an_empty_outbox_is_said_in_one_line(terminal: Terminal, tmp_path: Path) -> None:
    async def nothing(_database: Database) -> None:
        return None

    stored(tmp_path, nothing)
    (tmp_path / "my.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/bellwether.db"\n')
    assert terminal.runs("outbox", "--config", tmp_path / "my.toml").out == "0 messages owed\n"


def test_without_a_database_it_says_what_makes_one(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none.db"\n')
    ran = terminal.runs("outbox", "--config", tmp_path / "my.toml")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"bellwether: {tmp_path}/none.db is not there; `bellwether run` makes it, and ")
