"""One source behind its circuit breaker: opened when it is first asked, asked one thing at a time, and left alone while
it fails, be it to open.

What each kind of failure means stands in `health`; whom to ask instead, in `sources`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bot.feeds.contract import Barred, Busy, Feed, FeedError, SourceDown
from bot.market.clocks import Clocks
from bot.market.health import Circuit, Health, Trouble
from bot.meters import Meters
from rules.model import Instant

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceId:
    """A feed and, where it speaks to several, the venue."""

    feed: str
    venue: str

    def __str__(self) -> str:
        return self.venue


class Source:
    """A feed, and how it is doing. Of one event loop."""

    def __init__(self, name: SourceId, build: Callable[[SourceId], Feed], clocks: Clocks, meters: Meters) -> None:
        self.name, self.health = name, Health()
        self._build, self._clocks, self._meters = build, clocks, meters
        self._feed: Feed | None = None
        self._opening: asyncio.Future[Feed] | None = None
        self._turn = asyncio.Lock()
        self._probed = False

    async def ask(self, question: Callable[[Feed], Awaitable[T]], now: Instant, *, patient: bool = False) -> T:
        """One question, when it is its turn. Raises what the feed raises.

        Raises SourceDown at once while the source is left alone; and while it is being tried with another question,
        unless whoever asks is `patient`, having nobody else to go to.
        """
        self._clocks.hear(now)
        if self._probed and not patient:
            raise SourceDown(f"{self.name} is being tried again")
        async with self._turn:
            circuit = self.health.circuit(now)
            if circuit is Circuit.OPEN:
                raise SourceDown(f"{self.name} {self.health.trouble}")
            self._probed = circuit is Circuit.HALF_OPEN
            try:
                feed = self._feed if self._feed is not None else await self._opened(now)
                return await self._answer(feed, question, now)
            finally:
                self._probed = False

    async def close(self) -> None:
        """Close the feed, if there is one; nothing is asked afterwards."""
        if self._opening is not None:
            await asyncio.wait([self._opening])
            self._feed = self._opening.result() if self._opening.exception() is None else None
        if self._feed is not None:
            await self._feed.close()

    async def _opened(self, now: Instant) -> Feed:
        """The feed, built beside the loop: its library may take a second to load. Whoever asks next waits for the same
        one, also when this question is given up. Whatever keeps it from being built is trouble of this source alone.
        """
        if self._opening is None:
            self._opening = asyncio.ensure_future(asyncio.to_thread(self._build, self.name))
        try:
            self._feed = await asyncio.shield(self._opening)
        except Exception as fault:
            self._opening = None
            log.exception("%s could not be opened", self.name)
            self._failed(now, f"{self.name} could not be opened: {type(fault).__name__}")
            raise SourceDown(self.health.reason) from fault
        self._opening = None
        return self._feed

    async def _answer(self, feed: Feed, question: Callable[[Feed], Awaitable[T]], now: Instant) -> T:
        """The answer, and what it says of the source."""
        try:
            answer = await question(feed)
        except Busy as reason:
            self._failed(now, str(reason), Trouble.BUSY, reason.wait)
            raise
        except SourceDown as reason:
            self._failed(now, str(reason))
            raise
        except Barred as reason:
            self._failed(now, str(reason), Trouble.BARRED)
            raise
        except FeedError:  # of this question alone: the source itself is up
            self._answered(feed, now)
            raise
        except Exception as fault:
            log.exception("%s failed in a way that its feed does not know", self.name)
            self._failed(now, f"{self.name} failed: {type(fault).__name__}")
            raise SourceDown(self.health.reason) from fault
        self._answered(feed, now)
        return answer

    def _failed(self, now: Instant, reason: str, trouble: Trouble = Trouble.DOWN, wait: int | None = None) -> None:
        """One line when trouble begins, and one when it becomes another."""
        self._meters.failed(str(self.name), str(trouble))
        if trouble is not self.health.trouble:
            log.warning("%s %s: %s", self.name, trouble, reason, extra={"source": str(self.name)})
        self.health = self.health.failed(now, reason, trouble, wait, str(self.name))

    def _answered(self, feed: Feed, now: Instant) -> None:
        self._meters.answered(str(self.name))
        self._clocks.compare(str(self.name), feed.told_at, now)
        if self.health.trouble is not None:
            log.warning("%s answers again", self.name, extra={"source": str(self.name)})
        self.health = self.health.answered(now)
