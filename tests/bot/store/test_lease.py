"""One of several processes works. The next takes over when it ends, hangs or is killed; then it can write nothing."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.store.database import Database
from bot.store.errors import Fenced, StoreError
from bot.store.lease import Lease, LeaseRow, Terms, take_lease
from bot.store.schema import SCHEMA, chats, leases
from tests.bot.store.holder import SHORT
from tests.bot.store.postgres import Postgres
from tests.bot.store.stores import nothing, opened, rows, stored, subscribes

ROOT = Path(__file__).resolve().parents[3]
NEVER_RENEWED = replace(SHORT, term=0.6, renewal=60.0)
LONG = replace(SHORT, term=60.0)


@pytest.fixture
def url(postgres: Postgres, migrated: str) -> str:
    """An empty database of the server."""
    postgres.execute("truncate leases, chats restart identity cascade", migrated)
    return migrated


def lived(story: Coroutine[Any, Any, object]) -> None:
    """A story that must not hang."""
    asyncio.run(asyncio.wait_for(story, 60))


@asynccontextmanager
async def holding(url: str, owner: str, terms: Terms = SHORT) -> AsyncIterator[tuple[Database, Lease]]:
    """A database whose lease is ours."""
    database = opened(url)
    lease = Lease()
    try:
        lease = await take_lease(database, owner, lambda _: None, terms)
        yield database, lease
    finally:
        await lease.release()
        await database.close()


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that happens soon."""
    while not holds():
        await asyncio.sleep(0.01)


async def addresses(database: Database) -> list[object]:
    """Who wrote."""
    return [row["address"] for row in await rows(database, chats)]


class Holder:
    """Another process; see holder.py."""

    def __init__(self, url: str, *words: str) -> None:
        command = [sys.executable, "-m", "tests.bot.store.holder", url, *words]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def says(self) -> str:
        """The next thing."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def is_told(self) -> None:
        """To go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("go on\n")
        self.process.stdin.flush()


@contextmanager
def another(url: str, *words: str) -> Iterator[Holder]:
    """A process that holds the lease; killed in the end."""
    holder = Holder(url, "other", *words)
    try:
        assert holder.says() == "holds"
        yield holder
    finally:
        holder.process.kill()
        holder.process.communicate()


# One works, the other waits


def test_who_comes_second_says_whom_it_waits_for_and_takes_over_when_the_first_gives_up(url: str) -> None:
    async def story() -> None:
        said: list[str] = []
        standby = opened(url)
        async with holding(url, "desk:1", LONG) as (first, lease):
            waits = asyncio.create_task(take_lease(standby, "desk:2", said.append, LONG))
            await until(lambda: said)
            await asyncio.sleep(0.3)
            assert not waits.done()
            await lease.release()
            with pytest.raises(Fenced, match="was given up"):
                await subscribes(first, "7")
        second = await waits
        await subscribes(standby, "8")
        assert said == [f"desk:1 works on {standby.name}; this process takes over when that one ends"]
        assert [(row["owner"], row["token"]) for row in await rows(standby, leases)] == [("desk:2", 2)]
        assert (second.valid, await addresses(standby)) == (True, ["8"])
        await second.release()
        assert not second.valid
        await standby.close()

    lived(story())


def test_who_stands_by_ends_at_once_when_it_is_told_to(url: str) -> None:
    async def story() -> None:
        said: list[str] = []
        standby = opened(url)
        async with holding(url, "me", LONG) as (database, lease):
            waits = asyncio.create_task(take_lease(standby, "other", said.append, LONG))
            await until(lambda: said)
            waits.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waits
            await standby.close()
            await subscribes(database, "7")
            assert lease.valid

    lived(story())


