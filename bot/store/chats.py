"""Chats and what they asked to be told. Of a chat only its address, its kind, its subscriptions and when it last asked
for one are kept.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.answers.people import Standing
from bot.answers.preferences import Preferences, dump, load
from bot.store.conflict import insert_new, insert_or_update
from bot.store.database import Connection
from bot.store.people import those
from bot.store.schema import chats, deliveries, subscriptions
from bot.store.states import WITHDRAWN, is_open
from bot.store.told import is_notice
from rules.model import Instant, Severity

PRIVATE = "private"
"""The kind of a chat with one person, whose id is its address."""

GROUP = "group"
"""The kind of a chat of several."""

EVERYTHING = "*"
"""The topic of a subscription to every alert."""

OWN = "own"
"""The topic of a subscription to alerts that the chat has made for itself, and to nothing else."""

NOT_LET_IN = "not let in any more"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A chat that is to be told, and since when: it gets nothing that is older, and nothing less severe than `least`.

    None: only what is meant for this chat by name. `preferences` say how it wants to be told; None: it has none, and
    everything comes at once.
    """

    chat: int
    since: Instant
    least: Severity | None = Severity.INFO
    preferences: Preferences | None = None


@dataclass(frozen=True, slots=True)
class KnownChat:
    """What stands in the row of a chat. `subscribed_since` is since when it is told every alert, None: it is not."""

    chat: int
    subscribed_since: Instant | None
    preferences: Preferences
    alerts_made: int


async def subscribe(
    connection: Connection,
    channel: str,
    address: str,
    kind: str,
    now: Instant,
    topic: str = EVERYTHING,
    thread: int | None = None,
) -> int:
    """Tell this chat every alert from now on, in its topic `thread`. One that is subscribed already keeps its instant.

    Returns its number.
    """
    known = insert_or_update(chats, ["channel", "address"], ["gone", "kind", "heard_at", "thread"])
    here = {
        "channel": channel, "address": address, "kind": kind, "first_seen": now, "gone": None, "heard_at": now,
        "thread": thread,
    }  # fmt: skip
    chat = int((await connection.execute(known.returning(chats.c.id), here)).scalar_one())
    await connection.execute(insert_new(subscriptions), {"chat": chat, "topic": topic, "since": now})
    return chat


async def settle_in(
    connection: Connection, channel: str, address: str, kind: str, now: Instant, thread: int | None = None
) -> int:
    """The number of a chat that chose something, known before or not; it is told its own alerts from now on, those of
    everybody only if it asked for them. A new one has the topic that it was written in.
    """
    known = await known_chat(connection, channel, address)
    if known is None or known.subscribed_since is None:
        return await subscribe(connection, channel, address, kind, now, OWN, thread)
    return known.chat


async def known_chat(connection: Connection, channel: str, address: str) -> KnownChat | None:
    """What is stored of a chat; None where nothing is."""
    told = sa.and_(subscriptions.c.chat == chats.c.id, subscriptions.c.topic == EVERYTHING)
    query = sa.select(chats, subscriptions.c.since).outerjoin(subscriptions, told).where(*_is(channel, address))
    row = (await connection.execute(query)).first()
    return None if row is None else KnownChat(row.id, row.since, load(row.preferences), row.alerts_made)


async def prefer(connection: Connection, chat: int, preferences: Preferences) -> None:
    """A chat wants to be told so from now on."""
    await connection.execute(sa.update(chats).where(chats.c.id == chat).values(preferences=dump(preferences)))


async def acquaint(connection: Connection, channel: str, address: str, now: Instant) -> int:
    """The number of a chat that is told something whether or not it is subscribed, known before or not."""
    kind = GROUP if address.startswith("-") else PRIVATE
    here = {"channel": channel, "address": address, "kind": kind, "first_seen": now, "gone": None}
    await connection.execute(insert_new(chats), here)
    known = await connection.execute(sa.select(chats.c.id).where(*_is(channel, address)))
    return int(known.scalar_one())


async def unsubscribe(connection: Connection, channel: str, address: str) -> None:
    """Tell this chat no alert any more, what is owed included; what it is to hear as an administrator it still does."""
    chat = _id_of(channel, address)
    await connection.execute(sa.delete(subscriptions).where(subscriptions.c.chat == chat))
    owed = sa.delete(deliveries).where(deliveries.c.chat == chat, is_open(deliveries))
    await connection.execute(owed.where(~is_notice(deliveries)))


async def forget(connection: Connection, channel: str, address: str) -> None:
    """Delete everything about this chat."""
    await connection.execute(sa.delete(chats).where(chats.c.channel == channel, chats.c.address == address))


async def subscribed_since(connection: Connection, channel: str, address: str) -> Instant | None:
    """Since when this chat is told every alert; None when it is not."""
    query = sa.select(subscriptions.c.since).where(subscriptions.c.chat == _id_of(channel, address))
    since: Instant | None = (await connection.execute(query)).scalar()
    return since


