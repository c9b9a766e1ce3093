"""What became of the messages of events in one chat: for whoever asks there why they were told, or were not."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from bot.answers.why import Telling, Told
from bot.store.database import Connection
from bot.store.schema import deliveries, parts
from bot.store.states import EXPIRED, GATHERED, HELD, LISTED, OWED, UNSURE, WITHHELD

LAST = 300
"""Messages of a chat that are looked at, the newest: of older events nobody asks."""

_TOLD = {
    "sent": Told.SENT,
    UNSURE: Told.PERHAPS,
    OWED: Told.OWED,
    HELD: Told.HELD,
    GATHERED: Told.GATHERED,
    WITHHELD: Told.WITHHELD,
}
_WHY = {EXPIRED: "it was no news any more", LISTED: "it was no news any more, and was listed in a summary"}


async def tellings_of(connection: Connection, chat: int) -> dict[str, Telling]:
    """By the key of an event, what became of the message that tells it, by itself or with others; of the newest."""
    recent = sa.select(deliveries).where(deliveries.c.chat == chat).order_by(deliveries.c.id.desc()).limit(LAST)
    of = recent.subquery()
    beside = sa.select(parts.c.event, of.c.state, of.c.reason, of.c.settled_at).join_from(
        parts, of, parts.c.head == of.c.event
    )
    own = sa.select(of.c.event, of.c.state, of.c.reason, of.c.settled_at)
    rows = [row for query in (beside, own) for row in await connection.execute(query)]
    listed_first = sorted(rows, key=lambda row: row.state != LISTED)  # the message that lists it goes before
    return {row.event: _telling(row) for row in listed_first}


def _telling(row: sa.Row[Any, Any, Any, Any]) -> Telling:
    return Telling(_TOLD.get(row.state, Told.NOT), row.settled_at, _WHY.get(row.state, row.reason))
