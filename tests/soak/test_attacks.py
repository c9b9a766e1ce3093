"""Longer attacks on the real process: killed again and again while it fills its history, and deaf for ten minutes."""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.e2e.conftest import simulated_folder as simulated_folder
from tests.e2e.world import CHAT, Clock, World, needs_faketime
from tests.servers.telegram import TOKEN

pytestmark = [pytest.mark.soak, pytest.mark.e2e, needs_faketime]

SESSION = "2025-11-04"
RECORD = "Russell 2000 closes at a record"
BARS = """
    select instrument, interval, end, start, open, high, low, close, volume, venue, quote
    from bars join origins on origins.id = bars.origin order by 1, 2, 3, 10
"""


def world_at(time_of_day: str, folder: Path, home: Path) -> World:
    home.mkdir(exist_ok=True)
    return World(folder, home, load_settings(), Clock(f"{SESSION}T{time_of_day}Z"))


def rows(home: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(home / "bellwether.db") as connection:
        return connection.execute(query).fetchall()


def assert_quiet(world: World) -> None:
    for output in world.everything_printed():
        assert TOKEN.partition(":")[2] not in output
        assert "Traceback" not in output


def test_ten_kills_while_history_is_filled_leave_the_history_of_an_undisturbed_start(
    simulated_folder: Path, tmp_path: Path
) -> None:
    with world_at("03:00:00", simulated_folder, tmp_path / "undisturbed") as world:
        service = world.starts()
        service.says("82 of 82 rules adopted", 60)
        assert service.stop() == 0
    chance = random.Random(7)
    with world_at("03:00:00", simulated_folder, tmp_path / "killed") as world:
        for _ in range(10):
            service = world.starts()
            time.sleep(chance.uniform(1.0, 3.5))
            service.kill()
        service = world.starts()
        service.says("history is complete", 60)
        assert service.stop() == 0
        assert_quiet(world)
    assert rows(tmp_path / "killed", BARS) == rows(tmp_path / "undisturbed", BARS)
    for table in ("events", "deliveries", "revisions"):
        assert rows(tmp_path / "killed", f"select count(*) from {table}") == [(0,)]


def test_an_alert_of_ten_minutes_without_telegram_comes_once_when_it_is_back(
    simulated_folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "deaf"
    with world_at("20:50:00", simulated_folder, home) as world:
        service = world.starts()
        world.telegram.hears("/start", chat=CHAT)
        world.telegram.waits_for("Alerts come here", 30)
        service.says("82 of 82 rules adopted", 60)
        assert service.stop() == 0
        world.clock.set(f"{SESSION}T21:28:00Z", speed=20)
        world.telegram.goes_down()
        service = world.starts()
        world.clock.waits_until(f"{SESSION}T21:40:00Z")
        assert world.texts(RECORD) == []
        world.telegram.comes_back()
        world.telegram.waits_for(RECORD, 60)
        assert service.stop() == 0
        assert len(world.texts(RECORD)) == 1
        assert_quiet(world)
