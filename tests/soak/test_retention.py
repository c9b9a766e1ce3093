"""A year of a simulated market at high speed, with a round of housekeeping a day: what is done does not pile up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.console import ConsoleChannel
from bot.delivery.channel import BARE, Frame, Outcome, Rank, Sent
from bot.delivery.worker import Worker
from bot.feeds.contract import Setup, build_feed
from bot.housekeeping import Housekeeping, Pace
from bot.market.sessions import Sessions
from bot.room import one_feed, open_room
from bot.settings import load_settings
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.store.retention import Limits
from bot.store.sizes import rows_by_table
from rules.bars import DAY
from rules.engine import GRACE
from tests.bot.market.stations import closes
from tests.bot.markets import at

pytestmark = pytest.mark.soak


class Mute:
    """Takes everything."""

    name = ConsoleChannel.name

    def turn_away(self) -> None:
        """Nobody waits here."""

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        return Sent()


def test_in_a_market_year_only_the_bars_grow(tmp_path: Path) -> None:
    asyncio.run(_year(tmp_path / "a.db"))


async def _year(path: Path) -> None:
    settings, end, days = load_settings(), at("2026-01-01T00:00Z"), closes("2025-01-02", "2025-12-30")
    feed = build_feed("simulated", Setup(Sessions(end), end))
    order, build = one_feed(feed, settings.instrument_map)
    room = open_room(settings, Database(path, durable=False), order, build, Mute.name, days[0])
    now = days[0] - 3600
    worker = Worker(room.database, Mute(), "me", lambda: now)
    keeper = Housekeeping(room.database, Limits(*[60 * DAY] * 4), lambda: now, Pace(rest=0.0))
    sizes, counts = [], []
    try:
        await room.database.migrate()
        async with room.database.write() as connection:
            await subscribe(connection, Mute.name, "terminal", "terminal", now)
        await room.intake.backfill(now, lambda _name, _share: None)
        await room.watch.tick(now)
        for close in days:
            now = close + GRACE
            await room.watch.tick(now)
            while await worker.round():
                pass
            await keeper.tidy()
            async with room.database.read() as connection:
                sizes.append(await room.database.size(connection))
                counts.append(await rows_by_table(connection))
    finally:
        await room.close()
    third = len(days) // 3
    assert counts[-1]["messages"] <= 1.5 * max(each["messages"] for each in counts[:third])
    newest = len(settings.compiled)  # of each rule one event stays
    assert counts[-1]["events"] <= newest + max(each["events"] for each in counts[:third])
    a_bar = sizes[third] / counts[third]["bars"]
    assert sizes[-1] - sizes[third] <= 1.3 * a_bar * (counts[-1]["bars"] - counts[third]["bars"]) + 500_000
