"""The sources of every instrument in order of preference, and how each of them is doing.

A source that does not answer is left alone for a while that doubles with each failure; whoever asked gets the next one
meanwhile. A source is asked one thing at a time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from bot.feeds.contract import Feed, FeedError, NoSuchBars, Request, SourceDown
from rules.bars import DAY, Bars, Tick
from rules.model import Instant, Instrument

FIRST_PAUSE, LONGEST_PAUSE = 30, 900
"""Seconds that a source is left alone after its first failure, and at most."""

log = logging.getLogger(__name__)

RUN_UP = 5 * DAY
"""How much earlier a stand-in is asked from: its own closes before the gap are what its returns start from."""


@dataclass(frozen=True, slots=True)
class SourceId:
    """A feed and, where it speaks to several, the venue."""

    feed: str
    venue: str

    def __str__(self) -> str:
        return self.venue


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is doing: when it last answered, since when and why it has not, and when it is asked again."""

    last_answer: Instant | None = None
    failing_since: Instant | None = None
    failures: int = 0
    retry_at: Instant = 0
    reason: str = ""

    def answered(self, now: Instant) -> Health:
        """After an answer."""
        return Health(last_answer=now)

    def failed(self, now: Instant, reason: str) -> Health:
        """After a failure."""
        pause = min(FIRST_PAUSE * 2 ** min(self.failures, 8), LONGEST_PAUSE)
        since = self.failing_since if self.failing_since is not None else now
        return replace(self, failing_since=since, failures=self.failures + 1, retry_at=now + pause, reason=reason)

    def rests(self, now: Instant) -> bool:
        """Whether it is left alone. A pause that would outlast the longest one began before the clock was set back."""
        return self.retry_at - LONGEST_PAUSE <= now < self.retry_at


@dataclass(frozen=True, slots=True)
class Answer:
    """Bars, who gave them, and whether a source that is preferred did not answer."""

    source: SourceId
    bars: Bars
    stand_in: bool


@dataclass
class _Source:
    feed: Feed
    health: Health = field(default_factory=Health)
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def note(self, name: SourceId, health: Health) -> None:
        """Take its new state; one line when it begins to fail and one when it is back."""
        if health.failing_since is not None and self.health.failing_since is None:
            log.warning("%s does not answer: %s", name, health.reason)
        if health.failing_since is None and self.health.failing_since is not None:
            log.warning("%s answers again", name)
        self.health = health


Build = Callable[[SourceId], Feed]
T = TypeVar("T")


class Sources:
    """Asks the sources of an instrument in turn. Feeds are built when they are first asked."""

    def __init__(self, order: Mapping[str, Sequence[SourceId]], build: Build) -> None:
        self._order, self._build = order, build
        self._sources: dict[SourceId, _Source] = {}
        self._opening = asyncio.Lock()

    @property
    def health(self) -> dict[SourceId, Health]:
        """How every source is doing that was asked so far; of a stand-in that failed only while it is needed."""
        needed: set[SourceId] = set()
        for order in self._order.values():
            for name in order:
                needed.add(name)
                if name in self._sources and self._sources[name].health.failing_since is None:
                    break
        return {name: source.health for name, source in self._sources.items() if name in needed}

    async def bars(self, request: Request, now: Instant, *, deep_enough: Instant | None = None) -> Answer:
        """The bars from the first source that has them.

        A stand-in whose first bar ends after `deep_enough` is passed over while others are left. Raises SourceDown when
        no source answered, NoSuchBars when those that did have no such bars.
        """
        down: list[str] = []
        lacking: list[str] = []
        shallow: Answer | None = None
        for name in self._order.get(request.instrument.id, ()):
            asked = replace(request, after=max(0, request.after - RUN_UP)) if down or lacking else request
            try:
                bars = await self._ask(name, now, partial(_bars_of, request=asked))
            except NoSuchBars as reason:
                lacking.append(str(reason))
            except FeedError as reason:
                down.append(str(reason))
            else:
                answer = Answer(name, bars, stand_in=bool(down))
                if not down or deep_enough is None or _reaches(bars, deep_enough):
                    return answer
                shallow = _deeper(shallow, answer)
        if shallow is not None and len(shallow.bars):
            return shallow
        if down:
            raise SourceDown("; ".join(down))
        raise NoSuchBars("; ".join(lacking) or f"no source is configured for {request.instrument.id}")

    async def tick(self, instrument: Instrument, now: Instant) -> Tick | None:
        """The latest trade from the first source that has one; None where none has."""
        for name in self._order.get(instrument.id, ()):
            try:
                found = await self._ask(name, now, partial(_tick_of, instrument=instrument))
            except FeedError:
                continue
            if found is not None:
                return found
        return None

    async def _ask(self, name: SourceId, now: Instant, question: Callable[[Feed], Awaitable[T]]) -> T:
        """One question to one source, when it is its turn. Raises SourceDown at once while the source is left alone."""
        source = self._sources.get(name) or await self._open(name)
        async with source.turn:
            if source.health.rests(now):
                raise SourceDown(f"{name} does not answer")
            try:
                answer = await question(source.feed)
            except SourceDown as reason:
                source.note(name, source.health.failed(now, str(reason)))
                raise
            except FeedError:  # of this question alone: the source itself is up
                source.note(name, source.health.answered(now))
                raise
            except Exception as fault:
                log.exception("%s failed in a way that its feed does not know", name)
                source.note(name, source.health.failed(now, f"{name} failed: {type(fault).__name__}"))
                raise SourceDown(source.health.reason) from fault
            source.note(name, source.health.answered(now))
            return answer

    async def _open(self, name: SourceId) -> _Source:
        """Build a feed beside the loop: its library may take a second to load."""
        async with self._opening:
            if name not in self._sources:
                self._sources[name] = _Source(await asyncio.to_thread(self._build, name))
            return self._sources[name]

    async def close(self) -> None:
        """Close every feed."""
        await asyncio.gather(*(source.feed.close() for source in self._sources.values()))


async def _bars_of(feed: Feed, request: Request) -> Bars:
    return await feed.bars(request)


async def _tick_of(feed: Feed, instrument: Instrument) -> Tick | None:
    return await feed.tick(instrument)


def _reaches(bars: Bars, first: Instant) -> bool:
    return len(bars) > 0 and int(bars.end[0]) <= first


def _deeper(one: Answer | None, other: Answer) -> Answer:
    if one is None or not len(one.bars):
        return other
    return other if len(other.bars) and other.bars.end[0] < one.bars.end[0] else one
