"""An answer of one origin laid over what is held of it: rows in order, which of them are to be judged, and what the
structural checks say of those. The rows around them are context: a check looks at the bar before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from bot.answers.quality import Fault, Ruling
from bot.market.live import CHANGED, PRICES
from bot.market.quality import checks
from bot.market.quality.checks import Remark
from bot.market.quality.closes import Ruler
from bot.market.quality.limits import WILD
from rules.bars import Bars, Bools, Floats, Ints, Origin
from rules.model import Instant

CONTEXT = 400
"""Bars before the answer that are looked at: enough for a usual move."""

COLUMNS = ("start", "end", *PRICES, "volume", "known_at")


@dataclass(frozen=True)
class Stretch:
    """Bars of one origin, one an end, sorted.

    `offered` are the rows that came as new or changed, and `judged` those of them that are; `said` holds what changed
    ones said before. `copies` repeat the bar before, `frozen` stand still, `strays` have a close far from their own
    range. `answer` is the answer itself, a part of the bars.
    """

    bars: Bars
    offered: Bools
    judged: Bools
    said: Bars
    answer: Bars
    copies: Bools
    frozen: Bools
    strays: Bools
    remarks: tuple[Remark, ...]

    @property
    def rows(self) -> list[int]:
        """The rows to be judged that no remark rejects, oldest first."""
        lost = {each.row for each in self.remarks if each.ruling is Ruling.REJECTED}
        return [row for row in np.flatnonzero(self.judged).tolist() if row not in lost]

    def usable(self) -> Bars:
        """The rows of the answer that may speak for others: none that is rejected, or that would itself need help."""
        sound = self._is_whole() & ~(self.judged & (self.copies | self.frozen | self.strays | self._is_restated()))
        closes = self.bars.close
        for row in np.flatnonzero(sound & self.judged).tolist():
            before = np.flatnonzero(sound[:row])
            sound[row] = not len(before) or abs(np.log(closes[row] / closes[before[-1]])) <= WILD
        return self._answered(sound)

    def still(self) -> Bars:
        """The rows of the answer that repeat the bar before: they speak for nothing but another bar that does."""
        return self._answered(self._is_whole() & self.judged & (self.copies | self.frozen))

    def _is_whole(self) -> Bools:
        """Which rows have a price and are not rejected."""
        whole: Bools = checks.is_price(self.bars.close)
        whole[[each.row for each in self.remarks if each.ruling is Ruling.REJECTED]] = False
        return whole

    def _is_restated(self) -> Bools:
        """Which rows say something else than what is known of them; what is known still speaks."""
        restated = self.judged & np.isin(self.bars.end, self.said.end)
        for row in np.flatnonzero(restated).tolist():
            at = row_at(self.said.end, int(self.bars.end[row]))
            restated[row] = not completes(self.bars, row, self.said, at)
        return restated

    def _answered(self, rows: Bools) -> Bars:
        return self.answer.take(np.isin(self.answer.end, self.bars.end[rows]))


def of_origin(bars: Bars, origin: Origin) -> Bars:
    """The bars of one origin, as the only one they know."""
    if bars.origins == (origin,):
        return bars
    at = [index for index, each in enumerate(bars.origins) if each == origin]
    kept = bars.take(np.isin(bars.origin, at))
    return replace(kept, origin=np.zeros(len(kept), dtype=np.int64), origins=(origin,))


def joined(parts: Iterable[Bars]) -> Bars:
    """Bars of one origin, sorted; of two of one end the one of the later part."""
    tables = list(parts)
    columns = {name: np.concatenate([getattr(each, name) for each in tables]) for name in COLUMNS}
    rows = np.zeros(len(columns["end"]), dtype=np.int64)
    whole = Bars(tables[0].interval, **columns, origin=rows, origins=tables[0].origins)
    whole = whole.take(np.argsort(whole.end, kind="stable"))
    return whole.take(np.append(np.diff(whole.end) != 0, True)[: len(whole)])


def lay(answer: Bars, written: Bars, said: Bars, held: Bars, ruler: Ruler, closed: Instant) -> Stretch:
    """Lay an answer over what is held of its origin; bars that end after `closed` are in progress."""
    disorder = tuple(_disorder(answer, written))
    answer = joined([answer])
    last = int(written.end.max()) if len(written) else 0
    before = held.take(slice(max(0, int(np.searchsorted(held.end, last)) - CONTEXT), None))
    bars = joined([before, answer, written])
    offered = np.isin(bars.end, written.end)
    remarks = [replace(each, row=int(np.searchsorted(bars.end, end))) for end, each in disorder]
    remarks += [each for each in _structure(bars, ruler, closed) if offered[each.row]]
    strays = checks.strays(bars, ruler.limit.least / 2)
    bars = checks.trimmed(bars, remarks)
    judged = offered & ~_says_no_more(bars, said)
    copies, frozen = (each(bars, ruler.instrument.kind) for each in (checks.copies, checks.frozen))
    return Stretch(bars, offered, judged, said, answer, copies, frozen, strays, tuple(remarks))


def _disorder(answer: Bars, written: Bars) -> list[tuple[Instant, Remark]]:
    """What is wrong with the order of an answer, where it concerns what is written. A row that is told twice is not
    lost: the later one counts, and what is wrong with the earlier is only told."""
    new = set(written.end.tolist())
    found = [(int(answer.end[each.row]), each) for each in checks.order(answer)]
    return [(end, replace(each, ruling=Ruling.KEPT)) for end, each in found if end in new]


def _structure(bars: Bars, ruler: Ruler, closed: Instant) -> list[Remark]:
    late = np.flatnonzero(bars.end > closed).tolist()
    found = checks.structure(bars, ruler.instrument, ruler.sessions)
    return [
        *(Remark(row, Fault.IN_PROGRESS, Ruling.REJECTED, "it had not closed") for row in late),
        *(each for each in found if each.row not in set(late)),
    ]


def _says_no_more(bars: Bars, said: Bars) -> Bools:
    """Which rows say what they said before, or less: numbers that are missing now take nothing back."""
    nothing = np.zeros(len(bars), dtype=bool)
    at = np.searchsorted(said.end, bars.end)
    there = (at < len(said)) & (len(said) > 0)
    if not there.any():
        return nothing
    at = np.minimum(at, len(said) - 1)
    there &= said.end[at] == bars.end
    for name in PRICES:
        there &= _same(getattr(said, name)[at], getattr(bars, name)) | np.isnan(getattr(bars, name))
    return there


def completes(bars: Bars, row: int, said: Bars, at: int) -> bool:
    """Whether a row says nothing else than before: what was told is the same, and more is told now."""
    for name in PRICES:
        old, new = getattr(said, name)[at : at + 1], getattr(bars, name)[row : row + 1]
        if not bool((_same(old, new) | np.isnan(old))[0]):
            return False
    return True


def row_at(ends: Ints, end: Instant) -> int:
    """The row of an end in sorted ones; -1 where there is none."""
    row = int(np.searchsorted(ends, end))
    return row if row < len(ends) and ends[row] == end else -1


def _same(old: Floats, new: Floats) -> Bools:
    return (np.isnan(old) & np.isnan(new)) | (np.abs(new - old) <= CHANGED * np.abs(old))