def test_of_two_that_begin_at_once_on_an_empty_database_one_works(postgres: Postgres) -> None:
    url = postgres.database()

    async def story() -> None:
        both = [opened(url), opened(url)]
        taking = [asyncio.create_task(take_lease(each, "me", lambda _: None, LONG)) for each in both]
        done, waiting = await asyncio.wait(taking, return_when=asyncio.FIRST_COMPLETED)
        assert (len(done), len(waiting)) == (1, 1)
        await done.pop().result().release()
        (second,) = waiting
        await (await second).release()
        for each in both:
            await each.close()

    lived(story())


def test_a_file_is_worked_on_at_once_and_never_in_doubt(tmp_path: Path) -> None:
    async def story() -> None:
        database = opened(tmp_path)
        lease = await take_lease(database, "me", lambda _: None)
        await subscribes(database, "7")
        assert lease.valid
        await lease.release()
        await database.close()

    lived(story())


def test_a_killed_process_is_replaced_when_its_term_is_over(url: str) -> None:
    async def story() -> None:
        with another(url) as holder:
            holder.is_told()
            assert holder.says() == "writes"
            holder.process.kill()
            async with holding(url, "me") as (database, _):
                assert await addresses(database) == []

    lived(story())


def test_a_lease_whose_end_lies_too_far_is_of_a_clock_that_was_set_back(url: str, postgres: Postgres) -> None:
    """Else a server whose clock jumps back by an hour has nobody at work for an hour, if the holder dies then."""
    postgres.execute("insert into leases values ('run', 'gone', 7, (extract(epoch from now()) + 3600) * 1000)", url)

    async def story() -> None:
        async with holding(url, "me") as (_, lease):
            assert isinstance(lease, LeaseRow)
            assert lease.token == 8

    lived(story())


# Who has lost it writes nothing


def test_whose_lease_was_taken_writes_nothing_more_and_knows(url: str) -> None:
    async def story() -> None:
        async with holding(url, "slow", NEVER_RENEWED) as (slow, lost), holding(url, "me"):
            with pytest.raises(Fenced, match=r"^me has taken over .*: this process writes nothing more$"):
                await subscribes(slow, "7")
            assert lost.lost.is_set()
            assert not lost.valid
            assert await addresses(slow) == [], "it may still read"

    lived(story())


def test_the_holder_is_in_doubt_before_anybody_can_take_over_and_sure_again_when_nobody_has(url: str) -> None:
    async def story() -> None:
        async with holding(url, "me", replace(SHORT, term=0.8, renewal=0.8, margin=0.6)) as (database, lease):
            await until(lambda: not lease.valid)
            await subscribes(database, "7")
            await until(lambda: lease.valid)
            assert not lease.lost.is_set()

    lived(story())


def test_a_long_write_of_its_own_costs_nobody_the_lease(url: str) -> None:
    async def story() -> None:
        standby = opened(url)
        async with holding(url, "me") as (database, lease):
            waits = asyncio.create_task(take_lease(standby, "other", lambda _: None, SHORT))
            async with database.write() as connection:
                await connection.exec_driver_sql("select pg_sleep(2.5)")
                await asyncio.sleep(1.0)
                assert lease.valid
            assert not waits.done()
        await (await waits).release()
        await standby.close()

    lived(story())


def test_one_that_is_stopped_in_the_middle_of_a_transaction_is_replaced_and_then_writes_nothing(url: str) -> None:
    """The server keeps its locks for it as long as it is stopped: they have to be broken."""

    async def story() -> None:
        with another(url) as holder:
            holder.is_told()
            assert holder.says() == "writes"
            holder.process.send_signal(signal.SIGSTOP)
            async with holding(url, "me") as (database, lease):
                await subscribes(database, "8")
                holder.process.send_signal(signal.SIGCONT)
                holder.is_told()
                assert holder.says() == "goes on in doubt"
                assert holder.says() == "cut"
                holder.is_told()
                assert holder.says() == "fenced"
                assert await addresses(database) == ["8"]
                assert lease.valid

    lived(story())


