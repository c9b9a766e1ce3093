"""A market week of the real process, six hundred times as fast: what it holds at the end it held on its second day.

With everything that an operator may switch on: alerts to Telegram and to a further channel, health and figures that are
asked for all the time, readers who ask with pictures, housekeeping. Only the process itself is
measured: its servers run in this one.
"""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from bot.settings import load_settings
from rules.bars import DAY
from tests.bot.markets import at
from tests.e2e.world import CHAT, Clock, Service, World, needs_faketime, write_folder
from tests.servers.receiver import Receiver

pytestmark = [pytest.mark.soak, pytest.mark.e2e, needs_faketime]

SPEED = 600.0
BEGINS, DAYS = "2025-11-03T12:00:00Z", 8
QUESTIONS = ("/corr RUT SOL", "/regime", "/status", "/price RUT", "/health")

MORE = 12.0
"""Megabytes that the six days after the first may cost: pictures and large answers leave the allocator's pages in
pieces. A day that left a panel behind would be 28 of them."""


@dataclass(frozen=True)
class Held:
    """What the process holds."""

    megabytes: float
    descriptors: int
    threads: int

    def __str__(self) -> str:
        return f"{self.megabytes:.1f} MB, {self.descriptors} descriptors, {self.threads} threads"


def held(service: Service) -> Held:
    process = Path(f"/proc/{service.process.pid}")
    return Held(service.memory(), len(list((process / "fd").iterdir())), len(list((process / "task").iterdir())))


def asked(address: str) -> None:
    """Every endpoint answers."""
    for path in ("healthz", "readyz", "metrics"):
        try:
            with urllib.request.urlopen(f"http://{address}/{path}", timeout=10) as answer:
                answer.read()
        except urllib.error.HTTPError as refused:  # not ready, for a moment, is an answer
            if path != "readyz":
                raise AssertionError(f"{path} is refused") from refused


def lives_a_day(world: World, service: Service, address: str, receiver: Receiver) -> None:
    """Questions and scrapes, until the same time of the next day."""
    end, number = world.clock() + DAY, 0
    while world.clock() < end:
        world.telegram.hears(QUESTIONS[number % len(QUESTIONS)], chat=CHAT, user=CHAT)
        asked(address)
        number += 1
        time.sleep(1)
        assert service.process.poll() is None, service.output[-3_000:]
    for remembered in (world.telegram.calls, world.telegram.journal.entries, world.yahoo.asked, world.coinbase.asked):
        remembered.clear()
    del world.telegram.sent[:-100]
    del receiver.received[:-100]


def test_a_week_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    end = at("2026-01-01T00:00Z")
    folder = write_folder(tmp_path / "prices", SimulatedFeed(Sessions(end), end))
    evenings: list[Held] = []
    with World(folder, tmp_path, load_settings(), Clock(BEGINS)) as world, Receiver() as receiver:
        world.admins = [CHAT]
        world.telegram.lets_go_of_photos()
        config = f'[web]\nlisten = "127.0.0.1:0"\n[channels.desk]\nurl = "{receiver.apprise()}"\n'
        world.clock.set(BEGINS, speed=SPEED)
        service = world.starts(config=config)
        service.says("listening at", 60)
        address = re.findall(r"listening at (\S+)", service.output)[0]
        world.telegram.hears("/start", chat=CHAT, user=CHAT)
        world.telegram.waits_for("Alerts come here", 60)
        service.says("82 of 82 rules adopted", 120)
        for number in range(DAYS):
            lives_a_day(world, service, address, receiver)
            evenings.append(held(service))
            with capsys.disabled():
                print(f"\nday {number + 1}: {evenings[-1]}", end="")
        assert service.stop() == 0
        assert "Traceback" not in service.output
    assert receiver.received, "the further channel was told"
    second, last = evenings[1], evenings[-1]
    assert last.megabytes < second.megabytes + MORE
    assert last.descriptors <= second.descriptors + 4
    assert last.threads <= second.threads + 2
