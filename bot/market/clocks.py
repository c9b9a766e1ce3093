"""Our clock against those of the sources, as their answers tell them: who differs from whom, and who is wrong by it.

A difference says that one of two clocks is wrong. Which one, the majority says, ours being one of them; where there is
none, nobody is blamed. What is done about prices meanwhile is each feed's own affair, see `contract.believed_until`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.render.numbers import duration
from rules.bars import HOUR
from rules.model import Instant

DIFFERENT = 90
"""Seconds by which two clocks may differ before that is worth a line: an answer takes time, and so may a question."""

FRESH = 2 * HOUR
"""Seconds for which a source that is not asked any more is believed to keep its time: a coin is asked for hourly."""

KEPT = 16
"""Instants of ours that are remembered: a poll takes one, and filling the past goes on by the one it began with."""

OURS = ""
"""Our own clock's name among theirs."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Reading:
    """By how many seconds our clock was ahead of a source's; when, and what `now` was when it stood at zero, both by
    the stopwatch."""

    ahead: int
    at: float
    zero: float


class Clocks:
    """Compares clocks. `stopwatch` tells seconds since whenever, by a clock that nobody sets.

    Whoever asks has looked at the clock before, perhaps long before: the seconds since it was first heard what time it
    was are counted by the stopwatch.
    """

    def __init__(self, stopwatch: Callable[[], float] = time.monotonic) -> None:
        self._stopwatch = stopwatch
        self._heard: dict[Instant, float] = {}
        self._readings: dict[str, _Reading] = {}
        self._differ = False

    def hear(self, now: Instant) -> None:
        """A question begins, at `now` by our clock as it was read for this question or an earlier one."""
        self._heard[now] = self._heard.pop(now, self._stopwatch())
        if len(self._heard) > KEPT:
            del self._heard[next(iter(self._heard))]

    def compare(self, source: str, told_at: Instant | None, now: Instant) -> None:
        """A question of `now` was answered, at `told_at` by the source's clock; nothing is learnt from None.

        Once our clock was set, or has slept, earlier readings say nothing of it. One line goes to the log when a
        difference begins, and one when it is over.
        """
        if told_at is None:
            return
        at = self._stopwatch()
        zero = now - self._heard.get(now, at)
        known = {name: each for name, each in self._readings.items() if abs(each.zero - zero) <= DIFFERENT}
        self._readings = known | {source: _Reading(round(zero + at) - told_at, at, zero)}
        differ = bool(troubles := self.troubles)
        if differ != self._differ:
            log.warning("%s", "; ".join(troubles) if differ else f"our clock agrees again with {source}'s")
        self._differ = differ

    def ahead_of(self, source: str) -> int:
        """By how many seconds our clock is ahead of a source's; zero where that is not known."""
        reading = self._readings.get(source)
        return reading.ahead if reading is not None else 0

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with clocks by the last answers, in sentences."""
        at = self._stopwatch()
        return tuple(differences({name: each.ahead for name, each in self._readings.items() if at - each.at <= FRESH}))


def differences(ahead: Mapping[str, int]) -> Iterator[str]:
    """Sentences on who differs, from how many seconds our clock is `ahead` of each source's."""
    clocks = {OURS: 0, **{name: -ahead[name] for name in sorted(ahead)}}
    camps = {_camp(name, clocks) for name in clocks}
    largest = [camp for camp in camps if len(camp) == max(map(len, camps))]
    if len(largest) > 1:
        yield from _undecided(clocks)
        return
    right = largest[0]
    time_is = 0 if OURS in right else sorted(clocks[name] for name in right)[len(right) // 2]
    if OURS not in right:
        than = _listed(name for name in clocks if name in right)
        yield f"Our clock is {_by(time_is)} {'ahead of' if time_is < 0 else 'behind'} {than}"
    for name in (name for name in clocks if name and name not in right):
        off = clocks[name] - time_is
        yield f"{name}'s clock is {_by(off)} {'ahead' if off > 0 else 'behind'}"


def _undecided(clocks: Mapping[str, int]) -> Iterator[str]:
    """Who differs from us, those that agree among themselves together."""
    others = [name for name in clocks if name not in _camp(OURS, clocks)]
    while others:
        alike = [name for name in others if name in _camp(others[0], clocks)]
        yield f"Our clock and {_listed(alike)} differ by {_by(clocks[alike[0]])}"
        others = [name for name in others if name not in alike]


def _camp(name: str, clocks: Mapping[str, int]) -> frozenset[str]:
    """Whose clocks agree with this one."""
    return frozenset(other for other, told in clocks.items() if abs(told - clocks[name]) <= DIFFERENT)


def _listed(names: Iterable[str]) -> str:
    *before, last = (f"{name}'s" for name in names)
    return f"{', '.join(before)} and {last}" if before else last


def _by(seconds: int) -> str:
    """To the minute: two answers in a row differ by seconds."""
    return duration((abs(seconds) + 30) // 60 * 60)
