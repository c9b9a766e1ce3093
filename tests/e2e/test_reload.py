"""A running service takes another configuration: whole or not at all, and without forgetting anything."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from bot.settings import load_settings
from bot.store.database import Database
from bot.store.messages import Message
from rules.model import Delivery
from tests.bot.store.stores import owes, states, stored, subscribes
from tests.e2e.simulated import hangs_up, simulated
from tests.e2e.test_live import ask
from tests.e2e.world import CHAT, ROOT, Clock, Service, World, needs_faketime
from tests.servers.telegram import TelegramServer

pytestmark = pytest.mark.e2e

TWIN = """
[instruments.TWIN]
name = "Solana's twin"
kind = "coin"
calendar = "24/7"
sources = { exchange = "SOL/USD" }
[[rules]]
id = "twin-up"
when = "close(TWIN) > 1e9"
clear = "close(TWIN) < 1"
"""


@needs_faketime
def test_an_instrument_that_is_added_is_filled_and_usable_at_once(simulated_folder: Path, tmp_path: Path) -> None:
    with World(simulated_folder, tmp_path, load_settings(), Clock("2025-11-04T20:50:00Z")) as world:
        world.admins = [CHAT]
        service = world.starts()
        ask(world, "/start", "Alerts come here")
        service.says("rules adopted", 40)
        file = tmp_path / "bellwether.toml"
        before = file.read_text()

        file.write_text(before + "[instruments.TWIN]\nkind = 'coin'\n[pictures]\ntheme = 'grey'\n")
        refused = ask(world, "/reload", "Nothing was changed")
        assert "2 faults:" in refused
        assert "name is missing" in refused
        assert "unknown instrument TWIN" in ask(world, "/price TWIN", "TWIN")

        file.write_text(before + TWIN)
        assert "instruments new: TWIN" in ask(world, "/reload", "The configuration is taken")
        service.says("TWIN: history is there", 60)
        service.says("history is complete: rules that are watched: 1", 60)
        assert "TWIN" in ask(world, "/price TWIN", "TWIN")
        assert "r " in ask(world, "/corr RUT TWIN", "RUT and TWIN")
        assert "Rules: 1" in ask(world, "/status", "Rules: ")

        file.write_text("[market\n")
        service.process.send_signal(signal.SIGHUP)
        service.says("the configuration was not taken: ")
        file.write_text(before)
        service.process.send_signal(signal.SIGHUP)
        service.says("rules gone: twin-up")
        assert "unknown instrument TWIN" in ask(world, "/price TWIN", "unknown instrument")
        assert service.stop() == 0
        assert "Traceback" not in service.output


def changed(home: Path, theme: str) -> None:
    """The configuration of `simulated` says something else."""
    file = home / "my.toml"
    file.write_text(file.read_text() + f'[pictures]\ntheme = "{theme}"\n')


@pytest.mark.soak
def test_it_waits_for_a_database_that_takes_nothing_and_goes_on_until_then(tmp_path: Path) -> None:
    """The service was ended first, and 918 starts failed in ten seconds."""
    with TelegramServer() as telegram, simulated(tmp_path, tmp_path, telegram) as service:
        service.says("history is complete", 60)
        changed(tmp_path, "dark")
        holding = sqlite3.connect(tmp_path / "bellwether.db", isolation_level=None)
        holding.execute("begin immediate")
        hangs_up(service)
        service.says("the new configuration waits for the database", 30)
        assert service.output.count("watching 82 rules") == 1
        holding.execute("rollback")
        holding.close()
        while service.output.count("watching 82 rules") < 2:
            service.says("watching 82 rules")
        assert "Traceback" not in service.output
        assert service.stop() == 0


def test_who_is_taken_off_the_list_is_not_sent_what_was_owed_before(tmp_path: Path) -> None:
    """The process before was ended while Telegram was down."""
    before = int(time.time())
    is_news = Message("a/1", before, "An alert", Delivery.AT_LEAST_ONCE, False, before + 3_600, before + 86_400)

    async def story(database: Database) -> None:
        await subscribes(database, str(CHAT), "4711", now=before - 60)
        await owes(database, is_news, now=before)

    stored(tmp_path, story)
    with TelegramServer() as telegram:
        telegram.knows(CHAT)
        telegram.knows(4711)
        with simulated(tmp_path, tmp_path, telegram) as service:
            telegram.waits_for("An alert", 30)
            service.says("history is complete", 60)
            assert service.stop() == 0
        assert 4711 not in [each.chat_id for each in telegram.sent]
    assert stored(tmp_path, states)[:2] == [f"{CHAT}: An alert sent", "4711: An alert withdrawn"]


CANNOT_BE_DARK = """
import bot.live
opens = bot.live.open_room

