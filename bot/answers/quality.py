"""What can be wrong with prices, and what was done about it, in the words of /status, doctor and the log."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from rules.bars import Interval
from rules.model import Instant


class Fault(enum.StrEnum):
    """What is wrong with a row of prices. Beginning with those that a feed can tell by itself."""

    NO_PRICE = "no price"
    NOT_A_PRICE = "not a price"
    OFF_CALENDAR = "off the calendar"
    OFF_GRID = "off the grid"
    IN_PROGRESS = "still in progress"
    FUTURE = "of the future"
    OUT_OF_ORDER = "out of order"
    TWICE = "told twice"
    RANGE = "outside its own range"
    REPEATED = "repeats the bar before"
    FROZEN = "frozen"
    OUTLIER = "far from the price before"
    SCALE = "off by a power of ten"
    SPLIT = "off like a split"
    RESTATED = "restated"
    REWRITTEN = "rewrites the past"
    MISSING = "not there"


class Ruling(enum.StrEnum):
    """What becomes of such a row."""

    KEPT = "kept"
    """Believed all the same."""

    LEFT_OUT = "left out"
    """By the feed: it is no bar at all."""

    TRIMMED = "trimmed"
    """Kept for its close; its open, high and low are unknown."""

    HELD = "held"
    """Not believed until something else agrees: another source, a proxy, or the next poll."""

    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one row that `source` gave. `detail` says it in numbers: what it says, what would be right."""

    instrument: str
    interval: Interval
    end: Instant
    source: str
    fault: Fault
    ruling: Ruling
    detail: str = ""
