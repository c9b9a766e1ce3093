"""What the engine remembers between evaluations, and how it tells that the past is still the one it remembers.

Rows are judged when they are due, and the last `AGAIN` of them once more whenever a bar of theirs comes late or is
restated. So every rule's alert is also kept as it stood before those rows, with checkpoints of the same row. Whether
they still fit is told by the prices themselves, not by who says that he changed some: a kill between writing a bar and
judging it, or a past that was filled in behind, must not go unnoticed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from rules.alerting import BEFORE, AlertState, Coverage, Inactive
from rules.bars import Floats, Ints
from rules.evaluation import Checkpoints
from rules.model import AlertEvent, Edge, Instant
from rules.panel import Panel
from rules.splitmix import Words, splitmix64

AGAIN = 10
"""Rows of a clock that are judged again where their bars change; what changes of older ones is not told any more."""

_MODULUS = 2**64
_FIELDS = ("open", "high", "low", "close", "volume", "turnover", "link")


@dataclass(frozen=True)
class Record:
    """One rule's memory: what it was when judged, its alert, and the last row judged.

    Rows up to `adopted` were folded in silence. `settled` is the alert after the row that ended at `settled_at`.
    """

    digest: str
    alert: AlertState = field(default_factory=Inactive)
    coverage: Coverage = field(default_factory=Coverage)
    through: Instant = BEFORE
    adopted: Instant = BEFORE
    settled: AlertState = field(default_factory=Inactive)
    settled_at: Instant = BEFORE


@dataclass(frozen=True)
class Past:
    """Fingerprints of the prices that a track was judged on: up to the row that ended at `at`, and from there to
    `through`.
    """

    at: Instant = BEFORE
    settled: int = 0
    through: Instant = BEFORE
    judged: int = 0


@dataclass(frozen=True)
class Book:
    """Everything the engine remembers between evaluations.

    `checkpoints` and `pasts` are by track; `events` are, by rule, those that stand: what fired and what was resolved
    since its adoption, oldest first, without what was corrected.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    checkpoints: Mapping[str, Checkpoints] = field(default_factory=dict)
    pasts: Mapping[str, Past] = field(default_factory=dict)
    events: Mapping[str, tuple[AlertEvent, ...]] = field(default_factory=dict)


def standing(events: Iterable[AlertEvent]) -> tuple[AlertEvent, ...]:
    """Of a rule's events in the order they were told, what fired or was resolved and is not corrected, oldest first."""
    found: dict[str, AlertEvent] = {}
    for event in events:
        if event.edge in (Edge.FIRED, Edge.RESOLVED):
            found[event.key] = event
        elif event.edge is Edge.CORRECTED:
            found.pop(event.undone_key, None)
    return tuple(sorted(found.values(), key=lambda event: event.at))


def fingerprint(panel: Panel, names: Iterable[str], rows: slice) -> int:
    """A number that says closing instants and everything known of `names` on `rows`: another price, another number.

    It is a sum over rows, each times an odd number of its own, modulo 2**64 (multilinear hashing; Carter and Wegman,
    1979): so that those of two stretches make that of both. A price that changes alone always changes it.
    """
    weights = _weights(-(-len(panel) // 4096) * 4096)[rows.start : min(rows.stop, len(panel))]
    total = _hashed("", panel.clock.closes[rows], weights)
    for name in names:
        for column in _FIELDS if name in panel.columns else ():
            total += _hashed(f"{name} {column}", getattr(panel.columns[name], column)[rows], weights)
    return total % _MODULUS


def _hashed(name: str, column: Floats | Ints, weights: Words) -> int:
    salt = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) | 1
    bits = np.ascontiguousarray(column).view(np.uint64)
    return salt * int(np.sum((bits ^ (bits >> np.uint64(32))) * weights))  # a round price has its bits at the top


@lru_cache(maxsize=1)
def _weights(rows: int) -> Words:
    """Odd numbers that look like chance, one a row."""
    return splitmix64(rows) | np.uint64(1)


def row_ending(panel: Panel, instant: Instant) -> int:
    """The row that ended at an instant; -1 where none did."""
    row = int(np.searchsorted(panel.clock.closes, instant))
    return row if row < len(panel) and panel.clock.closes[row] == instant else -1


def moved(past: Past, panel: Panel, names: tuple[str, ...], base: int, at: int, through: int) -> Past:
    """The past after rows up to `through` were judged, those up to `at` for good; until now those up to `base` were."""
    closes = panel.clock.closes
    further = fingerprint(panel, names, slice(base + 1, at + 1))
    return Past(
        at=int(closes[at]) if at >= 0 else BEFORE,
        settled=((past.settled if base >= 0 else 0) + further) % _MODULUS,
        through=int(closes[through]) if through >= 0 else BEFORE,
        judged=fingerprint(panel, names, slice(at + 1, through + 1)),
    )