def open_room(settings, *rest):
    if settings.pictures.theme == "dark":
        raise OSError("there is no paint of that colour")
    return opens(settings, *rest)

bot.live.open_room = open_room
"""
"""As if a part could not be built from what looked right."""


def test_one_that_it_cannot_be_started_with_is_taken_back_and_told(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        telegram.knows(CHAT)
        with simulated(tmp_path, tmp_path, telegram, CANNOT_BE_DARK) as service:
            service.says("history is complete", 60)
            changed(tmp_path, "dark")
            hangs_up(service)
            told = telegram.waits_for("The new configuration was not taken", 30).plain
            assert "OSError: there is no paint of that colour" in told
            assert service.output.count("watching 82 rules") == 2
            assert service.stop() == 0


def test_who_is_told_to_end_in_the_middle_of_it_has_said_good_bye(tmp_path: Path) -> None:
    """The next one said: the last process said no good-bye."""
    with TelegramServer() as telegram:
        telegram.knows(CHAT)
        with simulated(tmp_path, tmp_path, telegram) as service:
            service.says("history is complete", 60)
            changed(tmp_path, "dark")
            hangs_up(service)
            service.says("the configuration is taken")
            assert service.stop() == 0
        with simulated(tmp_path, tmp_path, telegram):
            assert "Stopped before for" in telegram.waits_for(lambda each: "Stopped before" in each.plain, 40).plain


@pytest.mark.soak
def test_a_dozen_of_them_leave_nothing_behind(tmp_path: Path) -> None:
    """Each left a whole service, 21 MB."""
    with TelegramServer() as telegram, simulated(tmp_path, tmp_path, telegram) as service:
        service.says("history is complete", 60)
        held = []
        for times in range(2, 15):
            file = tmp_path / "my.toml"
            file.write_text(file.read_text().partition("[pictures]")[0])
            changed(tmp_path, "light" if times % 2 else "dark")
            hangs_up(service)
            while service.output.count("history is complete") < times:
                service.says("history is complete")
            held.append((service.memory(), len(list(Path(f"/proc/{service.process.pid}/fd").iterdir()))))
        assert held[-1][0] < held[1][0] + 25, held
        assert held[-1][1] <= held[1][1] + 2, held


def ignores_hangups(service: Service) -> bool:
    status = Path(f"/proc/{service.process.pid}/status").read_text()
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn"))
    return bool(int(mask, 16) & 1 << (signal.SIGHUP - 1))


@pytest.mark.soak
def test_a_hangup_that_comes_while_it_is_loaded_does_not_end_it(tmp_path: Path) -> None:
    """It ended by the signal, which systemd takes for a good end."""
    with TelegramServer() as telegram, simulated(tmp_path, tmp_path, telegram) as service:
        while not ignores_hangups(service):
            time.sleep(0.001)
        while "watching 82 rules" not in service.output:
            hangs_up(service)
            time.sleep(0.02)
            assert service.process.poll() is None, service.output
        service.says("history is complete", 60)
        assert service.stop() == 0


def test_a_terminal_that_is_closed_ends_it_in_good_order(tmp_path: Path) -> None:
    """There a hang-up is no wish to reload, and what is printed afterwards nobody reads."""
    config, log = tmp_path / "my.toml", tmp_path / "log"
    config.write_text(
        f'[run]\nsource = "simulated"\n[store]\nurl = "sqlite:///{tmp_path}/bellwether.db"\n[web]\nlisten = ""\n'
    )
    screen, line = os.openpty()

    def takes_the_terminal() -> None:
        os.setsid()
        fcntl.ioctl(line, termios.TIOCSCTTY, 0)

    with log.open("wb") as out:
        command = [sys.executable, "-m", "bot.cli.main", "run", "--config", str(config)]
        process = subprocess.Popen(command, stdin=line, stdout=out, stderr=out, cwd=ROOT, preexec_fn=takes_the_terminal)
    os.close(line)
    service = Service(process, log)
    try:
        service.says("history is complete", 60)
        os.close(screen)
        assert process.wait(20) == 0, service.output
    finally:
        process.kill()
        process.wait(10)
