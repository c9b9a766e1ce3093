"""Who is told in Telegram's place while it takes nothing: what is owed there, and grave enough, is owed here too.

Everything is in the store: what waits, since when, what was told here. So a process that is killed anywhere and one
that takes over go on where it stood, and no event is told twice. It is not certain that Telegram is down: what is told
here stays owed there.

Only a process that tries and fails knows that Telegram takes nothing. So what waits counts from when this one began to
try, or woke up, whatever configurations it has taken since: while nobody ran, nothing could be sent, and after a night
without power Telegram is as well as ever. The price is that an outage which nobody was told of yet is told `after`
seconds after a restart, not before. One that was told before the restart, and in which Telegram has taken nothing
since, goes on as it stood once this process has tried, too.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.render.fallback import in_place_of, unreachable
from bot.store.chats import Subscriber, subscribers
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.further import UNTAKEN, enrolled
from bot.store.messages import Message, owe
from bot.store.told import MARK
from bot.store.untaken import last_owed, last_sent, leftovers, take_off, untaken, untaken_notices, waits_since
from rules.bars import DAY
from rules.model import Delivery, Instant, Severity

PACE = 15.0
"""Seconds between two looks."""

ITS_TIME = 30
"""Seconds that Telegram has to take a message before it is told elsewhere: it may only just have been owed."""

SELDOM = 3_600
"""Seconds between two notices that Telegram is down, however often processes begin anew."""

LONGEST = 30 * DAY
"""Seconds for which trouble is told to last at most; it may have lasted for ever."""

PULSE, ASLEEP = 1.0, 60
"""How often the clock is read, in seconds; and after how many in which it was not the process or its machine slept. No
outage is told that is shorter.
"""

DOWN = f"{MARK}notice/fallback/down/"
"""What the key of the notice begins with."""

TROUBLES = tuple(f"{mark}notice/%/{what}/%" for mark in (MARK, "") for what in ("stopped", "ending"))
"""What the keys of notices look like that tell of something that has stopped; those of earlier versions had no mark.
That Telegram has is told here anyway.
"""

OF_TELEGRAM = tuple(f"{mark}notice/{name}" for mark in (MARK, "") for name in ("Telegram", "what is owed"))

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Main:
    """The channel that may be down. `trouble_age` is for how many seconds it has not answered as it should; `admitted`
    are the people who may be told there, None for all.
    """

    name: str
    trouble_age: Callable[[], float]
    admitted: frozenset[str] | None = None


class Awake:
    """Since when a process has tried without a pause; it outlives each `Fallback`, which a configuration ends. While
    nobody looks at the clock it counts as asleep: there was nobody to try either.
    """

    def __init__(self) -> None:
        self._since: Instant | None = None
        self._seen = Instant(0)

    def sees(self, now: Instant) -> Instant:
        """The clock says `now`; returns since when."""
        if self._since is None or not self._seen <= now < self._seen + ASLEEP:
            self._since = now
        self._seen = now
        return self._since


class Fallback:
    """Owes to the channels in `least`, by name the least severe they are told, what `main` has taken nothing of for
    `after` seconds. `owed` is called when something new is. `awake` is the process's own.
    """

    def __init__(
        self,
        database: Database,
        main: Main,
        least: Mapping[str, Severity],
        after: int,
        now: Callable[[], Instant],
        owed: Callable[[], None],
        pace: float = PACE,
        awake: Awake | None = None,
    ) -> None:
        self._database, self._main, self._least, self._after = database, main, least, after
        self._now, self._owed, self._pace = now, owed, pace
        self._failing = False
        self._awake = awake or Awake()
        self._begun = self._awake.sees(now())

    async def run(self) -> None:
        """Look until cancelled; whatever goes wrong, it looks again."""
        self._begun = self._awake.sees(self._now())
        while True:
            try:
                await self.look()
                self._failing = False
            except StoreError as error:
                if not self._failing:
                    log.error("it cannot be seen what Telegram does not take: %s", error)
                self._failing = True
            except Exception:
                log.exception("what Telegram does not take is not told elsewhere")
            await self._rest()

    async def _rest(self) -> None:
        """Until the next look; a process that wakes up meanwhile knows no more than one that begins."""
        left = self._pace
        while left > 0:
            await asyncio.sleep(min(left, PULSE))
            left -= PULSE
            self._begun = self._awake.sees(self._now())

    async def look(self) -> int:
        """Once. Returns how many messages are newly owed. Raises StoreError."""
        now = self._now()
        async with self._database.read() as connection:
            to = await enrolled(connection, self._least, UNTAKEN)
            down = await self._down_since(connection, to, now)
            left = down is None and await leftovers(connection, [each.chat for each in to])
        if down is None:
            if left:
                await self._clear(now)
            return 0
        async with self._database.write() as connection:
            to = await enrolled(connection, self._least, UNTAKEN)
            down = await self._down_since(connection, to, now)  # it may have taken something meanwhile
            owed = 0 if down is None else sum([await self._tell(connection, each, down, now) for each in to])
        if owed:
            log.warning("Telegram takes nothing: told in its place: %s (%d new)", ", ".join(self._least), owed)
            self._owed()
        return owed

    async def _down_since(self, connection: Connection, to: Sequence[Subscriber], now: Instant) -> Instant | None:
        """Since when it takes nothing: since it is in trouble, or since the oldest that it is owed waits, but not while
        it took something else, nor while this process did not try. None when that is not long enough ago.
        """
        age, oldest = self._main.trouble_age(), await waits_since(connection, self._main.name)
        since = min(now - round(min(age, LONGEST)), now if oldest is None else oldest)
        if now - since < self._after:
            return None
        sent = await last_sent(connection, self._main.name)
        since = max(since, sent or since)
        if not await self._took_over_an_outage(connection, to, sent or 0):
            since = max(since, self._begun)
        elif now - self._begun < ITS_TIME:
            return None
        return None if now - since < self._after else since

    async def _took_over_an_outage(self, connection: Connection, to: Sequence[Subscriber], sent: Instant) -> bool:
        """Whether it was told before this process began that Telegram is down, and nothing was `sent` since."""
        told = [await last_owed(connection, each.chat, DOWN) for each in to]
        return any(each is not None and sent < each < self._begun for each in told)

    async def _clear(self, now: Instant) -> None:
        """Where it has taken something it is back, and sends by itself what it is owed. A process that has just begun
        knows of no trouble: that is not enough.
        """
        async with self._database.write() as connection:
            to = await enrolled(connection, self._least, UNTAKEN)
            sent = await last_sent(connection, self._main.name)
            if sent is not None and await self._down_since(connection, to, now) is None:
                await take_off(connection, [each.chat for each in to], sent, now)

    async def _tell(self, connection: Connection, to: Subscriber, since: Instant, now: Instant) -> int:
        name, admitted, before = self._main.name, self._main.admitted, now - ITS_TIME
        alerts = await untaken(connection, name, to, before, now, admitted)
        notices = await untaken_notices(connection, name, to, before, now, TROUBLES)
        others = [each for each in notices if not each.event.startswith(OF_TELEGRAM)]
        somebody = others or await subscribers(connection, name, admitted)
        first = [self._notice(to, since, now)] if somebody and await self._is_news(connection, to, since, now) else []
        told = [replace(each, html=in_place_of(since, each.html)) for each in (*alerts, *others)]
        return await owe(connection, (*first, *told), [Subscriber(to.chat, since=0)], now)

    async def _is_news(self, connection: Connection, to: Subscriber, since: Instant, now: Instant) -> bool:
        last = await last_owed(connection, to.chat, DOWN)
        return last is None or (last < since and now - last >= SELDOM)

    def _notice(self, to: Subscriber, since: Instant, now: Instant) -> Message:
        return Message(
            event=f"{DOWN}{now}",
            at=now,
            html=unreachable(since, str(to.least)),
            policy=Delivery.AT_LEAST_ONCE,
            silent=False,
            late_after=now + self._after,
            expires_at=now + SELDOM,
        )
