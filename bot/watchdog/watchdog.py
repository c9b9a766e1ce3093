"""Looks at everything that is guarded, each beside the others, and restarts it or asks for the end of the process."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from bot.answers.health import GuardReport, Health
from bot.watchdog.guard import Act, GivenUp, Guarded, Silent, Standing, Well, judge

log = logging.getLogger(__name__)

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: between two looks, by how many a look may be late, and how many a restart may take.

    When a look is later than that the process itself was held up meanwhile: those seconds are nobody's silence.
    """

    look: float = 1.0
    overslept: float = 5.0
    restarting: float = 10.0


class Watchdog:
    """The guards of one process.

    `give_up` is called, with one sentence, when restarts do not help; `hear` is told each report that is new. Both
    return at once. `clock` is monotonic.
    """

    def __init__(
        self,
        guarded: Sequence[Guarded],
        give_up: Callable[[str], None],
        hear: Callable[[GuardReport], None],
        clock: Clock = time.monotonic,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace or Pace()
        self._guards = [_Guard(each, give_up, clock, self._pace) for each in guarded]
        self._hear = hear

    async def run(self) -> None:
        """Watch until cancelled; nothing that is guarded holds up another's guard."""
        async with asyncio.TaskGroup() as looks:
            for guard in self._guards:
                looks.create_task(self._watch(guard), name=f"guard of {guard.name}")

    async def look(self) -> None:
        """One look at everything."""
        await asyncio.gather(*map(self._look_at, self._guards))

    def report(self) -> tuple[GuardReport, ...]:
        """How everything is now."""
        return tuple(guard.report() for guard in self._guards)

    async def _watch(self, guard: _Guard) -> None:
        while True:
            await self._look_at(guard)
            await asyncio.sleep(self._pace.look)

    async def _look_at(self, guard: _Guard) -> None:
        try:
            await guard.look()
            self._hear(guard.report())
        except Exception:  # one guard's fault is not the others'
            log.exception("%s could not be looked at", guard.name)


class _Guard:
    """One guarded thing, from look to look."""

    def __init__(self, guarded: Guarded, give_up: Callable[[str], None], clock: Clock, pace: Pace) -> None:
        self.name = guarded.name
        self._guarded, self._give_up, self._clock, self._pace = guarded, give_up, clock, pace
        self._standing: Standing = Well()
        self._looked = clock()
        self._silent = 0.0
        self._restarting: asyncio.Future[None] | None = None

    def report(self) -> GuardReport:
        """How it is now."""
        standing = self._standing
        restarts = len(standing.restarts)
        if isinstance(standing, Well):
            return GuardReport(self.name, Health.WELL, 0, restarts)
        health = Health.GIVEN_UP if isinstance(standing, GivenUp) else Health.SILENT
        return GuardReport(self.name, health, round(self._clock() - standing.since), restarts, self._guarded.why())

    async def look(self) -> None:
        """Judge it, and do what follows."""
        before = self._standing
        self._standing, act = judge(self._guarded, before, self._age(), self._clock())
        if isinstance(before, Silent) and isinstance(self._standing, Well):
            log.warning("%s is well again after %.0f s", self.name, self._clock() - before.since)
        elif isinstance(before, Well) and not isinstance(self._standing, Well) and act is Act.NOTHING:
            log.warning("%s: %s", self.name, self._sentence())
        if act is Act.RESTART and self._guarded.restart is not None:
            log.warning("%s: %s; it is restarted", self.name, self._sentence())
            await self._restart(self._guarded.restart)
        elif act is Act.GIVE_UP:
            self._give_up(f"{self.name}: {self._sentence()}")

    def _age(self) -> float:
        """Seconds without a sign of life; those in which the whole process was held up are left out, and no others."""
        now = self._clock()
        passed = now - self._looked
        self._looked = now
        held_up = passed > self._pace.look + self._pace.overslept
        self._silent += self._pace.look if held_up else passed
        age = self._guarded.age()
        if not math.isfinite(age):
            return math.inf
        self._silent = min(max(age, 0.0), self._silent)
        return self._silent

    async def _restart(self, restart: Callable[[], Awaitable[None]]) -> None:
        """Within a bound, whatever it does. One that hangs is left alone, and counts as one that did not help."""
        if self._restarting is None or self._restarting.done():
            self._restarting = asyncio.ensure_future(self._restarted(restart))
            try:
                await asyncio.wait([self._restarting], timeout=self._pace.restarting)
            finally:
                self._restarting.cancel()
        if not self._restarting.done():
            log.error("the restart of %s hangs", self.name)
        now = self._clock()
        self._silent += min(now - self._looked, self._pace.restarting)
        self._looked = now
        self._standing = replace(self._standing, restarts=(*self._standing.restarts, now))

    async def _restarted(self, restart: Callable[[], Awaitable[None]]) -> None:
        try:
            await restart()
        except Exception:
            log.exception("%s could not be restarted", self.name)

    def _sentence(self) -> str:
        """What is wrong, in words."""
        now = self.report()
        why = f" ({now.why})" if now.why else ""
        restarted = f", after {now.restarts} restart{'s' * (now.restarts != 1)} within an hour" if now.restarts else ""
        silent = f"no sign of life for {now.silent_for} s" if now.silent_for else "it has ended"
        return f"{silent}{why}{restarted}"
