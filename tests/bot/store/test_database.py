"""Transactions: none is lost among processes, none is half done, readers never wait, and what is cancelled lets go."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.bars import Progress, save_progress
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.schema import backfills, chats, deliveries, events
from rules.bars import Interval
from tests.bot.store.stores import Place, message, owes, rows, size_of, states, stored, subscribes

ROOT = Path(__file__).resolve().parents[3]


def started(*words: object) -> subprocess.Popen[str]:
    """One of the programs of writers.py."""
    command = [sys.executable, "-m", "tests.bot.store.writers", *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


async def pragma(database: Database, name: str) -> object:
    async with database.read() as connection:
        return (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()


async def set_to(database: Database, number: int) -> None:
    async with database.write() as connection:
        await save_progress(connection, "RUT", Interval.DAY, Progress(0, number, complete=False))


async def value(database: Database) -> int:
    return int(str((await rows(database, backfills))[0]["through"]))


def test_no_update_is_lost_among_three_processes(tmp_path: Path) -> None:
    """With SQLAlchemy's defaults 600 transactions said to have succeeded, and the number was 255."""

    async def story(database: Database) -> int:
        await set_to(database, 0)
        processes = [started("count", database.path, 200) for _ in range(3)]
        try:
            codes = [await asyncio.to_thread(each.wait, 50) for each in processes]
        finally:
            for each in processes:
                each.kill()
                each.communicate()
        assert codes == [0, 0, 0]
        return await value(database)

    assert stored(tmp_path, story) == 600


def test_no_update_is_lost_among_tasks(place: Place) -> None:
    async def story(database: Database) -> int:
        await set_to(database, 0)

        async def count() -> None:
            for _ in range(20):
                async with database.write() as connection:
                    found = (await connection.execute(sa.select(backfills.c.through))).scalar_one()
                    await connection.execute(sa.update(backfills).values(through=found + 1))

        await asyncio.gather(*(count() for _ in range(10)))
        return await value(database)

    assert stored(place, story) == 200


def test_the_recipe_is_followed(tmp_path: Path) -> None:
    async def story(database: Database) -> list[object]:
        return [await pragma(database, each) for each in ("journal_mode", "synchronous", "foreign_keys")]

    assert stored(tmp_path, story) == ["wal", 2, 1]


def test_what_is_thrown_away_anyway_is_not_waited_for(tmp_path: Path) -> None:
    async def told() -> object:
        database = Database(tmp_path / "demo.db", durable=False)
        try:
            return await pragma(database, "synchronous")
        finally:
            await database.close()

    assert asyncio.run(told()) == 0


def test_a_delivery_to_a_chat_that_is_not_there_is_a_fault_of_ours_and_not_the_database_s(place: Place) -> None:
    async def story(database: Database) -> None:
        async with database.write() as connection:
            await connection.execute(
                sa.text("insert into subscriptions (chat, topic, since) values (77, '*', 0)"),
            )

    with pytest.raises(sa.exc.IntegrityError, match=r"(?i)foreign key"):
        stored(place, story)


# Side by side


def test_a_reader_sees_the_state_before_and_does_not_wait_for_the_writer(place: Place) -> None:
    async def story(database: Database) -> tuple[int, int]:
        await set_to(database, 1)
        async with database.write() as connection:
            await save_progress(connection, "RUT", Interval.DAY, Progress(0, 2, complete=False))
            before = await asyncio.wait_for(value(database), 5)
        return before, await value(database)

    assert stored(place, story) == (1, 2)


def test_a_reader_sees_one_state_however_long_it_looks(place: Place) -> None:
    async def story(database: Database) -> tuple[object, object]:
        await set_to(database, 1)
        async with database.read() as connection:
            first = (await connection.execute(sa.select(backfills.c.through))).scalar_one()
            await set_to(database, 2)
            return first, (await connection.execute(sa.select(backfills.c.through))).scalar_one()

    assert stored(place, story) == (1, 1)


def test_a_crowd_of_writers_that_wait_leaves_connections_to_the_readers(place: Place) -> None:
    """Each waiting writer used to hold a connection: with the sixth none was left to answer with."""

    async def story(database: Database) -> int:
        await set_to(database, 1)
        async with asyncio.TaskGroup() as group, database.write():
            for number in range(50):
                group.create_task(set_to(database, number))
            await asyncio.sleep(0.05)
            found = await asyncio.gather(*(asyncio.wait_for(value(database), 5) for _ in range(20)))
        assert set(found) == {1}
        return await value(database)

    assert stored(place, story) == 49


# What goes wrong


def test_an_error_undoes_all_of_a_transaction(place: Place) -> None:
    async def story(database: Database) -> int:
        await set_to(database, 1)
        with pytest.raises(ZeroDivisionError):
            await fails(database)
        return await value(database)

    async def fails(database: Database) -> None:
        async with database.write() as connection:
            await save_progress(connection, "RUT", Interval.DAY, Progress(0, 2, complete=False))
            raise ZeroDivisionError

    assert stored(place, story) == 1


