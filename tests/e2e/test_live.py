"""The whole of it: a real poll, a real message, and processes that are killed in between.

`bellwether run` itself, with the real yfinance, ccxt and python-telegram-bot against servers on loopback, and a wall
clock that libfaketime sets. Played on the real autumn of 2025 and, everywhere, on a simulated market.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.settings import load_settings
from tests.conftest import SHARED_DATA
from tests.e2e.world import CHAT, Clock, Service, World, needs_faketime
from tests.servers.telegram import TOKEN

pytestmark = [pytest.mark.e2e, needs_faketime]

RECORD = "Russell 2000 closes at a record"


@dataclass(frozen=True)
class Market:
    """A folder of prices, and a session in it that closes at a record at 21:00Z."""

    folder: Path
    session: str


@pytest.fixture
def market(folder: Path) -> Market:
    return Market(folder, "2025-12-04" if folder == SHARED_DATA else "2025-11-04")


def world_of(market: Market, home: Path, time: str) -> World:
    return World(market.folder, home, load_settings(), Clock(f"{market.session}T{time}:00Z"))


def ask(world: World, line: str, wanted: str, seconds: float = 20) -> str:
    """Write a line, and wait for the answer that holds `wanted`."""
    before = len(world.telegram.sent)
    world.telegram.hears(line, chat=CHAT)
    return world.telegram.waits_for(wanted, seconds, after=before).plain


def assert_nothing_leaked(world: World) -> None:
    secret = TOKEN.partition(":")[2]
    for output in world.everything_printed():
        assert secret not in output
        assert "Traceback" not in output


@pytest.mark.soak
def test_a_record_is_told_once_whatever_is_killed_before_and_after(market: Market, tmp_path: Path) -> None:
    with world_of(market, tmp_path, "20:50") as world:
        first = world.starts()
        assert "Alerts come here from now on" in ask(world, "/start", "Alerts come here")
        first.says("82 of 82 rules adopted", 40)
        assert "RUT and SOL, 60 returns\nr " in ask(world, "/corr RUT SOL", "RUT and SOL")
        assert ask(world, "/regime", "Regime: ").startswith(("Regime: ", "SIMULATED"))
        first.kill()

        world.clock.set(f"{market.session}T21:28:30Z", speed=20)
        before_the_bar = world.starts()
        before_the_bar.says("watching 82 rules")
        world.clock.waits_until(f"{market.session}T21:29:30Z")
        assert world.texts(RECORD) == []
        before_the_bar.kill()

        at_the_bar = world.starts(config=f"{OWN_RULE}\n")
        world.telegram.waits_for(RECORD, 30)
        at_the_bar.says("Sent(message=")
        at_the_bar.kill()

        after = world.starts(config=f"{OWN_RULE}\n")
        after.says("watching 2 rules")
        world.clock.waits_until(f"{market.session}T21:35:00Z")
        assert after.stop() == 0

        [told] = world.texts(RECORD)
        assert "Late" not in told
        assert "May be a repeat" not in told
        assert world.texts("is above one") == [], "a rule that is new is adopted silently"
        assert_nothing_leaked(world)


OWN_RULE = """
[[rules]]
id = "rut-record-close"
when = "close(RUT) > record(RUT)"
clear = "drawdown(RUT) > 3%"
severity = "high"
title = "Russell 2000 closes at a record"

[[rules]]
id = "above-one"
when = "close(RUT) > 1"
title = "RUT is above one"
"""


def test_two_years_of_history_on_an_empty_database_tell_nothing(market: Market, tmp_path: Path) -> None:
    with world_of(market, tmp_path, "03:00") as world:
        service = world.starts()
        ask(world, "/start", "Alerts come here")
        service.says("82 of 82 rules adopted", 40)
        status = ask(world, "/status", "Rules: 82")
        assert [line for line in status.split("\n") if line.startswith("⚠") and " has no " not in line] == []
        assert service.stop() == 0
        assert len(world.telegram.sent) == 2
        assert rows(tmp_path, "select count(*) from deliveries") == [(0,)]
        assert rows(tmp_path, "select count(*) from events") == [(0,)]
        [(bars,)] = rows(tmp_path, "select count(*) from bars")
        assert bars > 80_000


def rows(home: Path, query: str) -> list[tuple[int]]:
    with sqlite3.connect(home / "bellwether.db") as connection:
        return connection.execute(query).fetchall()


@pytest.mark.soak
def test_with_nothing_reachable_the_service_stays_up_and_says_so(simulated_folder: Path, tmp_path: Path) -> None:
    market = Market(simulated_folder, "2025-11-04")
    with world_of(market, tmp_path, "20:50") as world:
        for server in (world.yahoo, world.coinbase, world.telegram):
            server.stop()
        service = world.starts(config="[run]\npoll_seconds = 5\n")
        service.says("history of RUT has to wait: ")
        service.says("Telegram: connecting")
        world.telegram.start()
        status = ask(world, "/status", "Not all is well", 40)
        assert "yahoo" in status
        ask(world, "/start", "Alerts come here")
        assert "there are no prices" in ask(world, "/corr RUT SOL", "RUT")
        world.yahoo.start()
        world.coinbase.start()
        service.says("history is complete", 60)
        assert "Regime: " in ask(world, "/regime", "Regime: ")
        assert world.texts("SIMULATED") == []
        assert rows(tmp_path, "select count(*) from events") == [(0,)]
        assert_nothing_leaked(world)


def test_a_second_service_on_one_database_is_refused_and_told_of_the_first(
    simulated_folder: Path, tmp_path: Path
) -> None:
    market = Market(simulated_folder, "2025-11-04")
    with world_of(market, tmp_path, "20:50") as world:
        first = world.starts(token=False)
        first.says("watching 82 rules")
        second = world.starts(token=False)
        assert second.process.wait(30) == 1
        assert f"is in use: process {first.process.pid} on " in second.output
        first.kill()
        third = world.starts(token=False)
        third.says("watching 82 rules")
        assert_nothing_leaked(world)


def live(service: Service) -> bool:
    return service.process.poll() is None


def test_strangers_get_their_id_and_nothing_else(simulated_folder: Path, tmp_path: Path) -> None:
    market = Market(simulated_folder, "2025-11-04")
    with world_of(market, tmp_path, "20:50") as world:
        service = world.starts()
        service.says("Telegram: polling")
        world.telegram.hears("/start", chat=666, user=666)
        told = world.telegram.waits_for("Your id is 666", 20)
        assert told.chat_id == 666
        assert rows(tmp_path, "select count(*) from chats") == [(0,)]
        assert live(service)
