"""Which bars are owed at a moment. State, not timers: a restart, a missed job or a stepped clock changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bot.market.history import intervals_of
from bot.market.sessions import Sessions
from rules.bars import HOUR, Interval
from rules.model import Instant, Instrument, Kind

Settle = Mapping[Kind, int]
"""Seconds after a bar's end until it counts as closed."""


@dataclass(frozen=True, slots=True)
class Due:
    """A bar that should exist by now: it ended at `end`, `settle` seconds or longer ago."""

    instrument: Instrument
    interval: Interval
    end: Instant


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

    def _last_end(self, instrument: Instrument, interval: Interval, until: Instant) -> Instant | None:
        if interval is Interval.HOUR:
            return until // HOUR * HOUR
        return self._sessions.last_close(instrument.calendar, until)
