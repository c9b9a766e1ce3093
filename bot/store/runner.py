"""One service on one database: a lock that ends with its process, and a row that names who holds it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.store.conflict import insert_or_update
from bot.store.database import Connection, Database
from bot.store.errors import StoreError, unusable
from bot.store.schema import services
from bot.store.sqlite import check_place
from rules.model import Instant

RUN = "run"


def lock(path: Path) -> FileLock | None:
    """The right to run on the database at `path`; None while another process has it. It ends with the process.

    A link to the database is the same database. Raises StoreError where no database can be.
    """
    check_place(path)  # the lock would make the folders of a mistyped path
    held = FileLock(f"{path.resolve()}.lock", timeout=0)
    try:
        held.acquire()
    except Timeout:
        return None
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from None
    return held


async def register(connection: Connection, host: str, pid: int, version: str, now: Instant) -> None:
    """Write down who runs."""
    who = {"name": RUN, "host": host[:120], "pid": pid, "started_at": now, "version": version[:32]}
    await connection.execute(insert_or_update(services, ["name"]), who)


async def holder(database: Database) -> str:
    """Who runs, in words."""
    try:
        async with database.read() as connection:
            row = (await connection.execute(sa.select(services).where(services.c.name == RUN))).first()
    except StoreError:
        row = None
    return "another process" if row is None else f"process {row.pid} on {row.host}"
