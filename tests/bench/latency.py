"""How long a reader waits: from the instant a bar counts as closed until Telegram has accepted the alert.

The real process at the speed of real time, on a database that another has filled; it polls as often as it may be set
to. Once it is up its clock is put just before the instant. `tests/soak/test_latency.py` waits for it without that, at
the default interval.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bot.settings import load_settings
from bot.store.chats import subscribe
from bot.store.database import Database
from rules.model import Instant
from tests.bot.markets import at
from tests.e2e.world import CHAT, Clock, JumpingWorld, copy_database

RECORD = "Russell 2000 closes at a record"
POLL, SLACK = 5, 5
"""Seconds: the shortest interval that may be set, and what is promised beside it."""

UP, CLOSES = "21:20:00Z", "21:30:00Z"
"""When it starts, and half an hour after the close of a session in winter: so long its bar takes to settle."""

BEFORE = (3.0, 6.0, 9.0)
"""Seconds before it that the clock is put to, so that polls fall at different distances from it."""


def latency(market: Path, filled: Path, home: Path, session: str, before: float) -> float:
    """Seconds, of a session that closes at a record. `filled` is the home of a service that was stopped before that."""
    home.mkdir()
    copy_database(filled, home)
    asyncio.run(_reads(home / "bellwether.db", at(f"{session}T20:55:00Z")))
    with JumpingWorld(market, home, load_settings(), Clock(f"{session}T{UP}")) as world:
        world.telegram.knows(CHAT)
        service = world.starts(config=f"[run]\npoll_seconds = {POLL}\n")
        service.says("history is complete", 120)
        service.says(" bars, ", 120)
        world.clock.set(at(f"{session}T{CLOSES}") - before)
        closed = time.monotonic() + before
        told = world.telegram.waits_for(RECORD, 60)
        service.stop()
    return told.at - closed


async def _reads(file: Path, since: Instant) -> None:
    """Somebody wants every alert."""
    database = Database(file)
    async with database.write() as connection:
        await subscribe(connection, "telegram", str(CHAT), "private", since)
    await database.close()
