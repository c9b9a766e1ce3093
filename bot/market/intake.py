"""How bars come in: asked for when they are owed, compared with what is held, written down, and only then held.

History is filled from its beginning in windows, each committed with how far it has come, so that a restart goes on
where the last one stopped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from bot.feeds.contract import FeedError, NoSuchBars, Request
from bot.market.history import History, intervals_of
from bot.market.live import LiveHistory
from bot.market.schedule import Due, Schedule
from bot.market.sources import RUN_UP, Health, SourceId, Sources
from bot.store.bars import Change, Progress, load_bars, progress_of, save_bars, save_progress
from bot.store.database import Database
from rules.bars import DAY, Bars, Interval, Tick
from rules.model import Instant, Instrument

WINDOW = 90 * DAY
"""How much hourly history is asked for and written at a time."""

SLOW = 900
"""Seconds between questions for a bar that is later than the grace."""

Key = tuple[str, Interval]
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


class Intake:
    """Everything between the sources and the history. One task polls; another may fill history meanwhile."""

    def __init__(
        self, database: Database, sources: Sources, history: LiveHistory, schedule: Schedule, depth: Depth, grace: int
    ) -> None:
        self._database, self._sources, self._history, self._schedule = database, sources, history, schedule
        self._depth, self._grace = depth, grace
        self._progress: dict[Key, Progress] = {}
        self._asked: dict[Key, Instant] = {}
        self._unanswered: dict[Key, Instant] = {}
        self._polls = 0
        self._stalled: dict[str, str] = {}
        self.filled: set[str] = set()
        """The instruments whose past this process has filled: whoever remembers them from before remembers less."""
        self.version = 0

    async def restore(self) -> None:
        """Take what the store holds."""
        async with self._database.read() as connection:
            progress = await progress_of(connection)
            for instrument in self._schedule.instruments:
                for interval in intervals_of(instrument):
                    bars = await load_bars(connection, instrument.id, interval)
                    if len(bars):  # without any, a source that was named since may have some
                        self._history.load(instrument.id, bars)
                        if (key := (instrument.id, interval)) in progress:
                            self._progress[key] = progress[key]

    def snapshot(self, now: Instant) -> History:
        """The market as of now, every closed session as a row of its own."""
        return self._history.snapshot(now)

    @property
    def health(self) -> Mapping[SourceId, Health]:
        """How the sources are doing."""
        return self._sources.health

    def ready(self, instrument: str) -> bool:
        """Whether its history is complete, so that rules may be judged on it."""
        known = next(each for each in self._schedule.instruments if each.id == instrument)
        return all(self._complete(known, interval) for interval in intervals_of(known))

    def waiting(self) -> dict[str, str]:
        """The instruments whose history is not complete, and why."""
        names = [each.id for each in self._schedule.instruments if not self.ready(each.id)]
        return {name: self._stalled.get(name, "history is being loaded") for name in names}

    async def close(self) -> None:
        """Close the sources."""
        await self._sources.close()

    def _complete(self, instrument: Instrument, interval: Interval) -> bool:
        progress = self._progress.get((instrument.id, interval))
        return progress is not None and progress.complete

    # History

    async def backfill(self, now: Instant, told: Told) -> None:
        """Go on with every history that is not complete; what fails is left for the next call, with its reason."""
        known = set(self._stalled)
        work = [self._backfill_one(each, now, told) for each in self._schedule.instruments]
        faults = [each for each in await asyncio.gather(*work, return_exceptions=True) if each is not None]
        self._tell_stalled(set(self._stalled) - known)
        if faults:  # told only now: the next call must not meet work of this one
            raise faults[0]

    async def _backfill_one(self, instrument: Instrument, now: Instant, told: Told) -> None:
        try:
            intervals = intervals_of(instrument)
            for index, interval in enumerate(intervals):
                share = partial(_share_of, told, instrument.id, index / len(intervals), 1 / len(intervals))
                await self._fill(instrument, interval, now, share)
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

    async def _fill(
        self, instrument: Instrument, interval: Interval, now: Instant, told: Callable[[float], None]
    ) -> None:
        goal, until = self._depth.first(interval, now), self._schedule.closed(instrument, now)
        key = instrument.id, interval
        progress = self._progress.get(key)
        if progress is None or progress.first > goal + DAY:
            progress = self._progress[key] = Progress(goal, goal, complete=False)
        if not progress.complete:
            self.filled.add(instrument.id)
        while not progress.complete:
            last = until if interval is Interval.DAY else min(until, progress.through + WINDOW)
            bars = await self._window(Request(instrument, interval, progress.through, last), now)
            progress = Progress(progress.first, last, complete=last >= until)
            await self._keep([(instrument.id, bars)] if bars is not None else [], now, key, progress)
            told((last - progress.first) / max(1, until - progress.first))

    async def _window(self, request: Request, now: Instant) -> Bars | None:
        """A stretch of history; None where no source has any of it."""
        deep_enough = request.after + (request.until - request.after) // 10
        try:
            return (await self._sources.bars(request, now, deep_enough=deep_enough)).bars
        except NoSuchBars as reason:
            log.info("no %s of %s: %s", request.interval, request.instrument.id, reason)
            return None

    async def _keep(
        self, arrived: Iterable[tuple[str, Bars]], now: Instant, of: Key | None = None, progress: Progress | None = None
    ) -> int:
        """Write bars of several instruments down together, then hold them. Returns how many were new or changed."""
        compared = [(name, self._history.compare(name, bars, now)) for name, bars in arrived]
        changes = [Change(name, each.written, each.replaced) for name, each in compared if len(each.written)]
        if changes or progress is not None:
            async with self._database.write() as connection:
                await save_bars(connection, changes, now)
                if of is not None and progress is not None:
                    await save_progress(connection, *of, progress)
        if of is not None and progress is not None:
            self._progress[of] = progress
        for name, arrival in compared:
            self._history.take(name, arrival)
        self.version += bool(changes)
        return sum(len(change.new) for change in changes)

    # The present

    async def poll(self, now: Instant) -> int:
        """Ask for every bar that is owed. Returns how many bars were new or changed."""
        wanted = self._in_turn([due for due in self._schedule.due(now) if self._is_wanted(due, now)])
        answers = await asyncio.gather(*(self._ask_for(due, now) for due in wanted))
        came = await self._keep([answer for answer in answers if answer is not None], now)
        self._asked |= {_key(due): now for due in wanted}
        return came

    async def ticks(self, instruments: Iterable[str], now: Instant) -> dict[str, Tick]:
        """The latest trades of instruments, of those that have one."""
        known = [each for each in self._schedule.instruments if each.id in set(instruments)]
        found = await asyncio.gather(*(self._sources.tick(each, now) for each in known))
        return {tick.instrument: tick for tick in found if tick is not None}

    def awaited(self, now: Instant, since: Instant) -> frozenset[str]:
        """The instruments whose newest closed bars are lacking and may come any moment, whatever their closes' grace.

        For a grace after `since`, when one began to look, that is each that lacks one; later those of which no source
        has answered for less than a grace: nothing is known of a market that could not be asked.
        """
        lacking = [due for due in self._schedule.due(now) if self._is_lacking(due)]
        silent = {due.instrument.id: max(since, self._unanswered.get(_key(due), since)) for due in lacking}
        return frozenset(name for name, first in silent.items() if now < first + self._grace)

    def _in_turn(self, wanted: list[Due]) -> list[Due]:
        """Another one first at each poll: whoever is asked for after a source's failure has to wait with it."""
        self._polls += 1
        first = self._polls % max(1, len(wanted))
        return wanted[first:] + wanted[:first]

    def _is_lacking(self, due: Due) -> bool:
        """Whether a bar that should be there is not. Where no source had any history, none is expected."""
        held = self._history.last_end(*_key(due))
        return held is not None and held < due.end and self._complete(due.instrument, due.interval)

    def _is_wanted(self, due: Due, now: Instant) -> bool:
        """Whether a bar is lacking, and not asked for too often: at every poll within the grace, then seldom."""
        late = now >= due.end + self._schedule.settle(due.instrument) + self._grace
        return self._is_lacking(due) and not (late and 0 <= now - self._asked.get(_key(due), 0) < SLOW)

    async def _ask_for(self, due: Due, now: Instant) -> tuple[str, Bars] | None:
        """The answer for a bar that is owed, from a little before what is held: a source restates what it said, and
        the preferred one fills what a stand-in stood in for."""
        name = due.instrument.id
        after = max(0, (self._history.last_end(*_key(due)) or due.end) - RUN_UP)
        try:
            answer = await self._sources.bars(Request(due.instrument, due.interval, after, due.end), now)
        except FeedError as reason:
            if _key(due) not in self._unanswered:
                log.info("%s of %s has to wait: %s", due.interval, name, reason)
            self._note_silence(_key(due), now)
            return None
        self._unanswered.pop(_key(due), None)
        if answer.stand_in:
            log.info("%s of %s from %s in place of the preferred source", due.interval, name, answer.source)
        return name, answer.bars

    def _note_silence(self, key: Key, now: Instant) -> None:
        """Remember since when nobody answers; anew after a pause in which nobody was asked, as when a lid was shut."""
        went_on = now - self._asked.get(key, 0) <= self._grace
        self._unanswered[key] = self._unanswered.get(key, now) if went_on else now


def _key(due: Due) -> Key:
    return due.instrument.id, due.interval


def _share_of(told: Told, name: str, before: float, weight: float, share: float) -> None:
    """Tell the share of one interval as one of the whole instrument; the last step is told when all is kept."""
    told(name, min(0.999, before + weight * share))
