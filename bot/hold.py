"""What a process takes once, whatever its configuration becomes: the database, and the right to work on it."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bot.settings import Settings
from bot.store.database import Database, open_database
from bot.store.errors import StoreError
from bot.store.lease import Lease, take_lease
from bot.store.outbox import LONGEST_OWNER
from bot.store.runner import lock, who_runs
from bot.store.writable import touch
from rules.model import Instant

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hold:
    """The database at the newest schema, the lease that makes this process the one that works, and its name."""

    database: Database
    lease: Lease
    owner: str

    async def trouble(self, now: Instant) -> str:
        """Why the database takes nothing that is written; empty where it does."""
        try:
            async with self.database.write() as connection:
                await touch(connection, now)
        except StoreError as error:
            return error.why
        return ""


async def take_hold(settings: Settings, stack: AsyncExitStack, waits: Callable[[], None] = lambda: None) -> Hold:
    """`stack` lets go again. Where another process works on the database, it says so to `waits`, and waits for its end.

    Raises StoreError when the database cannot be used, or is a file in use.
    """
    owner = f"{socket.gethostname()}:{os.getpid()}"[-LONGEST_OWNER:]

    def standing_by(why: str) -> None:
        waits()
        log.info("standing by: %s", why)

    if (file := settings.store.file) is not None:
        if (held := lock(file)) is None:
            other = await who_runs(file)
            raise StoreError(f"{file} is in use: {other} runs on it; stop that one, or name another file in store.url")
        stack.callback(held.release)
    database = open_database(settings.store.url.get_secret_value())
    stack.push_async_callback(database.close)
    lease = await take_lease(database, owner, standing_by)
    stack.push_async_callback(lease.release)
    return Hold(database, lease, owner)
