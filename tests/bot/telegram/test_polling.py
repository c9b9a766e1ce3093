"""Polling: how soon it is back after the network, and what a watchdog sees of it and can do about it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest
from aiohttp import web

from bot.telegram.application import TelegramService
from bot.telegram.ear import Patience
from bot.telegram.incoming import Departure, Incoming, Move
from bot.watchdog.guard import Guarded
from bot.watchdog.watchdog import Pace, Watchdog
from tests.bot.telegram.service import Pile, arrives, live, until
from tests.servers.telegram import TelegramServer
from tests.servers.telegram_faults import Refused
from tests.servers.telegram_messages import read_params

TENTH = Patience(poll=1.0, answer=0.4, first_pause=0.05, longest_pause=0.3)
"""The pace of a real bot, ten times as fast; only that a poll cannot be shorter than a second."""


@pytest.fixture
def server() -> Iterator[TelegramServer]:
    with TelegramServer() as running:
        yield running


class Stuck(Pile):
    """A letterbox that hangs once."""

    def __init__(self) -> None:
        super().__init__()
        self.hung = False

    async def keep(
        self, lines: Sequence[Incoming], moves: Sequence[Move] = (), left: Sequence[Departure] = ()
    ) -> Sequence[Incoming]:
        if not self.hung:
            self.hung = True
            await asyncio.Event().wait()
        return await super().keep(lines, moves, left)


async def another_poller(request: web.Request) -> None:
    """It polls as long as nobody else does: a short poll slips through."""
    if float((await read_params(request)).get("timeout", 0)):
        raise Refused(409)


def kills_polling() -> None:
    """As if a fault that nothing catches had ended the task."""
    [polling] = [task for task in asyncio.all_tasks() if task.get_name() == "telegram listening"]
    polling.cancel()


def test_the_pace_keeps_its_promise() -> None:
    """What was swallowed is given up, or what began before the network was back, and then there is a pause."""
    patience = Patience()
    assert patience.poll + patience.answer + patience.first_pause < 9.0
    assert patience.answer + patience.longest_pause < 9.0


@pytest.mark.soak
def test_connections_that_are_dead_and_say_nothing_are_left_however_often(server: TelegramServer) -> None:
    """The pool stayed wedged: new connections were tried after a minute of silence, and once a minute at most."""

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        for number in range(3):
            server.hangs(3_600, method="getUpdates", times=1e9)
            await until(lambda: service.state.startswith("connecting"))
            await asyncio.sleep(1.0)
            assert service.listening_age() < 1.5
            server.recovers()
            server.hears(f"/back {number}")
            await arrives(server, f"/back {number}")
            assert service.state == "polling"

    live(server, story, patience=TENTH)


def test_a_bot_that_tries_and_fails_is_alive(server: TelegramServer) -> None:
    """Telegram down, a token that is rejected, another poller: none of these would a restart help."""

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        for breaks in (server.goes_down, lambda: server.fails_with(401, method="getUpdates", times=1e9)):
            breaks()
            await until(lambda: service.state != "polling")
            for _ in range(20):
                await asyncio.sleep(0.05)
                assert service.listening_age() < 1.5
            server.recovers()
            if breaks == server.goes_down:
                server.comes_back()
            await until(lambda: service.state == "polling")

    live(server, story, patience=TENTH)


def test_a_bot_that_telegram_lets_wait_is_alive(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.fails_with(429, retry_after=2, method="getUpdates")
        await until(lambda: service.state.startswith("connecting"))
        await asyncio.sleep(1.5)
        assert service.listening_age() == 0.0

    live(server, story, patience=TENTH)


def test_another_poller_is_told_for_as_long_as_it_is_there(
    server: TelegramServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It lets short polls through, so the log said conflict, polling, conflict, polling."""
    caplog.set_level("INFO")

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling" and service.trouble_age() < 0.5)
        server.breaks("getUpdates", 1e9, another_poller)
        await until(lambda: service.state.startswith("conflict"))
        for number in range(10):
            server.hears(f"/meanwhile {number}")
            await asyncio.sleep(0.1)
            assert service.state.startswith("conflict")
        assert service.trouble().startswith("conflict")
        assert service.trouble_age() > 0.9
        server.recovers()
        await until(lambda: service.state == "polling")
        await until(lambda: len(server.sent) == 10)
        assert service.trouble() == ""

    live(server, story, patience=TENTH)
    told = [record.getMessage().split(": ")[1] for record in caplog.records if record.name == "bot.telegram.polling"]
    assert told == ["polling", "conflict", "polling"]


def test_polling_that_ended_is_seen_and_begun_anew(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        kills_polling()
        await until(lambda: service.listening_age() == float("inf"))
        assert service.state == "stopped"
        server.hears("/after")
        await service.listen_anew()
        await arrives(server, "/after")
        assert service.listening_age() < 5.0

    live(server, story, patience=TENTH)


def test_polling_that_hangs_is_seen_and_begun_anew_and_no_line_is_lost(server: TelegramServer) -> None:
    letters = Stuck()

    async def story(service: TelegramService) -> None:
        await until(lambda: service.state == "polling")
        server.hears("/one")
        await until(lambda: letters.hung)
        server.hears("/two")
        await until(lambda: service.listening_age() > 1.5)
        await service.listen_anew()
        await arrives(server, "/one")
        await arrives(server, "/two")

    live(server, story, patience=TENTH, letters=letters)
    assert sorted(each.plain for each in server.sent) == ["you: /one", "you: /two"]


@contextlib.asynccontextmanager
async def guarded(service: TelegramService) -> AsyncIterator[Watchdog]:
    """A watchdog over polling, as `run` has it, but in a hurry."""
    guard = Guarded("Telegram polling", service.listening_age, 2.0, service.listen_anew)
    watchdog = Watchdog([guard], pytest.fail, lambda report: None, pace=Pace(look=0.1))
    watching = asyncio.create_task(watchdog.run())
    try:
        yield watchdog
    finally:
        watching.cancel()
        await asyncio.wait([watching])


def test_a_watchdog_brings_back_what_hangs_and_what_ended(server: TelegramServer) -> None:
    letters = Stuck()

    async def story(service: TelegramService) -> None:
        async with guarded(service) as watchdog:
            await until(lambda: service.state == "polling")
            server.hears("/hangs")
            await until(lambda: letters.hung)
            await arrives(server, "/hangs")
            kills_polling()
            server.hears("/ended")
            await arrives(server, "/ended")
            assert watchdog.report()[0].restarts == 2

    live(server, story, patience=TENTH, letters=letters)


def test_a_watchdog_leaves_a_bot_alone_that_tries_and_fails(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        async with guarded(service) as watchdog:
            await until(lambda: service.state == "polling")
            server.goes_down()
            await asyncio.sleep(3.0)
            server.comes_back()
            server.fails_with(401, method="getUpdates", times=1e9)
            await asyncio.sleep(3.0)
            server.recovers()
            server.hears("/back")
            await arrives(server, "/back")
            assert watchdog.report()[0].restarts == 0

    live(server, story, patience=TENTH)


def test_a_hushed_bot_hears_nothing_and_still_sends(server: TelegramServer) -> None:
    async def story(service: TelegramService) -> None:
        server.knows(1001)
        await until(lambda: service.state == "polling")
        await service.hush()
        polls = server.calls.count("getUpdates")
        server.hears("/unheard")
        await service.channel.send("1001", "what was owed")
        await arrives(server, "what was owed")
        assert server.calls.count("getUpdates") == polls

    live(server, story, patience=TENTH)
    assert len(server.sent) == 1
