"""`bellwether run` behind a webhook: it is killed between keeping a line and answering it, locked out, taken over.

Telegram on loopback pushes to the public https address; what ends TLS there hands it to the process that works.
"""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import httpx
import pytest

from bot.web.webhook import SECRET
from tests.bot.store.postgres import CannotRun
from tests.e2e.world import Service, needs_faketime
from tests.reliability.places import place
from tests.reliability.town import Town
from tests.servers.telegram import TOKEN

pytestmark = [pytest.mark.e2e, needs_faketime]

URL = "https://bot.example.org/telegram"


class PushedTown(Town):
    """A town whose services have a webhook, each on a port of its own."""

    def starts_behind(self, port: int) -> Service:
        """A new life that listens there; what is pushed goes to the one that was started last."""
        file = self.configured()
        web = f'webhook_url = "{URL}"\nwebhook_listen = "127.0.0.1:{port}"\n'
        text = file.read_text()
        kept = [line for line in text.splitlines(keepends=True) if not line.startswith("webhook_")]
        file.write_text("".join(kept).replace("[telegram]\n", f"[telegram]\n{web}"))
        return self.starts()

    def reaches(self, port: int) -> None:
        """The proxy hands over there from now on."""
        self.telegram.stands_behind(URL, f"127.0.0.1:{port}")

    def asks(self, line: str, wanted: str, chat: int = 1001) -> str:
        """Write a line and wait for its answer."""
        before = len(self.telegram.sent)
        self.telegram.hears(line, chat=chat, user=chat)
        return self.telegram.waits_for(wanted, 40, after=before).plain

    def assert_quiet(self) -> None:
        """No process has printed the token, the secret or a traceback."""
        for service in self.services:
            for hidden in (TOKEN.partition(":")[2], self.telegram.secret or "no secret", "Traceback"):
                assert hidden not in service.output


def free_port() -> int:
    """One that is free, and that no client is given meanwhile: systems take those from 32,768 on."""
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", Random().randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


@contextlib.contextmanager
def town_on(store: str, home: Path) -> Iterator[PushedTown]:
    try:
        with place(store, home) as where, PushedTown(home, where) as town:
            yield town
    except CannotRun as reason:
        pytest.skip(f"no PostgreSQL can be had here: {reason}")


def test_a_line_that_was_kept_is_answered_once_though_its_process_was_killed(tmp_path: Path) -> None:
    with town_on("sqlite", tmp_path) as town:
        port = free_port()
        town.reaches(port)
        first = town.starts_behind(port)
        assert "Alerts come here" in town.asks("/start", "Alerts come here")
        town.telegram.hangs(60, times=1e9)
        number = town.telegram.hears("/id", chat=1001)
        town.telegram.waits_for_pushes(number, 1, 20)
        assert town.telegram.statuses(number) == [200]
        first.kill()
        town.telegram.recovers()
        while_away = town.telegram.hears("/rules", chat=2002, user=2002)
        town.telegram.waits_for_pushes(while_away, 2)
        second = town.starts_behind(port)
        town.telegram.waits_for(lambda posted: posted.chat_id == 2002, 40)
        town.telegram.waits_for("Chat: 1001", 20)
        town.telegram.pushes_again(number)
        town.telegram.waits_for_pushes(number, 2)
        town.asks("/help", "/corr")
        assert town.telegram.statuses(number) == [200, 200]
        assert [each.plain.split("\n")[0] for each in town.telegram.sent if each.chat_id == 1001][1:-1] == [
            "Chat: 1001 (private)"
        ]
        assert second.stop() == 0
        assert town.telegram.webhook is not None
        assert "getUpdates" not in town.telegram.calls
        town.assert_quiet()