def test_a_cancelled_transaction_happened_or_not_and_stands_in_nobody_s_way(place: Place) -> None:
    """A cancelled writer used to keep its lock until the garbage collector came round."""

    async def story(database: Database) -> list[int]:
        chance, loop = random.Random(1), asyncio.get_running_loop()
        before = loop.time()
        await subscribes(database, "0", "-0")
        takes = loop.time() - before
        for number in range(1, 301):
            task = asyncio.create_task(subscribes(database, f"{number}", f"-{number}"))
            await asyncio.sleep(chance.random() * takes)
            task.cancel()
            done, _ = await asyncio.wait([task], timeout=5)
            assert done, f"transaction {number} hangs"
        return [abs(int(str(each["address"]))) for each in await rows(database, chats)]

    gc.disable()
    try:
        found = stored(place, story)
    finally:
        gc.enable()
    assert all(found.count(number) == 2 for number in found)
    assert 0 < len(found) < 602, "cancelled at every stage"
    gc.collect()
    assert not [each for each in threading.enumerate() if "connection_worker" in each.name]


def test_a_database_locked_by_another_program_is_told_in_a_sentence(tmp_path: Path) -> None:
    async def story(database: Database) -> str:
        hasty = Database(database.path, patience=0.05)
        other = sqlite3.connect(database.path, isolation_level=None)
        other.execute("begin immediate")
        try:
            with pytest.raises(StoreError) as refused:
                await subscribes(hasty, "7")
            assert await rows(hasty, chats) == [], "who reads does not wait"
        finally:
            other.close()
            await hasty.close()
        return str(refused.value).rpartition("/")[2]

    assert stored(tmp_path, story) == "bellwether.db cannot be used as a database: database is locked"


def test_a_full_disk_is_told_in_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk."""
    program = """
import asyncio, resource, signal, sys
from pathlib import Path
from bot.store.database import Database
from bot.store.errors import StoreError
from tests.bot.store.stores import message, owes, size_of, states, stored, subscribes

async def story(database):
    await subscribes(database, "7")
    await owes(database, message(1))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (await size_of(database), -1))
    try:
        await owes(database, *(message(number) for number in range(2, 5_000)))
    except StoreError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    await owes(database, message(2))
    print(await states(database))

stored(Path(sys.argv[1]), story)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    refused, kept = done.stdout.splitlines()
    assert "cannot be used as a database: " in refused
    assert kept == "['7: message 1 owed', '7: message 2 owed']"


def test_kills_leave_events_and_messages_together_or_not_at_all(place: Place) -> None:
    async def prepare(database: Database) -> None:
        await subscribes(database, "7", "8")

    async def look(database: Database) -> tuple[set[object], list[object]]:
        if isinstance(place, Path):
            assert await pragma(database, "integrity_check") == "ok"
        told = [each["key"] for each in await rows(database, events)]
        return set(told), [each["event"] for each in await rows(database, deliveries)]

    stored(place, prepare)
    chance = random.Random(7)
    known = 0
    for kill in range(20 if isinstance(place, Path) else 5):
        process = started("tell", place, 1_000_000 * (kill + 1))
        assert process.stdout is not None
        assert process.stdout.readline() == "at work\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(chance.random() * 0.05)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        told, owed = stored(place, look)
        assert len(told) >= known + 3
        assert sorted(map(str, owed)) == sorted(map(str, [*told, *told]))
        known = len(told)


def test_a_writer_does_not_wait_for_all_that_wait_for_a_locked_file(tmp_path: Path) -> None:
    """Each of them waited its patience out with the line behind it: a dozen that tried again held up a /stop for
    minutes.
    """

    async def story(database: Database) -> None:
        hasty = Database(database.path, patience=0.2)
        holder = sqlite3.connect(database.path, isolation_level=None)
        holder.execute("begin immediate")

        async def insists() -> None:
            while True:
                with suppress(StoreError):
                    await set_to(hasty, 1)

        insisting = [asyncio.create_task(insists()) for _ in range(100)]
        await asyncio.sleep(0)
        async with asyncio.timeout(10):  # a hundred patiences are twenty
            with pytest.raises(StoreError):
                await set_to(hasty, 2)
        for each in insisting:
            each.cancel()
        await asyncio.gather(*insisting, return_exceptions=True)
        holder.execute("rollback")
        holder.close()
        await set_to(hasty, 3)
        assert await value(database) == 3, "who gave up has left the line"
        await hasty.close()

    stored(tmp_path, story)


def test_a_writer_whose_turn_does_not_come_says_so(place: Place) -> None:
    async def story(database: Database) -> None:
        hasty = Database(database.backend, patience=0.01)
        async with hasty.write():
            with pytest.raises(StoreError, match=r"others have been writing for 0\.03 s"):
                await set_to(hasty, 1)
        await set_to(hasty, 2)
        await hasty.close()

    stored(place, story)


def test_a_refusal_says_where_for_the_operator_and_why_for_everybody(tmp_path: Path) -> None:
    async def story(database: Database) -> StoreError:
        hasty = Database(database.path, patience=0.05)
        async with database.write():
            with pytest.raises(StoreError) as refused:
                await set_to(hasty, 1)
        await hasty.close()
        return refused.value

    error = stored(tmp_path, story)
    assert str(error).startswith(str(tmp_path))
    assert error.why == "database is locked"


def test_the_size_counts_the_log_too(tmp_path: Path) -> None:
    async def story(database: Database) -> tuple[int, int]:
        await subscribes(database, "7")
        await owes(database, message(1))
        assert await states(database) == ["7: message 1 owed"]
        log = database.path.with_name("bellwether.db-wal")
        return await size_of(database), database.path.stat().st_size + log.stat().st_size

    size, parts = stored(tmp_path, story)
    assert size == parts > 0
