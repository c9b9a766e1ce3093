"""The outbox as people look at it: what is owed and why, what was given up. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from bot.answers.outbox import BEHIND, NOT_TRIED, UNDER_WAY, Delivery, Outbox
from bot.store.database import Connection
from bot.store.outbox import WAITS
from bot.store.schema import chats, deliveries
from bot.store.states import GATHERED, HELD, LISTED, OWED, WITHHELD, has_failed, has_lapsed, is_owed
from bot.store.summaries import TELLS
from rules.model import Instant

_WHY = sa.case(
    (deliveries.c.state != OWED, deliveries.c.reason),
    (deliveries.c.owner.is_not(None), UNDER_WAY),
    (WAITS, BEHIND),
    (deliveries.c.reason != "", deliveries.c.reason),
    else_=NOT_TRIED,
).label("why")
_COUNT = sa.func.count().label("number")
_UNDELIVERED = deliveries.c.state.not_in([OWED, "sent", LISTED, HELD, GATHERED, WITHHELD])
"""What should have been sent and was not; what a chat wants later, or not at all, should not."""


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed at a moment, and what could not be delivered at all."""

    owed: int
    oldest: Instant | None
    failed: int


async def debt(connection: Connection, channel: str, since: Instant, *others: str) -> Debt:
    """What a channel and `others` are owed now, the oldest since when, and how many of their deliveries were given up
    since `since`.
    """
    ours = _of(channel, *others)
    owed = sa.select(_COUNT, sa.func.min(deliveries.c.created_at)).where(is_owed(deliveries), ours)
    count, oldest = (await connection.execute(owed)).one()
    lost = sa.select(_COUNT).where(has_failed(deliveries), deliveries.c.settled_at >= since, ours)
    return Debt(count, oldest, (await connection.execute(lost)).scalar_one())


async def outbox(connection: Connection, channel: str, since: Instant, *others: str) -> Outbox:
    """What a channel and `others` are owed now, and what of it was given up since `since`."""
    ours = _of(channel, *others)
    owed = sa.select(_COUNT, sa.func.min(deliveries.c.created_at), sa.func.min(deliveries.c.due_at))
    count, oldest, due = (await connection.execute(owed.where(is_owed(deliveries), ours))).one()
    lapsed = sa.select(_COUNT).where(has_lapsed(deliveries), TELLS, ours, deliveries.c.settled_at >= since)
    failed = sa.select(deliveries.c.reason.label("why"), _COUNT).where(has_failed(deliveries), ours)
    return Outbox(
        count,
        oldest,
        due,
        await _counted(connection, sa.select(_WHY, _COUNT).where(is_owed(deliveries), ours)),
        (await connection.execute(lapsed)).scalar_one(),
        await _counted(connection, failed.where(deliveries.c.settled_at >= since)),
    )


def _of(*channels: str) -> sa.ColumnElement[bool]:
    one = chats.c.channel == channels[0] if len(channels) == 1 else chats.c.channel.in_(channels)
    return deliveries.c.chat.in_(sa.select(chats.c.id).where(one))


async def _counted(connection: Connection, query: sa.Select[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    rows = await connection.execute(query.group_by(sa.text("why")))
    return tuple(sorted(((row.why, row.number) for row in rows), key=lambda each: (-each[1], each[0])))


async def held_up(connection: Connection, channel: str) -> str | None:
    """Why what a channel has been owed for longest is not there yet, empty where nobody has tried; None where it is
    owed nothing. What a fault of ours keeps back says nothing about the channel.
    """
    owed = is_owed(deliveries), ~deliveries.c.aside, _of(channel)
    longest = sa.select(sa.func.min(deliveries.c.created_at)).where(*owed).scalar_subquery()
    query = sa.select(deliveries.c.reason).where(*owed, deliveries.c.created_at == longest).limit(1)
    reason: str | None = (await connection.execute(query)).scalar_one_or_none()
    return reason


async def held_up_each(connection: Connection, channel: str) -> dict[str, str]:
    """The same for each of its addresses that is owed something, by address."""
    first = sa.select(sa.func.min(deliveries.c.id).label("id"))
    first = first.where(is_owed(deliveries), ~deliveries.c.aside, _of(channel)).group_by(deliveries.c.chat)
    query = sa.select(chats.c.address, deliveries.c.reason).join(chats, chats.c.id == deliveries.c.chat)
    rows = await connection.execute(query.where(deliveries.c.id.in_(first)))
    return {row.address: row.reason for row in rows}


async def count_owed(connection: Connection) -> int:
    """How many messages are owed, whatever the channel."""
    return (await connection.execute(sa.select(_COUNT).where(is_owed(deliveries)))).scalar_one()


async def count_undelivered(connection: Connection) -> int:
    """How many ended without being sent."""
    return (await connection.execute(sa.select(_COUNT).where(_UNDELIVERED))).scalar_one()


async def owed_deliveries(connection: Connection, most: int) -> list[Delivery]:
    """What is owed, whatever the channel, in the order it falls due."""
    query = _ROWS.where(is_owed(deliveries)).order_by(deliveries.c.due_at, deliveries.c.id).limit(most)
    return [_delivery(row) for row in await connection.execute(query)]


async def told_to(
    connection: Connection, channel: str, addresses: Collection[str], since: Instant
) -> list[tuple[str, Instant]]:
    """The keys of what these chats were told since then, or are owed, with when that was; each once, in order."""
    theirs = sa.select(chats.c.id).where(chats.c.channel == channel, chats.c.address.in_(addresses))
    first = sa.func.min(deliveries.c.id)
    query = sa.select(deliveries.c.event, sa.func.min(deliveries.c.created_at).label("at"))
    query = query.where(deliveries.c.chat.in_(theirs), deliveries.c.created_at >= since)
    rows = await connection.execute(query.group_by(deliveries.c.event).order_by(first))
    return [(row.event, row.at) for row in rows]


async def undelivered(connection: Connection, most: int) -> list[Delivery]:
    """The last that ended without being sent, the newest first. What a summary has listed is not among them."""
    query = _ROWS.where(_UNDELIVERED).order_by(deliveries.c.id.desc()).limit(most)
    return [_delivery(row) for row in await connection.execute(query)]


_ROWS = sa.select(deliveries, _WHY, chats.c.channel, chats.c.address).join(chats, chats.c.id == deliveries.c.chat)


def _delivery(row: sa.Row[tuple[object, ...]]) -> Delivery:
    return Delivery(
        id=row.id,
        channel=row.channel,
        address=row.address,
        event=row.event,
        state=row.state,
        why=row.why,
        attempts=row.attempts,
        repeat=row.repeat,
        since=row.created_at,
        due=row.due_at if row.state == OWED else None,
        expires=row.expires_at,
    )
