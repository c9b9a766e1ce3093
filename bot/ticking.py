"""The scheduler, and the tick that it begins at each poll. It knows when one last began, and when one last ended by
itself: what a watchdog asks.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.parts import Parts
from bot.store.errors import StoreError

JUST_AFTER = 1
"""Seconds by which a poll is later than the instant at which a bar is due."""

PULSE, SLIP = 1.0, 2.0
"""How often the two clocks are compared, and by how many seconds they may drift apart unnoticed."""

log = logging.getLogger(__name__)


class Ticking:
    """Ticks at every poll. `owed` is called when a tick owes messages.

    `limit` is the seconds after which a tick is given up: a hung source must not stop the watch.
    """

    def __init__(self, parts: Parts, owed: Callable[[], None], limit: float) -> None:
        self._parts, self._owed, self._limit = parts, owed, limit
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._ticking = asyncio.Lock()
        self._running = 0
        self._seen = self._ended = 0.0

    def start(self) -> None:
        """Begin."""
        self._seen = self._ended = _now()
        self._schedule()

    def stop(self) -> None:
        """Begin no further tick, and cut off the one that runs."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def restart(self) -> None:
        """Go on with a new scheduler."""
        self.stop()
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._schedule()

    def silence(self) -> float:
        """Seconds since a tick last began or ended; 0 while one runs."""
        return 0.0 if self._running else _now() - self._seen

    def unfinished(self) -> float:
        """Seconds since a tick last ended by itself, well or not."""
        return _now() - self._ended

    def _schedule(self) -> None:
        self._scheduler.add_job(self.tick, self._every_poll(), id="tick", misfire_grace_time=None, coalesce=True)
        self._scheduler.start()

    def _every_poll(self) -> IntervalTrigger:
        """Polls just after the whole minutes, or whatever the interval divides: bars are due on whole minutes. The
        first tick is that of the history.
        """
        seconds = self._parts.poll_seconds
        first = dt.datetime.fromtimestamp((self._parts.now() // seconds + 1) * seconds + JUST_AFTER, dt.UTC)
        return _Polls(seconds=seconds, start_date=first, timezone=dt.UTC)

    async def tick(self) -> None:
        """One tick; whatever goes wrong in it, there will be another."""
        if self._parts.database.is_lost:
            log.error("the database's file was deleted or replaced: what happens from now on will be forgotten")
        self._running += 1
        try:
            await self._ticked()
        finally:
            self._running -= 1
            self._seen = _now()

    async def _ticked(self) -> None:
        begun, outcome = _now(), "cut off"
        try:
            outcome = await self._judged()
        finally:
            self._parts.meters.ticked(outcome, _now() - begun)

    async def _judged(self) -> str:
        """One tick and what is told of it; the outcome as it is counted."""
        outcome = "judged"
        try:
            async with self._ticking, asyncio.timeout(self._limit):
                known = self._parts.watch.book.records.keys()
                done = await self._parts.watch.tick(self._parts.now())
        except TimeoutError:
            log.error("a tick took longer than %.0f s and was given up", self._limit)
            return "given up"
        except StoreError as error:
            outcome = "not written"
            log.error("nothing was judged: %s", error)
        except Exception:
            outcome = "failed"
            log.exception("a tick failed")
        else:
            adopted = self._parts.watch.book.records.keys()
            if adopted - known:
                log.info("%d of %d rules adopted: from now on they tell", len(adopted), len(self._parts.rules))
            if done.bars or done.events:
                told = {"bars": done.bars, "events": len(done.events), "owed": done.owed}
                log.info("%(bars)d bars, %(events)d events, %(owed)d messages owed", told, extra=told)
            if done.owed:
                self._owed()
        self._ended = _now()
        return outcome

    async def pulse(self) -> None:
        """Begin anew when the wall clock jumps. The scheduler sleeps by the other clock, which does not; and after a
        jump back it would wait for the old time to come again."""
        apart = self._parts.now() - _now()
        while True:
            await asyncio.sleep(PULSE)
            if abs(self._parts.now() - _now() - apart) > SLIP:
                apart = self._parts.now() - _now()
                self._scheduler.modify_job("tick", next_run_time=self._moment())

    def _moment(self) -> dt.datetime:
        """Now, as the scheduler takes it."""
        return dt.datetime.fromtimestamp(self._parts.now(), dt.UTC)


class _Polls(IntervalTrigger):  # type: ignore[misc]
    """Polls of which those that were missed are one. The scheduler counts them else, one by one: a minute of computing
    for a machine that starts in 1970 and then hears what the time is."""

    def get_next_fire_time(self, previous_fire_time: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
        missed = previous_fire_time is not None and previous_fire_time + self.interval < now
        found: dt.datetime | None = super().get_next_fire_time(None if missed else previous_fire_time, now)
        return found


def _now() -> float:
    """Seconds of the clock that does not jump."""
    return asyncio.get_running_loop().time()
