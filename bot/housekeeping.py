"""Once a day what is done and old is forgotten, and all the time it is known how much room is left. It can wait:
whatever fails here, nothing else does.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.retention import Limits, Pruned, prune
from rules.bars import DAY
from rules.model import Instant

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """`first`: seconds after a start, which has other things to do. `every`: between two rounds. `most`: rows of a kind
    that one transaction takes; `rest`: seconds between two, so that whoever wants to write comes first.
    """

    first: float = 120.0
    every: float = float(DAY)
    most: int = 500
    rest: float = 0.25


class Housekeeping:
    """Keeps the store as small as `limits` say."""

    def __init__(
        self, database: Database, limits: Limits, now: Callable[[], Instant], pace: Pace | None = None
    ) -> None:
        self._database, self._limits, self._now = database, limits, now
        self._pace = pace or Pace()

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(self._pace.first)
        while True:
            await self.tidy()
            await asyncio.sleep(self._pace.every)

    async def tidy(self) -> None:
        """One round. Never raises for what the database does."""
        try:
            pruned = await self._prune()
            await self._database.tidy()
        except StoreError as error:
            log.warning("nothing more is forgotten for now: %s", error)
            return
        if pruned.total:
            told = "%d messages, %d events, %d of what prices said before, %d chats"
            log.info(f"forgotten: {told}", pruned.deliveries, pruned.events, pruned.revisions, pruned.chats)

    async def _prune(self) -> Pruned:
        done = Pruned()
        while True:
            async with self._database.write() as connection:
                some = await prune(connection, self._limits, self._now(), self._pace.most)
            if not some.total:
                return done
            done += some
            await asyncio.sleep(self._pace.rest)


class FreeSpace:
    """How much is left for the database's file, held against how many bytes there should be at `least`."""

    def __init__(self, database: Database, least: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._database, self._least, self._clock = database, least, clock
        self._short_since: float | None = None

    def age(self) -> float:
        """Seconds since there last was enough, as far as this was asked; 0 while there is, or nobody can know."""
        free = self._database.free
        if free is None or free >= self._least:
            self._short_since = None
            return 0.0
        if self._short_since is None:
            self._short_since = self._clock()
        return self._clock() - self._short_since

    def why(self) -> str:
        """What is wrong; empty while nothing is."""
        free = self._database.free
        if free is None or free >= self._least:
            return ""
        return f"{free / 1e6:,.0f} MB left for {self._database.name}, fewer than {self._least / 1e6:,.0f}"
