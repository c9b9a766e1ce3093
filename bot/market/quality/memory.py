"""What the gate remembers from poll to poll: rows that are held, series that look split, and what was told of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from bot.answers.quality import Fault, Finding, Ruling
from bot.market.live import CHANGED, PRICES
from bot.market.quality.limits import PATIENCE, SAME
from bot.market.quality.offers import Key
from rules.bars import DAY, Bars, Origin
from rules.model import Instant

KEPT_FOR = 14 * DAY
"""Seconds after which a row is forgotten that no answer tells of any more, and a split that nobody has confirmed."""

ASKED_FOR = DAY
"""Seconds for which a held row, or a split, is a reason to ask again at every poll."""

Place = tuple[Key, Origin]
Told = tuple[Instant, Fault, Ruling]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row that is held: the bar, as the only one of its table, and since when it says so."""

    bar: Bars
    since: Instant


@dataclass(frozen=True, slots=True)
class Split:
    """A past that was told in another unit: by how many times, and since when."""

    ratio: float
    since: Instant


@dataclass
class Memory:
    """Of each origin of an instrument, by the ends of the rows."""

    rows: dict[Place, dict[Instant, Waiting]] = field(default_factory=dict)
    splits: dict[Place, Split] = field(default_factory=dict)
    told: dict[Place, frozenset[Told]] = field(default_factory=dict)

    def said_before(self, place: Place, bar: Bars, now: Instant) -> bool:
        """Whether a row is held that says the same since long enough for this one to be a second answer."""
        known = self.rows.get(place, {}).get(int(bar.end[0]))
        return known is not None and _says_the_same(known.bar, bar) and now - known.since >= PATIENCE

    def hold(self, place: Place, bars: Mapping[Instant, Bars], judged: Bars, answer: Bars, now: Instant) -> None:
        """Hold these rows of those that were `judged`. Of rows that were held before, those are forgotten that an
        answer over their time does not tell of any more, and those that nobody has told of for long."""
        old = self.rows.get(place, {})
        told = set(judged.end.tolist())
        kept = {
            end: each
            for end, each in old.items()
            if end not in told and now - each.since < KEPT_FOR and not _takes_back(answer, each.bar)
        }
        for end, bar in bars.items():
            known = old.get(end)
            same = known is not None and _says_the_same(known.bar, bar)
            kept[end] = Waiting(bar, min(known.since, now) if known is not None and same else now)
        if kept:
            self.rows[place] = kept
        else:
            self.rows.pop(place, None)

    def hear(self, place: Place, answer: Bars) -> None:
        """Forget the held rows that an origin tells otherwise by now, where it was only asked for its opinion."""
        kept = {end: each for end, each in self.rows.get(place, {}).items() if not _takes_back(answer, each.bar)}
        if kept:
            self.rows[place] = kept
        else:
            self.rows.pop(place, None)

    def confirms_split(self, place: Place, ratio: float, now: Instant) -> bool:
        """Whether the same ratio was told long enough ago. It is remembered until the past is told as it is held."""
        known = self.splits.get(place)
        if known is not None and now - known.since >= KEPT_FOR:
            known = None
        same = known is not None and abs(math.log(known.ratio / ratio)) <= SAME
        since = min(known.since, now) if known is not None and same else now
        self.splits[place] = Split(ratio, since)
        return now - since >= PATIENCE

    def news(self, place: Place, findings: Iterable[Finding], *, whole: bool) -> list[Finding]:
        """The findings that were not told of before. Of a whole answer they are all that is to be remembered."""
        found = list(findings)
        before = self.told.get(place, frozenset())
        now = frozenset((each.end, each.fault, each.ruling) for each in found)
        self.told[place] = now if whole else before | now
        return [each for each in found if (each.end, each.fault, each.ruling) not in before]

    def held(self, key: Key) -> frozenset[Instant]:
        """The ends of the rows that are held of an instrument."""
        return frozenset(end for (each, _), rows in self.rows.items() if each == key for end in rows)

    def waiting(self, now: Instant) -> frozenset[Key]:
        """What has rows that another poll may settle."""
        young = {key for (key, _), rows in self.rows.items() if any(_is_young(each, now) for each in rows.values())}
        return frozenset(young | {key for (key, _), split in self.splits.items() if _is_young(split, now)})


def _takes_back(answer: Bars, bar: Bars) -> bool:
    """Whether an answer over the time of a bar does not tell it any more."""
    end = int(bar.end[0])
    if not len(answer) or not answer.end[0] <= end <= answer.end[-1]:
        return False
    row = int(np.searchsorted(answer.end, end))
    return bool(answer.end[row] != end) or not bool(abs(answer.close[row] - bar.close[0]) <= CHANGED * bar.close[0])


def _is_young(held: Waiting | Split, now: Instant) -> bool:
    return now - held.since < ASKED_FOR


def _says_the_same(one: Bars, other: Bars) -> bool:
    """Whether two single bars tell the same prices."""
    for name in PRICES:
        a, b = getattr(one, name), getattr(other, name)
        if not bool(((np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= CHANGED * np.abs(a)))[0]):
            return False
    return True