def test_a_reload_keeps_the_webhook_and_takes_it_away_where_it_is_not_wanted_any_more(tmp_path: Path) -> None:
    with town_on("sqlite", tmp_path) as town:
        port = free_port()
        town.reaches(port)
        service = town.starts_behind(port)
        town.asks("/start", "Alerts come here")
        secret = town.telegram.secret
        file = town.configured()
        file.write_text(file.read_text().replace("[telegram]\n", "[telegram]\ncommands_per_minute = 50\n"))
        service.process.send_signal(signal.SIGHUP)
        town.telegram.waits_for_calls("setWebhook", 2, 30)
        town.asks("/rules", "watched")
        assert town.telegram.secret != secret
        lines = file.read_text().splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith("webhook_")))
        service.process.send_signal(signal.SIGHUP)
        town.telegram.waits_for_calls("deleteWebhook", 1, 30)
        town.asks("/status", "Telegram: polling")
        assert service.stop() == 0
        town.assert_quiet()


def test_strangers_at_the_door_change_nothing(tmp_path: Path) -> None:
    with town_on("sqlite", tmp_path) as town:
        port = free_port()
        town.reaches(port)
        service = town.starts_behind(port)
        town.asks("/start", "Alerts come here")
        forged = {"update_id": 1, "message": {"text": "/stop", "chat": {"id": 1001, "type": "private"}}}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as stranger:
            assert stranger.post("/telegram", json=forged).status_code == 403
            assert stranger.post("/telegram", json=forged, headers={SECRET: "guessed"}).status_code == 403
            assert stranger.post("/", json=forged).status_code == 404
            assert stranger.get("/telegram").status_code == 405
            assert stranger.get("/metrics").status_code == 404
        known = {SECRET: town.telegram.secret}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=known) as broken:
            assert broken.post("/telegram", content=b"garbage").status_code == 400
            assert broken.post("/telegram", content=bytes(2**20 + 1)).status_code == 413
        town.asks("/status", "Telegram: webhook")
        assert service.stop() == 0
        town.assert_quiet()


@pytest.mark.soak
def test_a_database_that_is_locked_costs_time_and_no_line(tmp_path: Path) -> None:
    with town_on("sqlite", tmp_path) as town:
        port = free_port()
        town.reaches(port)
        town.telegram.patience = 12.0
        service = town.starts_behind(port)
        town.asks("/start", "Alerts come here")
        [file] = tmp_path.glob("**/*.db")
        with contextlib.closing(sqlite3.connect(file, isolation_level=None, timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            number = town.telegram.hears("/id", chat=1001)
            town.telegram.waits_for_pushes(number, 1, 20)
            assert town.telegram.statuses(number) == [503]
            other.execute("ROLLBACK")
        town.telegram.waits_for("Chat: 1001 (private)", 30)
        town.asks("/help", "/corr")
        assert sum("Chat: 1001 (private)" in each.plain for each in town.telegram.sent) == 1
        assert town.telegram.statuses(number)[-1] == 200
        assert service.stop() == 0
        town.assert_quiet()


@pytest.mark.soak
def test_a_standby_takes_over_the_webhook_with_the_work(tmp_path: Path) -> None:
    with town_on("postgres", tmp_path) as town:
        ports = [free_port(), free_port()]
        town.reaches(ports[0])
        holder = town.starts_behind(ports[0])
        town.asks("/start", "Alerts come here")
        secret = town.telegram.secret
        heir = town.starts_behind(ports[1])
        heir.says("takes over when that one ends", 40)
        assert town.telegram.secret == secret, "who stands by leaves the webhook alone"
        town.asks("/rules", "watched")
        holder.kill()
        between = town.telegram.hears("/id", chat=1001)
        town.telegram.waits_for_pushes(between, 1)
        assert 200 not in town.telegram.statuses(between)
        town.reaches(ports[1])
        town.telegram.waits_for("Chat: 1001 (private)", 40)
        assert town.telegram.secret != secret
        assert sum("Chat: 1001 (private)" in each.plain for each in town.telegram.sent) == 1
        assert heir.stop() == 0
        town.assert_quiet()
