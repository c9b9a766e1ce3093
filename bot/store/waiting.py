"""What waits to be told together with other things, and what a chat was told before: what decides over the next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.answers.personal import PERSONAL
from bot.store.chats import EVERYTHING, OWN, may_be_told
from bot.store.database import Connection
from bot.store.schema import chats, deliveries, events, parts, subscriptions
from bot.store.states import GATHERED, LISTED, OWED, TOLD, WITHDRAWN, is_waiting
from bot.store.summaries import sliced
from rules.bars import DAY
from rules.model import Edge, Instant

LATELY = 30 * DAY
"""Seconds for which it counts how often a rule has fired; no event is forgotten before."""

_FIRED = f"%/{Edge.FIRED}/%"
_ITS_READERS = (
    sa.select(chats.c.id)
    .join(subscriptions, subscriptions.c.chat == chats.c.id)
    .where(chats.c.id == deliveries.c.chat, subscriptions.c.topic.in_([EVERYTHING, OWN]))
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that waits, until `due`, and the keys of all that happened that it tells of. `silent` and `why` are as
    it was decided then.
    """

    id: int
    chat: int
    state: str
    due: Instant
    silent: bool
    why: str
    events: tuple[str, ...]


async def waiting(
    connection: Connection,
    channel: str,
    now: Instant,
    also: Collection[int] = (),
    admitted: Collection[str] | None = None,
) -> list[Waiting]:
    """What is due to be told by `now`, and all that is gathered for the chats in `also`, in order. Only of chats of a
    channel that may be told; what waits for others waits on.
    """
    wanted = _ITS_READERS.where(*may_be_told(channel, admitted)).exists()
    gathered = sa.and_(deliveries.c.state == GATHERED, deliveries.c.chat.in_(tuple(also)))
    query = sa.select(deliveries).where(is_waiting(deliveries), wanted)
    due = query.where(sa.or_(deliveries.c.due_at <= now, gathered)).order_by(deliveries.c.id)
    rows = (await connection.execute(due)).all()
    members = await _members(connection, {row.event for row in rows})
    return [
        Waiting(
            row.id, row.chat, row.state, row.due_at, row.silent, row.reason, (row.event, *members.get(row.event, ()))
        )
        for row in rows
    ]


async def waits(connection: Connection, chat: int) -> dict[str, int]:
    """How many things wait for a chat, by their state."""
    query = sa.select(deliveries.c.state, sa.func.count().label("number"))
    mine = query.where(is_waiting(deliveries), deliveries.c.chat == chat).group_by(deliveries.c.state)
    return {row.state: row.number for row in await connection.execute(mine)}


async def close_waiting(connection: Connection, told: Collection[int], void: Collection[int], now: Instant) -> None:
    """`told` are in a summary now; of the `void` nothing is left that is so."""
    await _change(connection, told, state=LISTED, settled_at=now)
    await _change(connection, void, state=WITHDRAWN, reason="corrected before it was told", settled_at=now)


async def send_waiting(connection: Connection, ids: Collection[int], now: Instant, late: int, lasting: int) -> None:
    """These are sent as they are, and owed from now on: what had to wait is not late for that, nor no news any more.
    `late` and `lasting` are for how many seconds it is neither, at least.
    """
    until = _no_earlier(deliveries.c.late_after, now + late), _no_earlier(deliveries.c.expires_at, now + lasting)
    times = {"created_at": now, "due_at": now, "late_after": until[0], "expires_at": until[1]}
    await _change(connection, ids, state=OWED, reason="", **times)


async def put_off(connection: Connection, chat: int, state: str, due: Instant, since: Instant = 0) -> None:
    """What waits for a chat in a state is due then; what is due before `since` stays so."""
    theirs = deliveries.c.chat == chat, is_waiting(deliveries), deliveries.c.state == state
    await connection.execute(sa.update(deliveries).where(*theirs, deliveries.c.due_at >= since).values(due_at=due))


async def is_owed_or_was(connection: Connection, keys: Mapping[int, str]) -> frozenset[int]:
    """Of chats those that were owed the message of a key."""
    query = sa.select(deliveries.c.chat, deliveries.c.event).where(deliveries.c.event.in_(set(keys.values())))
    rows = (await connection.execute(query)).all() if keys else []
    return frozenset(row.chat for row in rows if keys.get(row.chat) == row.event)


async def alerts_since(connection: Connection, since: Instant) -> list[tuple[int, Instant]]:
    """Of every alert that anybody was told since then, or will be at once: the chat, and when it was owed. What people
    have made for themselves is not among them.
    """
    query = sa.select(deliveries.c.chat, deliveries.c.created_at).where(deliveries.c.created_at >= since)
    told = deliveries.c.state.in_(TOLD), deliveries.c.event.like(_FIRED), ~deliveries.c.event.startswith(PERSONAL)
    return [(row.chat, row.created_at) for row in await connection.execute(query.where(*told))]


async def firings_between(connection: Connection, rule: str, first: Instant, last: Instant) -> int:
    """How often a rule has fired on bars that ended from `first` on and before `last`."""
    fired = events.c.rule == rule, events.c.at >= first, events.c.at < last, events.c.key.like(_FIRED)
    return int((await connection.execute(sa.select(sa.func.count()).select_from(events).where(*fired))).scalar_one())


async def fates_of(connection: Connection, rule: str, at: Instant) -> dict[int, tuple[str, str]]:
    """How each chat stands to what a rule fired on a bar: the state and the reason of its delivery, by itself or
    beneath another.
    """
    its = sa.select(events.c.key).where(events.c.rule == rule, events.c.at == at, events.c.key.like(_FIRED))
    heads = sa.select(parts.c.head).where(parts.c.event.in_(its))
    query = sa.select(deliveries.c.chat, deliveries.c.state, deliveries.c.reason).order_by(deliveries.c.id)
    first = query.where(sa.or_(deliveries.c.event.in_(its), deliveries.c.event.in_(heads)))
    found: dict[int, tuple[str, str]] = {}
    for row in await connection.execute(first):
        found.setdefault(row.chat, (row.state, row.reason))
    return found


async def fired_key(connection: Connection, rule: str, at: Instant) -> str | None:
    """The key of what a rule fired on a bar, the newest of several; None where that is not recorded."""
    its = sa.select(events.c.key).where(events.c.rule == rule, events.c.at == at, events.c.key.like(_FIRED))
    return (await connection.execute(its.order_by(events.c.id.desc()).limit(1))).scalar()


async def _members(connection: Connection, heads: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    rows = sa.select(parts).where(parts.c.head.in_(heads)).order_by(parts.c.event)
    for row in (await connection.execute(rows)) if heads else ():
        found.setdefault(row.head, []).append(row.event)
    return found


def _no_earlier(column: sa.Column[Any], than: Instant) -> sa.ColumnElement[Any]:
    return sa.case((column < than, than), else_=column)


async def _change(connection: Connection, ids: Collection[int], **values: object) -> None:
    for some in sliced(ids):
        rows = deliveries.c.id.in_(some), is_waiting(deliveries)
        await connection.execute(sa.update(deliveries).where(*rows).values(values))
