"""Bars of one instrument as arrays, and the origin each of them names.

A bar is known by the instant it completes, its `end`; a feed fills it, because only a feed's conventions say what its
time stamps mean. Arrays are one-dimensional, of equal length, and sorted by end, then by origin.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rules.model import Instant

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

HOUR = 3_600
DAY = 86_400


class Interval(enum.StrEnum):
    """How long a bar is. A day is a session of the instrument's calendar."""

    DAY = "1d"
    HOUR = "1h"
    FIVE_MINUTES = "5m"

    @property
    def seconds(self) -> int:
        """Length in seconds; a session's day is shorter than that."""
        return {"1d": DAY, "1h": HOUR, "5m": 300}[self.value]


class VolumeUnit(enum.StrEnum):
    """What a source counts as volume: shares or coins, money, or nothing that it says."""

    BASE = "base"
    QUOTE = "quote"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who printed a bar. Prices of two venues, or in two quotes, are never joined into one return."""

    feed: str
    venue: str
    quote: str = "USD"
    volume_unit: str = VolumeUnit.NONE
    simulated: bool = False

    @property
    def book(self) -> tuple[str, str]:
        """What must be the same on both ends of a return."""
        return (self.venue, self.quote)

    @property
    def tape(self) -> str:
        """What must be the same of two volumes that are compared."""
        return f"{self} in {self.volume_unit}"

    def __str__(self) -> str:
        return "SIMULATED" if self.simulated else f"{self.venue} {self.quote}"


@dataclass(frozen=True, slots=True)
class Tick:
    """The latest trade of an instrument: what the bar in progress says so far.

    `at` is the instant of that trade; `open`, `high` and `low` span the session so far and are NaN where the source
    does not say.
    """

    instrument: str
    at: Instant
    price: float
    open: float
    high: float
    low: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars of one instrument and interval.

    `start`, `end`, `known_at` are UTC seconds; prices are in `origins[origin].quote`; `volume` is in that origin's
    `volume_unit`; NaN means the source did not say. `origins` is in order of preference.
    """

    interval: Interval
    start: Ints
    end: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    known_at: Ints
    origin: Ints
    origins: tuple[Origin, ...]

    def __len__(self) -> int:
        return len(self.end)

    def __repr__(self) -> str:
        """Without its columns: asyncio writes the result of its task into texts that nobody reads, and that takes as
        long as an answer."""
        return f"<{len(self)} bars of {self.interval.value}>"

    def take(self, rows: Bools | Ints | slice) -> Bars:
        """The bars at `rows`."""
        columns = ("start", "end", "open", "high", "low", "close", "volume", "known_at", "origin")
        return replace(self, **{name: getattr(self, name)[rows] for name in columns})

    def upto(self, instant: Instant) -> Bars:
        """The bars that had completed by `instant`."""
        return self.take(slice(0, int(np.searchsorted(self.end, instant, side="right"))))

    def preferred(self) -> Bars:
        """One bar per end: the one of the most preferred origin."""
        if len(self) == 0:
            return self
        return self.take(np.concatenate([[True], np.diff(self.end) != 0]))

    def close_at(self, end: Instant, book: tuple[str, str]) -> float:
        """The close of the bar of `book` that ends at `end`; NaN when there is none."""
        first, last = np.searchsorted(self.end, [end, end + 1])
        for row in range(first, last):
            if self.origins[self.origin[row]].book == book:
                return float(self.close[row])
        return float("nan")
