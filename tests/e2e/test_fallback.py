"""Telegram is down for a quarter of an hour as a session closes: what is critical arrives elsewhere, once.

`bellwether run` itself, a Telegram that is taken down, and whoever stands behind `json://` on loopback.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.e2e.world import CHAT, Clock, World, needs_faketime
from tests.servers.receiver import Receiver
from tests.servers.telegram import TOKEN

pytestmark = [pytest.mark.e2e, pytest.mark.soak, needs_faketime]

SESSION = "2025-11-04"
"""Closes at a record in the simulated market, at 21:00Z; its bar is there at 21:30Z."""

RECORD, LESSER = "Russell 2000 closes at a record", "RUT is above its record"

CONFIG = """
[web]
listen = ""
[run]
poll_seconds = 20
[delivery]
fallback_minutes = 10
[channels.pager]
url = "{url}"
role = "fallback"
[[rules]]
id = "rut-record-close"
when = "close(RUT) > record(RUT)"
clear = "drawdown(RUT) > 3%"
severity = "critical"
title = "Russell 2000 closes at a record"
[[rules]]
id = "lesser"
when = "close(RUT) > record(RUT)"
clear = "drawdown(RUT) > 3%"
severity = "high"
title = "RUT is above its record"
"""


def owed_to(home: Path, channel: str) -> list[tuple[str, str]]:
    """Severity and state of what the chats of a channel were ever owed, notices left out."""
    query = """select d.severity, d.state from deliveries d join chats c on c.id = d.chat
        where c.channel = ? and d.event not like '@%' order by d.id"""
    with sqlite3.connect(home / "bellwether.db") as connection:
        return connection.execute(query, (channel,)).fetchall()


def test_what_is_critical_arrives_elsewhere_while_telegram_is_down_and_once(
    simulated_folder: Path, tmp_path: Path
) -> None:
    clock = Clock(f"{SESSION}T20:50:00Z")
    with Receiver() as pager, World(simulated_folder, tmp_path, load_settings(), clock) as world:
        config = CONFIG.format(url=pager.apprise("top-secret-path"))
        first = world.starts(config=config)
        first.says("history is complete: 2 rules", 40)
        world.telegram.hears("/start", chat=CHAT)
        world.telegram.waits_for("Alerts come here", 20)
        assert first.stop() == 0

        world.telegram.goes_down()
        world.clock.set(f"{SESSION}T21:29:00Z", speed=20)
        during = world.starts(config=config)
        during.says("rut-record-close/fired", 30)
        pager.waits_for(lambda: any(RECORD in each.body for each in pager.received), 60)
        world.clock.waits_until(f"{SESSION}T21:46:00Z")
        assert world.texts(RECORD) == []

        during.kill()
        world.telegram.comes_back()
        after = world.starts(config=config)
        world.telegram.waits_for(RECORD, 30)
        world.telegram.waits_for(LESSER, 20)
        assert after.stop() == 0

        notice, alert = pager.received
        assert notice.title.startswith("⚠ Telegram has not been reachable since Tue 2025-11-04 21:3")
        assert alert.title == notice.title.removeprefix("⚠ ")
        assert alert.body.split("\n")[0] == f"🔴 {RECORD}"
        assert "May be a repeat" not in alert.body
        assert owed_to(tmp_path, "apprise") == [("critical", "sent")]
        assert sorted(owed_to(tmp_path, "telegram")) == [("critical", "sent"), ("high", "sent")]
        assert b"top-secret-path" not in b"".join(file.read_bytes() for file in tmp_path.glob("bellwether.db*"))
        for output in world.everything_printed():
            assert "top-secret-path" not in output
            assert TOKEN.partition(":")[2] not in output
            assert "Traceback" not in output
