"""Housekeeping goes on whatever happens to it, and it is known how much room is left."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.housekeeping import FreeSpace, Housekeeping, Pace
from bot.store.chats import subscribers
from bot.store.database import Database
from bot.store.messages import owe
from bot.store.outbox import claim, settle
from bot.store.retention import Limits
from bot.store.schema import deliveries
from rules.bars import DAY
from tests.bot.store.stores import NOW, message, nothing, owes, rows, size_of, stored, subscribes
from tests.bot.watchdog.things import Clock

LIMITS = Limits(*[60 * DAY] * 4)
QUICK = Pace(first=0.0, every=0.01, most=3, rest=0.0)


async def sends_all(database: Database, now: int = NOW) -> None:
    async with database.write() as connection:
        while taken := await claim(connection, "telegram", "me", now, 60, 500):
            for each in taken:
                await settle(connection, each, now, "sent")


def test_a_round_forgets_all_that_is_old_some_rows_at_a_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await owes(database, *(message(number) for number in range(10)))
        await sends_all(database)
        await owes(database, message(11))
        await Housekeeping(database, LIMITS, lambda: NOW + 61 * DAY, QUICK).tidy()
        assert [row["html"] for row in await rows(database, deliveries)] == ["message 11"]

    stored(tmp_path, story)
    assert "forgotten: 10 messages, 0 events, 0 of what prices said before, 0 chats" in caplog.text


def test_a_database_that_does_not_answer_is_tidied_the_next_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await owes(database, message(1))
        await sends_all(database)
        await database.close()
        gone = tmp_path / "gone.db"
        database.path.rename(gone)
        database.path.mkdir()
        running = asyncio.create_task(Housekeeping(database, LIMITS, lambda: NOW + 61 * DAY, QUICK).run())
        while "nothing more is forgotten for now" not in caplog.text:
            await asyncio.sleep(0.01)
        database.path.rmdir()
        gone.rename(database.path)
        async with asyncio.timeout(20):
            while await rows(database, deliveries):
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])

    stored(tmp_path, story)


def test_after_a_round_the_log_is_cut(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await owes(database, *(message(number) for number in range(500)))
        log = tmp_path / "bellwether.db-wal"
        assert log.stat().st_size > 100_000
        await Housekeeping(database, LIMITS, lambda: NOW, QUICK).tidy()
        assert log.stat().st_size == 0

    stored(tmp_path, story)


@pytest.mark.parametrize("forgets", [True, False])
def test_a_file_whose_rows_are_forgotten_grows_no_further(tmp_path: Path, forgets: bool) -> None:
    """Three years of a busy channel: what was deleted is written over."""

    async def story(database: Database) -> list[int]:
        await subscribes(database, *map(str, range(20)))
        async with database.read() as connection:
            to = await subscribers(connection, "telegram")
        sizes = []
        for month in range(36):
            now = NOW + month * 30 * DAY
            async with database.write() as connection:
                await owe(connection, [message(month * 100 + number) for number in range(20)], to, now)
            async with database.write() as connection:
                closed = {"state": "sent", "settled_at": now}
                await connection.execute(sa.update(deliveries).where(deliveries.c.state == "owed").values(closed))
            if forgets:
                await Housekeeping(database, LIMITS, lambda now=now: now, Pace(most=500, rest=0.0)).tidy()  # type: ignore[misc]
            sizes.append(await size_of(database))
        return sizes

    sizes = stored(tmp_path, story)
    grown = sizes[-1] / sizes[4]
    assert grown < 1.2 if forgets else grown > 3


class Server(Database):
    """A database of which nobody knows how much room there is; or exactly."""

    left: int | None = None

    @property
    def free(self) -> int | None:
        return self.left


def test_too_little_room_is_a_silence_that_says_how_much_there_is(tmp_path: Path) -> None:
    async def story(_: Database) -> None:
        database, clock = Server(tmp_path / "a.db"), Clock()
        space = FreeSpace(database, 200_000_000, clock)
        assert (space.age(), space.why()) == (0.0, "")
        database.left = 200_000_000
        assert (space.age(), space.why()) == (0.0, "")
        database.left = 12_345_678
        assert space.age() == 0.0
        clock.now += 40
        assert (space.age(), space.why()) == (40.0, "12 MB left for a.db, fewer than 200")
        database.left = 300_000_000
        assert (space.age(), space.why()) == (0.0, "")
        await database.close()

    stored(tmp_path, story)


def test_how_much_room_there_is_is_known_of_a_file(tmp_path: Path) -> None:
    async def story(database: Database) -> int | None:
        return database.free

    free = stored(tmp_path, story)
    assert free is not None
    assert free > 0
    stored(tmp_path, nothing)
