"""The running service: what it starts and how it ends. It is handed its parts; `bot.live` builds them.

Three things run beside each other and never wait for one another: the scheduler's ticks, the outbox worker, and the
front (Telegram or a terminal) that takes questions and carries messages. What each of them shows of life is guarded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bot.allocator import settle
from bot.answers import NO_TOKEN, POLLING
from bot.answers.health import Vitals
from bot.delivery.channel import Channel
from bot.delivery.worker import Worker
from bot.reception import Parts
from bot.store.errors import StoreError
from bot.ticking import Ticking
from bot.upkeep import Care, StoreProbe, Upkeep
from bot.watchdog.guard import Guarded
from bot.watchdog.kept import Kept
from bot.watchdog.lag import Pulse

FINISHING = 4.0
"""Seconds that what is being sent is waited for before a new worker goes on."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long what may take, in seconds.

    `tick`: then it is given up. `stop`: messages that are being sent at the end. `probe`: between two looks at the
    store. `outbox`: something is due and nothing happens. `database`: it takes nothing. `history`: filling it shows no
    life.
    """

    tick: float = 300.0
    stop: float = 10.0
    probe: float = 30.0
    outbox: float = 300.0
    database: float = 180.0
    history: float = 900.0


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

    async def hush(self) -> None:
        """Take no more questions; what is under way goes on. Within a bound."""
        ...

    async def stop(self) -> None:
        """End within a bound."""
        ...


@dataclass(frozen=True, slots=True)
class _Sending:
    """What there is from the start on: the front, the worker's task, and who looks at what becomes of the outbox."""

    front: Front
    outbox: Kept
    probe: StoreProbe
    looking: Kept


class Service:
    """From `start` to `stop`. Everything it knows beyond a restart is in the store."""

    def __init__(self, parts: Parts, care: Care | None = None, bounds: Bounds | None = None) -> None:
        self._parts, self._care, self._bounds = parts, care or Care(), bounds or Bounds()
        self._ticking = Ticking(parts, self.wake, self._bounds.tick)
        self._clocks = Kept("comparison of clocks", self._ticking.pulse)
        self._history = Kept("history", self._fill, may_end=True)
        self._stirred_at = 0.0
        self._worker: Worker | None = None
        self._sending: _Sending | None = None
        self._upkeep: Upkeep | None = None

    async def start(
        self,
        front: Front,
        owner: str,
        guarded: Sequence[Guarded] = (),
        may_send: Callable[[], bool] = lambda: True,
    ) -> None:
        """Take up where the store says we were, and begin. `owner` names this process in the outbox.

        `guarded` is what must show life beside what is started here; nothing is sent while `may_send` says no.
        """
        self._sending = sending = self._prepared(front, owner, may_send)
        await self._parts.intake.restore()
        await self._parts.watch.restore()
        await front.start()
        self._stir()
        self._ticking.start()
        for task in (sending.outbox, sending.looking, self._history, self._clocks):
            task.start()
        self._upkeep = Upkeep((*guarded, *self._guarded(sending)), self._care, self._parts.now)
        self._upkeep.start()

    def _prepared(self, front: Front, owner: str, may_send: Callable[[], bool]) -> _Sending:
        database, now = self._parts.database, self._parts.now

        def worker() -> Worker:
            return Worker(database, front.channel, owner, now, may_send=may_send)

        def excused() -> bool:
            return front.state not in (POLLING, NO_TOKEN) or not may_send()

        probe = StoreProbe(database, front.channel.name, now, excused, self._bounds.probe)
        return _Sending(
            front, Kept("outbox", partial(self._deliver, worker)), probe, Kept("look at the store", probe.run)
        )

    async def stop(self) -> None:
        """Take no more questions, finish what is being sent; the store and the sources are left to who opened them."""
        if self._upkeep is not None:
            await self._upkeep.stop()
            self._ticking.stop()
        await self._end_worker()
        if (sending := self._sending) is not None:
            others = (sending.looking.stop(), self._history.stop(), self._clocks.stop())
            await asyncio.gather(sending.front.hush(), sending.outbox.wait(self._bounds.stop), *others)
            await sending.outbox.stop()
            await sending.front.stop()

    async def tick(self) -> None:
        """One tick; whatever goes wrong in it, there will be another."""
        await self._ticking.tick()

    @property
    def pulse(self) -> Pulse:
        """What beats in the event loop. Raises RuntimeError before the start."""
        return self._kept_up.pulse

    def vitals(self) -> Vitals:
        """How everything that is guarded is; empty before the start."""
        return self._upkeep.vitals() if self._upkeep else Vitals((), 0.0)

    async def gives_up(self) -> str:
        """Wait until nothing helps and the process has to end; why, in one sentence. Raises RuntimeError before the
        start.
        """
        return await self._kept_up.ends()

    def give_up(self, why: str) -> None:
        """End the process for another reason: it must not go on. Raises RuntimeError before the start."""
        self._kept_up.give_up(why)

    @property
    def _kept_up(self) -> Upkeep:
        if self._upkeep is None:
            raise RuntimeError("the service has not started")
        return self._upkeep

    def _guarded(self, sending: _Sending) -> tuple[Guarded, ...]:
        poll, bounds, ticking, probe = self._parts.poll_seconds, self._bounds, self._ticking, sending.probe

        def delivering() -> float:
            return max(sending.outbox.age(), probe.outbox_age())

        async def deliver_anew() -> None:
            await self._end_worker()
            await sending.outbox.wait(FINISHING)
            await sending.outbox.restart()

        def filling() -> float:
            still = asyncio.get_running_loop().time() - self._stirred_at
            return max(self._history.age(), still if self._history.runs else 0.0)

        return (
            Guarded("the scheduler", ticking.silence, 3 * poll + 60, ticking.restart),
            Guarded("judging", ticking.unfinished, 2 * (bounds.tick + poll) + 60),
            Guarded("the outbox", delivering, bounds.outbox, deliver_anew),
            Guarded("filling history", filling, bounds.history, self._history.restart, fatal=False),
            Guarded("the comparison of clocks", self._clocks.age, poll, self._clocks.restart),
            Guarded("the look at the store", sending.looking.age, poll, sending.looking.restart),
            Guarded("the database", probe.database_age, bounds.database, fatal=False, why=lambda: probe.reason),
        )

    # What runs beside the ticks

    def wake(self) -> None:
        """Something may be owed."""
        if self._worker is not None:
            self._worker.wake()

    async def _deliver(self, new_worker: Callable[[], Worker]) -> None:
        """Send what is owed, with a worker of its own for each start."""
        self._worker = new_worker()
        await self._worker.run()

    async def _end_worker(self) -> None:
        if self._worker is not None:
            await self._worker.stop()

    def _stir(self) -> None:
        """History is being filled: a sign of life."""
        self._stirred_at = asyncio.get_running_loop().time()

    def _told(self, name: str, share: float) -> None:
        self._stir()
        self._parts.told(name, share)

    async def _fill(self) -> None:
        """Fill history until it is complete; sources may be down for days. A deeper one is asked for at a start."""
        while True:
            self._stir()
            try:
                await self._parts.intake.backfill(self._parts.now(), self._told)
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
