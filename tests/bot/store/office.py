"""A database for one machine after the other: emptied in between, and awaited on a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.store.conflict import insert_new
from bot.store.database import Connection, Database
from bot.store.schema import chats, deliveries, events
from tests.bot.store.stores import Place, opened

CHANNEL = "telegram"
Row = tuple[Any, ...]
T = TypeVar("T")


class Office:
    """An empty database and a loop for one machine after the other."""

    def __init__(self, place: Place) -> None:
        self._runner = asyncio.Runner()
        self.database = Database(place, durable=False) if isinstance(place, Path) else opened(place)
        self.run(self.database.migrate())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self._runner.run(work)

    def clear(self) -> None:
        """Nothing is known and nothing is owed."""

        async def cleared(connection: Connection) -> None:
            await connection.execute(sa.delete(deliveries))
            await connection.execute(sa.delete(chats))
            await connection.execute(sa.delete(events))

        self.write(cleared)

    def write(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """In a transaction."""

        async def done() -> T:
            async with self.database.write() as connection:
                return await work(connection)

        return self.run(done())

    def read(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """In a transaction that sees one state."""

        async def done() -> T:
            async with self.database.read() as connection:
                return await work(connection)

        return self.run(done())

    def close(self) -> None:
        """Close the database."""
        self.run(self.database.close())
        self._runner.close()


async def chat_at(connection: Connection, address: str) -> int:
    """The id of a chat."""
    query = sa.select(chats.c.id).where(chats.c.channel == CHANNEL, chats.c.address == address)
    return int((await connection.execute(query)).scalar_one())


async def happens(connection: Connection, key: str, now: int) -> None:
    """An event is recorded, once."""
    of_it = {"key": key, "rule": "high", "at": now, "content": {}, "recorded_at": now, "unsaid": False}
    await connection.execute(insert_new(events), of_it)


async def ids_of(connection: Connection, event: str) -> dict[int, int]:
    """By chat, the deliveries of an event."""
    rows = await connection.execute(sa.select(deliveries.c.chat, deliveries.c.id).where(deliveries.c.event == event))
    return {row.chat: row.id for row in rows}


async def all_rows(connection: Connection) -> dict[int, Row]:
    """Every delivery by its id; the last field is the reason."""
    rows = await connection.execute(sa.select(deliveries, chats.c.address).join(chats))
    return {
        row.id: (
            row.address, row.event, row.state, row.owner, row.attempts,
            row.plain, row.repeat, row.aside, row.due_at if row.state == "owed" else None, row.reason,
        )
        for row in rows
    }  # fmt: skip
