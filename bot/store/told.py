"""Notices to administrators in the outbox: how they are known by their keys, and whether one is still owed."""

from __future__ import annotations

import sqlalchemy as sa

from bot.store.database import Connection
from bot.store.schema import deliveries
from bot.store.states import is_owed

MARK = "@"
"""What the key of a notice begins with. An event's key begins with the id of its rule, which cannot hold it."""


def is_notice(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Meant for those who run the service, whether or not they want alerts."""
    return table.c.event.startswith(MARK)


async def still_owed(connection: Connection, event: str) -> bool:
    """Whether a message of this key is still to be sent to anybody."""
    waiting = sa.select(deliveries.c.id).where(deliveries.c.event == event, is_owed(deliveries)).limit(1)
    return (await connection.execute(waiting)).first() is not None
