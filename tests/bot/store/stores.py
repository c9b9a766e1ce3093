"""Stores that tests share: a migrated database of the test's own, and events and messages to put into it."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from bot.store.chats import Subscriber, subscribe, subscribers
from bot.store.database import Database, open_database
from bot.store.messages import Message, owe
from bot.store.schema import chats, deliveries
from rules.model import XNYS, AlertEvent, Delivery, Edge, Instant, Severity
from tests.bot.store.template import lay_tables

NOW = int(dt.datetime(2025, 12, 4, 21, 30, tzinfo=dt.UTC).timestamp())
HOUR = 3_600
T = TypeVar("T")


Place = Path | str
"""A SQLite file, a folder for one, or the URL of a database."""


def opened(place: Place) -> Database:
    """The database at a place; not closed by itself."""
    return open_database(place) if isinstance(place, str) else Database(file_at(place))


def file_at(place: Path) -> Path:
    """The file of the database at a place."""
    return place / "bellwether.db" if place.is_dir() else place


async def told(place: Place, story: Callable[[Database], Awaitable[T]]) -> T:
    """What a story told on the database at a place comes to; closed however it ends."""
    if isinstance(place, Path):
        await lay_tables(file_at(place))
    database = opened(place)
    try:
        await database.migrate()
        return await asyncio.wait_for(story(database), 60)
    finally:
        await database.close()


def stored(place: Place, story: Callable[[Database], Awaitable[T]]) -> T:
    """The same, for a test that is no coroutine."""
    return asyncio.run(told(place, story))


async def nothing(_database: Database) -> None:
    """The shortest story."""


def event(number: int = 1, rule: str = "rut-record-close", when: Instant = NOW) -> AlertEvent:
    """Something that happened; another number is another event."""
    return AlertEvent(rule, Edge.FIRED, when + number, dt.date(2025, 12, 4), Severity.HIGH, "A record", XNYS)


def message(
    number: int = 1, policy: Delivery = Delivery.AT_LEAST_ONCE, lasts: int = 24 * HOUR, silent: bool = False
) -> Message:
    """An event in words."""
    told = event(number)
    return Message(told.key, told.at, f"message {number}", policy, silent, told.at + 3 * HOUR, told.at + lasts)


async def subscribes(database: Database, *addresses: str, channel: str = "telegram", now: Instant = NOW) -> None:
    """Chats that want to be told."""
    async with database.write() as connection:
        for address in addresses:
            await subscribe(connection, channel, address, "private", now)


async def owes(database: Database, *messages: Message, now: Instant = NOW, channel: str = "telegram") -> int:
    """Write messages for every subscriber of a channel. Returns how many deliveries were new."""
    async with database.write() as connection:
        return await owe(connection, messages, await subscribers(connection, channel), now)


async def rows(database: Database, table: sa.Table) -> list[dict[str, object]]:
    """Everything in a table, in the order of its key."""
    async with database.read() as connection:
        found = await connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        return [dict(row._mapping) for row in found]


async def size_of(database: Database) -> int:
    """Bytes that it takes on its disk."""
    async with database.read() as connection:
        return await database.size(connection)


async def states(database: Database) -> list[str]:
    """Of every delivery, by its order, to whom, what and how it stands: `7: message 1 sent`."""
    async with database.read() as connection:
        query = sa.select(chats.c.address, deliveries).join(chats).order_by(deliveries.c.id)
        return [f"{row.address}: {row.html} {row.state}" for row in await connection.execute(query)]


async def subscribed(database: Database, channel: str = "telegram") -> list[Subscriber]:
    """The chats that are told."""
    async with database.read() as connection:
        return await subscribers(connection, channel)
