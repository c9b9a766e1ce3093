"""A reception over a database that holds a simulated market, for as long as a test or a bench uses it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.answers import Picture
from bot.drawing import DRAWING_LIMIT
from bot.feeds.contract import Setup, build_feed
from bot.market.sessions import Sessions
from bot.parts import Parts
from bot.reception import Reception
from bot.render import charts
from bot.room import Room, one_feed, open_room
from bot.settings import Settings, load_settings
from bot.store.database import Database
from rules.engine import GRACE
from tests.bot.markets import NOW


def in_a_room(
    path: Path,
    use: Callable[[Reception, Parts], Awaitable[None]],
    draw: Callable[[Picture], bytes] = charts.draw,
    limit: float = DRAWING_LIMIT,
) -> None:
    """Open a filled room in the folder `path`, let `use` happen. A drawing may take `limit` seconds."""
    shutil.copy(Path(_filled().name) / "room.db", path)

    async def run() -> None:
        settings = load_settings()
        room = _open(settings, path)
        known = (room.database, room.intake, room.watch, settings.compiled, settings.scope)
        parts = Parts(*known, lambda: NOW, 60, GRACE, print, follow=settings.evidence.follow)
        reception = Reception(parts, draw, limit)
        try:
            await room.intake.restore()
            await room.watch.restore()
            await room.watch.tick(NOW)
            await use(reception, parts)
        finally:
            reception.close()
            await room.close()

    asyncio.run(run())


@cache
def _filled() -> TemporaryDirectory[str]:
    """A database that a room was filled in, made once in a process: to restore one takes a fifth of the time."""
    folder = TemporaryDirectory(prefix="bellwether-room-")

    async def fill() -> None:
        room = _open(load_settings(), Path(folder.name))
        try:
            await room.database.migrate()
            await room.intake.backfill(NOW, lambda _name, _share: None)
            await room.watch.tick(NOW)
        finally:
            await room.close()

    asyncio.run(fill())
    return folder


def _open(settings: Settings, folder: Path) -> Room:
    feed = build_feed("simulated", Setup(Sessions(NOW), NOW))
    order, build = one_feed(feed, settings.instrument_map)
    return open_room(settings, Database(folder / "room.db", durable=False), order, build, "telegram", NOW)
