"""What goes into the gate and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

from bot.answers.quality import Finding
from bot.market.live import Arrival
from rules.bars import Bars, Interval
from rules.model import Instrument

Key = tuple[str, Interval]
"""An instrument's id and an interval."""


@dataclass(frozen=True)
class Offer:
    """What a source gave of an instrument: all its bars of the answer, and which of them are new or changed."""

    instrument: Instrument
    source: str
    """The venue's name, as in messages."""
    bars: Bars
    """The whole answer: the overlap with what is held is evidence of its own."""
    arrival: Arrival

    @property
    def key(self) -> Key:
        """Which bars it is of."""
        return self.instrument.id, self.bars.interval


@dataclass(frozen=True)
class Judged:
    """What of the offers is believed, and what is wrong with the rest."""

    arrivals: tuple[tuple[str, Arrival], ...] = ()
    """By instrument id; rows that are held or rejected are in none."""
    findings: tuple[Finding, ...] = ()
    rebased: frozenset[Key] = frozenset()
    """Whose whole past is in another unit now (a split): fill it anew. Nothing of its offers is believed."""
