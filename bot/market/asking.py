"""What is asked for at a poll, and how often: bars that are owed, doubted, perhaps restated, or lacking.

One question a series and poll, from a little before what is held: a source restates what it said, and the preferred one
fills what a stand-in stood in for. State, not timers; a clock that is set changes when, and loses nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from bot.feeds.contract import Request
from bot.market.archive import Archive
from bot.market.schedule import Due, Key, Schedule
from bot.market.sources import RUN_UP
from rules.bars import DAY, Interval
from rules.model import Instant

SLOW = 900
"""Seconds between questions for a bar that is later than the grace."""

OVERLAP = {Interval.DAY: 30 * DAY, Interval.HOUR: RUN_UP}
"""How much of what is held is asked for again with what is new: a wrong bar once stood for three weeks."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a series at a poll: the bar that is due with an overlap, or `holes`, which end where it says."""

    due: Due
    after: Instant
    holes: tuple[Instant, ...] = ()

    @property
    def until(self) -> Instant:
        """The end of the last bar that is asked for."""
        return self.holes[-1] if self.holes else self.due.end

    def request(self) -> Request:
        """As a source takes it."""
        return Request(self.due.instrument, self.due.interval, self.after, self.until)


class Asking:
    """Knows when each series was asked for, and when somebody answered. `grace` in seconds."""

    def __init__(self, schedule: Schedule, archive: Archive, grace: int) -> None:
        self._schedule, self._archive, self._grace = schedule, archive, grace
        self._asked: dict[Key, Instant] = {}
        self._late: set[Key] = set()
        self._turns: dict[Key, float] = {}
        """The poll at which each last had its turn."""
        self._silent: dict[Key, Instant] = {}
        self._suspected: dict[Key, Instant] = {}
        self._doubted: dict[Key, Instant] = {}
        self._polls, self._polled_at = 0, 0

    def wanted(self, now: Instant, suspected: Collection[Key]) -> list[Question]:
        """What is to be asked at `now`; `suspected` series hold rows that something else must agree with.

        What had its turn longest ago comes first, as a source answers one question at a time. Of those that had it
        together another one first at each poll: whoever is asked for after a source's failure has to wait with it.
        """
        if now < self._polled_at:
            self._doubt(now)
        self._polled_at = now
        self._suspected = {key: self._suspected.get(key, now) for key in suspected}
        wanted = [question for due in self._schedule.due(now) if (question := self._question(due, now)) is not None]
        self._polls += 1
        first = self._polls % max(1, len(wanted))
        return sorted(wanted[first:] + wanted[:first], key=lambda each: self._turns.get(each.due.key, 0))

    def has_asked(self, questions: Sequence[Question], now: Instant, late: Sequence[Key] = ()) -> None:
        """They were put, and what came of them is kept. Those of `late` series are put again at the next poll.

        The first of these had its turn all the same, though before those that were answered: it is what the others
        waited for, and might be for ever.
        """
        self._late = set(late)
        self._asked |= {question.due.key: now for question in questions}
        self._turns |= dict.fromkeys({each.due.key for each in questions} - self._late, self._polls)
        self._turns |= dict.fromkeys(late[:1], self._polls - 0.5)

    def has_answered(self, due: Due, now: Instant) -> None:
        """Somebody answered a question for a bar."""
        self._archive.answered[due.key] = now
        self._silent.pop(due.key, None)
        if self._doubted.get(due.key, due.end + 1) <= due.end:
            del self._doubted[due.key]

    def is_silent(self, due: Due, now: Instant) -> bool:
        """Nobody did. Returns whether that is news; anew after a pause in which nobody was asked, as when a lid was
        shut."""
        went_on = now - self._asked.get(due.key, 0) <= self._grace
        news = due.key not in self._silent
        self._silent[due.key] = self._silent.get(due.key, now) if went_on else now
        return news

    def awaited(self, now: Instant, since: Instant) -> frozenset[str]:
        """The instruments whose newest closed bars are lacking and may come any moment, whatever their closes' grace.

        For a grace after `since`, when one began to look, that is each that lacks one; later those of which no source
        has answered for less than a grace: nothing is known of a market that could not be asked.
        """
        lacking = [due for due in self._schedule.due(now) if self.is_lacking(due)]
        silent = {due.instrument.id: max(since, self._silent.get(due.key, since)) for due in lacking}
        return frozenset(name for name, first in silent.items() if now < first + self._grace)

    def is_lacking(self, due: Due) -> bool:
        """Whether a bar that should be there is not. Where no source had any history, none is expected."""
        held = self._archive.history.last_end(*due.key)
        if held is None or not self._archive.is_complete(due.key):
            return False
        return held < due.end or self._doubted.get(due.key, due.end + 1) <= due.end

    def _question(self, due: Due, now: Instant) -> Question | None:
        held = self._archive.history.last_end(*due.key)
        if held is None or not self._archive.is_complete(due.key):
            return None
        if self._is_owed(due, now) or self._is_suspected(due.key, now) or self._is_old(due, now):
            return Question(due, max(0, min(held, due.end) - OVERLAP[due.interval]))
        if due.key in self._suspected:  # what lacks is what is held
            return None
        holes = self._archive.holes.due(due.key, now)
        return Question(due, max(0, holes[0] - RUN_UP), holes) if holes else None

    def _is_owed(self, due: Due, now: Instant) -> bool:
        """Whether a bar is lacking, and not asked for too often: at every poll within the grace, then seldom."""
        late = now >= due.end + self._schedule.settle(due.instrument) + self._grace
        return self.is_lacking(due) and not (late and self._has_just_asked(due.key, now))

    def _is_suspected(self, key: Key, now: Instant) -> bool:
        since = self._suspected.get(key)
        return since is not None and not (now >= since + self._grace and self._has_just_asked(key, now))

    def _is_old(self, due: Due, now: Instant) -> bool:
        """Whether a day may have been restated: no answer since this process began, or since it was to be looked at
        again; nor is one that lies ahead, from before the clock was set back."""
        again = self._schedule.look_again(due)
        if again is None or self._has_just_asked(due.key, now):
            return False
        answered = self._archive.answered.get(due.key)
        return answered is None or answered > now or answered < again <= now

    def _has_just_asked(self, key: Key, now: Instant) -> bool:
        return key not in self._late and 0 <= now - self._asked.get(key, -SLOW) < SLOW

    def _doubt(self, now: Instant) -> None:
        """The clock was set back: what came at an instant that lies ahead may have been told before its bar ended."""
        for name, of_one in self._archive.history.held.items():
            for interval, bars in of_one.items():
                ahead = np.flatnonzero(bars.known_at > now)
                if len(ahead):
                    self._doubted[name, interval] = int(bars.end[ahead].max())
