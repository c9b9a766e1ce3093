"""The running service: a tick that fails is followed by another, and it ends when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.delivery.channel import Outcome, Sent
from bot.feeds.contract import Setup, build_feed
from bot.live import one_feed, open_room
from bot.market.sessions import Sessions
from bot.reception import Parts
from bot.service import Service
from bot.settings import load_settings
from bot.store.chats import subscribe
from bot.store.database import Database
from rules.engine import GRACE
from rules.model import Instant
from tests.bot.markets import at

RECORD = at("2025-11-04T21:00Z")
"""A close at a record in the simulated market that ends with 2025."""


class Wall:
    """A wall clock that is moved by hand."""

    def __init__(self, now: Instant) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


class Reader:
    """A front whose channel keeps what it is given."""

    name = "console"
    state = "up"

    def __init__(self) -> None:
        self.read: list[str] = []
        self.came = asyncio.Event()

    @property
    def channel(self) -> Reader:
        return self

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    async def send(self, address: str, html: str, *, plain: bool = False, silent: bool = False) -> Outcome:
        self.read.append(html)
        self.came.set()
        return Sent()


def serves(path: Path, start: Instant, use: Callable[[Service, Parts, Wall, Reader], Awaitable[None]]) -> None:
    """A started service over a simulated market, at an hour of its past."""

    async def run() -> None:
        wall, settings, end = Wall(start), load_settings(), at("2026-01-01T00:00Z")
        feed = build_feed("simulated", Setup(Sessions(end), end))
        order, build = one_feed(feed, settings.instrument_map)
        room = open_room(settings, Database(path / "service.db", durable=False), order, build, "console", start)
        parts = Parts(
            room.database,
            room.intake,
            room.watch,
            settings.compiled,
            settings.scope,
            wall,
            60,
            GRACE,
            lambda name, share: None,
        )
        service, reader = Service(parts), Reader()
        try:
            await room.database.migrate()
            async with room.database.write() as connection:
                await subscribe(connection, "console", "terminal", "terminal", start)
            await service.start(reader, "me")
            await use(service, parts, wall, reader)
        finally:
            await service.stop()
            await room.close()

    asyncio.run(run())


async def until(holds: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def test_a_tick_that_fails_is_told_and_the_next_one_does_its_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: len(parts.watch.book.records) >= 13)
        await asyncio.to_thread(parts.database.path.rename, tmp_path / "gone.db")
        wall.now = RECORD + 50 * 60
        (tmp_path / "service.db").mkdir()
        await parts.database.close()
        await service.tick()
        assert "nothing was judged: " in caplog.text
        (tmp_path / "service.db").rmdir()
        await asyncio.to_thread((tmp_path / "gone.db").rename, parts.database.path)
        await service.tick()
        async with asyncio.timeout(30):
            await reader.came.wait()
        [told] = reader.read
        assert "Russell 2000 closes at a record" in told

    serves(tmp_path, RECORD - 600, use)


def test_a_service_that_is_stopped_at_once_stops(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        assert parts.watch.book.records == {}

    serves(tmp_path, RECORD, use)


def test_a_database_whose_file_is_deleted_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite writes on into what nobody will find again, and all seemed well."""

    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        assert not parts.database.is_lost
        parts.database.path.unlink()
        await service.tick()
        assert "the database's file was deleted or replaced" in caplog.text

    serves(tmp_path, RECORD, use)
