"""Things to guard, and a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.answers.health import GuardReport, Health
from bot.watchdog.guard import Guarded
from bot.watchdog.watchdog import Pace, Watchdog

LIMIT = 90.0


class Clock:
    """Monotonic seconds."""

    def __init__(self) -> None:
        self.now = 5_000.0

    def __call__(self) -> float:
        return self.now


class Thing:
    """Shows life until it `falls_silent` or `ends`; a restart helps where it is `curable`."""

    def __init__(self, clock: Clock, *, curable: bool = True) -> None:
        self._clock = clock
        self._seen: float | None = None
        self._ended = False
        self.curable = curable
        self.restarts: list[float] = []

    def falls_silent(self) -> None:
        self._seen = self._clock()

    def ends(self) -> None:
        self._ended = True

    def recovers(self) -> None:
        self._seen, self._ended = None, False

    def age(self) -> float:
        if self._ended:
            return math.inf
        return 0.0 if self._seen is None else self._clock() - self._seen

    async def restart(self) -> None:
        self.restarts.append(self._clock())
        if self.curable:
            self.recovers()


@dataclass
class Kennel:
    """A watchdog over one thing, and what it said."""

    clock: Clock = field(default_factory=Clock)
    given_up: list[str] = field(default_factory=list)
    heard: list[GuardReport] = field(default_factory=list)
    pace: Pace = field(default_factory=Pace)

    def guards(
        self,
        thing: Thing,
        *,
        restart: Callable[[], Awaitable[None]] | None = None,
        restarts: bool = True,
        fatal: bool = True,
        why: str = "",
    ) -> Watchdog:
        cure = (restart or thing.restart) if restarts else None
        guarded = Guarded("polling", thing.age, LIMIT, cure, fatal=fatal, why=lambda: why)
        return Watchdog([guarded], self.given_up.append, self.heard.append, self.clock, self.pace)

    async def passes(self, watchdog: Watchdog, seconds: float) -> None:
        """Time goes by, with a look each second."""
        for _ in range(round(seconds)):
            self.clock.now += 1.0
            await watchdog.look()

    @property
    def states(self) -> list[Health]:
        """How it was, each change once."""
        found: list[Health] = []
        for report in self.heard:
            if not found or found[-1] is not report.health:
                found.append(report.health)
        return found


def plays(story: Callable[[], Awaitable[None]]) -> None:
    """A story in a loop of its own."""

    async def run() -> None:
        async with asyncio.timeout(20):
            await story()

    asyncio.run(run())
