"""One service on one database: a lock that ends with its process, and a row that names who holds it."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.store.conflict import insert_or_update
from bot.store.database import Connection, Database
from bot.store.errors import StoreError, unusable
from bot.store.messages import RESTORED
from bot.store.place import check_place, lock_of, make_lock
from bot.store.schema import services
from rules.model import Instant

RUN, STOPPED = "run", "stopped"
"""Names of rows of `services`: of the process that runs, and of the last that said good-bye, with when it did."""

A_LOOK = 1.0
"""Seconds that a start waits for who only looks (`is_locked`), which takes no time at all: a service takes longer."""

_AGAIN = 0.05

GAVE_UP = "gave up"
"""What stands in the place of a version where a watchdog ended the process."""


def lock(path: Path, patience: float = A_LOOK) -> FileLock | None:
    """The right to run on the database at `path`; None where another process has it for longer than `patience`, in
    seconds. It ends with the process.

    A link to the database is the same database. Raises StoreError where no database can be.
    """
    check_place(path)  # the lock would make the folders of a mistyped path
    held, until = FileLock(make_lock(path), timeout=0), time.monotonic() + patience
    while True:
        try:
            held.acquire()
        except Timeout:
            if time.monotonic() >= until:
                return None
        except OSError as error:
            raise unusable(path, error.strerror or str(error)) from None
        else:
            return held
        threading.Event().wait(_AGAIN)


def is_locked(path: Path) -> bool:
    """Whether somebody runs on the database at `path`. No file is made, and two who look do not see each other. Raises
    StoreError where the lock cannot be read.
    """
    try:
        with lock_of(path).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from None
    return False


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """For a moment: whether nobody runs on the database at `path`, and nobody will meanwhile. Raises as `lock` does.

    Where there was no file there is none afterwards, unless somebody wrote one.
    """
    was_there = path.exists()
    held = lock(path)
    try:
        yield held is not None
    finally:
        if not was_there and path.exists() and not path.stat().st_size:
            path.unlink()
        if held is not None:
            held.release()


async def who_runs(path: Path) -> str:
    """Who runs on the file of a database, in words."""
    database = Database(path)
    try:
        return await holder(database)
    finally:
        await database.close()


@dataclass(frozen=True, slots=True)
class Earlier:
    """The process that ran before: its version, and when it said good-bye; None where it never did. `gave_up` is
    whether a watchdog ended it. `restored_at` is when the database was put back from a backup after that, None for not.
    """

    version: str
    stopped_at: Instant | None
    gave_up: bool = False
    restored_at: Instant | None = None


async def register(connection: Connection, host: str, pid: int, version: str, now: Instant) -> Earlier | None:
    """Write down who runs. Returns who ran before; None for nobody."""
    rows = {row.name: row for row in await connection.execute(sa.select(services))}
    await _enter(connection, RUN, host, pid, now, version)
    return _earlier(rows)


async def sign_off(connection: Connection, host: str, pid: int, now: Instant, *, gave_up: bool) -> None:
    """Write down that this process ends, and that it knows."""
    await _enter(connection, STOPPED, host, pid, now, GAVE_UP if gave_up else "")


async def _enter(connection: Connection, name: str, host: str, pid: int, now: Instant, version: str) -> None:
    who = {"name": name, "host": host[:120], "pid": pid, "started_at": now, "version": version[:32]}
    await connection.execute(insert_or_update(services, ["name"]), who)


def _earlier(rows: Mapping[str, sa.Row[Any]]) -> Earlier | None:
    if (ran := rows.get(RUN)) is None:
        return None
    left, restored = rows.get(STOPPED), rows.get(RESTORED)
    if left is not None and ((left.host, left.pid) != (ran.host, ran.pid) or left.started_at < ran.started_at):
        left = None
    is_restored = restored is not None and restored.started_at >= ran.started_at
    return Earlier(
        ran.version,
        None if left is None else left.started_at,
        left is not None and left.version == GAVE_UP,
        restored.started_at if is_restored and restored is not None else None,
    )


async def holder(database: Database) -> str:
    """Who runs, in words: the last that began, unless it said good-bye."""
    try:
        async with database.read() as connection:
            rows = {row.name: row for row in await connection.execute(sa.select(services))}
    except StoreError:
        rows = {}
    last, row = _earlier(rows), rows.get(RUN)
    if row is None or last is None or last.stopped_at is not None:
        return "another process"
    return f"process {row.pid} on {row.host}"
