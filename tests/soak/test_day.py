"""A day of the whole service in a minute: what it holds in the evening, it held in the morning.

Its parts are the real ones, joined as `bot.live` joins them, in this process and on a clock that the test moves on by a
minute at a time: yfinance, ccxt and python-telegram-bot against servers on loopback, the database in a file, a session
with its alerts in the middle, and four readers who ask a question each every quarter of an hour.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import pytest

from bot.delivery.channel import Answer
from bot.delivery.pacing import Pacer
from bot.feeds.contract import Feed
from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from bot.market.source import SourceId
from bot.parts import Parts, Question
from bot.reception import Reception
from bot.room import Room, live_sources, open_room
from bot.service import Service
from bot.settings import Settings, load_settings
from bot.store.database import Database
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from bot.telegram.letterbox import StoredLetters
from rules.bars import DAY
from rules.engine import GRACE
from rules.model import Instant
from tests.bot.markets import at
from tests.bot.telegram.service import UNPACED, until
from tests.e2e.world import Clock, World, write_folder
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.telegram_posted import Posted

pytestmark = pytest.mark.soak

MINUTE = 60
QUARTER = 15 * MINUTE
QUESTIONS = {
    1001: ("/corr RUT SOL", "RUT and SOL, "),
    1002: ("/regime", "Regime: "),
    1003: ("/status", "Rules: 82"),
    1004: ("/price RUT", "RUT "),
}
"""Who asks what, and words of the answer."""

ALERTS = ("Russell 2000 trades above its record", "Russell 2000 closes at a record")

FORGETS = 6.0
"""Real seconds after which a client closes a connection that it has not used, with its next request."""

MORE = 6.0
"""Megabytes that a day may cost. It costs 1 to 3: its bars and events are 20 kB, what the servers in this same process
remember of it is under 1 MB, and pages in pieces are the allocator's. A panel kept at each change of the market is
28 MB a day, a view kept at each round of questions 250 MB; both have been tried."""


class ByHand(Clock):
    """A clock that stands still unless it is moved."""

    def __init__(self, start: str) -> None:
        self.time = at(start)

    def __call__(self) -> Instant:
        return self.time


@dataclass(frozen=True)
class Held:
    """What this process holds, the servers of the test included."""

    megabytes: float
    objects: int
    descriptors: int
    tasks: int
    threads: int
    databases: int

    def __str__(self) -> str:
        return "  ".join(f"{name} {value:,}" for name, value in asdict(self).items())


@dataclass
class Day:
    """The service among its servers."""

    world: World
    clock: ByHand
    room: Room
    service: Service
    feeds: list[Feed]

    async def goes_on_until(self, instant: str) -> None:
        """A tick every minute; a round of questions every quarter of an hour."""
        while self.clock() < at(instant):
            self.clock.time += MINUTE
            await self.service.tick()  # as its scheduler would: that lives by the real clock
            assert self.room.watch.judged_at == self.clock(), "a tick failed"
            if self.clock() % QUARTER == 0:
                await self.asked(*QUESTIONS)

    async def asked(self, *chats: int, times: int = 1) -> None:
        """Each reader's question, put so many times at once, and all answers."""
        before = len(self.world.telegram.sent)
        for chat in chats * times:
            self.world.telegram.hears(QUESTIONS[chat][0], chat=chat, user=chat)

        def answered(chat: int) -> int:
            return sum(_answers(posted, chat) for posted in self.world.telegram.sent[before:])

        await until(lambda: all(answered(chat) == times for chat in chats), 30)

    async def held(self) -> Held:
        """What is held at rest after an effort, with nothing under way but what always is."""
        await self.makes_an_effort()
        await asyncio.sleep(FORGETS)
        await self.asked(next(iter(QUESTIONS)))
        await asyncio.sleep(1)
        gc.collect()
        process = psutil.Process()
        return Held(
            megabytes=round(process.memory_info().rss / 1e6, 1),
            objects=len(gc.get_objects()),
            descriptors=process.num_fds(),
            tasks=len(asyncio.all_tasks()),
            threads=process.num_threads(),
            databases=sum(Path(file.path) == self.room.database.path for file in process.open_files()),
        )

    async def makes_an_effort(self) -> None:
        """Every pool of threads and connections is asked for all that it may have."""
        rut = self.world.settings.instrument_map["RUT"]  # an exchange just says that it has none
        await asyncio.gather(*(feed.ticks([rut]) for feed in self.feeds * 2), return_exceptions=True)
        async with AsyncExitStack() as connections:
            for _ in range(8):
                await connections.enter_async_context(self.room.database.read())
        await self.asked(*QUESTIONS, times=4)


