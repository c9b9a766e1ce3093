"""The running service: what it starts and how it ends. It is handed its parts; `bot.live` builds them.

Three things run beside each other and never wait for one another: the scheduler's ticks, the outbox worker, and the
front (Telegram or a terminal) that takes questions and carries messages.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.allocator import settle
from bot.delivery.channel import Channel
from bot.delivery.worker import Worker
from bot.reception import Parts
from bot.store.errors import StoreError

TICK_LIMIT = 300.0
"""Seconds after which a tick is given up: a hung source must not stop the watch."""

JUST_AFTER = 1
"""Seconds by which a poll is later than the instant at which a bar is due."""

PULSE, SLIP = 1.0, 2.0
"""How often the two clocks are compared, and by how many seconds they may drift apart unnoticed."""

STOP_LIMIT = 10.0
"""Seconds that messages being sent are waited for at the end."""

log = logging.getLogger(__name__)


class Front(Protocol):
    """Where people meet the bot."""

    @property
    def channel(self) -> Channel:
        """The way to readers."""
        ...

    @property
    def state(self) -> str:
        """Whether it is up, in words."""
        ...

    async def start(self) -> None:
        """Begin; returns at once, whatever the network does."""
        ...

    async def stop(self) -> None:
        """End within a bound."""
        ...


class Service:
    """From `start` to `stop`. Everything it knows beyond a restart is in the store."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._front: Front | None = None
        self._worker: Worker | None = None
        self._scheduler = AsyncIOScheduler(timezone=dt.UTC)
        self._ticking = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, front: Front, owner: str) -> None:
        """Take up where the store says we were, and begin. `owner` names this process in the outbox."""
        self._front = front
        await self._parts.intake.restore()
        await self._parts.watch.restore()
        await front.start()
        self._worker = Worker(self._parts.database, front.channel, owner, self._parts.now)
        work = {"outbox": self._worker.run(), "history": self._fill(), "pulse": self._pulse()}
        self._scheduler.add_job(self.tick, self._every_poll(), id="tick", misfire_grace_time=None, coalesce=True)
        self._scheduler.start()
        self._tasks = [asyncio.create_task(each, name=name) for name, each in work.items()]

    async def stop(self) -> None:
        """Take no more questions, finish what is being sent; the store and the sources are left to who opened them."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        if self._worker is not None:
            await self._worker.stop()
        outbox = [task for task in self._tasks if task.get_name() == "outbox"]
        for task in self._tasks:
            if task not in outbox:
                task.cancel()
        if outbox:
            await asyncio.wait(outbox, timeout=STOP_LIMIT)
        for task in outbox:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._front is not None:
            await self._front.stop()

    def _every_poll(self) -> IntervalTrigger:
        """Polls just after the whole minutes, or whatever the interval divides: bars are due on whole minutes. The
        first tick is that of the history.
        """
        seconds = self._parts.poll_seconds
        first = dt.datetime.fromtimestamp((self._parts.now() // seconds + 1) * seconds + JUST_AFTER, dt.UTC)
        return IntervalTrigger(seconds=seconds, start_date=first, timezone=dt.UTC)

    def _moment(self) -> dt.datetime:
        """Now, as the scheduler takes it."""
        return dt.datetime.fromtimestamp(self._parts.now(), dt.UTC)

    # The watch

    async def tick(self) -> None:
        """One tick; whatever goes wrong in it, there will be another."""
        if self._parts.database.is_lost:
            log.error("the database's file was deleted or replaced: what happens from now on will be forgotten")
        try:
            async with self._ticking, asyncio.timeout(TICK_LIMIT):
                known = self._parts.watch.book.records.keys()
                done = await self._parts.watch.tick(self._parts.now())
        except TimeoutError:
            log.error("a tick took longer than %.0f s and was given up", TICK_LIMIT)
        except StoreError as error:
            log.error("nothing was judged: %s", error)
        except Exception:
            log.exception("a tick failed")
        else:
            adopted = self._parts.watch.book.records.keys()
            if adopted - known:
                log.info("%d of %d rules adopted: from now on they tell", len(adopted), len(self._parts.rules))
            if done.bars or done.events:
                log.info("%d bars, %d events, %d messages owed", done.bars, len(done.events), done.owed)
            if done.owed and self._worker is not None:
                self._worker.wake()

    async def _fill(self) -> None:
        """Fill history until it is complete; sources may be down for days. A deeper one is asked for at a start."""
        while True:
            try:
                await self._parts.intake.backfill(self._parts.now(), self._parts.told)
            except StoreError as error:
                log.error("history cannot be written: %s", error)
            except Exception:
                log.exception("history could not be filled")
            if not self._parts.intake.waiting():
                break
            await asyncio.sleep(self._parts.poll_seconds)
        log.info("history is complete: %d rules are watched", len(self._parts.watch.ready_rules))
        await self.tick()
        settle()

    async def _pulse(self) -> None:
        """Begin anew when the wall clock jumps. The scheduler sleeps by the other clock, which does not; and after a
        jump back it would wait for the old time to come again."""
        loop = asyncio.get_running_loop()
        apart = self._parts.now() - loop.time()
        while True:
            await asyncio.sleep(PULSE)
            if abs(self._parts.now() - loop.time() - apart) > SLIP:
                apart = self._parts.now() - loop.time()
                self._scheduler.modify_job("tick", next_run_time=self._moment())
