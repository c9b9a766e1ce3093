"""Messages owed, as they are sent: claimed under a lease, settled one by one.

The messages of a chat stand in line: only the first that is still owed is sent, so that none overtakes another, but
alerts go before digests. One that a fault of ours keeps back is put aside, and the next need not wait for it. `due_at`
says when: a message falls due at once, after a pause, or, when whoever claimed it is no more, at the end of the lease.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.answers.buttons import NO_BUTTONS, Keyboard, load
from bot.store.database import Connection
from bot.store.schema import chats, deliveries, parts
from bot.store.states import GONE, is_open, is_owed
from rules.model import Delivery, Instant

T = TypeVar("T")

LONGEST_REASON, LONGEST_OWNER = 200, 64


def _of_its_chat(column: sa.ColumnElement[T]) -> sa.ScalarSelect[T]:
    """Looked up row by row: with a join SQLite would sort the whole queue, chat by chat, to find one delivery."""
    return sa.select(column).where(chats.c.id == deliveries.c.chat).scalar_subquery()


_BEFORE = deliveries.alias()
WAITS = sa.exists().where(
    is_owed(_BEFORE),
    _BEFORE.c.chat == deliveries.c.chat,
    _BEFORE.c.id < deliveries.c.id,
    ~_BEFORE.c.aside,
    _BEFORE.c.digest <= deliveries.c.digest,
)
"""Whether a delivery stands in line behind another of its chat. No alert waits for a digest."""
_LINE = (
    is_owed(deliveries),
    deliveries.c.id.not_in(sa.bindparam("without", expanding=True)),
    _of_its_chat(chats.c.channel) == sa.bindparam("channel"),
    ~WAITS,
)
_OF_ITS_KIND = deliveries.c.digest == sa.bindparam("digest")
_NOT_RESTING = deliveries.c.chat.not_in(sa.bindparam("resting", expanding=True))
_IN_TIME = (deliveries.c.due_at, deliveries.c.id)

_NEXT = sa.select(deliveries.c.due_at).where(*_LINE, _OF_ITS_KIND).order_by(*_IN_TIME).limit(1)
_EARLIER = deliveries.alias()
_IN_THE_CHAT = sa.select(sa.func.max(_EARLIER.c.message)).where(_EARLIER.c.chat == deliveries.c.chat)
_ITS_HEADS = sa.select(parts.c.head).where(parts.c.event == deliveries.c.answers).correlate(deliveries)
_ANSWERED = sa.func.coalesce(
    _IN_THE_CHAT.where(_EARLIER.c.event == deliveries.c.answers).scalar_subquery(),
    _IN_THE_CHAT.where(_EARLIER.c.event.in_(_ITS_HEADS)).scalar_subquery(),
)
"""The id in the channel of the message that a delivery is shown as an answer to: the event's own or, where the chat was
told of it beneath another, that one's."""
_DUE = (
    sa.select(
        deliveries,
        _of_its_chat(chats.c.address).label("address"),
        _of_its_chat(chats.c.thread).label("thread"),
        _ANSWERED.label("replies_to"),
    )
    .where(*_LINE, _OF_ITS_KIND, deliveries.c.due_at <= sa.bindparam("now"), _NOT_RESTING)
    .order_by(*_IN_TIME)
    .limit(sa.bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Owed:
    """A delivery that `owner` has claimed: what to send where, and what is known of earlier tries.

    `attempts` counts this one; with the owner it says which claim this is, so that an outdated one settles nothing.
    """

    id: int
    chat: int
    address: str
    html: str
    policy: Delivery
    silent: bool
    digest: bool
    plain: bool
    repeat: bool
    attempts: int
    owner: str
    claimed_at: Instant
    at: Instant
    late_after: Instant
    expires_at: Instant
    event: str = ""
    buttons: Keyboard = NO_BUTTONS
    picture: bytes | None = field(default=None, repr=False)
    thread: int | None = None
    replies_to: str = ""


async def claim(
    connection: Connection,
    channel: str,
    owner: str,
    now: Instant,
    lease: int,
    most: int,
    without: Collection[int] = (),
    resting: Collection[int] = (),
) -> list[Owed]:
    """Take up to `most` due deliveries of a channel, of each chat the first in line, digests last, for `lease` seconds.

    One that was claimed before and never settled is taken as a possible repeat; those named in `without` are not taken,
    nor those of the chats in `resting`.
    """
    asked = {"channel": channel, "without": tuple(without), "resting": tuple(resting), "now": now}
    rows: list[sa.Row[Any]] = []
    for digest in (False, True):
        if len(rows) < most:
            of_a_kind = await connection.execute(_DUE, {**asked, "digest": digest, "most": most - len(rows)})
            rows.extend(of_a_kind)
    if rows:
        taken = sa.update(deliveries).where(deliveries.c.id.in_([row.id for row in rows]))
        await connection.execute(taken.values(due_at=now + lease, owner=owner, attempts=deliveries.c.attempts + 1))
    return [_owed(row, owner, now) for row in rows]


def _owed(row: sa.Row[tuple[object, ...]], owner: str, now: Instant) -> Owed:
    return Owed(
        id=row.id,
        chat=row.chat,
        address=row.address,
        html=row.html,
        policy=Delivery.AT_MOST_ONCE if row.at_most_once else Delivery.AT_LEAST_ONCE,
        silent=row.silent,
        digest=row.digest,
        plain=row.plain,
        repeat=row.repeat or row.owner is not None,
        attempts=row.attempts + 1,
        owner=owner,
        claimed_at=now,
        at=row.at,
        late_after=row.late_after,
        expires_at=row.expires_at,
        event=row.event,
        buttons=load(row.buttons),
        picture=row.picture,
        thread=row.thread,
        replies_to=row.replies_to or "",
    )


async def settle(
    connection: Connection, owed: Owed, now: Instant, state: str, reason: str = "", message: str = ""
) -> None:
    """Close a delivery for good."""
    await _update(connection, owed, state=state, reason=reason, message=message, settled_at=now, picture=None)


async def postpone(
    connection: Connection,
    owed: Owed,
    due: Instant,
    reason: str,
    *,
    repeat: bool = False,
    plain: bool = False,
    aside: bool = False,
) -> None:
    """Give a delivery back, to be tried again at `due`, or to be closed when it expires before that.

    `repeat`: this try may have arrived. `plain`: without markup from now on. `aside`: the next in line need not wait.
    """
    await _update(
        connection, owed, due_at=min(due, owed.expires_at), reason=reason,
        repeat=repeat or owed.repeat, plain=plain or owed.plain, aside=aside,
    )  # fmt: skip


async def give_back(connection: Connection, owed: Owed, due: Instant) -> None:
    """As if a delivery had not been claimed: nobody has tried to send it. It comes again at `due`, or expires."""
    await _update(connection, owed, due_at=min(due, owed.expires_at), repeat=owed.repeat, attempts=owed.attempts - 1)


async def _update(connection: Connection, owed: Owed, reason: str | None = None, **values: object) -> None:
    """One that was claimed anew meanwhile, or closed with its chat, is left as it is."""
    held = (deliveries.c.id == owed.id, deliveries.c.owner == owed.owner, deliveries.c.attempts == owed.attempts)
    changed = sa.update(deliveries).where(is_owed(deliveries), *held)
    why = {} if reason is None else {"reason": reason[:LONGEST_REASON]}
    await connection.execute(changed, {**values, **why, "owner": None})


async def abandon(connection: Connection, chat: int, reason: str, now: Instant) -> None:
    """Close everything owed to a chat that is gone, and all that waits to be told there with other things."""
    open_ones = sa.update(deliveries).where(deliveries.c.chat == chat, is_open(deliveries))
    closed = {"state": GONE, "reason": reason[:LONGEST_REASON], "settled_at": now, "owner": None}
    await connection.execute(open_ones, closed)


async def free_claims(connection: Connection, channel: str, now: Instant) -> None:
    """At a start: what a worker that is no more had claimed may have arrived, and is owed again at once."""
    ours = _of_its_chat(chats.c.channel) == channel
    await connection.execute(
        sa.update(deliveries).where(is_owed(deliveries), deliveries.c.owner.is_not(None), ours), {"due_at": now}
    )


async def next_due(connection: Connection, channel: str, without: Collection[int] = ()) -> Instant | None:
    """When the next delivery of a channel falls due, or its lease ends; None when nothing is owed.

    Those named in `without` do not count.
    """
    asked = {"channel": channel, "without": tuple(without)}
    firsts = [await connection.scalar(_NEXT, {**asked, "digest": digest}) for digest in (False, True)]
    return min((first for first in firsts if first is not None), default=None)
