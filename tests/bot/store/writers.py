"""Programs that tests run as processes of their own on one database: `python writers.py WHAT PLACE ...`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import sqlalchemy as sa

from bot.store.alerts import save_events
from bot.store.chats import subscribers
from bot.store.database import Database
from bot.store.messages import owe
from bot.store.outbox import claim, settle
from bot.store.runner import lock
from bot.store.schema import backfills
from tests.bot.store.stores import NOW, event, message, opened


async def count(database: Database, times: int) -> None:
    """Add one to a number, `times` times: each time read, then written, in one transaction."""
    for _ in range(times):
        async with database.write() as connection:
            found = (await connection.execute(sa.select(backfills.c.through))).scalar_one()
            await asyncio.sleep(0)
            await connection.execute(sa.update(backfills).values(through=found + 1))


async def tell(database: Database, first: int) -> None:
    """Record one event after the other, each with what is owed for it, until killed."""
    number = first
    while True:
        async with database.write() as connection:
            fresh = await save_events(connection, [event(number)], NOW)
            to = await subscribers(connection, "telegram")
            await owe(connection, [message(number)] if fresh else [], to, NOW)
        number += 1
        if number == first + 3:
            print("at work", flush=True)


async def send(database: Database, later: int) -> None:
    """Say what is owed and whether it may be a repeat, and settle it, so much `later`; until killed."""
    while True:
        async with database.write() as connection:
            taken = await claim(connection, "telegram", "me", NOW + later, 60, 8)
        for each in taken:
            print(each.html, "again" if each.repeat else "new", flush=True)
        async with database.write() as connection:
            for each in taken:
                await settle(connection, each, NOW + later, "sent")
        if not taken:
            print("idle", flush=True)
            await asyncio.sleep(0.02)


def hold(path: Path) -> None:
    """Hold the right to run until killed."""
    held = lock(path)
    print("refused" if held is None else f"held by {os.getpid()}", flush=True)
    sys.stdin.read()


async def run(what: str, place: str, number: int) -> None:
    """Do it, and close the database."""
    database = opened(place if "://" in place else Path(place))
    try:
        await {"count": count, "tell": tell, "send": send}[what](database, number)
    finally:
        await database.close()


if __name__ == "__main__":
    if sys.argv[1] == "hold":
        hold(Path(sys.argv[2]))
    else:
        asyncio.run(run(sys.argv[1], sys.argv[2], int(sys.argv[3])))
