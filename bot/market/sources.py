"""The sources of every instrument in order of preference: who is asked, who stands in, who is left alone.

Whoever asks gets an answer from the first source that gives one. What a source does not have of an instrument is
remembered here; how it is doing itself, and for how long one that fails is left alone, in `source` and `health`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.answers.quality import Fault
from bot.feeds.contract import Feed, FeedError, NoSuchBars, Request, SourceDown
from bot.market.clocks import Clocks
from bot.market.health import Health, Refusal, refused
from bot.market.source import Source, SourceId
from bot.meters import Meters
from rules.bars import DAY, Bars, Interval, Tick
from rules.model import Instant, Instrument

log = logging.getLogger(__name__)

RUN_UP = 5 * DAY
"""How much earlier a stand-in is asked from: its own closes before the gap are what its returns start from."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Bars, who gave them, and whether a source that is preferred did not answer."""

    source: SourceId
    bars: Bars
    stand_in: bool


@dataclass(frozen=True, slots=True)
class Trades:
    """The latest trades by instrument id; and who answered without one of what, with what is wrong with that which was
    told as one, None where nothing was."""

    ticks: Mapping[str, Tick]
    lacking: Mapping[tuple[str, SourceId], Fault | None]


Build = Callable[[SourceId], Feed]


class Sources:
    """Asks the sources of an instrument in turn. Feeds are built when they are first asked."""

    def __init__(self, order: Mapping[str, Sequence[SourceId]], build: Build, meters: Meters | None = None) -> None:
        self._order, self._build, self._meters = order, build, meters or Meters()
        self._sources: dict[SourceId, Source] = {}
        self._refusals: dict[tuple[str, SourceId, Interval], Refusal] = {}
        self.clocks = Clocks()

    @property
    def health(self) -> dict[SourceId, Health]:
        """How every source is doing that was asked so far; of a stand-in that failed only while it is needed."""
        needed: set[SourceId] = set()
        for order in self._order.values():
            for name in order:
                needed.add(name)
                if self._answers(name):
                    break
        return {name: source.health for name, source in self._sources.items() if name in needed}

    @property
    def refusals(self) -> dict[tuple[str, SourceId], Refusal]:
        """What sources do not have that are needed for an instrument, by its id: it is delisted there, or misspelt.

        One that is preferred to those that do have it is named here for as long; of several intervals, the one that was
        refused most often.
        """
        found: dict[tuple[str, SourceId], Refusal] = {}
        for instrument, order in self._order.items():
            for name in order:
                each = [self._refusals.get((instrument, name, interval)) for interval in Interval]
                if told := [refusal for refusal in each if refusal is not None]:
                    found[instrument, name] = max(told, key=lambda refusal: refusal.times)
                elif self._answers(name):
                    break
        return found

    async def bars(self, request: Request, now: Instant, *, deep_enough: Instant | None = None) -> Answer:
        """The bars from the first source that has them.

        A stand-in whose first bar ends after `deep_enough` is passed over while others are left. Raises SourceDown when
        no source answered, NoSuchBars when those that did have no such bars.
        """
        down: list[str] = []
        lacking: list[str] = []
        shallow: Answer | None = None
        order = self._order.get(request.instrument.id, ())
        for name in order:
            asked = _with_run_up(request) if down or lacking else request
            try:
                bars = await self._bars_of(name, asked, now, patient=name == order[-1])
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

    async def opinion(self, request: Request, now: Instant, besides: SourceId) -> Answer | None:
        """What another source than `besides` says: the first in order that answers, with a stand-in's run-up.

        None when there is no other, or none of them answers. Never raises FeedError.
        """
        others = [name for name in self._order.get(request.instrument.id, ()) if name != besides]
        return await self._first_of(others, request, now)

    async def after(self, request: Request, now: Instant, tried: Collection[SourceId]) -> Answer | None:
        """The answer of the next source down the order, behind all that were `tried` and answered without the bar.

        It may lack the bar as well: ask again with its `source` among `tried`, until None, when nobody is left. With a
        stand-in's run-up. Never raises FeedError.
        """
        order = list(self._order.get(request.instrument.id, ()))
        last = max((order.index(name) for name in tried if name in order), default=-1)
        return await self._first_of(order[last + 1 :], request, now)

    async def ticks(
        self, instruments: Iterable[Instrument], now: Instant, besides: Mapping[str, str] | None = None
    ) -> Trades:
        """The latest trades of instruments, of those that have one: one question to each source for all it is asked
        for; what it lacks, the next in order is asked for. Never raises FeedError.

        `besides` names, by instrument, a venue that is not asked again.
        """
        found: dict[str, Tick] = {}
        lacking: dict[tuple[str, SourceId], Fault | None] = {}
        told = besides or {}
        left = {
            each: [name for name in self._order.get(each.id, ()) if str(name) != told.get(each.id)]
            for each in instruments
        }
        while wanted := _next_of(left):
            answers = await asyncio.gather(*(self._ticks_of(name, group, now) for name, group in wanted.items()))
            for each in answers:
                found |= each.ticks
                lacking |= each.lacking
            left = {each: order for each, order in left.items() if each.id not in found}
        return Trades(found, lacking)

    async def close(self) -> None:
        """Close every feed."""
        await asyncio.gather(*(source.close() for source in self._sources.values()))

    def _answers(self, name: SourceId) -> bool:
        return name in self._sources and self._sources[name].health.trouble is None

    async def _first_of(self, names: Sequence[SourceId], request: Request, now: Instant) -> Answer | None:
        for name in names:
            try:
                bars = await self._bars_of(name, _with_run_up(request), now, patient=name == names[-1])
            except FeedError:
                continue
            return Answer(name, bars, stand_in=True)
        return None

    async def _bars_of(self, name: SourceId, request: Request, now: Instant, *, patient: bool) -> Bars:
        """Bars from one source. What it does not have is not asked for again for a while that grows."""
        key = request.instrument.id, name, request.interval
        before = self._refusals.get(key)
        if before is not None and before.rests(now):
            raise NoSuchBars(before.reason)
        try:
            bars = await self._source(name).ask(lambda feed: feed.bars(request), now, patient=patient)
        except NoSuchBars as reason:
            if before is None:
                log.info("%s is asked again for what it does not have, but seldom: %s", name, reason)
            self._refusals[key] = refused(before, now, str(reason), "{} {} {}".format(*key))
            raise
        self._refusals.pop(key, None)
        return bars

    async def _ticks_of(self, name: SourceId, instruments: Sequence[Instrument], now: Instant) -> Trades:
        """What one source answers; one that fails lacks nothing by that."""
        remarks: dict[str, Fault] = {}
        try:
            ticks = await self._source(name).ask(lambda feed: feed.ticks(instruments, remarks.__setitem__), now)
        except FeedError:
            return Trades({}, {})
        return Trades(ticks, {(each.id, name): remarks.get(each.id) for each in instruments if each.id not in ticks})

    def _source(self, name: SourceId) -> Source:
        if name not in self._sources:
            self._sources[name] = Source(name, self._build, self.clocks, self._meters)
        return self._sources[name]


def _with_run_up(request: Request) -> Request:
    return replace(request, after=max(0, request.after - RUN_UP))


def _next_of(left: Mapping[Instrument, list[SourceId]]) -> dict[SourceId, list[Instrument]]:
    """Whom to ask next for what; each is taken off the instrument's list."""
    wanted: dict[SourceId, list[Instrument]] = {}
    for instrument, order in left.items():
        if order:
            wanted.setdefault(order.pop(0), []).append(instrument)
    return wanted


def _reaches(bars: Bars, first: Instant) -> bool:
    return len(bars) > 0 and int(bars.end[0]) <= first


def _deeper(one: Answer | None, other: Answer) -> Answer:
    if one is None or not len(one.bars):
        return other
    return other if len(other.bars) and other.bars.end[0] < one.bars.end[0] else one
