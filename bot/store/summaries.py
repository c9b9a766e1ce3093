"""What was owed, looked at afterwards: for a correction, who was told of what turned out not to be so; for a summary,
what nobody could be told as long as it was news.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import sqlalchemy as sa

from bot.store.chats import EVERYTHING, OWN, may_be_told
from bot.store.database import Connection
from bot.store.schema import chats, deliveries, events, parts, subscriptions
from bot.store.states import GATHERED, HELD, LISTED, OWED, TOLD, WITHDRAWN, has_lapsed, has_reached, is_owed
from rules.model import Instant

T = TypeVar("T")

AT_A_TIME = 5_000
"""Rows that a statement names: PostgreSQL takes 65,535 parameters, SQLite on some systems 32,766."""

_OTHER = deliveries.alias()
_FREE = ~sa.exists().where(is_owed(_OTHER), _OTHER.c.chat == deliveries.c.chat)
"""Whether nothing is owed to its chat any more."""

_HAPPENED = sa.exists().where(events.c.key == deliveries.c.event)
TELLS = sa.or_(_HAPPENED, sa.exists().where(parts.c.head == deliveries.c.event))
"""Whether it told of something that happened, or listed it: a notice to those who run the service does not."""

_ITS_READERS = (
    sa.select(chats.c.id)
    .join(subscriptions, subscriptions.c.chat == chats.c.id)
    .where(
        chats.c.id == deliveries.c.chat,
        subscriptions.c.since <= deliveries.c.at,
        subscriptions.c.topic.in_([EVERYTHING, OWN]),
    )
)


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A delivery that was no news any more when it could be sent, and the keys of all that happened that it told of."""

    id: int
    chat: int
    events: tuple[str, ...]


async def take_back(connection: Connection, event: str, now: Instant) -> frozenset[int]:
    """The chats that were told of an event, or may have been. What has surely not arrived and tells of nothing else is
    not sent any more: who has not heard of it need not hear that it is not so.
    """
    heads = (await connection.execute(sa.select(parts.c.head).where(parts.c.event == event))).scalars().all()
    of_it = deliveries.c.event.in_([event, *heads])
    telling = (await connection.execute(sa.select(deliveries).where(of_it))).all()
    others = sa.select(sa.func.count()).where(parts.c.head == event)
    alone = not heads and not (await connection.execute(others)).scalar_one()
    unsent = [row.id for row in telling if alone and _is_surely_unsent(row)]
    await _withdraw(connection, unsent, now)
    return frozenset(row.chat for row in telling if row.id not in unsent and _may_have_been_told(row))


def _is_surely_unsent(row: sa.Row[tuple[object, ...]]) -> bool:
    return row.state in (HELD, GATHERED, OWED) and not row.repeat and row.owner is None


def _may_have_been_told(row: sa.Row[tuple[object, ...]]) -> bool:
    """What waits was told only if a backup was put back since."""
    return row.state in TOLD or (row.state in (HELD, GATHERED) and row.repeat)


async def told_of(
    connection: Connection, rule: str, edge: str, at: Instant, *, already: bool = False
) -> frozenset[int]:
    """The chats that were told of what a rule said of a bar, or will be, by itself or beneath another; only those that
    may know of it `already`, where that is asked.
    """
    its = sa.select(events.c.key).where(
        events.c.rule == rule, events.c.at == at, events.c.key.startswith(f"{rule}/{edge}/")
    )
    heads = sa.select(parts.c.head).where(parts.c.event.in_(its))
    query = sa.select(deliveries.c.chat).where(has_reached(deliveries) if already else deliveries.c.state.in_(TOLD))
    of_it = sa.or_(deliveries.c.event.in_(its), deliveries.c.event.in_(heads))
    return frozenset((await connection.execute(query.where(of_it))).scalars())


async def lapsed(connection: Connection, channel: str, admitted: Collection[str] | None = None) -> list[Lapsed]:
    """What could not be sent as long as it was news and is in no summary yet, in order.

    Only of chats that are told and that nothing is owed to any more: what is still news comes first. What lapsed for
    one that is not let in any more waits until it is; what lapsed before somebody asked to be told is nothing to them.
    """
    wanted = _ITS_READERS.where(*may_be_told(channel, admitted)).exists()
    query = sa.select(deliveries.c.id, deliveries.c.chat, deliveries.c.event, _HAPPENED.label("happened"))
    query = query.where(has_lapsed(deliveries), TELLS, _FREE, wanted)
    rows = sorted(await connection.execute(query))  # by id; asked to, SQLite reads all there are
    if not rows:
        return []
    members: dict[str, list[str]] = {}
    for some in sliced({row.event for row in rows}):
        for row in await connection.execute(sa.select(parts).where(parts.c.head.in_(some)).order_by(parts.c.event)):
            members.setdefault(row.head, []).append(row.event)
    return [
        Lapsed(row.id, row.chat, (*((row.event,) if row.happened else ()), *members.get(row.event, ()))) for row in rows
    ]


async def close_lapsed(connection: Connection, late: Sequence[Lapsed], undone: AbstractSet[str], now: Instant) -> None:
    """What a summary lists now is listed; what tells of nothing but what is `undone` meanwhile nobody need hear."""
    void = {each.id for each in late if set(each.events) <= undone}
    await _withdraw(connection, void, now)
    for some in sliced({each.id for each in late} - void):
        await connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(some)).values(state=LISTED))


async def _withdraw(connection: Connection, ids: Collection[int], now: Instant) -> None:
    closed = {"state": WITHDRAWN, "reason": "corrected before it was sent", "settled_at": now}
    for some in sliced(ids):
        await connection.execute(sa.update(deliveries).where(deliveries.c.id.in_(some)).values(closed))


def sliced(many: Collection[T]) -> Iterator[list[T]]:
    """As many at a time as a statement may name."""
    left = iter(many)
    while some := list(islice(left, AT_A_TIME)):
        yield some
