"""The bars of the store as they were known at any instant, and panels of them. Pure: all that bars have ever said is
read before, and handed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from bot.market.live import LiveHistory
from bot.market.sessions import Sessions
from bot.store.bars import Words
from rules.alignment import build_panel
from rules.bars import Interval, Origin
from rules.model import ALWAYS, Instant, Instrument
from rules.panel import Panel

Orders = Mapping[str, tuple[Origin, ...]]
"""Of each instrument who printed its bars, in order of preference, as it was when an event was recorded."""


@dataclass(frozen=True)
class Frame:
    """What a panel was made on: its calendar and first session, and what was known of each instrument beside bars."""

    calendar: str
    first: dt.date
    instruments: Mapping[str, Instrument]
    orders: Orders


class Known:
    """Every word of every bar, by instrument and interval."""

    def __init__(self, words: Mapping[str, Mapping[Interval, Words]], sessions: Sessions) -> None:
        self._words, self._sessions = words, sessions

    def panel(self, frame: Frame, names: Iterable[str], known_at: Instant, until: Instant) -> Panel:
        """Some instruments of a frame as they were known at an instant, all sessions that had closed by `until`."""
        used = [name for name in names if name in frame.orders]
        ranks = {name: _ranks(frame.orders[name]) for name in used}
        live = LiveHistory(frame.instruments, self._sessions, ranks)
        for name in used:
            for words in self._words.get(name, {}).values():
                if len(bars := words.at(known_at)):
                    live.load(name, bars)
        fitting = {
            name: {interval: bars.upto(until) for interval, bars in of_one.items()}
            for name, of_one in live.held.items()
            if frame.instruments[name].calendar in (frame.calendar, ALWAYS)
        }
        return build_panel(self._sessions.clock(frame.calendar, until, frame.first), frame.instruments, fitting)

    def session(self, calendar: str, at: Instant) -> dt.date | None:
        """The session that was trading at an instant."""
        return self._sessions.in_progress(calendar, at)

    def lacks(self, name: str, known_at: Instant, after: Instant, until: Instant) -> bool:
        """Whether a bar that ended in (after, until] says something that came later than `known_at`, and what it said
        before is not there."""
        for words in self._words.get(name, {}).values():
            bars = words.bars
            within = (bars.end > after) & (bars.end <= until)
            then = within & (bars.known_at <= known_at) & (words.replaced_at > known_at)
            later = within & (bars.known_at > known_at)
            if len(np.setdiff1d(bars.end[later], bars.end[then])):
                return True
        return False


def _ranks(order: Iterable[Origin]) -> dict[tuple[str, str], int]:
    ranks: dict[tuple[str, str], int] = {}
    for rank, origin in enumerate(order):
        ranks.setdefault((origin.feed, origin.venue), rank)
    return ranks
