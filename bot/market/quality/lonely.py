"""The bars that stand alone in history: out and back, and no proxy went with them. A new level that lasts is kept,
whatever its size; it may be true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from bot.answers.quality import Fault, Ruling
from bot.market.quality.checks import Remark
from bot.market.quality.closes import Closes, Jump, Ruler
from bot.market.quality.jumps import (
    is_far,
    is_torn,
    power_of_ten,
    reaches,
    returns,
    told,
    told_as_ratio,
    turns,
)
from bot.market.quality.limits import ENOUGH, TORN
from bot.market.quality.witnesses import Said, Witnesses
from rules.bars import Bars, Bools, Interval
from rules.model import ALWAYS, Instant

ALONE = 1.5
"""How many limits a jump must measure where nobody can speak: in 2020-03 the dollar's fund rose by 7 usual moves and
fell back, and who would know."""

BACK = 1
"""Bars within which a lonely jump is back, where nobody can speak."""

BACK_AGAINST = 3
"""The same where a proxy says that nothing happened: lies may stand side by side."""

BACK_IN_SCALE = 10
"""The same for a power of ten: no market does that and comes back."""


QUICK = 0.8
"""The share of the limit from which on a quick look leaves a row to a closer one: what is usual changes a little with
each row that is rejected."""


def lonely(bars: Bars, good: Bools, ruler: Ruler, witnesses: Witnesses) -> Iterator[Remark]:
    """The bars among the `good` ones that are far from the one before, and from those after."""
    rows = np.flatnonzero(good)
    left = bars.take(rows)
    closes = Closes(ruler, left.end, left.close)
    hunt = _Hunt(closes, left, witnesses, witnesses.differences(closes))
    suspects = hunt.closes.end[_suspicious(left, hunt.closes) | hunt.differ].tolist()
    place = dict(zip(bars.end[rows].tolist(), rows.tolist(), strict=True))
    for end, fault, ruling, detail in hunt.through(suspects):
        yield Remark(place[end], fault, ruling, detail)


def _suspicious(bars: Bars, closes: Closes) -> Bools:
    """Which rows a quick look cannot clear: none of the others can be far or torn."""
    moves = np.append(0.0, np.abs(np.diff(np.log(closes.close))))[: len(bars)]
    opened = np.where(bars.open > 0, bars.open, bars.close)
    gaps = np.append(0.0, np.abs(np.log(opened[1:] / closes.close[:-1])))[: len(bars)]
    torn = (gaps > TORN) & (closes.ruler.instrument.calendar == ALWAYS) & (bars.interval is not Interval.DAY)
    torn |= np.append(torn[1:], False)[: len(bars)]
    limit = closes.ruler.limit
    far = QUICK * limit.sigmas * np.fmax(limit.floor, closes.usual_before())
    return (moves > np.minimum(np.where(np.arange(len(bars)) > ENOUGH, far, limit.least), 1.0)) | torn


@dataclass
class _Hunt:
    """Goes through suspects, oldest first; `closes` loses each that is rejected, so that none vouches for the next.
    `differ` are the `bars` that a twin may speak against."""

    closes: Closes
    bars: Bars
    witnesses: Witnesses
    differ: Bools

    def through(self, suspects: list[Instant]) -> Iterator[tuple[Instant, Fault, Ruling, str]]:
        """What is wrong, by end. After a bar that is rejected the next one is a suspect as well."""
        queue = list(reversed(suspects))
        while queue:
            end = queue.pop()
            found = self._verdict(end)
            if found is None:
                continue
            yield (end, *found)
            following = self._remove(end) if found[1] is Ruling.REJECTED else None
            if following is not None and queue[-1:] != [following]:
                queue.append(following)

    def _remove(self, end: Instant) -> Instant | None:
        """Take a close away; the end of the next one."""
        row = int(np.searchsorted(self.closes.end, end))
        self.closes = replace(self.closes, end=np.delete(self.closes.end, row), close=np.delete(self.closes.close, row))
        return int(self.closes.end[row]) if row < len(self.closes.end) else None

    def _verdict(self, end: Instant) -> tuple[Fault, Ruling, str] | None:
        row = int(np.searchsorted(self.closes.end, end))
        close = float(self.closes.close[row])
        jump, limit = self.closes.jump(end, close), self.closes.ruler.limit
        if jump is None:
            return None
        power = power_of_ten(jump, limit)
        torn = self._torn(row, jump)
        odd = any(torn) or self._is_apart(end, jump)
        if not (power or odd or is_far(jump, limit)):
            return None
        said = Said(agreed=False, heard=odd) if power or odd else self._proxies(jump, end)
        if not (power or said.heard) and jump.sigmas <= ALONE * limit.sigmas:
            return None
        last = row == len(self.closes.end) - 1
        lonely = all(torn) or self._is_lonely(row, jump, against=said.heard, power=power > 0, torn=any(torn))
        if said.agreed or not (last or lonely):
            return None
        fault = Fault.SCALE if power else Fault.OUTLIER
        words = told_as_ratio(close, jump.was, power) if power else told(close, jump)
        return fault, Ruling.HELD if last and not power else Ruling.REJECTED, words

    def _is_lonely(self, row: int, jump: Jump, *, against: bool, power: bool, torn: bool) -> bool:
        """Whether one of the next bars is back on the old level, or half of the way if something speaks against the
        jump. The range of the next bar may still go to this close: then two bars tell of it, unless it is torn."""
        within = BACK_IN_SCALE if power else BACK_AGAINST if against else BACK
        after = self.closes.close[row + 1 : row + 1 + within].tolist()
        back = any(returns(jump, each) or (against and turns(jump, each)) for each in after)
        return back and (power or torn or not self._reached(row, jump))

    def _is_apart(self, end: Instant, jump: Jump) -> bool:
        """Whether a twin speaks against it; asked only where one may."""
        may = bool(self.differ[int(np.searchsorted(self.bars.end, end))])
        return may and self.witnesses.are_apart(self.closes, jump, end)

    def _torn(self, row: int, jump: Jump) -> tuple[bool, bool]:
        """Whether the bar opens away from the close before, and the next one from its own; not where that is torn from
        both its neighbours, for then it is the lie."""
        before = self._opens_away(row)
        if not before and abs(jump.move) < TORN:
            return before, False
        after = self._opens_away(row + 1)
        return before, after and (before or not self._opens_away(row + 2))

    def _opens_away(self, row: int) -> bool:
        if not 0 < row < len(self.closes.end) or self.closes.ruler.instrument.calendar != ALWAYS:
            return False
        return is_torn(self.closes.gap(row), self._opened(row), self.closes.ruler)

    def _opened(self, row: int) -> float:
        return float(self.bars.open[int(np.searchsorted(self.bars.end, self.closes.end[row]))])

    def _reached(self, row: int, jump: Jump) -> bool:
        """Whether the range of the next bar goes to the close of this one."""
        after = int(np.searchsorted(self.bars.end, self.closes.end[row + 1]))
        close = float(self.closes.close[row])
        return reaches(jump, close, float(self.bars.low[after]), float(self.bars.high[after]))

    def _proxies(self, jump: Jump, end: Instant) -> Said:
        return self.witnesses.of_move(self.closes, jump, end)
