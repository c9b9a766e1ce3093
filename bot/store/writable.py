"""Whether the database still takes what is written. A full disk shows only then, so a row is written to see."""

from __future__ import annotations

from bot.store.conflict import insert_or_update
from bot.store.database import Connection
from bot.store.schema import services
from rules.model import Instant

PROBE = "probe"
"""The name of the row that is written; a service that runs has another."""


async def touch(connection: Connection, now: Instant) -> None:
    """Write something that is not there yet: of the same again SQLite writes nothing."""
    row = {"name": PROBE, "host": "", "pid": 0, "started_at": now, "version": ""}
    await connection.execute(insert_or_update(services, ["name"]), row)
