"""Which bars lack though the calendar says that they should be there, and when each is asked for again.

A source that was late or down may still have them; an exchange that stood still never will. So each is asked for a
few times, of one source after another, with pauses that double; then it is a hole that no source has, and is left
alone. Pure bookkeeping.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from bot.market.schedule import Key
from bot.store.holes import Asked
from rules.bars import DAY, Interval
from rules.model import Instant

RECENT = 40 * DAY
"""How old a bar may be to be asked for several times; of what is older a source that lacks it now never had it."""

FIRST_PAUSE, LONGEST_PAUSE = 900, DAY
"""Seconds between the first two questions for a bar; they double up to the longest."""

SPAN = 90 * DAY
"""How long a stretch of hours is asked for at once."""

NOTICED = 1
"""The first question for a bar is the one whose answer lacked it."""

LAST_OF_OLD, LAST = 2, 8
"""After how many questions a bar is left alone: one that is older than recent, and any other."""


def pause(times: int) -> int:
    """Seconds to wait after so many questions."""
    return min(FIRST_PAUSE << (times - 1), LONGEST_PAUSE)


@dataclass
class Holes:
    """What lacks, by series. `known` is what the store remembers; what has come since is in `filled`."""

    known: dict[Key, dict[Instant, Asked]] = field(default_factory=dict)
    changed: dict[Key, dict[Instant, Asked]] = field(default_factory=dict)
    """Asked for since the store heard of it."""
    filled: dict[Key, set[Instant]] = field(default_factory=dict)
    """Come since the store heard of it."""

    def found(self, key: Key, lacking: Iterable[Instant], now: Instant) -> None:
        """Take what lacks of a series by now: all of it, so that whatever is not among it has come."""
        before = self.known.get(key, {})
        self.known[key] = {end: before.get(end) or Asked(now, NOTICED) for end in lacking}
        if come := before.keys() - self.known[key].keys():
            self.filled.setdefault(key, set()).update(come)
            self.changed[key] = {end: each for end, each in self.changed.get(key, {}).items() if end not in come}

    def due(self, key: Key, now: Instant) -> tuple[Instant, ...]:
        """The ends of the bars of a series that are to be asked for together at `now`."""
        due = [end for end, asked in self.known.get(key, {}).items() if _is_due(end, asked, now)]
        return tuple(end for end in due if key[1] is Interval.DAY or end < due[0] + SPAN)

    def asked(self, key: Key, ends: Iterable[Instant], now: Instant, *, answered: bool) -> None:
        """They were asked for; a question that nobody answered is put again after the same pause."""
        of_key = self.known.get(key, {})
        for end in of_key.keys() & set(ends):
            of_key[end] = Asked(now, of_key[end].times + answered)
            self.changed.setdefault(key, {})[end] = of_key[end]

    def open(self, key: Key, now: Instant) -> tuple[Instant, ...]:
        """The ends of the bars that will be asked for again."""
        return tuple(end for end, asked in self.known.get(key, {}).items() if asked.times < _last(end, now))

    def news(self) -> tuple[Mapping[Key, Mapping[Instant, Asked]], Mapping[Key, Collection[Instant]]]:
        """What the store has not heard of: bars that were asked for in vain, and those that have come."""
        changed, filled, self.changed, self.filled = self.changed, self.filled, {}, {}
        return {key: asked for key, asked in changed.items() if asked}, filled


def _is_due(end: Instant, asked: Asked, now: Instant) -> bool:
    """Whether a bar is asked for at `now`. A pause that lies ahead began before the clock was set back."""
    return asked.times < _last(end, now) and not 0 <= now - asked.at < pause(asked.times)


def _last(end: Instant, now: Instant) -> int:
    return LAST if end > now - RECENT else LAST_OF_OLD
