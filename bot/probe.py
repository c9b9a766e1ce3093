"""A look at the store every so often: whether the database takes what is written, whether the outbox moves, and whether
what is owed there is taken.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from bot.answers.condition import Due, StoreLook
from bot.delivery.channel import ChatGone, ChatMoved, NotUnderstood, Rejected, Sent
from bot.delivery.settle import Ended
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.outbox import next_due
from bot.store.owed import Debt, debt, held_up, held_up_each
from bot.store.writable import touch
from rules.model import Instant

GRACE = 60
"""Seconds that a message may be due before it counts as waiting."""

ANSWERED = (Sent, ChatGone, ChatMoved, NotUnderstood, Rejected)
"""Ends of a sending that show that a channel takes messages: it took this one, or said what it has against it."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a channel may take nothing through no fault of its outbox. `holds` says whether there is such a reason now;
    `told` whether a guard of its own reports it: one that comes and goes too fast for that hides nothing.
    """

    holds: Callable[[], bool]
    told: Callable[[], bool]


class StoreProbe:
    """Looks every `pace` seconds whether the database takes what is written, whether the outbox moves, and whether what
    is owed there is taken: an outbox whose every sending fails moves with each try.

    `apart` says whether each address has a way of its own, so that what one takes says nothing of another.
    """

    def __init__(
        self,
        database: Database,
        channel: str,
        now: Callable[[], Instant],
        excuse: Excuse,
        pace: float,
        clock: Callable[[], float] = time.monotonic,
        *,
        apart: bool = False,
    ) -> None:
        self._database, self._channel, self._now, self._excuse = database, channel, now, excuse
        self._pace, self._clock, self._apart = pace, clock, apart
        self._wrote = self._moved = self._looked = clock()
        self._seen: Hashable = None
        self._still = False
        self._waits: Mapping[str, str] = {}
        self._took: dict[str, float] = {}
        self._debt: Debt | None = None
        self._size: int | None = None
        self.reason = ""

    async def run(self) -> None:
        """Until cancelled."""
        self.begin()
        while True:
            await self.look()
            await asyncio.sleep(self._pace)

    def begin(self) -> None:
        """All is well as of now."""
        self._wrote = self._moved = self._looked = self._clock()
        self._waits, self._took = {}, {}

    def hears(self, address: str, ended: Ended) -> None:
        """How a sending ended."""
        if isinstance(ended, ANSWERED):
            self._took[address if self._apart else ""] = self._clock()

    async def look(self) -> None:
        """Once."""
        try:
            async with self._database.write() as connection:
                await touch(connection, self._now())
                due = await next_due(connection, self._channel)
                owed = await debt(connection, self._channel, self._now())
                waits = await self._held_up(connection)
                self._debt, self._size = owed, await self._database.size(connection)
        except StoreError as error:
            self.reason, self._still, self._moved = error.why, False, self._clock()
            self._debt, self._size, self._waits = None, None, {}
            return
        self.reason, self._wrote = "", self._clock()
        seen = (due, owed.owed)
        is_due = due is not None and due <= self._now() - GRACE
        self._still = is_due and seen == self._seen and not self._excuse.holds()
        if not self._still:
            self._moved = self._clock()
        self._seen, self._waits = seen, waits
        self._took = {way: self._took.get(way, self._looked) for way in waits}
        self._looked = self._clock()

    async def _held_up(self, connection: Connection) -> Mapping[str, str]:
        """Why what is owed waits, by the way that it has to go; without a name where all go the same."""
        if self._apart:
            return await held_up_each(connection, self._channel)
        why = await held_up(connection, self._channel)
        return {} if why is None else {"": why}

    def found(self) -> StoreLook:
        """What there was at the last look, without another one; unknown where the database did not answer."""
        debt = self._debt
        dues = () if debt is None else (Due(self._channel, debt.owed, debt.oldest),)
        return StoreLook(self.database_age(), self.reason, dues, self._size)

    def database_age(self) -> float:
        """Seconds since the database last took something."""
        return self._clock() - self._wrote

    def outbox_age(self) -> float:
        """Seconds for which something has been due and nothing in the outbox has changed; 0 when it moves."""
        return self._clock() - self._moved if self._still else 0.0

    def untaken_age(self) -> float:
        """Seconds for which something has been owed and the channel has taken nothing, whatever excuse there was
        meanwhile; 0 when it does, and while a guard of its own tells why.
        """
        return 0.0 if self._excuse.told() else max(map(self._waiting, self._waits), default=0.0)

    def untaken(self) -> str:
        """Why the oldest of it was not taken when it was last tried; where each has a way of its own, which one."""
        if not self._waits:
            return ""
        way = max(self._waits, key=self._waiting)
        return ": ".join(part for part in (way, self._waits[way]) if part)

    def _waiting(self, way: str) -> float:
        return self._clock() - self._took[way]
