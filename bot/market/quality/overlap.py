"""What an answer says of bars that are held already. One restated bar is news; most of them at once are another series:
in another unit (a split, dividends taken out), in another time zone, or of another instrument."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass

import numpy as np

from bot.market.live import CHANGED
from bot.market.quality.checks import is_price
from bot.market.quality.jumps import POWERS, split_ratio
from rules.bars import Bars, Bools, Floats

MOST = 2
"""Restated bars that make a rewriting, if they are half of the overlap."""

CONSTANT = 1e-3
"""How far, as a log ratio, bars in another unit may be from one ratio: prices are rounded before and after."""

ROUGHLY = 0.25
"""How far, as a share of itself, the ratio may vary from bar to bar: what is restated a little is in no other unit."""

TELLING, SEVERAL = 5 * CONSTANT, 4
"""A ratio nearer to one than the first, as a log, is told by so many bars or by none: two may agree by chance."""

DIVIDENDS = math.log(0.9)
"""The least ratio, as a log, that dividends taken out of the past of a fund explain."""

SPLIT = 5e-3
"""How far a ratio may be from a split's: nothing but rounding lies between them."""


class Rewriting(enum.Enum):
    """What the whole answer is."""

    OTHER_UNIT = "in another unit"
    SPLIT = "in the unit after a split"
    """Or of whatever else has changed a fund's unit for good."""
    SHIFTED = "a row late or early"
    OTHER_SERIES = "of something else"


@dataclass(frozen=True, slots=True)
class Rewritten:
    """That an answer says something else of `restated` of `known` bars; `ratio` is how many times what they were."""

    what: Rewriting
    restated: int
    known: int
    ratio: float = math.nan

    def told(self) -> str:
        """In numbers."""
        ratio = "" if math.isnan(self.ratio) else f", each {self.ratio:.4g} times what it was"
        return f"{self.restated} of {self.known} bars that are known are {self.what.value}{ratio}"


def rewritten(answer: Bars, held: Bars, funds: bool, usual: float) -> Rewritten | None:
    """Whether an answer rewrites what is held of the same origin; None where it restates less than half of it.

    Both hold one bar an end, sorted. Only `funds` split. `usual` is a usual move of a bar: bars that are restated by
    less are told better, not told anew.
    """
    old, new = _common(held, answer)
    shift = np.log(new / old)
    changed = np.abs(shift) > CHANGED
    restated, known = int(changed.sum()), len(shift)
    if restated < MOST or 2 * restated < known:
        return None
    middle = float(np.median(shift[changed]))
    if _is_one_ratio(shift[changed], middle) and _one_unit(changed):
        lasting = funds and _is_lasting(changed, middle, _next_move(answer, held))
        return Rewritten(Rewriting.SPLIT if lasting else Rewriting.OTHER_UNIT, restated, known, math.exp(middle))
    if 2 * _neighbours(answer, held) > restated:
        return Rewritten(Rewriting.SHIFTED, restated, known)
    if abs(middle) > usual or float(np.median(np.abs(shift[changed]))) > usual:
        return Rewritten(Rewriting.OTHER_SERIES, restated, known)
    return None


def _is_one_ratio(shift: Floats, middle: float) -> bool:
    """Whether bars are restated by one ratio, whose logarithm is `middle`, and not just a little."""
    if abs(middle) <= TELLING and len(shift) < SEVERAL:
        return False
    return bool((np.abs(shift - middle) <= min(CONSTANT, ROUGHLY * abs(middle))).all())


def _is_lasting(changed: Bools, middle: float, following: tuple[float, float] | None) -> bool:
    """Whether a fund's unit is another one from now on: not where dividends explain the ratio, nor where the newest
    bars go on as they were. `following` is how the next bar stands to the last one in the new unit and in the old."""
    if DIVIDENDS <= middle <= 0 or not changed[-1] or _is_power_of_ten(middle):
        return False
    if following is not None and abs(following[0]) > abs(following[1]):
        return False
    return bool(changed.all()) or bool(split_ratio(middle, SPLIT))


def _is_power_of_ten(middle: float) -> bool:
    """Of those that no split explains: cents in place of dollars."""
    return not split_ratio(middle, SPLIT) and any(abs(abs(middle) - math.log(each)) <= SPLIT for each in POWERS)


def _next_move(answer: Bars, held: Bars) -> tuple[float, float] | None:
    """The log return of the first new bar from the last known one: as the answer tells that, and as it is held. None
    without a new bar."""
    known = np.flatnonzero(np.isin(answer.end, held.end) & is_price(answer.close))
    new = np.flatnonzero((answer.end > held.end[-1]) & is_price(answer.close))
    if not len(known) or not len(new):
        return None
    last, close = int(known[-1]), float(answer.close[new[0]])
    was = float(held.close[np.searchsorted(held.end, answer.end[last])])
    return math.log(close / answer.close[last]), math.log(close / was)


def _one_unit(changed: Bools) -> bool:
    """Another unit holds from the oldest bar to some bar, or from some bar to the newest: without an island."""
    return int(np.count_nonzero(np.diff(changed.astype(int)))) <= 1


def _common(held: Bars, answer: Bars) -> tuple[Floats, Floats]:
    """The closes of the ends that both have."""
    _, old, new = np.intersect1d(held.end, answer.end, assume_unique=True, return_indices=True)
    before, after = held.close[old], answer.close[new]
    both = is_price(before) & is_price(after)
    return before[both], after[both]


def _neighbours(answer: Bars, held: Bars) -> int:
    """How many closes of the answer are those that a neighbour of theirs is held with, and not their own; the better of
    both directions."""
    _, old, new = np.intersect1d(held.end, answer.end, assume_unique=True, return_indices=True)
    found = []
    for step in (-1, 1):
        beside = old + step
        inside = (beside >= 0) & (beside < len(held))
        other, own = held.close[beside[inside]], held.close[old[inside]]
        said = answer.close[new[inside]]
        same = (np.abs(said / other - 1) <= CHANGED) & (np.abs(said / own - 1) > CHANGED)
        found.append(int(same.sum()))
    return max(found)
