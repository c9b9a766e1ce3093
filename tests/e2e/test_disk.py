"""A full disk under the real process: an alarm that reaches people, no damage, and it goes on when there is room."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.store.copies import examine
from tests.bot.store.small_disk import small_disk
from tests.e2e.simulated import simulated
from tests.e2e.world import CHAT
from tests.servers.telegram import TelegramServer

pytestmark = pytest.mark.e2e

HASTE = """
import bot.live, bot.watchdog.notices as notices
bot.live.ROOM = 1.0
notices.WORTH, notices.UNHEARD, notices.AGAIN = 2, 2.0, 0.5
"""
"""Minutes become seconds."""


def fills(disk: Path) -> Path:
    """Something else takes all that is left of it."""
    with closing(sqlite3.connect(disk / "bellwether.db", timeout=10)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # in what the log holds already there would be room
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    return ballast


@pytest.mark.parametrize(
    "prelude", [pytest.param(HASTE, id="in haste"), pytest.param("", id="as it is", marks=pytest.mark.soak)]
)
def test_a_full_disk_is_an_alarm_and_loses_nothing(tmp_path: Path, prelude: str) -> None:
    patience = 30 if prelude else 240
    with TelegramServer() as telegram, small_disk(tmp_path / "disk", 64 * 2**20) as disk:
        with simulated(tmp_path, disk, telegram, prelude) as service:
            telegram.hears("/start", chat=CHAT)
            telegram.waits_for("Alerts come here", 40)
            service.says("rules adopted", 40)
            service.says("the dead-man's switch is pinged", 20)

            ballast = fills(disk)
            alarm = telegram.waits_for("Not well: free disk space", patience)
            assert "MB left for bellwether.db, fewer than 1" in alarm.plain
            assert "Sent directly: it cannot be stored." in alarm.plain
            service.says("the dead-man's switch is withheld: ", 20)
            assert "full" in service.output
            before = len(telegram.sent)
            telegram.hears("/status", chat=CHAT)

            ballast.unlink()
            telegram.waits_for("Rules: 82", 40, after=before)
            telegram.waits_for("Well again: free disk space", patience, after=before)
            service.says("the dead-man's switch is pinged", 30)
            assert service.stop() == 0
        alarms = [each.plain.split("\n")[0] for each in telegram.sent if "Not well" in each.plain]
        assert alarms.count("⚠ Not well: free disk space") == 1
        assert len(alarms) == len(set(alarms)), "nothing is told twice"
        assert examine(disk / "bellwether.db").owed == 0
        assert "Traceback" not in service.output
