"""Which bars are owed at a moment. State, not timers: a restart, a missed job or a stepped clock changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bot.market.history import intervals_of
from bot.market.sessions import Sessions
from rules.bars import HOUR, Interval, Ints
from rules.model import Instant, Instrument, Kind

Settle = Mapping[Kind, int]
"""Seconds after a bar's end until it counts as closed."""

Key = tuple[str, Interval]
"""An instrument's id and an interval: a series of bars."""

BEFORE_THE_OPEN, MIDDAY = 2 * HOUR, 12 * HOUR
"""When a day is looked at again: so long before trading starts again, or so long after it where it never stops."""


@dataclass(frozen=True, slots=True)
class Due:
    """A bar that should exist by now: it ended at `end`, `settle` seconds or longer ago."""

    instrument: Instrument
    interval: Interval
    end: Instant

    @property
    def key(self) -> Key:
        """Which series it belongs to."""
        return self.instrument.id, self.interval


class Schedule:
    """When bars of the configured instruments close."""

    def __init__(self, instruments: Iterable[Instrument], sessions: Sessions, settle: Settle) -> None:
        self.instruments, self._sessions, self._settle = tuple(instruments), sessions, settle

    def settle(self, instrument: Instrument) -> int:
        """Seconds after a bar's end until it counts as closed."""
        return self._settle[instrument.kind]

    def closed(self, instrument: Instrument, now: Instant) -> Instant:
        """Bars of `instrument` that end until then are closed."""
        return now - self._settle[instrument.kind]

    def due(self, now: Instant) -> list[Due]:
        """The newest closed bar of every instrument and interval."""
        return [
            Due(instrument, interval, end)
            for instrument in self.instruments
            for interval in intervals_of(instrument)
            if (end := self._last_end(instrument, interval, self.closed(instrument, now))) is not None
        ]

    def look_again(self, due: Due) -> Instant | None:
        """When a day is asked for once more, so that its restatement is seen before the next one; None of hours."""
        if due.interval is not Interval.DAY:
            return None
        opens = self._sessions.next_open(due.instrument.calendar, due.end)
        return due.end + MIDDAY if opens is None else opens - BEFORE_THE_OPEN

    def is_trading(self, instrument: Instrument, now: Instant) -> bool:
        """Whether a session of its calendar is in progress."""
        return self._sessions.in_progress(instrument.calendar, now) is not None

    def ends_between(self, instrument: Instrument, interval: Interval, first: Instant, last: Instant) -> Ints:
        """The ends of the bars that should be there from `first` to `last`, both included."""
        if interval is Interval.HOUR:
            return np.arange(-(-first // HOUR) * HOUR, last + 1, HOUR, dtype=np.int64)
        return self._sessions.closes_between(instrument.calendar, first, last)

    def _last_end(self, instrument: Instrument, interval: Interval, until: Instant) -> Instant | None:
        if interval is Interval.HOUR:
            return until // HOUR * HOUR
        return self._sessions.last_close(instrument.calendar, until)
