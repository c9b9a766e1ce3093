"""The dead-man's switch against a real server: asked for while all is well, withheld when it is not, never a bother."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from aiohttp import web

from bot.logs import install
from bot.redaction import Redaction
from bot.watchdog import ping as module
from bot.watchdog.ping import Ping
from tests.bot.watchdog.things import plays
from tests.servers.loopback import Loopback

SECRET = "0c1f-secret-of-the-check"


class Alarm(Loopback):
    """Raises the alarm when it is not asked: here it only notes when it was."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[float] = []
        self.status = 200
        self.slow = 0.0

    def routes(self) -> list[web.RouteDef]:
        return [web.get(f"/{SECRET}", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(time.monotonic())
        await asyncio.sleep(self.slow)
        return web.Response(status=self.status)

    @property
    def address(self) -> str:
        return f"{self.url}/{SECRET}"


@pytest.fixture
def alarm() -> Iterator[Alarm]:
    with Alarm() as running:
        yield running


class Health:
    """What is wrong, at the moment."""

    def __init__(self) -> None:
        self.trouble = ""

    async def __call__(self) -> str:
        return self.trouble


Story = Callable[[Health], Awaitable[None]]


def pings(address: str, story: Story, *, seconds: float = 0.05, patience: float = 10.0) -> None:
    """A switch that is on while the story happens."""

    async def run() -> None:
        health = Health()
        running = asyncio.create_task(Ping(address, seconds, health, patience).run())
        try:
            await story(health)
        finally:
            running.cancel()
            await asyncio.wait([running])

    plays(run)


async def until(true: Callable[[], object]) -> None:
    while not true():
        await asyncio.sleep(0.005)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == module.log.name]


def test_it_is_asked_at_its_pace_while_all_is_well(alarm: Alarm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def story(health: Health) -> None:
        await until(lambda: len(alarm.asked) >= 5)

    pings(alarm.address, story, seconds=0.1)
    assert alarm.asked[4] - alarm.asked[0] >= 0.35
    assert told(caplog) == ["the dead-man's switch is pinged"]


def test_it_is_withheld_in_trouble_and_asked_again_when_that_is_over(
    alarm: Alarm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def story(health: Health) -> None:
        await until(lambda: alarm.asked)
        health.trouble = "the scheduler"
        await until(lambda: len(told(caplog)) == 2)
        asked = len(alarm.asked)
        await asyncio.sleep(0.3)
        assert len(alarm.asked) == asked
        health.trouble = ""
        await until(lambda: len(alarm.asked) > asked)
        await until(lambda: len(told(caplog)) == 3)

    pings(alarm.address, story)
    pinged = "the dead-man's switch is pinged"
    assert told(caplog) == [pinged, "the dead-man's switch is withheld: the scheduler", pinged]


@pytest.mark.parametrize("status", [301, 404, 500])
def test_a_server_in_trouble_is_one_line_and_asked_on(
    alarm: Alarm, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    alarm.status = status

    async def story(health: Health) -> None:
        await until(lambda: len(alarm.asked) >= 5)

    pings(alarm.address, story)
    assert told(caplog) == [f"the dead-man's switch is unanswered: {status}"]


def test_a_server_that_is_away_is_one_line_and_found_when_it_is_back(
    alarm: Alarm, caplog: pytest.LogCaptureFixture
) -> None:
    alarm.stop()

    async def story(health: Health) -> None:
        await asyncio.sleep(0.5)
        await asyncio.to_thread(alarm.start)
        await until(lambda: alarm.asked)

    pings(alarm.address, story)
    assert told(caplog) == ["the dead-man's switch is unanswered: ConnectError"]


def test_a_server_that_hangs_is_given_up_and_holds_up_nothing(alarm: Alarm, caplog: pytest.LogCaptureFixture) -> None:
    alarm.slow = 60.0

    async def story(health: Health) -> None:
        await until(lambda: len(alarm.asked) >= 3)

    pings(alarm.address, story, patience=0.1)
    assert told(caplog) == ["the dead-man's switch is unanswered: no answer in time"]


def test_a_probe_that_fails_or_hangs_pings_nothing(alarm: Alarm, caplog: pytest.LogCaptureFixture) -> None:
    async def hangs() -> str:
        await asyncio.Event().wait()
        return ""

    async def fails() -> str:
        raise ZeroDivisionError

    async def story() -> None:
        running = [asyncio.create_task(Ping(alarm.address, 0.02, each, 0.1).run()) for each in (hangs, fails)]
        await asyncio.sleep(0.5)
        for each in running:
            each.cancel()
        await asyncio.wait(running)

    plays(story)
    assert alarm.asked == []
    assert len(told(caplog)) == 2


def test_no_line_of_the_log_names_the_address_even_when_every_library_talks(alarm: Alarm) -> None:
    stream = io.StringIO()

    async def story(health: Health) -> None:
        await until(lambda: len(alarm.asked) >= 2)
        await asyncio.to_thread(alarm.stop)
        await asyncio.sleep(0.2)

    with install(Redaction([alarm.address, SECRET]), stream, level=logging.DEBUG) as undo:
        for name in ("httpx", "httpcore"):
            undo.callback(logging.getLogger(name).setLevel, logging.getLogger(name).level)
            logging.getLogger(name).setLevel(logging.DEBUG)
        pings(alarm.address, story)
    assert "the dead-man's switch is pinged" in stream.getvalue()
    assert "httpcore" in stream.getvalue()
    assert SECRET not in stream.getvalue()


def test_not_even_our_own_lines_need_the_filter(alarm: Alarm, caplog: pytest.LogCaptureFixture) -> None:
    alarm.stop()

    async def story(health: Health) -> None:
        await until(lambda: told(caplog))

    pings(alarm.address, story)
    assert SECRET not in "".join(told(caplog))
