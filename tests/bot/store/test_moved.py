"""A service whose database was moved in the middle of its work goes on as if it had not been: in what its readers read,
and in every question that is asked of a store.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.answers.preferences import Preferences
from bot.parts import Parts
from bot.service import Bounds, Service
from bot.store import schema
from bot.store.alerts import load_book, recorded_events
from bot.store.chats import acquaint, known_chat, prefer
from bot.store.database import Database, open_database
from bot.store.inbox import keep, unanswered
from bot.store.move import move
from bot.store.owed import count_owed, debt, owed_deliveries, undelivered
from bot.store.people import ask, everybody
from bot.store.personal import all_alerts, save_alert
from rules.model import Instant
from tests.bot.audit.audited import audited_in, counted
from tests.bot.market.stations import closes
from tests.bot.store.postgres import Postgres
from tests.bot.store.stores import rows
from tests.bot.store.test_inbox import line
from tests.bot.store.test_personal import ALERT
from tests.bot.test_service import RECORD, Reader, Wall, serves, until

CHANNEL = "console"
LATER = closes("2025-11-05", "2025-11-14")


def lives(
    folder: Path,
    start: Instant,
    use: Callable[[Service, Parts, Wall, Reader], Awaitable[None]],
    database: Database | None = None,
) -> None:
    """A service with a short past, which takes less time to make."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("BELLWETHER_RUN__HOURS_DAYS", "90")
        environment.setenv("BELLWETHER_RUN__DAYS_FROM", "2019-01-02")
        serves(folder, start, use, Bounds(stop=0.1), database=database)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service that was stopped while its first alert was on its way, among people who wrote and chose and made."""
    folder = tmp_path_factory.mktemp("moved")

    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: not parts.intake.waiting())
        await service.tick()
        async with parts.database.write() as connection:
            chat = await acquaint(connection, CHANNEL, "1001", RECORD)
            await prefer(connection, chat, Preferences(zone="Asia/Tokyo", quiet=(1320, 420)))
            await save_alert(connection, chat, ALERT)
            await keep(connection, "telegram", [line(1), line(2**40, "/corr “RUT” 🟠")], RECORD)
            await ask(connection, "telegram", "77", "Ann", RECORD)
        reader.hangs = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        await until(reader.came.is_set)

    lives(folder, RECORD - 600, use)
    return folder / "service.db"


@pytest.fixture(scope="module")
def url(file: Path, postgres: Postgres) -> str:
    """Where it was moved to."""
    found = postgres.database()
    target = open_database(found)

    async def moves() -> None:
        try:
            await move(file, target)
        finally:
            await target.close()

    asyncio.run(moves())
    return found


async def asked(database: Database) -> dict[str, Any]:
    """What every part of a service asks of its store."""
    audit = await audited_in(database)
    async with database.read() as connection:
        return {
            "audit": [repr(each) for each in audit],
            "verified": counted(audit),
            "book": repr(await load_book(connection)),
            "events": repr(await recorded_events(connection, None, 1_000)),
            "owed": [await owed_deliveries(connection, 1_000), await count_owed(connection)],
            "debt": [await debt(connection, CHANNEL, RECORD), await undelivered(connection, 1_000)],
            "chat": [await known_chat(connection, CHANNEL, each) for each in ("1001", "terminal")],
            "alerts": await all_alerts(connection),
            "lines": await unanswered(connection, "telegram"),
            "people": await everybody(connection, "telegram"),
        }


def of(database: Database) -> dict[str, Any]:
    async def story() -> dict[str, Any]:
        try:
            return await asked(database)
        finally:
            await database.close()

    return asyncio.run(story())


def test_every_question_is_answered_alike_on_both_sides(file: Path, url: str) -> None:
    there, here = of(open_database(url)), of(Database(file))
    assert there == here
    assert here["verified"] == {"verified": len(here["audit"])}
    assert here["owed"][1] >= 1
    assert [] not in (here["audit"], here["alerts"], here["lines"], here["people"])
    assert None not in here["chat"]


async def _all_is_sent(database: Database, now: Instant) -> None:
    """Nothing is due, and nothing on its way."""
    row = schema.deliveries.c
    open_ones = sa.select(sa.func.count()).where(row.state == "owed", (row.due_at <= now) | row.owner.is_not(None))
    while True:
        async with database.read() as connection:
            if not await connection.scalar(open_ones):
                return
        await asyncio.sleep(0.02)


def goes_on(folder: Path, database: Database) -> dict[str, Any]:
    """Eight sessions more: what a reader reads, and what is kept of it."""
    found: dict[str, Any] = {}

    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: not parts.intake.waiting())
        for now in (wall.now, *(close + 50 * 60 for close in LATER)):
            wall.now = now
            await service.tick()
            await asyncio.wait_for(_all_is_sent(parts.database, wall.now), 30)
            await service.tick()  # what followed alerts is looked at once nothing is to be sent
        found["read"] = list(reader.read)
        for table in (schema.events, schema.rules, schema.checkpoints, schema.outcomes, schema.parts):
            found[table.name] = [repr(each) for each in await rows(parts.database, table)]
        kept = ("id", "event", "chat", "html", "at", "state", "repeat", "severity", "created_at", "message")
        found["sent"] = [{name: each[name] for name in kept} for each in await rows(parts.database, schema.deliveries)]

    lives(folder, RECORD + 3 * 3_600, use, database)
    return found


def test_it_goes_on_telling_what_the_file_would_have_told_and_nothing_twice(
    file: Path, url: str, tmp_path: Path
) -> None:
    shutil.copy(file, tmp_path / "stayed.db")
    here = goes_on(tmp_path, Database(tmp_path / "stayed.db", durable=False))
    there = goes_on(tmp_path, open_database(url))
    assert there == here
    assert len(here["events"]) > 1
    assert sorted(set(here["read"])) == sorted(here["read"])
    [first] = [each for each in here["read"] if "Russell 2000 closes at a record" in each and "repeat" in each]
    assert first == here["read"][0]