@pytest.mark.soak
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
@pytest.mark.parametrize("writing", [False, True], ids=["idle", "writing"])
def test_by_the_terms_of_the_service_another_is_at_work_within_15_seconds(
    url: str, how: signal.Signals, writing: bool
) -> None:
    async def story() -> float:
        with another(url, "slow") as holder:
            if writing:
                holder.is_told()
                assert holder.says() == "writes"
            said: list[str] = []
            standby = opened(url)
            waits = asyncio.create_task(take_lease(standby, "me", said.append))
            await until(lambda: said)
            await asyncio.sleep(random.random() * 4)
            holder.process.send_signal(how)
            begun = time.monotonic()
            lease = await waits
            took = time.monotonic() - begun
            await lease.release()
            await standby.close()
            return took

    took = [asyncio.run(story()) for _ in range(3)]
    print(f"taken over after {', '.join(f'{each:.1f} s' for each in took)}")
    assert max(took) < 15


# The server


@pytest.mark.parametrize("away", [0.0, 2.0])
def test_a_server_that_was_restarted_is_found_again(away: float) -> None:
    """Also when it was away for longer than the term: who held the lease still does."""
    server = Postgres()
    url = server.database()

    async def story() -> None:
        async with holding(url, "me") as (database, lease):
            await subscribes(database, "7")
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(away)
            with pytest.raises(StoreError, match="refused"):
                await subscribes(database, "8")
            await asyncio.to_thread(server.start)
            await subscribes(database, "9")
            await until(lambda: lease.valid)
            assert await addresses(database) == ["7", "9"]
            assert not lease.lost.is_set()

    try:
        lived(story())
    finally:
        server.close()


def test_a_standby_waits_for_a_server_that_is_restarted() -> None:
    server = Postgres()
    place = server.database()

    async def story() -> None:
        said: list[str] = []
        standby = opened(place)
        async with holding(place, "me", LONG):
            waits = asyncio.create_task(take_lease(standby, "other", said.append, LONG))
            await until(lambda: said)
            await asyncio.to_thread(server.stop)
            await until(lambda: "refused" in said[-1])
            await asyncio.to_thread(server.start)
            await until(lambda: said[-1] == said[0])
        await (await waits).release()
        await standby.close()
        assert all("cannot be used as a database" in why for why in said[1:-1])

    try:
        lived(story())
    finally:
        server.close()


# Versions


@pytest.fixture
def of_another_version(postgres: Postgres) -> Callable[[str], str]:
    """Makes a database whose schema is said to be of some revision."""

    def made(revision: str) -> str:
        url = postgres.database()
        stored(url, nothing)
        postgres.execute(f"update alembic_version set version_num = '{revision}'", url)
        return url

    return made


def test_a_newer_schema_is_refused_at_once(of_another_version: Callable[[str], str]) -> None:
    url = of_another_version("9999")

    async def story() -> None:
        async with holding(url, "me"):
            pass

    with pytest.raises(StoreError, match="has schema 9999, which is a newer Bellwether's"):
        lived(story())


def test_who_stands_by_does_not_move_the_schema(url: str, postgres: Postgres) -> None:
    async def story() -> None:
        standby = opened(url)
        async with holding(url, "old", LONG):
            postgres.execute("update alembic_version set version_num = '0002'", url)
            said: list[str] = []
            waits = asyncio.create_task(take_lease(standby, "new", said.append, LONG))
            await until(lambda: said)
            await asyncio.sleep(0.3)
            assert await standby.revision() == "0002"
            postgres.execute("update alembic_version set version_num = '9999'", url)
        with pytest.raises(StoreError, match="has schema 9999"):
            await waits
        await standby.close()

    try:
        lived(story())
        assert postgres.execute("select expires_at from leases", url) == [(0,)], "it keeps nobody else from the lease"
    finally:
        postgres.execute(f"update alembic_version set version_num = '{SCHEMA}'", url)
