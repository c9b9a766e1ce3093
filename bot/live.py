"""The live half of the composition root: builds the watch over a store, and the service round it."""

from __future__ import annotations

import datetime as dt
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bot.clock import now
from bot.commands.registry import all_commands
from bot.console import ConsoleFront
from bot.delivery.announce import News
from bot.delivery.channel import Answer
from bot.delivery.pacing import Pacer
from bot.feeds.contract import Feed, Setup, build_feed
from bot.market.history import BEGINNING
from bot.market.intake import Depth, Intake
from bot.market.live import LiveHistory
from bot.market.preference import order_of, ranks_of
from bot.market.quality import Gate
from bot.market.schedule import Schedule
from bot.market.sessions import Sessions
from bot.market.sources import Build, SourceId, Sources
from bot.reception import Parts, Question, Reception
from bot.render import charts
from bot.service import Front, Service
from bot.settings import Settings
from bot.settings.service import Prices
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.runner import holder, lock, register
from bot.watch import Watch
from rules.bars import DAY
from rules.model import Instant, Instrument, Kind

Told = Callable[[str, float], None]


@dataclass(frozen=True)
class Room:
    """A watch over a store, and what it is made of."""

    database: Database
    intake: Intake
    watch: Watch
    thinking: Executor

    async def close(self) -> None:
        """Close the sources and the store, and judge no more."""
        self.thinking.shutdown(wait=False)
        await self.intake.close()
        await self.database.close()


def open_room(
    settings: Settings,
    database: Database,
    order: Mapping[str, Sequence[SourceId]],
    build: Build,
    channel: str,
    at: Instant,
) -> Room:
    """Build a watch on a database that asks the sources of `order`."""
    sessions, instruments = Sessions(at), settings.instrument_map
    grace = settings.market.grace_minutes * 60
    settle = {kind: settings.run.settle_minutes.seconds(kind) for kind in Kind}
    days_from = max(BEGINNING, _midnight(settings.run.days_from))
    intake = Intake(
        database,
        Sources(order, build),
        LiveHistory(instruments, sessions, ranks_of(order)),
        Schedule(instruments.values(), sessions, settle),
        Depth(days_from, settings.run.hours_days * DAY),
        grace,
        Gate(instruments, sessions, settle),
    )
    news = News(sessions.next_open, grace, settings.delivery.expire_minutes * 60)
    thinking = ThreadPoolExecutor(1, thread_name_prefix="judge")
    closed = channel == "telegram" and not settings.telegram.everyone
    admitted = frozenset(map(str, settings.telegram.allow)) if closed else None
    watch = Watch(database, intake, sessions, settings.compiled, news, channel, at, thinking, admitted)
    return Room(database, intake, watch, thinking)


def live_sources(settings: Settings, sessions: Sessions, at: Instant) -> tuple[Mapping[str, Sequence[SourceId]], Build]:
    """What `run` asks: the configured sources, or a simulated market that plays on as time passes."""
    if settings.run.source is Prices.SIMULATED:
        end_of_next_year = _midnight(dt.date(dt.datetime.fromtimestamp(at, dt.UTC).year + 2, 1, 1))
        feed = build_feed("simulated", Setup(sessions, end_of_next_year, seed=settings.market.seed))
        return one_feed(feed, settings.instrument_map)
    timeout = float(settings.feeds.timeout_seconds)

    def build(source: SourceId) -> Feed:
        return build_feed(source.feed, Setup(sessions, at, venue=source.venue, timeout=timeout))

    return order_of(settings.instrument_map, settings.feeds.venues), build


def one_feed(feed: Feed, instruments: Mapping[str, Instrument]) -> tuple[Mapping[str, Sequence[SourceId]], Build]:
    """Every instrument from the same feed."""
    source = SourceId(feed.name, feed.name)
    return dict.fromkeys(instruments, (source,)), lambda _: feed


def _midnight(date: dt.date) -> Instant:
    return (date - dt.date(1970, 1, 1)).days * DAY


async def open_service(settings: Settings, stack: AsyncExitStack, told: Told) -> Service:
    """A started service; `stack` stops it. Raises StoreError when its database cannot be used, or is in use."""
    path = settings.store.file
    held = lock(path)
    if held is None:
        other = await _who_runs(path)
        raise StoreError(f"{path} is in use: {other} runs on it; stop that one, or name another file in store.url")
    stack.callback(held.release)
    at = now()
    sessions = Sessions(at)
    order, build = live_sources(settings, sessions, at)
    channel = "telegram" if settings.telegram.given else "console"
    room = open_room(settings, Database(path), order, build, channel, at)
    stack.push_async_callback(room.close)
    await room.database.migrate()
    owner = f"{socket.gethostname()}:{os.getpid()}"
    async with room.database.write() as connection:
        await register(connection, socket.gethostname(), os.getpid(), _version(), at)
        if channel == "console":
            await subscribe(connection, channel, "terminal", "terminal", at)
    parts = Parts(
        room.database,
        room.intake,
        room.watch,
        settings.compiled,
        settings.scope,
        now,
        settings.run.poll_seconds,
        settings.market.grace_minutes * 60,
        told,
    )
    draw = partial(charts.draw, theme=settings.pictures.theme)
    reception, service = Reception(parts, draw), Service(parts)
    stack.callback(reception.close)
    front = _telegram(settings, reception) if channel == "telegram" else ConsoleFront()
    reception.front_state = lambda: front.state
    stack.push_async_callback(service.stop)
    await service.start(front, owner)
    return service


def _telegram(settings: Settings, reception: Reception) -> Front:
    """The bot in Telegram; loaded only where there is a token."""
    from bot.telegram.access import Access
    from bot.telegram.application import TelegramService
    from bot.telegram.incoming import Incoming

    async def answer(incoming: Incoming) -> Answer:
        question = Question("telegram", incoming.address, incoming.kind, str(incoming.user), incoming.text)
        return await reception.answer(question)

    return TelegramService(
        settings.telegram.token.get_secret_value(),
        settings.telegram.base_url,
        answer,
        access=Access(frozenset(settings.telegram.allow), settings.telegram.everyone),
        commands={name: each.summary for name, each in all_commands().items()},
        pacer=Pacer(),
    )


async def _who_runs(path: Path) -> str:
    database = Database(path)
    try:
        return await holder(database)
    finally:
        await database.close()


def _version() -> str:
    try:
        return version("bellwether-bot")
    except PackageNotFoundError:
        return "not installed"
