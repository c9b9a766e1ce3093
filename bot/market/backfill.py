"""The past: every series is filled from its beginning in windows, each committed with how far it has come, so that a
restart goes on where the last one stopped. A series whose unit has changed is filled anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from bot.feeds.contract import FeedError, NoSuchBars, Request
from bot.market.archive import Archive
from bot.market.history import intervals_of
from bot.market.ledger import Ledger, of_findings
from bot.market.quality import Gate
from bot.market.schedule import Key, Schedule
from bot.market.sources import Answer, Sources
from bot.store.bars import Progress
from rules.bars import DAY, Interval, Origin
from rules.model import Instant, Instrument

WINDOW = 90 * DAY
"""How much hourly history is asked for and written at a time."""

Told = Callable[[str, float], None]
"""Hears how far an instrument's history has come, as a share."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Depth:
    """Where history begins, by interval."""

    days_from: Instant
    hours: int

    def first(self, interval: Interval, now: Instant) -> Instant:
        """The instant after which bars are wanted; of hours on a midnight, so that restarts ask for the same."""
        return self.days_from if interval is Interval.DAY else (now - self.hours) // DAY * DAY


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the past and the present share: where bars come from, what is believed of them, where they are kept."""

    sources: Sources
    schedule: Schedule
    archive: Archive
    gate: Gate
    ledger: Ledger


class Backfill:
    """Fills what is not complete. Whoever comes to a series that is being filled leaves it to who is at it."""

    def __init__(self, shelf: Shelf, depth: Depth, limit: float) -> None:
        """`limit` is for how many seconds a poll goes on with what is filled anew."""
        self._shelf, self._depth, self._limit = shelf, depth, limit
        self._stalled: dict[str, str] = {}
        self._at_work: set[Key] = set()
        self._anew: dict[Key, Instrument] = {}
        self.fills: Counter[str] = Counter()
        """How often a past that was not complete has become so, by instrument."""
        self.filled: set[str] = set()
        """The instruments whose past this process has filled: whoever remembers them from before remembers less."""

    def ready(self, instrument: Instrument) -> bool:
        """Whether its history is complete."""
        return all(self._shelf.archive.is_complete((instrument.id, interval)) for interval in intervals_of(instrument))

    def waiting(self) -> dict[str, str]:
        """The instruments whose history is not complete, and why."""
        names = [each.id for each in self._shelf.schedule.instruments if not self.ready(each)]
        return {name: self._stalled.get(name, "history is being loaded") for name in names}

    async def run(self, now: Instant, told: Told) -> None:
        """Go on with every history that is not complete; what fails is left for the next call, with its reason."""
        known = set(self._stalled)
        work = [self._instrument(each, now, told) for each in self._shelf.schedule.instruments]
        faults = [each for each in await asyncio.gather(*work, return_exceptions=True) if each is not None]
        self._tell_stalled(set(self._stalled) - known)
        if faults:  # told only now: the next call must not meet work of this one
            raise faults[0]

    async def begin_anew(
        self, instrument: Instrument, interval: Interval, origins: Collection[Origin], now: Instant
    ) -> None:
        """Give up what `origins` said of a series: it is in another unit than what they say now."""
        key = instrument.id, interval
        log.warning("%s is in another unit than before: its %s bars are filled anew", instrument.id, interval)
        await self._shelf.archive.forget(key, origins, now, self._depth.first(interval, now))
        self._anew[key] = instrument

    async def go_on_anew(self, now: Instant) -> None:
        """Go on with every series that was begun anew, once a call; rules on it wait meanwhile as for a first fill."""
        deadline = asyncio.get_running_loop().time() + self._limit
        for (name, interval), instrument in list(self._anew.items()):
            try:
                async with asyncio.timeout_at(deadline):
                    await self._series(instrument, interval, now, lambda _share: None)
            except TimeoutError:  # each window that came is kept
                self._stalled.setdefault(name, "history is being loaded")
            except FeedError as reason:
                self._stalled[name] = str(reason)
            else:
                self._stalled.pop(name, None)
            if self._shelf.archive.is_complete((name, interval)):
                del self._anew[name, interval]

    async def _instrument(self, instrument: Instrument, now: Instant, told: Told) -> None:
        try:
            intervals = intervals_of(instrument)
            for index, interval in enumerate(intervals):
                share = partial(_share_of, told, instrument.id, index / len(intervals), 1 / len(intervals))
                await self._series(instrument, interval, now, share)
            self._stalled.pop(instrument.id, None)
            if instrument.id in self.filled:
                told(instrument.id, 1.0)
        except FeedError as reason:
            self._stalled[instrument.id] = str(reason)

    def _tell_stalled(self, names: set[str]) -> None:
        """One line a reason, however many instruments it holds up."""
        for reason in dict.fromkeys(self._stalled[name] for name in self._stalled if name in names):
            held_up = [name for name in self._stalled if name in names and self._stalled[name] == reason]
            log.warning("history of %s has to wait: %s", ", ".join(held_up), reason)

    async def _series(
        self, instrument: Instrument, interval: Interval, now: Instant, told: Callable[[float], None]
    ) -> None:
        key = instrument.id, interval
        if key in self._at_work:
            return
        self._at_work.add(key)
        try:
            await self._windows(instrument, key, now, told)
        finally:
            self._at_work.remove(key)

    async def _windows(self, instrument: Instrument, key: Key, now: Instant, told: Callable[[float], None]) -> None:
        interval, archive = key[1], self._shelf.archive
        goal, until = self._depth.first(interval, now), self._shelf.schedule.closed(instrument, now)
        progress = archive.progress.get(key)
        if progress is None or progress.first > goal + DAY:
            progress = archive.progress[key] = Progress(goal, goal, complete=False)
        was_complete = progress.complete
        if not was_complete:
            self.filled.add(instrument.id)
        while not progress.complete:
            last = until if interval is Interval.DAY else min(until, progress.through + WINDOW)
            request = Request(instrument, interval, progress.through, last)
            progress = Progress(progress.first, last, complete=last >= until)
            await self._window(request, progress, now)
            told((last - progress.first) / max(1, until - progress.first))
            archive.answered[key] = now
        archive.look_for_holes(instrument, key, now)
        if not was_complete and self.ready(instrument):
            self.fills[instrument.id] += 1

    async def _window(self, request: Request, progress: Progress, now: Instant) -> None:
        """A stretch of history, of which only what is believed is kept; where no source has any of it, none."""
        name, shelf = request.instrument.id, self._shelf
        key, arrivals = (name, request.interval), []
        answer = await self._answer(request, now)
        if answer is not None:
            bars, findings = shelf.gate.screen(request.instrument, answer.bars, shelf.archive.history.held)
            shelf.ledger.count(of_findings(findings))
            arrivals = [(name, shelf.archive.history.compare(name, bars, now))]
        await shelf.archive.keep(arrivals, now, {key: progress})

    async def _answer(self, request: Request, now: Instant) -> Answer | None:
        deep_enough = request.after + (request.until - request.after) // 10
        try:
            return await self._shelf.sources.bars(request, now, deep_enough=deep_enough)
        except NoSuchBars as reason:
            log.info("no %s of %s: %s", request.interval, request.instrument.id, reason)
            return None


def _share_of(told: Told, name: str, before: float, weight: float, share: float) -> None:
    """Tell the share of one interval as one of the whole instrument; the last step is told when all is kept."""
    told(name, min(0.999, before + weight * share))
