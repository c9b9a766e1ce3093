"""A day of the whole service in two minutes: whatever it holds at the end, it held in the morning.

Its parts are the real ones, joined as `bot.live` joins them, in this process and on a clock that the test moves on, a
minute at a time: yfinance, ccxt and python-telegram-bot against servers on loopback, the database on a disk, a session
with its alerts in the middle, and four readers who ask a question each every quarter of an hour.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import psutil
import pytest

from bot.delivery.pacing import Pacer
from bot.feeds.simulated import SimulatedFeed
from bot.live import live_sources, open_room
from bot.market.sessions import Sessions
from bot.service import Parts, Question, Service
from bot.settings import load_settings
from bot.store.database import Database
from bot.telegram.access import Access
from bot.telegram.application import TelegramService
from bot.telegram.incoming import Incoming
from rules.bars import DAY, HOUR
from rules.model import Instant
from tests.bot.markets import at
from tests.bot.telegram.service import until
from tests.e2e.world import Clock, World, write_folder
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.telegram import TOKEN

pytestmark = pytest.mark.soak

MINUTE = 60
RECORD = "Russell 2000 closes at a record"
QUESTIONS = {
    1001: ("/corr RUT SOL", "RUT and SOL"),
    1002: ("/regime", "Regime: "),
    1003: ("/status", "Rules: 14"),
    1004: ("/price RUT", "RUT"),
}


class ByHand(Clock):
    """A clock that stands still unless it is moved."""

    def __init__(self, start: str) -> None:
        self.time = at(start)

    def __call__(self) -> Instant:
        return self.time


@dataclass(frozen=True)
class Held:
    """What this process holds, its servers included."""

    megabytes: float
    objects: int
    descriptors: int
    tasks: int
    threads: int
    databases: int

    def __str__(self) -> str:
        return ", ".join(f"{value:g} {field.name}" for field, value in zip(fields(self), astuple(self), strict=True))


@dataclass
class Day:
    """The service among its servers."""

    world: World
    clock: ByHand
    service: Service

    async def goes_on_until(self, instant: str) -> None:
        while self.clock() < at(instant):
            self.clock.time += MINUTE
            await self.service._tick()
            if self.clock() % (15 * MINUTE) == 0:
                await self.everybody_asks()
            if self.clock() % HOUR == 0:
                print(self.clock(), self.held())

    async def everybody_asks(self, times: int = 1) -> None:
        before = len(self.world.telegram.sent)
        for _ in range(times):
            for chat, (line, _) in QUESTIONS.items():
                self.world.telegram.hears(line, chat=chat, user=chat)
        for chat, (_, wanted) in QUESTIONS.items():
            await until(lambda: sum(each.chat_id == chat and wanted in each.plain for each in self.world.telegram.sent[before:])>=times, 30)

    def held(self) -> Held:
        gc.collect()
        process = psutil.Process()
        return Held(
            megabytes=round(process.memory_info().rss / 1e6, 1),
            objects=len(gc.get_objects()),
            descriptors=process.num_fds(),
            tasks=len(asyncio.all_tasks()),
            threads=process.num_threads(),
            databases=sum(each.path.endswith("bellwether.db") for each in process.open_files()),
        )


@asynccontextmanager
async def running(world: World, clock: ByHand) -> AsyncIterator[Day]:
    config = world.home / "bellwether.toml"
    config.write_text('[feeds]\nvenues = ["coinbase"]\n')
    settings, sessions = load_settings(config), Sessions(clock())
    order, build = live_sources(settings, sessions, clock())
    room = open_room(settings, Database(world.home / "bellwether.db"), order, build, "telegram", clock())
    await room.database.migrate()
    service = Service(
        Parts(room.database, room.intake, room.watch, settings.compiled, settings.scope, clock, DAY, lambda *_: None)
    )

    async def answer(incoming: Incoming) -> str:
        return await service.answer(
            Question("telegram", incoming.address, incoming.kind, str(incoming.user), incoming.text)
        )

    telegram = TelegramService(
        TOKEN, world.telegram.url, answer, access=Access(frozenset(QUESTIONS)), commands={}, pacer=Pacer()
    )
    await service.start(telegram, "test")
    try:
        await until(lambda: not room.intake.waiting(), 60)
        yield Day(world, clock, service)
    finally:
        await service.stop()
        await room.close()


def test_a_day_leaves_nothing_behind(tmp_path: Path) -> None:
    end = at("2026-01-01T00:00Z")
    folder = write_folder(tmp_path / "prices", SimulatedFeed(Sessions(end), end))
    clock = ByHand("2025-11-04T13:00Z")
    with World(folder, tmp_path, load_settings(), clock) as world, redirect_yahoo(world.yahoo.url):
        redirect_ccxt("coinbase", world.coinbase.url)

        async def story():
            async with running(world, clock) as day:
                for chat in QUESTIONS:
                    world.telegram.hears("/start", chat=chat, user=chat)
                import time
                t=time.monotonic()
                await day.goes_on_until("2025-11-04T14:00Z")
                before = day.held()
                print(time.monotonic()-t)
                await day.goes_on_until("2025-11-04T22:00Z")
                after = day.held()
                print(time.monotonic()-t)
                print(before)
                print(after)
                import logging,sqlite3
                for task in asyncio.all_tasks(): print(task.get_name(), task.get_coro()); task.print_stack()
                c=sqlite3.connect(tmp_path/"bellwether.db")
                for q in ("select * from deliveries","select id,rule,at,key from events","select * from chats", "select id, alert, through from rules"):
                    print(q)
                    for r in c.execute(q): print("  ",str(r)[:300])
                print([each.plain[:200] for each in world.telegram.sent if "/" not in each.plain and each.chat_id==1001][:20])
                print([ (each.chat_id,) for each in world.telegram.sent if RECORD in each.plain])

        asyncio.run(story())
