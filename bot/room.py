"""A watch over a store and what it is made of: the sources of a configuration, what is believed of them, the rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bot.delivery.announce import News
from bot.feeds.contract import Feed, Setup, build_feed
from bot.further.roll import roll_of
from bot.market.backfill import Depth
from bot.market.history import BEGINNING
from bot.market.intake import Intake
from bot.market.live import LiveHistory
from bot.market.preference import order_of, ranks_of
from bot.market.quality import Gate
from bot.market.schedule import Schedule
from bot.market.sessions import Sessions
from bot.market.source import SourceId
from bot.market.sources import Build, Sources
from bot.meters import Meters
from bot.people import Door
from bot.settings import Settings
from bot.settings.service import Prices
from bot.store.database import Database
from bot.watch import Watch
from rules.bars import DAY
from rules.model import Instant, Instrument, Kind


@dataclass(frozen=True)
class Room:
    """A watch over a store, and what it is made of."""

    database: Database
    intake: Intake
    watch: Watch
    thinking: Executor

    async def leave(self) -> None:
        """Close the sources, and judge no more."""
        self.thinking.shutdown(wait=False)
        await self.intake.close()

    async def close(self) -> None:
        """Leave, and close the store."""
        await self.leave()
        await self.database.close()


def open_room(
    settings: Settings,
    database: Database,
    order: Mapping[str, Sequence[SourceId]],
    build: Build,
    channel: str,
    at: Instant,
    meters: Meters | None = None,
) -> Room:
    """Build a watch on a database that asks the sources of `order`."""
    sessions, instruments = Sessions(at), settings.instrument_map
    grace, meters = settings.market.grace_minutes * 60, meters or Meters()
    settle = {kind: settings.run.settle_minutes.seconds(kind) for kind in Kind}
    days_from = max(BEGINNING, _midnight(settings.run.days_from))
    intake = Intake(
        database,
        Sources(order, build, meters),
        LiveHistory(instruments, sessions, ranks_of(order)),
        Schedule(instruments.values(), sessions, settle),
        Depth(days_from, settings.run.hours_days * DAY),
        grace,
        Gate(instruments, sessions, settle),
        meters=meters,
    )
    news = News(sessions.next_open, grace, settings.delivery.expire_minutes * 60)
    thinking = ThreadPoolExecutor(1, thread_name_prefix="judge")
    let_in = admitted(settings) if channel == "telegram" else None
    owed = channel, at, thinking, let_in, meters, roll_of(settings), settings.scope
    watch = Watch(database, intake, sessions, settings.compiled, news, *owed, settings.evidence.follow)
    return Room(database, intake, watch, thinking)


def door_of(settings: Settings) -> Door:
    """Who is let in to Telegram by the configuration, and who decides of others."""
    telegram = settings.telegram
    configured, admins = (frozenset(map(str, ids)) for ids in (telegram.allow, telegram.admins))
    return Door("telegram", configured, admins, telegram.everyone)


def admitted(settings: Settings) -> frozenset[str] | None:
    """The people who may be told in Telegram; None: all."""
    return None if settings.telegram.everyone else frozenset(map(str, settings.telegram.let_in))


def live_sources(settings: Settings, sessions: Sessions, at: Instant) -> tuple[Mapping[str, Sequence[SourceId]], Build]:
    """What `run` asks: the configured sources, or a simulated market that plays on as time passes."""
    if settings.run.source is Prices.SIMULATED:
        end_of_next_year = _midnight(dt.date(dt.datetime.fromtimestamp(at, dt.UTC).year + 2, 1, 1))
        feed = build_feed("simulated", Setup(sessions, end_of_next_year, seed=settings.market.seed))
        return one_feed(feed, settings.instrument_map)
    timeout, data = float(settings.feeds.timeout_seconds), settings.market.data
    folder = Path(data) if data else None

    def build(source: SourceId) -> Feed:
        return build_feed(source.feed, Setup(sessions, at, folder, venue=source.venue, timeout=timeout))

    return order_of(settings.instrument_map, settings.feeds.venues), build


def one_feed(feed: Feed, instruments: Mapping[str, Instrument]) -> tuple[Mapping[str, Sequence[SourceId]], Build]:
    """Every instrument from the same feed."""
    source = SourceId(feed.name, feed.name)
    return dict.fromkeys(instruments, (source,)), lambda _: feed


def _midnight(date: dt.date) -> Instant:
    return (date - dt.date(1970, 1, 1)).days * DAY
