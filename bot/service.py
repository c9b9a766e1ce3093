"""The running service: what it starts and how it ends. It is handed its parts; `bot.live` builds them.

These run beside each other and never wait for one another: the scheduler's ticks, a worker for each channel, and the
front (Telegram or a terminal) that takes questions and carries messages. What each of them shows of life is guarded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from bot.allocator import settle
from bot.answers.condition import StoreLook
from bot.answers.health import Health, Vitals
from bot.delivery.channel import Channel
from bot.parts import BesideFront, Front, Parts
from bot.probe import Excuse
from bot.sending import Sending, open_sending
from bot.store.errors import StoreError
from bot.ticking import Ticking
from bot.upkeep import Care, Upkeep
from bot.watchdog.guard import Guarded
from bot.watchdog.kept import Kept
from bot.watchdog.lag import Pulse

EXCUSING = frozenset({"Telegram", "the right to work"})
"""Guarded things that keep messages from going out, and are told by themselves while they do."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long what may take, in seconds.

    `tick`: then it is given up. `stop`: messages that are being sent at the end. `probe`: between two looks at the
    store. `outbox`: something is due and nothing happens. `untaken`: something is owed and nothing is taken, longer
    than what failed in a minute's trouble waits for its next try. `database`: it takes nothing. `history`: filling it
    shows no life.
    """

    tick: float = 300.0
    stop: float = 10.0
    probe: float = 30.0
    outbox: float = 300.0
    untaken: float = 180.0
    database: float = 180.0
    history: float = 900.0


class Service:
    """From `start` to `stop`. Everything it knows beyond a restart is in the store."""

    def __init__(self, parts: Parts, care: Care | None = None, bounds: Bounds | None = None) -> None:
        self._parts, self._care, self._bounds = parts, care or Care(), bounds or Bounds()
        self._ticking = Ticking(parts, self.wake, self._bounds.tick)
        self._clocks = Kept("comparison of clocks", self._ticking.pulse)
        self._history = Kept("history", self._fill, may_end=True)
        self._stirred_at = 0.0
        self._front: Front | None = None
        self._sending: Sending | None = None
        self._further: Sending | None = None
        self._fallback: Kept | None = None
        self._upkeep: Upkeep | None = None

    async def start(
        self,
        front: Front,
        owner: str,
        guarded: Sequence[Guarded] = (),
        may_send: Callable[[], bool] = lambda: True,
        beside: BesideFront | None = None,
    ) -> None:
        """Take up where the store says we were, and begin. `owner` names this process in the outbox.

        `guarded` is what must show life beside what is started here; nothing is sent while `may_send` says no.
        """
        self._front = front
        self._sending = sending = self._sends(front.channel, ("outbox", "look at the store"), owner, may_send, front)
        if beside is not None:
            self._further = self._sends(beside.channel, ("further outbox", "look at it"), owner, may_send)
            self._fallback = None if beside.fallback is None else Kept("fallback", beside.fallback.run)
        await self._parts.intake.restore()
        await self._parts.watch.restore()
        await front.start()
        self._stir()
        self._ticking.start()
        for task in (sending, self._history, self._clocks, self._further, self._fallback):
            if task is not None:
                task.start()
        guards = (*guarded, *self._guarded(sending), *self._guarded_beside())
        self._upkeep = Upkeep(guards, self._care, self._parts.now)
        self._upkeep.start()

    def _sends(
        self,
        channel: Channel,
        names: tuple[str, str],
        owner: str,
        may_send: Callable[[], bool],
        front: Front | None = None,
    ) -> Sending:
        """Where it is no `front`'s channel, each address has a way of its own."""
        telling = EXCUSING if front is not None else EXCUSING - {"Telegram"}

        def holds() -> bool:
            return not may_send() or (front is not None and front.down_age() > 0.0)

        def told() -> bool:
            return any(each.name in telling and each.health is not Health.WELL for each in self.vitals().guards)

        excuse, pace = Excuse(holds, told), self._bounds.probe
        return open_sending(self._parts, channel, names, owner, may_send, excuse, pace, apart=front is None)

    async def stop(self) -> None:
        """Take no more questions, finish what is being sent; the store and the sources are left to who opened them."""
        if self._upkeep is not None:
            await self._upkeep.stop()
            self._ticking.stop()
        channels = [each for each in (self._sending, self._further) if each is not None]
        for each in channels:
            await each.end()
        if (front := self._front) is not None:
            beside = [each.stop() for each in (self._history, self._clocks, self._fallback) if each is not None]
            await asyncio.gather(front.hush(), *(each.finish(self._bounds.stop) for each in channels), *beside)
            await front.stop()

    async def tick(self) -> None:
        """One tick; whatever goes wrong in it, there will be another."""
        await self._ticking.tick()

    @property
    def pulse(self) -> Pulse:
        """What beats in the event loop. Raises RuntimeError before the start."""
        return self._kept_up.pulse

    def looked(self) -> StoreLook:
        """What was found in the store at the last look, for every channel; nothing before the start."""
        found = [each.probe.found() for each in (self._sending, self._further) if each is not None]
        return replace(found[0], dues=tuple(due for each in found for due in each.dues)) if found else StoreLook(0.0)

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

    def _guarded(self, sending: Sending) -> tuple[Guarded, ...]:
        poll, bounds, ticking, probe = self._parts.poll_seconds, self._bounds, self._ticking, sending.probe

        def filling() -> float:
            still = asyncio.get_running_loop().time() - self._stirred_at
            return max(self._history.age(), still if self._history.runs else 0.0)

        return (
            Guarded("the scheduler", ticking.silence, 3 * poll + 60, ticking.restart),
            Guarded("judging", ticking.unfinished, 2 * (bounds.tick + poll) + 60),
            Guarded("the outbox", sending.silence, bounds.outbox, sending.anew),
            Guarded("what is owed", probe.untaken_age, bounds.untaken, fatal=False, why=probe.untaken),
            Guarded("filling history", filling, bounds.history, self._history.restart, fatal=False),
            Guarded("the comparison of clocks", self._clocks.age, poll, self._clocks.restart),
            Guarded("the look at the store", sending.looking.age, poll, sending.looking.restart),
            Guarded("the database", probe.database_age, bounds.database, fatal=False, why=lambda: probe.reason),
        )

    def _guarded_beside(self) -> Iterator[Guarded]:
        """Nothing of it ends the process: Telegram goes on without."""
        poll, bounds = self._parts.poll_seconds, self._bounds
        if (further := self._further) is not None:
            yield Guarded("further channels", further.silence, bounds.outbox, further.anew, fatal=False)
            probe = further.probe
            yield Guarded(
                "what further channels are owed", probe.untaken_age, bounds.untaken, fatal=False, why=probe.untaken
            )
            yield Guarded(
                "the look at further channels", further.looking.age, poll, further.looking.restart, fatal=False
            )
        if (fallback := self._fallback) is not None:
            yield Guarded("the fallback", fallback.age, poll, fallback.restart, fatal=False)

    # What runs beside the ticks

    def wake(self) -> None:
        """Something may be owed."""
        for each in (self._sending, self._further):
            if each is not None:
                each.wake()

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
        log.info("history is complete: rules that are watched: %d", len(self._parts.watch.ready_rules))
        await self.tick()
        settle()
