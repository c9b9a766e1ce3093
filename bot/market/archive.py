"""Where bars are kept: what comes is written down, all that belongs together in one transaction, and only then held."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from bot.market.history import intervals_of
from bot.market.holes import Holes
from bot.market.live import Arrival, LiveHistory
from bot.market.schedule import Key, Schedule
from bot.market.sources import RUN_UP
from bot.store.bars import Change, Progress, load_bars, progress_of, save_bars, save_progress
from bot.store.database import Database
from bot.store.holes import forget_holes, known_holes, save_holes
from rules.bars import Origin
from rules.model import Instant, Instrument

Arrivals = Sequence[tuple[str, Arrival]]
"""What came, by instrument id."""


class Archive:
    """The store and the history in memory, which say the same. `version` changes with every bar that is held.

    Whatever is written is known later than all that was there before, also within one second, after a wait, and by a
    clock that was set back: so what was seen can be found again by when it was known.
    """

    def __init__(self, database: Database, history: LiveHistory, schedule: Schedule) -> None:
        self._database, self.history, self._schedule = database, history, schedule
        self.progress: dict[Key, Progress] = {}
        self.answered: dict[Key, Instant] = {}
        """When a source last told of a series up to its end, to this process."""
        self.holes = Holes()
        self.version = 0
        self._newest: Instant = 0

    async def restore(self) -> None:
        """Take what the store holds."""
        async with self._database.read() as connection:
            progress, known = await progress_of(connection), await known_holes(connection)
            for instrument in self._schedule.instruments:
                for interval in intervals_of(instrument):
                    bars = await load_bars(connection, instrument.id, interval)
                    if len(bars):  # without any, a source that was named since may have some
                        key = instrument.id, interval
                        self.history.load(instrument.id, bars)
                        self.holes.known[key] = known.get(key, {})
                        if key in progress:
                            self.progress[key] = progress[key]
        self._newest = self.history.newest_word

    def is_complete(self, key: Key) -> bool:
        """Whether a series was asked for from its beginning."""
        progress = self.progress.get(key)
        return progress is not None and progress.complete

    def look_for_holes(self, instrument: Instrument, key: Key, now: Instant) -> None:
        """Note which bars should be there between the first one and the newest, and are not."""
        there = self.history.ends(*key)
        if len(there):
            wanted = self._schedule.ends_between(instrument, key[1], int(there[0]), int(there[-1]))
            near = np.minimum(np.searchsorted(there, wanted), len(there) - 1)
            self.holes.found(key, wanted[there[near] != wanted].tolist(), now)

    async def keep(self, arrivals: Arrivals, now: Instant, progress: Mapping[Key, Progress] | None = None) -> int:
        """Write what came down together with how far histories are, then hold it. Returns how many bars were new or
        changed.

        It is compared once more when it is its turn to be written: another task may have kept some of it meanwhile.
        """
        progress = progress or {}
        came = [(name, each) for name, each in arrivals if len(each.written)]
        if came or progress:
            async with self._database.write() as connection:
                if came:  # others may have written while this waited for its turn
                    now = self._newest = max(now, self._newest + 1)
                came = [(name, self.history.compare(name, each.written, now)) for name, each in came]
                await save_bars(connection, [Change(name, each.written, each.replaced) for name, each in came], now)
                for key, each in progress.items():
                    await save_progress(connection, *key, each)
        self.progress |= progress
        for name, arrival in came:
            self.history.take(name, arrival)
        changed = sum(len(each.written) for _, each in came)
        self.version += bool(changed)
        return changed

    async def forget(self, key: Key, origins: Collection[Origin], now: Instant, first: Instant) -> None:
        """Give up the bars of `origins`, whose unit has changed: what they said is kept apart, and the series is to be
        asked for from `first` on."""
        withdrawn = self.history.withdrawn(*key, origins, now)
        await self.keep([(key[0], withdrawn)], now, {key: Progress(first, first, complete=False)})

    async def keep_holes(self) -> None:
        """Write down what was asked for in vain, and what has come."""
        asked, filled = self.holes.news()
        if asked or filled:
            async with self._database.write() as connection:
                for key, ends in filled.items():
                    await forget_holes(connection, key, ends)
                for key, of_key in asked.items():
                    await save_holes(connection, key, of_key)


def of_ends(arrival: Arrival, ends: Iterable[Instant]) -> Arrival:
    """What of an arrival fills holes that end at `ends`: those bars, each with the one before it, which its return
    starts from."""
    end = arrival.written.end
    rows = np.flatnonzero(np.isin(end, list(ends)))
    before = np.maximum(rows - 1, 0)
    wanted = np.union1d(rows, before[end[rows] - end[before] <= RUN_UP])
    written = arrival.written.take(wanted)
    return Arrival(written, arrival.replaced.take(np.isin(arrival.replaced.end, written.end)))
