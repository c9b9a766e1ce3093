"""A conversation in a terminal: what is chosen in it is kept, as long as its database is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.changes import Prefer
from bot.answers.preferences import Preferences
from bot.commands import registry
from bot.notepad import Notepad
from bot.store.database import Database
from bot.store.errors import StoreError
from tests.bot.markets import NOW, simulated


def zone(desk: registry.Desk, words: object) -> registry.Reply:
    """A command that says what was chosen, and chooses another."""
    wanted = Prefer(Preferences(zone="Europe/Berlin"))
    return registry.Reply(desk.kept.preferences.zone, (wanted,))


@pytest.fixture(autouse=True)
def knows_a_command_that_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    known = registry.all_commands()
    monkeypatch.setitem(known, "zone", replace(known["id"], name="zone", usage="/zone", run=zone))


def test_what_is_chosen_is_kept(tmp_path: Path) -> None:
    database = Database(tmp_path / "chat.db", durable=False)
    with Notepad(simulated().view(), database, lambda: NOW, temporary=True) as notepad:
        assert [notepad.ask("/zone").html for _ in range(2)] == ["UTC", "Europe/Berlin"]
    with Notepad(simulated().view(), Database(tmp_path / "chat.db"), lambda: NOW, temporary=False) as notepad:
        assert notepad.ask("/zone").html == "Europe/Berlin"


def test_a_database_without_its_tables_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError),
        Notepad(simulated().view(), Database(tmp_path / "empty.db"), lambda: NOW, temporary=False),
    ):
        pass
