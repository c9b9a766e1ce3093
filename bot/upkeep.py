"""What keeps the service up: its guards, its dead-man's switch, what its administrators are told. `bot.watchdog` knows
how; here stands of what.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from bot.answers.condition import Due, StoreLook
from bot.answers.health import Vitals
from bot.delivery.channel import ChatGone, ChatMoved, NotUnderstood, Rejected, Sent
from bot.delivery.settle import Ended
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.outbox import next_due
from bot.store.owed import Debt, debt, held_up, held_up_each
from bot.store.writable import touch
from bot.watchdog.guard import Guarded
from bot.watchdog.kept import Kept
from bot.watchdog.lag import Pulse
from bot.watchdog.notices import SETTLED, Notices, Post, Posted, Shout, nobody_hears, nothing_posted
from bot.watchdog.ping import Ping
from bot.watchdog.watchdog import Watchdog
from rules.model import Instant

LATE_LOOP = 10.0
"""Seconds by which the event loop may be late before the dead-man's switch is withheld."""

GRACE = 60
"""Seconds that a message may be due before it counts as waiting."""

AGAIN = 60.0
"""Seconds until a task beside the watchdog is begun anew a second time."""

LAST_WORDS = 5.0
"""Seconds to tell the administrators that the process ends."""

ANSWERED = (Sent, ChatGone, ChatMoved, NotUnderstood, Rejected)
"""Ends of a sending that show that a channel takes messages: it took this one, or said what it has against it."""

log = logging.getLogger(__name__)


async def _nobody(key: str, html: str) -> None:
    """There are no administrators to tell."""
    del key, html


@dataclass(frozen=True, slots=True)
class Care:
    """What an operator wants beside the watch: which address is asked for every so many seconds while all is well,
    empty for none, how administrators are told, what they were told before this process began, and how they are told
    past the database.
    """

    ping_url: str = ""
    ping_seconds: float = 60.0
    post: Post = _nobody
    posted: Posted = nothing_posted
    shout: Shout = nobody_hears


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


class Upkeep:
    """Runs beside the service from `start` to `stop`. `gave_up` holds a sentence once the process has to end."""

    def __init__(
        self, guarded: Sequence[Guarded], care: Care, now: Callable[[], Instant], last_words: float = LAST_WORDS
    ) -> None:
        self._last_words = last_words
        self._pulse = Pulse()
        settled = max([SETTLED, *(2 * each.limit for each in guarded)])
        self._notices = Notices(care.post, now, posted=care.posted, settled=settled, shout=care.shout)
        beside = [Kept("the notices", self._notices.run)]
        if care.ping_url:
            beside.append(Kept("the dead-man's switch", Ping(care.ping_url, care.ping_seconds, self._trouble).run))
        ours = [Guarded(each.name, each.age, AGAIN, each.restart, fatal=False) for each in beside]
        self._watchdog = Watchdog([*guarded, *ours], self.give_up, self._notices.hear)
        self._tasks = [Kept("watchdog", self._watch), *beside]
        self._given_up = asyncio.Event()
        self.why = ""

    @property
    def pulse(self) -> Pulse:
        """What beats in the loop."""
        return self._pulse

    def start(self) -> None:
        """Begin."""
        for task in self._tasks:
            task.start()

    async def stop(self) -> None:
        """Watch no more."""
        await asyncio.gather(*(task.stop() for task in self._tasks))

    def vitals(self) -> Vitals:
        """How everything is now."""
        return Vitals(self._watchdog.report(), self._pulse.lag)

    async def ends(self) -> str:
        """Wait until the process has to end; returns why, in one sentence. The administrators are told before."""
        await self._given_up.wait()
        try:
            async with asyncio.timeout(self._last_words):
                await self._notices.flush()
        except TimeoutError:
            log.warning("the administrators could not be told in time")
        return self.why

    def give_up(self, why: str) -> None:
        """The process has to end; the first reason counts."""
        self.why = self.why or why
        self._given_up.set()

    async def _watch(self) -> None:
        """Should the watchdog ever end, so does the pulse, and with it the process."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._watchdog.run(), name="guards")
            both.create_task(self._pulse.run(), name="event loop's pulse")

    async def _trouble(self) -> str:
        vitals = self.vitals()
        return vitals.trouble or ("the event loop" if vitals.lag > LATE_LOOP else "")