async def subscribers(
    connection: Connection, channel: str, admitted: Collection[str] | None = None
) -> list[Subscriber]:
    """The chats of a channel that are to be told, and can be; of private ones only the `admitted` and those whom an
    administrator has let in, or, where that is None, all whom none has refused; of groups all that none has refused.

    One that is not let in any more keeps its wish: it is told again from when it is let in again.
    """
    return [
        Subscriber(row.chat, row.since, preferences=load(row.preferences))
        for row in await connection.execute(_subscribed(channel, admitted).where(subscriptions.c.topic == EVERYTHING))
    ]


async def own_readers(
    connection: Connection, channel: str, admitted: Collection[str] | None = None
) -> list[Subscriber]:
    """The same of chats that are told what they have made for themselves, and nothing else."""
    everything = sa.select(subscriptions.c.chat).where(subscriptions.c.topic == EVERYTHING)
    theirs = subscriptions.c.topic == OWN, subscriptions.c.chat.not_in(everything)
    return [
        Subscriber(row.chat, row.since, None, load(row.preferences))
        for row in await connection.execute(_subscribed(channel, admitted).where(*theirs))
    ]


def _subscribed(channel: str, admitted: Collection[str] | None) -> sa.Select[tuple[int, int, Any]]:
    """Subscriptions of the chats of a channel that may be told, by chat."""
    rows = sa.select(subscriptions.c.chat, subscriptions.c.since, chats.c.preferences)
    of_chats = rows.join(chats, chats.c.id == subscriptions.c.chat)
    return of_chats.where(*may_be_told(channel, admitted)).order_by(subscriptions.c.chat)


def may_be_told(channel: str, admitted: Collection[str] | None) -> tuple[sa.ColumnElement[bool], ...]:
    """Of rows of chats: those of a channel that are there, and let in as `subscribers` has it."""
    refused = those(channel, Standing.DENIED)
    open_to = sa.and_(chats.c.kind != PRIVATE, chats.c.address.not_in(refused))
    let_in = sa.or_(open_to, _is_admitted(channel, admitted))
    return (chats.c.channel == channel, chats.c.gone.is_(None), let_in)


def _is_admitted(channel: str, admitted: Collection[str] | None) -> sa.ColumnElement[bool]:
    """Whether a private chat is let in: by the configuration, which goes before, or by an administrator since."""
    if admitted is None:
        return chats.c.address.not_in(those(channel, Standing.DENIED))
    return sa.or_(chats.c.address.in_(admitted), chats.c.address.in_(those(channel, Standing.ALLOWED)))


async def turn_away(connection: Connection, channel: str, admitted: Collection[str] | None, now: Instant) -> None:
    """Close what private chats of a channel are owed that are not let in, notices included. Their wish stands, as
    `subscribers` has it.
    """
    private = chats.c.channel == channel, chats.c.kind == PRIVATE
    theirs = deliveries.c.chat.in_(sa.select(chats.c.id).where(*private, ~_is_admitted(channel, admitted)))
    closed = {"state": WITHDRAWN, "reason": NOT_LET_IN, "settled_at": now, "owner": None}
    await connection.execute(sa.update(deliveries).where(is_open(deliveries), theirs), closed)


async def turn_out(connection: Connection, channel: str, address: str, now: Instant) -> None:
    """Close everything that one chat is owed: it is not let in any more."""
    owed = sa.update(deliveries).where(deliveries.c.chat == _id_of(channel, address), is_open(deliveries))
    await connection.execute(owed, {"state": WITHDRAWN, "reason": NOT_LET_IN, "settled_at": now, "owner": None})


async def told_addresses(connection: Connection, channel: str, admitted: Collection[str] | None) -> list[str]:
    """The addresses of the chats of a channel that are told every alert, as `subscribers` has them."""
    query = (
        sa.select(chats.c.address)
        .join(subscriptions, chats.c.id == subscriptions.c.chat)
        .where(*may_be_told(channel, admitted), subscriptions.c.topic == EVERYTHING)
        .order_by(chats.c.id)
    )
    return list((await connection.execute(query)).scalars())


async def count_subscribed(connection: Connection, channel: str) -> int:
    """How many chats of a channel are told."""
    told = sa.select(sa.func.count(sa.distinct(subscriptions.c.chat))).join(chats, chats.c.id == subscriptions.c.chat)
    query = told.where(chats.c.channel == channel)
    return int((await connection.execute(query)).scalar_one())


async def retire(connection: Connection, chat: int, reason: str, known_at: Instant) -> bool:
    """Nothing can be sent to this chat any more; it comes back by subscribing again. Returns whether that holds: not
    if it has asked to be told since `known_at`, when it may still have been gone.
    """
    heard_since = sa.select(chats.c.id).where(chats.c.id == chat, chats.c.heard_at >= known_at)
    if (await connection.execute(heard_since)).first() is not None:
        return False
    await connection.execute(sa.update(chats).where(chats.c.id == chat).values(gone=reason[:200]))
    await connection.execute(sa.delete(subscriptions).where(subscriptions.c.chat == chat))
    return True


def _is(channel: str, address: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (chats.c.channel == channel, chats.c.address == address)


def _id_of(channel: str, address: str) -> sa.ScalarSelect[int]:
    return sa.select(chats.c.id).where(*_is(channel, address)).scalar_subquery()
