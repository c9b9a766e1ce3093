"""How far a price may move before it needs a witness. docs/data-quality.md derives the numbers from real history."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rules.bars import DAY, Interval
from rules.model import Kind

ENOUGH = 60
"""Returns that must be known before a move can be called large."""

LONG, SHORT = 250, 20
"""Returns that a usual move is measured on, of a year and of a month. The greater counts, so that a storm widens it at
once; for a proxy's move it is the lesser, so that one is heard that is large by either."""

BELIEVED = 0.3
"""What stays within this share of a jump is the same level: before it, or after it."""

PROXY = 1 / 3
"""The share of a move, each in its own usual moves, that a proxy must have made to speak for it."""

TWIN = 1 / 3
"""A proxy is a twin where the two differ by less than this share of a usual move: a fund and its index."""

DIFFERENCES = 10.0
"""Usual differences by which a move must differ from a twin's to be doubted."""

APART = 0.5
"""The least share of a move by which a twin's must differ to speak against it: in a crash twins part a little too."""

TORN = 0.03
"""How far, as a log return, an hour of what never stops may open from the close of the hour before: in 250,000 hours of
five coins the farthest was 0.014."""

TOGETHER = 0.02
"""How far two sources may be apart, as a log ratio, and still tell of the same move."""

SAME = 0.002
"""How far two sources may be apart, as a log ratio, where one of them says that nothing has moved."""

WILD = 1.0
"""The log return of a bar or a trade that speaks for nobody else's."""

PATIENCE = 60
"""Seconds until the same answer of the same source counts as a second one: a cache is no witness."""

_FLOORS = {Kind.INDEX: 0.005, Kind.ETF: 0.003, Kind.VOLATILITY: 0.04, Kind.COIN: 0.015}
"""The least usual move of a day: a quiet year makes no ordinary day remarkable."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A move is far beyond `sigmas` usual moves; a usual move is never less than `floor`, as a log return of a bar."""

    sigmas: float
    floor: float

    @property
    def least(self) -> float:
        """No smaller move is ever far."""
        return self.sigmas * self.floor


def limit_of(kind: Kind, interval: Interval) -> Limit:
    """Days have thinner tails than hours."""
    floor = _FLOORS[kind]
    if interval is Interval.DAY:
        return Limit(6.0, floor)
    return Limit(8.0, floor * math.sqrt(interval.seconds / DAY))