def _answers(posted: Posted, chat: int) -> bool:
    return posted.chat_id == chat and QUESTIONS[chat][1] in posted.plain and "Re-arms" not in posted.plain


@asynccontextmanager
async def running(world: World, settings: Settings, clock: ByHand) -> AsyncIterator[Day]:
    """The service with its history filled, and every reader subscribed."""
    order, build = live_sources(settings, Sessions(clock()), clock())
    feeds: list[Feed] = []

    def built(source: SourceId) -> Feed:
        feeds.append(build(source))
        return feeds[-1]

    room = open_room(settings, Database(world.home / "bellwether.db"), order, built, "telegram", clock())
    await room.database.migrate()
    what = settings.compiled, settings.scope, clock
    parts = Parts(room.database, room.intake, room.watch, *what, poll_seconds=DAY, grace=GRACE, told=lambda *_: None)
    service, reception = Service(parts), Reception(parts)

    async def answer(incoming: Incoming) -> Answer:
        question = Question("telegram", incoming.address, incoming.kind, str(incoming.user), incoming.text)
        return await reception.answer(question)

    telegram = world.telegram
    access, pacer = Access(frozenset(settings.telegram.allow)), Pacer(UNPACED)  # its pace is of real seconds
    await service.start(
        TelegramService(
            telegram.token,
            telegram.url,
            answer,
            StoredLetters(room.database, clock),
            access=access,
            pacer=pacer,
        ),
        "the day",
    )
    try:
        await until(lambda: len(room.watch.book.records) == len(settings.compiled), 60)
        for chat in QUESTIONS:
            telegram.hears("/start", chat=chat, user=chat)
        await until(lambda: len([each for each in telegram.sent if "Alerts come here" in each.plain]) == len(QUESTIONS))
        yield Day(world, clock, room, service, feeds)
    finally:
        await service.stop()
        reception.close()
        await room.close()


def test_a_day_leaves_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    end = at("2026-01-01T00:00Z")
    folder = write_folder(tmp_path / "prices", SimulatedFeed(Sessions(end), end))
    config, clock = tmp_path / "bellwether.toml", ByHand("2025-11-03T19:00Z")
    config.write_text(f'[feeds]\nvenues = ["coinbase"]\n[telegram]\nallow = {list(QUESTIONS)}\n')
    settings = load_settings(config)

    async def story(world: World) -> tuple[Held, Held]:
        async with running(world, settings, clock) as day:
            await day.goes_on_until("2025-11-04T00:00Z")
            before = await day.held()
            await day.goes_on_until("2025-11-05T00:00Z")
            return before, await day.held()

    with World(folder, tmp_path, settings, clock) as world, redirect_yahoo(world.yahoo.url):
        redirect_ccxt("coinbase", world.coinbase.url)
        world.telegram.lets_go_of_photos()
        before, after = asyncio.run(story(world))
        told = [(posted.chat_id, text) for posted in world.telegram.sent for text in ALERTS if text in posted.plain]
    print(f"\nbefore the day  {before}\nafter it        {after}")

    assert sorted(told) == sorted((chat, text) for chat in QUESTIONS for text in ALERTS)
    assert after.megabytes < before.megabytes + MORE
    assert (after.descriptors, after.tasks, after.threads) == (before.descriptors, before.tasks, before.threads)
    assert after.databases == before.databases
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []
