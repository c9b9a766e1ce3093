"""The live half of the composition root: builds the watch over a store, and the service round it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from bot.clock import now
from bot.commands.registry import all_commands, may_change
from bot.console import ConsoleFront
from bot.delivery.announce import News
from bot.delivery.channel import Answer
from bot.delivery.notices import Noticeboard
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
from bot.store.database import Database, open_database
from bot.store.errors import StoreError
from bot.store.lease import Lease, take_lease
from bot.store.outbox import LONGEST_OWNER
from bot.store.runner import holder, lock, register
from bot.upkeep import Care
from bot.watch import Watch
from bot.watchdog.guard import Guarded
from rules.bars import DAY
from rules.model import Instant, Instrument, Kind

if TYPE_CHECKING:
    from bot.telegram.application import TelegramService

POLLS, TELEGRAM, LEASE = 90.0, 120.0, 60.0
"""Seconds without an attempt to hear from Telegram, without Telegram as it should be, and without being sure that it is
this process that works, that are too many.
"""

log = logging.getLogger(__name__)

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
    """A started service; `stack` stops it. Where another process works on the database, it waits for that one to end.

    Raises StoreError when the database cannot be used, or is a file in use.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"[-LONGEST_OWNER:]
    database, lease = await _take_database(settings, owner, stack)
    at = now()
    sessions = Sessions(at)
    order, build = live_sources(settings, sessions, at)
    channel = "telegram" if settings.telegram.given else "console"
    room = open_room(settings, database, order, build, channel, at)
    stack.push_async_callback(room.close)
    async with database.write() as connection:
        await register(connection, socket.gethostname(), os.getpid(), _version(), at)
        if channel == "console":
            await subscribe(connection, channel, "terminal", "terminal", at)
    parts = Parts(
        database,
        room.intake,
        room.watch,
        settings.compiled,
        settings.scope,
        now,
        settings.run.poll_seconds,
        settings.market.grace_minutes * 60,
        told,
    )
    reception = Reception(parts, partial(charts.draw, theme=settings.pictures.theme))
    stack.callback(reception.close)
    front, guarded = _front(settings, database, reception, lease)
    right = Guarded("the right to work", lambda: lease.doubted_for, LEASE, fatal=False)
    admins = map(str, settings.telegram.admins) if channel == "telegram" else ()
    board = Noticeboard(database, channel, admins, now, lambda: service.wake())
    watchdog = settings.watchdog
    service = Service(
        parts, Care(watchdog.ping_url.get_secret_value(), watchdog.ping_seconds, board.post, board.posted)
    )
    reception.front_state, reception.vitals = lambda: front.state, service.vitals
    stack.push_async_callback(service.stop)
    await service.start(front, owner, (*guarded, right), lambda: lease.valid)
    lost = asyncio.create_task(_end_when_lost(lease, service), name="lease")
    stack.callback(lost.cancel)
    return service


async def _take_database(settings: Settings, owner: str, stack: AsyncExitStack) -> tuple[Database, Lease]:
    """The database, at the newest schema, and the right to work on it."""
    if (file := settings.store.file) is not None:
        if (held := lock(file)) is None:
            other = await _who_runs(file)
            raise StoreError(f"{file} is in use: {other} runs on it; stop that one, or name another file in store.url")
        stack.callback(held.release)
    database = open_database(settings.store.url.get_secret_value())
    stack.push_async_callback(database.close)
    lease = await take_lease(database, owner, lambda why: log.info("standing by: %s", why))
    stack.push_async_callback(lease.release)
    return database, lease


async def _end_when_lost(lease: Lease, service: Service) -> None:
    """A process that another has taken over from begins anew, and stands by."""
    await lease.lost.wait()
    service.give_up("another process has taken over")


def _front(
    settings: Settings, database: Database, reception: Reception, lease: Lease
) -> tuple[Front, Sequence[Guarded]]:
    """Where people meet the bot, and what of it must show life."""
    if not settings.telegram.given:
        return ConsoleFront(), ()
    front = _telegram(settings, database, reception, lease)
    return front, (
        Guarded("Telegram polling", front.polling_age, POLLS, front.restart_polling),
        Guarded("Telegram", front.trouble_age, TELEGRAM, fatal=False, why=front.trouble),
    )


def _telegram(settings: Settings, database: Database, reception: Reception, lease: Lease) -> TelegramService:
    """The bot in Telegram; loaded only where there is a token."""
    from bot.telegram.access import Access
    from bot.telegram.application import TelegramService
    from bot.telegram.incoming import Incoming
    from bot.telegram.letterbox import StoredLetters

    async def answer(incoming: Incoming) -> Answer:
        question = Question("telegram", incoming.address, incoming.kind, str(incoming.user), incoming.text)
        return await reception.answer(question)

    return TelegramService(
        settings.telegram.token.get_secret_value(),
        settings.telegram.base_url,
        answer,
        StoredLetters(database, now),
        access=Access(frozenset(settings.telegram.allow), settings.telegram.everyone),
        commands={name: each.summary for name, each in all_commands().items()},
        pacer=Pacer(),
        always=may_change,
        works=lambda: lease.valid,
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
