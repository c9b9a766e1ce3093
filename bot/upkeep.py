"""What keeps a service up while it works: the watchdog, the dead-man's switch, the notices to administrators. How each
of them goes stands in `bot.watchdog`; here they are joined, and guarded like everything else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.answers.health import Vitals
from bot.watchdog.guard import Guarded
from bot.watchdog.kept import Kept
from bot.watchdog.lag import Pulse
from bot.watchdog.notices import SETTLED, Notices, Post, Posted, Shout, nobody_hears, nothing_posted
from bot.watchdog.ping import Ping
from bot.watchdog.watchdog import Watchdog
from rules.model import Instant

LATE_LOOP = 10.0
"""Seconds by which the event loop may be late before the dead-man's switch is withheld."""

AGAIN = 60.0
"""Seconds until a task beside the watchdog is begun anew a second time."""

LAST_WORDS = 5.0
"""Seconds to tell the administrators that the process ends."""

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
