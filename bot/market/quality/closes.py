"""Closes of one instrument as evidence: how large a usual move is, and how large one of them was.

Moves are log returns. The usual size of a move over one bar is robust: 1.4826 times the median of what the last bars
moved (the median absolute deviation from no move; Hampel, 1974), so that the lie which is looked for does not widen
its own limit. A move over m bars is held against sqrt(m) of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from bot.market.quality.limits import ENOUGH, LONG, SHORT, TWIN, Limit, limit_of
from bot.market.sessions import Sessions
from rules.bars import Bars, Floats, Interval, Ints
from rules.model import ALWAYS, Instant, Instrument

FOR_EVER = 2**40
"""An instant after every other."""

MAD = 1.4826
"""Makes the median of absolute normal deviates their standard deviation."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """Counts the bars that an instrument could have had: two ends are so many bars apart."""

    instrument: Instrument
    interval: Interval
    sessions: Sessions

    def places(self, ends: Ints) -> Ints:
        """A number for each end; successive bars have successive numbers."""
        if self.interval is not Interval.DAY or self.instrument.calendar == ALWAYS:
            return -(-ends // self.interval.seconds)
        return np.searchsorted(self.sessions.clock(self.instrument.calendar, FOR_EVER).closes, ends)

    @property
    def limit(self) -> Limit:
        """What is far for this instrument."""
        return limit_of(self.instrument.kind, self.interval)


@dataclass(frozen=True, slots=True)
class Jump:
    """The log return `move` from the close `was` at `since`, over so many `bars`; a usual one over that time is
    `usual`, NaN if unknown."""

    since: Instant
    was: float
    move: float
    usual: float
    bars: int

    @property
    def sigmas(self) -> float:
        """Its size in usual moves."""
        return abs(self.move) / self.usual


@dataclass(frozen=True, slots=True)
class Closes:
    """One close an end, oldest first."""

    ruler: Ruler
    end: Ints
    close: Floats
    _medians: dict[int, tuple[float, float]] = field(default_factory=dict, repr=False, compare=False)
    """By row, what was found once: a poll asks for the same ones again and again."""

    @staticmethod
    def of(bars: Bars, ruler: Ruler, book: tuple[str, str] | None = None) -> Closes:
        """The closes of bars: those of `book` and, where it has none, those of the most preferred origin."""
        bars = bars.take((bars.close > 0) & (bars.close < np.inf))
        if not len(bars):
            return Closes(ruler, np.empty(0, np.int64), np.empty(0))
        own = np.array([each.book != book for each in bars.origins])[bars.origin]
        order = np.lexsort((bars.origin, own, bars.end))
        end, close = bars.end[order], bars.close[order]
        first = np.append(True, np.diff(end) != 0)
        return Closes(ruler, end[first], close[first])

    def at(self, end: Instant) -> float:
        """The close at `end`; NaN where there is none."""
        row = int(np.searchsorted(self.end, end))
        return float(self.close[row]) if row < len(self.end) and self.end[row] == end else math.nan

    def jump(self, end: Instant, price: float, of_two: Callable[[float, float], float] = max) -> Jump | None:
        """How `price` at `end` stands to the last close before; None where there is none. `of_two` as in `usual`."""
        last = int(np.searchsorted(self.end, end)) - 1
        return self._jump(last, end, price, self.usual(last, of_two)) if last >= 0 else None

    def gap(self, row: int) -> Jump:
        """How a close stands to the one before it, whatever is usual."""
        return self._jump(row - 1, int(self.end[row]), float(self.close[row]), math.nan)

    def move(self, since: Instant, end: Instant) -> Jump | None:
        """What was the move from one end to another, as a witness has made it; None unless both are known."""
        first = int(np.searchsorted(self.end, since))
        known = first < len(self.end) and self.end[first] == since
        if not known or not (price := self.at(end)) > 0:
            return None
        return self._jump(first, end, price, self.usual(first, min))

    def beside(self, end: Instant, price: float) -> Closes:
        """With another close, in place of one that is there."""
        if not len(self.end) or self.end[-1] < end:
            return Closes(self.ruler, np.append(self.end, end), np.append(self.close, price), dict(self._medians))
        keep = self.end != end
        row = int(np.searchsorted(self.end[keep], end))
        same = {last: medians for last, medians in self._medians.items() if last < row}
        return Closes(self.ruler, np.insert(self.end[keep], row, end), np.insert(self.close[keep], row, price), same)

    def _jump(self, last: int, end: Instant, price: float, usual: float) -> Jump:
        before, place = self.ruler.places(np.array([self.end[last], end])).tolist()
        bars = max(1, place - before)
        was = float(self.close[last])
        return Jump(int(self.end[last]), was, math.log(price / was), usual * math.sqrt(bars), bars)

    def usual_before(self) -> Floats:
        """The usual size of a move before each close, quickly: what `usual` says of the row before but for rounding."""
        bars = np.maximum(np.diff(self.ruler.places(self.end)), 1)
        moves = pd.Series(np.abs(np.diff(np.log(self.close))) / np.sqrt(bars))
        year, month = (MAD * moves.rolling(rows, min_periods=1).median().to_numpy() for rows in (LONG, SHORT))
        return np.concatenate([np.full(2, np.nan), np.fmax(year, month)[:-1]])[: len(self.end)]

    def usual(self, last: int, of_two: Callable[[float, float], float] = max) -> float:
        """The usual size of a move over one bar, by what is known with the close of row `last`: of a year's and a
        month's the greater, or as `of_two` says. NaN where too few are known."""
        if last < ENOUGH:
            return math.nan
        if last not in self._medians:
            self._medians[last] = self._medians_at(last)
        return max(self.ruler.limit.floor, of_two(*self._medians[last]))

    def _medians_at(self, last: int) -> tuple[float, float]:
        """The usual size of a move by the year and by the month before."""
        rows = slice(max(0, last - LONG), last + 1)
        bars = np.maximum(np.diff(self.ruler.places(self.end[rows])), 1)
        moves = np.abs(np.diff(np.log(self.close[rows]))) / np.sqrt(bars)
        return MAD * _median(moves), MAD * _median(moves[-SHORT:])


def _median(numbers: Floats) -> float:
    """np.median to the last bit where there are numbers and each is one, at a quarter of the time."""
    half = len(numbers) // 2
    middle = np.partition(numbers, (half - 1, half) if len(numbers) % 2 == 0 else half)
    return float(middle[half] if len(numbers) % 2 else (middle[half - 1] + middle[half]) / 2)


def usual_difference(one: Closes, other: Closes, until: Instant) -> float:
    """By how much the moves of two twins usually differ over a bar, in a year or in a month, whichever is more; of
    their common closes up to `until`. NaN where those are too few, and where the two are no twins."""
    last = int(np.searchsorted(one.end, until, side="right"))
    first = max(0, last - LONG - 1)
    start, stop = np.searchsorted(other.end, [one.end[first], until + 1]) if last else (0, 0)
    _, mine, theirs = np.intersect1d(one.end[first:last], other.end[start:stop], True, return_indices=True)
    if len(mine) <= ENOUGH:
        return math.nan
    moves, others = np.diff(np.log(one.close[first + mine])), np.diff(np.log(other.close[start + theirs]))
    differ = np.abs(moves - others)
    year, month = float(np.median(differ)), float(np.median(differ[-SHORT:]))
    return MAD * max(year, month) if year <= TWIN * float(np.median(np.abs(moves))) else math.nan
