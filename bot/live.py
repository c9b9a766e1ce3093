"""The live half of the composition root: builds a service round a room, on what the process holds."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial

from bot.around import Around, version_here
from bot.attendance import Attendance
from bot.beforehand import Beforehand
from bot.clock import now
from bot.delivery.fallback import Awake, Fallback, Main
from bot.delivery.measured import Availability
from bot.delivery.notices import Noticeboard
from bot.fronts import open_front
from bot.further.roll import roll_of, urls_of
from bot.hold import Hold
from bot.housekeeping import FreeSpace, Housekeeping
from bot.market.sessions import Sessions
from bot.parts import BesideFront, Front, Parts
from bot.reception import Reception
from bot.render import charts, notices
from bot.room import Room, admitted, door_of, live_sources, open_room
from bot.service import Service
from bot.settings import Settings
from bot.settings.operations import RetentionSettings
from bot.store.chats import subscribe, turn_away
from bot.store.database import Database
from bot.store.further import enrol
from bot.store.guests import Guests
from bot.store.lease import Lease
from bot.store.retention import Limits
from bot.store.runner import Earlier, register
from bot.upkeep import Care
from bot.watchdog.guard import Guarded
from bot.watchdog.kept import Kept
from bot.web.presence import Doing
from rules.bars import DAY
from rules.model import Instant

LEASE = 60.0
"""Seconds without being sure that it is this process that works that are too many."""

TIDYING, ROOM = 60.0, 30.0
"""Seconds without housekeeping, and without room for the database, that are too many."""

log = logging.getLogger(__name__)

Told = Callable[[str, float], None]


async def open_service(
    settings: Settings, hold: Hold, stack: AsyncExitStack, told: Told, around: Around, complaint: str = ""
) -> Service:
    """A started service on what the process holds; `stack` stops it, and leaves the database to who opened it.

    `complaint` is why a newer configuration could not be taken: administrators are told. Raises StoreError when the
    database cannot be used.
    """
    database, lease, at = hold.database, hold.lease, now()
    channel = "telegram" if settings.telegram.given else "console"
    sources = live_sources(settings, Sessions(at), at)
    room = open_room(settings, database, *sources, channel, at, around.presence.meters)
    stack.push_async_callback(room.leave)
    earlier = await _registered(settings, database, channel, at)
    parts = _parts(settings, room, told, around)
    reception = Reception(parts, partial(charts.draw, theme=settings.pictures.theme))
    stack.callback(reception.close)
    guests = Guests(database, channel)
    await guests.look()
    front, guarded, pushed = open_front(settings, database, reception, guests, lambda: lease.valid, now, around.hide)
    admins = map(str, settings.telegram.admins) if channel == "telegram" else ()
    board = Noticeboard(database, channel, admins, now, lambda: service.wake(), front.channel)
    beside = _beside(settings, hold, guarded, lambda: service.wake(), stack, around.awake)
    service = Service(parts, _care(settings, board))
    _join(service, front, reception, guests, room)
    stack.push_async_callback(service.stop)
    right = Guarded("the right to work", lambda: lease.doubted_for, LEASE, fatal=False)
    guards = (*guarded, right, *_keep_house(settings, database, stack))
    _look_beforehand(parts, reception, stack)
    await service.start(front, hold.owner, guards, lambda: lease.valid, beside)
    if pushed is not None:
        stack.push_async_callback(pushed.stop)
        await pushed.start()
    if complaint:
        await board.post(f"configuration/refused/{at}", notices.not_taken(complaint))
    around.presence.works(_doing(parts, service, front, lease))
    await _attend(settings, around.attendance, database, board, earlier, stack)
    lost = asyncio.create_task(_end_when_lost(lease, service), name="lease")
    stack.callback(lost.cancel)
    return service


def _join(service: Service, front: Front, reception: Reception, guests: Guests, room: Room) -> None:
    """What answers is told of the service, and the service of what answers."""
    outlook = reception.outlook
    outlook.front_state, outlook.vitals = lambda: front.state, service.vitals
    reception.owed, reception.people_changed = service.wake, guests.look
    room.watch.briefs = reception.briefing()


async def _attend(
    settings: Settings,
    attendance: Attendance,
    database: Database,
    board: Noticeboard,
    earlier: Earlier | None,
    stack: AsyncExitStack,
) -> None:
    """Administrators hear that the service has begun, and when `stack` ends that it ends."""
    stack.push_async_callback(attendance.ends, database, board)
    await attendance.begins(database, board, earlier, len(settings.compiled), len(settings.instrument_map))


async def _registered(settings: Settings, database: Database, channel: str, at: Instant) -> Earlier | None:
    """This process stands in the store, and who is told by the configuration alone; who is not let in any more is owed
    nothing. Which process was there before.
    """
    let_in = admitted(settings)
    async with database.write() as connection:
        earlier = await register(connection, socket.gethostname(), os.getpid(), version_here(), at)
        if channel == "console":
            await subscribe(connection, channel, "terminal", "terminal", at)
        await enrol(connection, roll_of(settings), at)
        if channel == "telegram":
            await turn_away(connection, channel, let_in, at)
    return earlier


def _parts(settings: Settings, room: Room, told: Told, around: Around) -> Parts:
    return Parts(
        room.database,
        room.intake,
        room.watch,
        settings.compiled,
        settings.scope,
        now,
        settings.run.poll_seconds,
        settings.market.grace_minutes * 60,
        told,
        door_of(settings),
        around.reloads,
        around.presence.meters,
        _availability(settings),
        settings.telegram.alerts_per_chat,
        settings.evidence.follow,
    )


def _care(settings: Settings, board: Noticeboard) -> Care:
    watchdog = settings.watchdog
    return Care(watchdog.ping_url.get_secret_value(), watchdog.ping_seconds, board.post, board.posted, board.shout)


def _beside(
    settings: Settings,
    hold: Hold,
    guarded: Sequence[Guarded],
    wake: Callable[[], None],
    stack: AsyncExitStack,
    awake: Awake,
) -> BesideFront | None:
    """Further channels; what sends to them is loaded only where there are any."""
    if not settings.channels:
        return None
    from bot.further.channel import open_channel

    secrets = tuple(secret for each in settings.channels.values() for secret in each.secrets)
    channel = open_channel(urls_of(settings.channels), secrets, lambda: hold.lease.valid)
    stack.callback(channel.close)
    least, after = roll_of(settings).fallback, settings.delivery.fallback_minutes * 60
    if not least:
        return BesideFront(channel)
    trouble_age = next(each.age for each in guarded if each.name == "Telegram")
    main = Main("telegram", trouble_age, admitted(settings))
    return BesideFront(channel, Fallback(hold.database, main, least, after, now, wake, awake=awake))


def _keep_house(settings: Settings, database: Database, stack: AsyncExitStack) -> tuple[Guarded, ...]:
    """What is old is forgotten, until `stack` ends; that this goes on is guarded, and that there is room."""
    kept = Kept("housekeeping", Housekeeping(database, _limits(settings.retention), now).run)
    stack.push_async_callback(kept.stop)
    kept.start()
    space = FreeSpace(database, settings.watchdog.free_mb * 1_000_000)
    return (
        Guarded("housekeeping", kept.age, TIDYING, kept.restart, fatal=False),
        Guarded("free disk space", space.age, ROOM, fatal=False, why=space.why),
    )


def _look_beforehand(parts: Parts, reception: Reception, stack: AsyncExitStack) -> None:
    """What followed is worked out before anybody asks, until `stack` ends; without it answers are only slower."""
    beforehand = Beforehand(parts, reception.outlook)
    stack.callback(beforehand.close)
    kept = Kept("what followed", beforehand.run)
    stack.push_async_callback(kept.stop)
    kept.start()


def _limits(retention: RetentionSettings) -> Limits:
    days = (retention.deliveries_days, retention.events_days, retention.revisions_days, retention.chats_days)
    return Limits(*(each * DAY for each in days))


def _availability(settings: Settings) -> Availability:
    """When the bars of each rule count as closed."""
    seconds = settings.run.settle_minutes.seconds
    return Availability(settings.compiled, {name: seconds(each.kind) for name, each in settings.instrument_map.items()})


def _doing(parts: Parts, service: Service, front: Front, lease: Lease) -> Doing:
    """What is told of the work over HTTP."""
    return Doing(
        parts.intake,
        len(parts.rules),
        lambda: len(parts.watch.ready_rules),
        lambda: front.state,
        service.vitals,
        service.looked,
        lambda: lease.valid,
        lambda: parts.database.is_lost,
    )


async def _end_when_lost(lease: Lease, service: Service) -> None:
    """A process that another has taken over from begins anew, and stands by."""
    await lease.lost.wait()
    service.give_up("another process has taken over")
