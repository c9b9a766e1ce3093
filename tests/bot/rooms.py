"""A reception over a database that holds a simulated market, for as long as a test or a bench uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.answers import Picture
from bot.feeds.contract import Setup, build_feed
from bot.live import one_feed, open_room
from bot.market.sessions import Sessions
from bot.reception import DRAWING_LIMIT, Parts, Reception
from bot.render import charts
from bot.settings import load_settings
from bot.store.database import Database
from rules.engine import GRACE
from tests.bot.markets import NOW


def in_a_room(
    path: Path,
    use: Callable[[Reception, Parts], Awaitable[None]],
    draw: Callable[[Picture], bytes] = charts.draw,
    limit: float = DRAWING_LIMIT,
) -> None:
    """Open a room in the folder `path`, fill it, let `use` happen. A drawing may take `limit` seconds."""

    async def run() -> None:
        settings = load_settings()
        feed = build_feed("simulated", Setup(Sessions(NOW), NOW))
        order, build = one_feed(feed, settings.instrument_map)
        room = open_room(settings, Database(path / "room.db", durable=False), order, build, "telegram", NOW)
        known = (room.database, room.intake, room.watch, settings.compiled, settings.scope)
        parts = Parts(*known, lambda: NOW, 60, GRACE, print)
        reception = Reception(parts, draw, limit)
        try:
            await room.database.migrate()
            await room.intake.backfill(NOW, lambda _name, _share: None)
            await room.watch.tick(NOW)
            await use(reception, parts)
        finally:
            reception.close()
            await room.close()

    asyncio.run(run())
