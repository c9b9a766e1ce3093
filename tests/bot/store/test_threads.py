"""No thread of the driver outlives the database, whatever its tasks were at when they were cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.database import Database
from bot.store.threads import Line, Lines

WORKS = "_connection_worker_thread"


async def reads_on(database: Database) -> None:
    while True:
        async with database.read() as connection:
            await connection.execute(sa.text("select 1"))


async def writes_on(database: Database) -> None:
    while True:
        async with database.write() as connection:
            await connection.execute(sa.text("create table if not exists kept (x)"))
            await connection.execute(sa.text("insert into kept values (1)"))


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("work", [reads_on, writes_on])
def test_a_task_that_is_cancelled_anywhere_leaves_no_thread(
    tmp_path: Path, work: Callable[[Database], Awaitable[None]], times: int
) -> None:
    """At fifty instants, without waiting for it; a thread that answers to a loop that has ended fails the test."""

    async def live(spins: int) -> None:
        database = Database(tmp_path / "kept.db", durable=False)
        task = asyncio.ensure_future(work(database))
        for _ in range(spins):
            await asyncio.sleep(0)
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        await database.close()

    for spins in range(0, 200, 4):
        asyncio.run(live(spins))
    assert not [each for each in threading.enumerate() if WORKS in each.name and not _ends(each)]


def test_what_was_written_before_a_cancellation_stays_and_the_file_is_free(tmp_path: Path) -> None:
    async def live() -> int:
        database = Database(tmp_path / "kept.db", durable=False)
        async with database.write() as connection:
            await connection.execute(sa.text("create table kept (x)"))
            await connection.execute(sa.text("insert into kept values (1)"))
        task = asyncio.ensure_future(writes_on(database))
        for _ in range(100):
            await asyncio.sleep(0)
        task.cancel()
        await database.close()
        again = Database(tmp_path / "kept.db", durable=False, patience=0.5)
        async with again.write() as connection:
            found = (await connection.execute(sa.text("select count(*) from kept"))).scalar_one()
        await again.close()
        with suppress(asyncio.CancelledError):
            await task
        return int(found)

    assert asyncio.run(live()) > 0


def test_a_connection_is_stopped_as_often_as_one_likes(tmp_path: Path) -> None:
    """The driver's own would wait for ever from the second time on."""

    async def live() -> None:
        line = Line(tmp_path / "kept.db")
        await line
        assert line.is_open
        first, second = line.stop(), line.stop()
        assert first is not None
        assert second is not None
        first.cancel()
        await second
        await line.close()
        third = line.stop()
        assert third is not None
        await third

    asyncio.run(asyncio.wait_for(live(), 30))


def test_connections_that_have_ended_are_forgotten(tmp_path: Path) -> None:
    async def live() -> None:
        lines = Lines(tmp_path / "kept.db")
        for _ in range(3):
            line = lines.open()
            await line
            await line.close()
            while line.is_open:
                await asyncio.sleep(0)
        kept = lines.open()
        await kept
        assert lines.count == 1
        await lines.end()
        assert lines.count == 0
        assert _ends(kept._thread)

    asyncio.run(live())


def _ends(thread: threading.Thread) -> bool:
    thread.join(10)
    return not thread.is_alive()
