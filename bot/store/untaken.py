"""What one channel does not take, looked at for those who are told in its place: since when, and which messages."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from bot.answers.personal import PERSONAL
from bot.store.alerts import events_of
from bot.store.chats import EVERYTHING, Subscriber, may_be_told
from bot.store.database import Connection
from bot.store.messages import Message
from bot.store.schema import chats, deliveries, subscriptions
from bot.store.severity import at_least
from bot.store.states import UNSURE, is_owed
from bot.store.summaries import told_of
from bot.store.told import is_notice
from rules.model import Delivery, Edge, Instant, Severity

_TOLD = deliveries.alias()
_ITS_READERS = (
    sa.select(chats.c.id)
    .join(subscriptions, subscriptions.c.chat == chats.c.id)
    .where(
        chats.c.id == deliveries.c.chat,
        subscriptions.c.topic == EVERYTHING,
        subscriptions.c.since <= deliveries.c.at,
    )
)


async def waits_since(connection: Connection, channel: str) -> Instant | None:
    """Since when the oldest waits that a channel is owed; None where nothing does. What a fault of ours keeps back says
    nothing about the channel.
    """
    owed = sa.select(sa.func.min(deliveries.c.created_at)).where(is_owed(deliveries), ~deliveries.c.aside)
    oldest: Instant | None = (await connection.execute(owed.where(_of(channel)))).scalar_one()
    return oldest


async def last_sent(connection: Connection, channel: str) -> Instant | None:
    """When a channel last took something. Looks at every delivery there is."""
    sent = sa.select(sa.func.max(deliveries.c.settled_at)).where(deliveries.c.state == "sent", _of(channel))
    last: Instant | None = (await connection.execute(sent)).scalar_one()
    return last


async def untaken(
    connection: Connection,
    channel: str,
    to: Subscriber,
    before: Instant,
    now: Instant,
    admitted: Collection[str] | None = None,
) -> list[Message]:
    """What was owed to readers of a channel `before`, is owed still and is still news, grave enough for `to` and not
    owed there yet: each event once, in order. What somebody made for themselves is nobody else's, nor is a notice.
    """
    if to.least is None:
        return []
    wanted = _ITS_READERS.where(*may_be_told(channel, admitted)).exists()
    grave = deliveries.c.severity.in_([each.value for each in at_least(to.least)])
    query = _open(before, now, to).where(wanted, grave, deliveries.c.at >= to.since, ~deliveries.c.digest)
    query = query.where(~deliveries.c.event.startswith(PERSONAL), ~is_notice(deliveries))
    return await _messages(connection, query)


async def untaken_notices(
    connection: Connection, channel: str, to: Subscriber, before: Instant, now: Instant, patterns: Collection[str]
) -> list[Message]:
    """The same of notices to those who run the service, by what their keys look like. They have no severity."""
    like = sa.or_(*(deliveries.c.event.like(each) for each in patterns))
    theirs = _open(before, now, to).where(_of(channel), deliveries.c.at >= to.since, like)
    return await _messages(connection, theirs)


async def last_owed(connection: Connection, chat: int, prefix: str) -> Instant | None:
    """When a chat was last owed a message whose key begins so."""
    query = sa.select(sa.func.max(deliveries.c.created_at))
    ours = query.where(deliveries.c.chat == chat, deliveries.c.event.startswith(prefix))
    last: Instant | None = (await connection.execute(ours)).scalar_one()
    return last


async def leftovers(connection: Connection, to: Collection[int]) -> bool:
    """Whether these chats are owed anything that `take_off` would take off them."""
    lying = sa.select(deliveries.c.id).where(await _lying(connection, to)).limit(1)
    return (await connection.execute(lying)).first() is not None


async def take_off(connection: Connection, to: Collection[int], until: Instant, now: Instant) -> None:
    """Send these chats nothing of what they were owed `until` then, but how what they were told goes on: that it has
    ended, or is not so. What was never sent is as if it had never been owed: another day it may be again. What may have
    arrived counts as told.
    """
    theirs = await _lying(connection, to), deliveries.c.created_at <= until
    await connection.execute(sa.delete(deliveries).where(*theirs, ~deliveries.c.repeat))
    closed = {"state": UNSURE, "reason": "Telegram takes messages again", "settled_at": now}
    await connection.execute(sa.update(deliveries).where(*theirs).values(closed))


async def _lying(connection: Connection, to: Collection[int]) -> sa.ColumnElement[bool]:
    """Owed to these chats, sent by nobody now, and no sequel of what they may have been told."""
    owed = is_owed(deliveries), deliveries.c.owner.is_(None), deliveries.c.chat.in_(tuple(to))
    kept = await _due_ends(connection, owed)
    return sa.and_(*owed, deliveries.c.event.not_like(f"%/{Edge.CORRECTED}/%"), deliveries.c.id.not_in(kept))


async def _due_ends(connection: Connection, owed: Collection[sa.ColumnElement[bool]]) -> list[int]:
    """Of what is owed, the ends of alerts whose beginning their chat may know of."""
    ends = sa.select(deliveries.c.id, deliveries.c.chat, deliveries.c.event)
    rows = (await connection.execute(ends.where(*owed, deliveries.c.event.like(f"%/{Edge.RESOLVED}/%")))).all()
    known = await events_of(connection, {row.event for row in rows})
    told = {
        key: await told_of(connection, event.rule, Edge.FIRED, event.since, already=True)
        for key, event in known.items()
        if event.since is not None
    }
    return [row.id for row in rows if row.chat in told.get(row.event, ())]


def _of(channel: str) -> sa.ColumnElement[bool]:
    return deliveries.c.chat.in_(sa.select(chats.c.id).where(chats.c.channel == channel))


def _open(before: Instant, now: Instant, to: Subscriber) -> sa.Select[tuple[object, ...]]:
    told = sa.exists().where(_TOLD.c.chat == to.chat, _TOLD.c.event == deliveries.c.event)
    news = deliveries.c.created_at <= before, deliveries.c.expires_at > now
    return sa.select(deliveries).where(is_owed(deliveries), *news, ~told).order_by(deliveries.c.id)


async def _messages(connection: Connection, query: sa.Select[tuple[object, ...]]) -> list[Message]:
    found: dict[str, Message] = {}
    for row in await connection.execute(query):
        found.setdefault(row.event, _message(row))
    return list(found.values())


def _message(row: sa.Row[tuple[object, ...]]) -> Message:
    return Message(
        event=row.event,
        at=row.at,
        html=row.html,
        policy=Delivery.AT_MOST_ONCE if row.at_most_once else Delivery.AT_LEAST_ONCE,
        silent=row.silent,
        late_after=row.late_after,
        expires_at=row.expires_at,
        severity=Severity(row.severity),
    )
