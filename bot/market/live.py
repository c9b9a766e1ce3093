"""The history that grows: bars held in memory as they come in, and what each arrival changed.

Pure bookkeeping: what is written to the store and what is judged is decided elsewhere, on what this says.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bot.market.history import History, Panels
from bot.market.sessions import Sessions
from rules.bars import Bars, Bools, Interval, Ints, Origin
from rules.model import Instant, Instrument

CHANGED = 1e-6
"""How far a price must differ, relative to what it was, to be another price."""

PRICES = ("open", "high", "low", "close")
_ALL = ("start", "end", *PRICES, "volume", "known_at")

Preference = Mapping[tuple[str, str], int]
"""Where a feed and venue stand among an instrument's sources; the smallest is asked first."""


@dataclass(frozen=True)
class Arrival:
    """What a batch of bars changed: those to be written, and what the replaced ones said before."""

    written: Bars
    replaced: Bars


class LiveHistory:
    """The bars of every instrument, by interval. Not safe for several tasks at once: one tick owns it."""

    def __init__(
        self, instruments: Mapping[str, Instrument], sessions: Sessions, preferences: Mapping[str, Preference]
    ) -> None:
        self._instruments, self._sessions, self._preferences = instruments, sessions, preferences
        self._bars: dict[str, dict[Interval, Bars]] = {}
        self._made: Panels = {}

    def load(self, instrument: str, bars: Bars) -> None:
        """Take bars as they were stored."""
        self._made = {}
        self._bars.setdefault(instrument, {})[bars.interval] = self._ordered(instrument, [bars])

    def compare(self, instrument: str, bars: Bars, now: Instant) -> Arrival:
        """What bars that a feed gave at `now` would change; one that says what it said before changes nothing."""
        bars = replace(bars, known_at=np.full(len(bars), now, dtype=np.int64))
        held = self._bars.get(instrument, {}).get(bars.interval)
        if held is None or not len(held):
            return Arrival(bars, bars.take(slice(0)))
        at = _places(held, bars)
        fresh = (at < 0) | _differs(held.take(at), bars)
        return Arrival(bars.take(fresh), held.take(at[fresh & (at >= 0)]))

    def take(self, instrument: str, arrival: Arrival) -> None:
        """Hold what was compared, once it is written down: in place of whatever is held of those bars by now."""
        held = self._bars.get(instrument, {}).get(arrival.written.interval)
        if not len(arrival.written):
            return
        if held is None or not len(held):
            self.load(instrument, arrival.written)
        else:
            keep = np.ones(len(held), dtype=bool)
            at = _places(held, arrival.written)
            keep[at[at >= 0]] = False
            kept = self._ordered(instrument, [held.take(keep), arrival.written])
            self._made = {}
            self._bars[instrument][held.interval] = kept

    def withdrawn(self, instrument: str, interval: Interval, origins: Collection[Origin], now: Instant) -> Arrival:
        """What becomes of bars whose prices are in another unit than those that come from `now` on: nothing is known
        at their ends until something comes."""
        held = self._bars[instrument][interval]
        theirs = held.take(np.isin(held.origin, [held.origins.index(each) for each in origins]) & _told(held))
        unknown: Any = dict.fromkeys((*PRICES, "volume"), np.full(len(theirs), np.nan))
        known_at = np.full(len(theirs), now, dtype=np.int64)
        return Arrival(replace(theirs, **unknown, known_at=known_at), theirs)

    @property
    def held(self) -> Mapping[str, Mapping[Interval, Bars]]:
        """The bars as they are held: for reading, and only until the next arrival."""
        return self._bars

    def ends(self, instrument: str, interval: Interval) -> Ints:
        """The ends at which some source has told a close, sorted; an end that two have told stands there twice."""
        bars = self._bars.get(instrument, {}).get(interval)
        return bars.end[_told(bars)] if bars is not None else np.empty(0, dtype=np.int64)

    def last_end(self, instrument: str, interval: Interval) -> Instant | None:
        """When the newest bar ended whose close is known."""
        bars = self._bars.get(instrument, {}).get(interval)
        row = 0 if bars is None else len(bars)
        while bars is not None and row and np.isnan(bars.close[row - 1]):
            row -= 1
        return int(bars.end[row - 1]) if bars is not None and row else None

    @property
    def newest_end(self) -> Instant | None:
        """When the newest bar of all ended."""
        ends = [int(bars.end[-1]) for of_one in self._bars.values() for bars in of_one.values() if len(bars)]
        return max(ends, default=None)

    @property
    def newest_word(self) -> Instant:
        """When the last of all that is held became known; 0 where nothing is."""
        held = (bars.known_at for of_one in self._bars.values() for bars in of_one.values() if len(bars))
        return max((int(each.max()) for each in held), default=0)

    def snapshot(self, until: Instant) -> History:
        """The market as of `until`, for reading: later arrivals do not change it. Until then panels are shared."""
        bars = {name: kept for name, of_one in self._bars.items() if (kept := _with_bars(of_one))}
        return History(self._instruments, bars, self._sessions, until, made=self._made)

    def _ordered(self, instrument: str, parts: list[Bars]) -> Bars:
        """All parts as one, sorted by end and then by preference."""
        rank = self._preferences.get(instrument, {})
        origins = sorted(
            {origin for part in parts for origin in part.origins},
            key=lambda origin: (rank.get((origin.feed, origin.venue), len(rank)), str(origin), origin.volume_unit),
        )
        columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ALL}
        origin = np.concatenate([_renumbered(part, origins) for part in parts])
        joined = Bars(parts[0].interval, **columns, origin=origin, origins=tuple(origins))
        return joined.take(np.lexsort((origin, joined.end)))


def _told(bars: Bars) -> Bools:
    return ~np.isnan(bars.close)


def _with_bars(of_one: Mapping[Interval, Bars]) -> dict[Interval, Bars]:
    return {interval: bars for interval, bars in of_one.items() if len(bars)}


def _renumbered(bars: Bars, origins: list[Origin]) -> Ints:
    places = np.array([origins.index(each) for each in bars.origins], dtype=np.int64)
    return places[bars.origin] if len(bars) else np.empty(0, dtype=np.int64)


def _places(held: Bars, new: Bars) -> Ints:
    """The row of `held` that each of `new` stands against: that of its end and origin; -1 where there is none."""
    rows = {(int(end), held.origins[origin]): row for row, (end, origin) in _recent(held, new)}
    keys = zip(new.end.tolist(), new.origin.tolist(), strict=True)
    return np.array([rows.get((end, new.origins[origin]), -1) for end, origin in keys], dtype=np.int64)


def _differs(old: Bars, new: Bars) -> Bools:
    """In which rows two tables say different prices."""
    differs = np.zeros(len(new), dtype=bool)
    for name in PRICES:
        before, now = getattr(old, name), getattr(new, name)
        differs |= ~((np.isnan(before) & np.isnan(now)) | (np.abs(now - before) <= CHANGED * np.abs(before)))
    return differs


def _recent(held: Bars, new: Bars) -> list[tuple[int, tuple[int, int]]]:
    """The rows of `held` from the first end of `new` on, with their end and origin."""
    first = int(np.searchsorted(held.end, new.end.min())) if len(new) else len(held)
    pairs = zip(held.end[first:].tolist(), held.origin[first:].tolist(), strict=True)
    return list(enumerate(pairs, start=first))
