"""What the store forgets, a few rows at a time: what is done, and old, and nothing to anybody any more.

Nothing is forgotten that decides what is said next. What is owed stays, and what a summary is still to list; the events
that such a message tells of, and all that are newer than the oldest of them, so that a correction never goes before
what it takes back; of each rule its newest event, and whatever it fired lately, which is counted. Of an alert that
somebody has removed nothing is said any more: its newest event goes as the others do. Where a rule stands
is in a table of its own, and so are the bars: neither is touched here. Lines that people wrote have a rule of their own
(bot.store.inbox).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import sqlalchemy as sa

from bot.answers.personal import PERSONAL
from bot.store.chats import EVERYTHING, OWN
from bot.store.database import Connection
from bot.store.schema import alerts, chats, deliveries, events, parts, revisions, subscriptions, taps
from bot.store.states import has_lapsed, is_open
from bot.store.summaries import TELLS
from bot.store.waiting import LATELY
from rules.model import Instant


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that rows are kept: of deliveries since they were settled, of events since their bar ended, of what bars
    said before since it was replaced, of chats that are told nothing since they were last heard or told. What a button
    stands for is kept as long as such a chat, since it was shown last.
    """

    deliveries: int
    events: int
    revisions: int
    chats: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of what were forgotten."""

    deliveries: int = 0
    events: int = 0
    parts: int = 0
    revisions: int = 0
    chats: int = 0
    taps: int = 0

    def __add__(self, other: Pruned) -> Pruned:
        return Pruned(*(mine + theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    @property
    def total(self) -> int:
        """Of all of it."""
        return sum(astuple(self))


_NEWER = events.alias()
_IS_NOT_THE_NEWEST = sa.exists().where(_NEWER.c.rule == events.c.rule, _NEWER.c.at > events.c.at)
_MADE = sa.select(PERSONAL + sa.cast(alerts.c.chat, sa.String) + "." + sa.cast(alerts.c.number, sa.String))
_IS_OF_A_REMOVED_ALERT = sa.and_(events.c.rule.startswith(PERSONAL, autoescape=True), events.c.rule.not_in(_MADE))

_WANTED = sa.exists().where(
    subscriptions.c.chat == deliveries.c.chat,
    subscriptions.c.since <= deliveries.c.at,
    subscriptions.c.topic.in_([EVERYTHING, OWN]),
)
_TO_BE_LISTED = sa.and_(has_lapsed(deliveries), TELLS, _WANTED)
"""No news any more, and in no summary yet; who has unsubscribed since is listed nothing."""

_OPEN = sa.or_(is_open(deliveries), has_lapsed(deliveries))
_OPEN_KEYS = sa.select(deliveries.c.event).where(_OPEN)
_TOLD_BY_THEM = sa.union(_OPEN_KEYS, sa.select(parts.c.event).where(parts.c.head.in_(_OPEN_KEYS)))
_STILL_TOLD = sa.select(sa.func.min(events.c.at)).where(sa.or_(events.c.unsaid, events.c.key.in_(_TOLD_BY_THEM)))
"""When the oldest event was that a message still tells of, or is to be told of."""

_IS_RECORDED = sa.exists().where(events.c.key == parts.c.event)

_OF_IT = deliveries.alias()
_IS_SUBSCRIBED = sa.exists().where(subscriptions.c.chat == chats.c.id)


async def prune(connection: Connection, limits: Limits, now: Instant, most: int) -> Pruned:
    """Forget up to `most` rows of each kind, the oldest first. Nothing forgotten: there is nothing more to do."""
    return Pruned(
        deliveries=await _drop_deliveries(connection, now - limits.deliveries, most),
        events=await _drop_events(connection, now - max(limits.events, LATELY), most),
        parts=await _drop_parts(connection, most),
        revisions=await _drop_revisions(connection, now - limits.revisions, most),
        chats=await _drop_chats(connection, now - limits.chats, most),
        taps=await _drop_taps(connection, now - limits.chats, most),
    )


async def _drop_deliveries(connection: Connection, before: Instant, most: int) -> int:
    done = sa.select(deliveries.c.id).where(
        deliveries.c.settled_at < before, ~is_open(deliveries), sa.not_(_TO_BE_LISTED)
    )
    return await _drop(connection, deliveries, done.order_by(deliveries.c.id).limit(most))


async def _drop_events(connection: Connection, before: Instant, most: int) -> int:
    """In the order of their bars: what was corrected goes before its correction."""
    told = await connection.scalar(_STILL_TOLD)
    old = events.c.at < (before if told is None else min(before, told))
    past = (
        sa.select(events.c.id)
        .where(old, _IS_NOT_THE_NEWEST | _IS_OF_A_REMOVED_ALERT)
        .order_by(events.c.at, events.c.id)
    )
    return await _drop(connection, events, past.limit(most))


async def _drop_parts(connection: Connection, most: int) -> int:
    """Of events that are gone; of a message that is still to be sent or listed none."""
    needless = sa.select(parts.c.event, parts.c.head).where(~_IS_RECORDED, parts.c.head.not_in(_OPEN_KEYS)).limit(most)
    theirs = sa.tuple_(parts.c.event, parts.c.head).in_(needless)
    return (await connection.execute(sa.delete(parts).where(theirs))).rowcount


async def _drop_revisions(connection: Connection, before: Instant, most: int) -> int:
    past = sa.select(revisions.c.id).where(revisions.c.replaced_at < before).order_by(revisions.c.id)
    return await _drop(connection, revisions, past.limit(most))


async def _drop_chats(connection: Connection, before: Instant, most: int) -> int:
    """Those that are told nothing, are owed nothing, and were neither heard nor told for long."""
    told_lately = sa.exists().where(_OF_IT.c.chat == chats.c.id, sa.or_(is_open(_OF_IT), _OF_IT.c.created_at >= before))
    last_heard = sa.func.coalesce(chats.c.heard_at, chats.c.first_seen)
    silent = sa.select(chats.c.id).where(last_heard < before, ~_IS_SUBSCRIBED, ~told_lately)
    return await _drop(connection, chats, silent.order_by(chats.c.id).limit(most))


async def _drop_taps(connection: Connection, before: Instant, most: int) -> int:
    """Whoever taps such a button is told that it is too old."""
    old = sa.select(taps.c.token).where(taps.c.shown_at < before).order_by(taps.c.shown_at).limit(most)
    return (await connection.execute(sa.delete(taps).where(taps.c.token.in_(old)))).rowcount


async def _drop(connection: Connection, table: sa.Table, ids: sa.Select[tuple[int]]) -> int:
    return (await connection.execute(sa.delete(table).where(table.c.id.in_(ids)))).rowcount
