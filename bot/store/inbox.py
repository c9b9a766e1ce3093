"""Lines that people wrote: kept before the channel is told that they have arrived, until they are answered.

Of an answered line only its number stays, for as long as the channel may hand it out again: it is answered once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Connection
from bot.store.schema import inbox
from rules.bars import DAY
from rules.model import Instant

REMEMBERED = 2 * DAY
"""Seconds that the number of an answered line is kept; Telegram forgets what nobody fetches after a day."""

_LEFT = sa.select(inbox).where(inbox.c.answered_at.is_(None)).order_by(inbox.c.received_at, inbox.c.id)


@dataclass(frozen=True, slots=True)
class Line:
    """What somebody wrote, and where. `id` is its number in the channel, `thread` the topic of the chat, if any.

    `tap` is the channel's own note of a button that was tapped instead: what it needs to answer.
    """

    id: int
    address: str
    kind: str
    user: str
    text: str
    thread: int | None
    received_at: Instant
    tap: list[Any] | None = None


async def keep(connection: Connection, channel: str, lines: Sequence[Line], now: Instant) -> list[Line]:
    """Write lines down, once. Returns those that have no answer yet."""
    ours = inbox.c.channel == channel
    query = sa.select(inbox.c.id, inbox.c.answered_at).where(ours, inbox.c.id.in_([line.id for line in lines]))
    known = {row.id: row.answered_at for row in await connection.execute(query)}
    fresh = [{"channel": channel, **asdict(line)} for line in lines if line.id not in known]
    if fresh:
        await connection.execute(sa.insert(inbox), fresh)
    await connection.execute(sa.delete(inbox).where(ours, inbox.c.answered_at < now - REMEMBERED))
    return [line for line in lines if known.get(line.id) is None]


async def unanswered(connection: Connection, channel: str) -> list[Line]:
    """What is still to be answered, in the order it was written."""
    rows = await connection.execute(_LEFT.where(inbox.c.channel == channel))
    return [Line(r.id, r.address, r.kind, r.user, r.text, r.thread, r.received_at, r.tap) for r in rows]


async def answered(connection: Connection, channel: str, numbers: Iterable[int], now: Instant) -> None:
    """Forget what lines said, and who wrote them where."""
    blank = {"address": "", "kind": "", "user": "", "text": "", "thread": None, "tap": None, "answered_at": now}
    theirs = sa.update(inbox).where(inbox.c.channel == channel, inbox.c.id.in_([*numbers]))
    await connection.execute(theirs.values(blank))


async def move_lines(connection: Connection, channel: str, old: str, new: str) -> None:
    """A chat lives at another address: what was written there is answered here."""
    theirs = inbox.c.channel == channel, inbox.c.address == old, inbox.c.answered_at.is_(None)
    await connection.execute(sa.update(inbox).where(*theirs).values(address=new))
