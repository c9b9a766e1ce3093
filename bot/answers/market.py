"""Prices, expressions and rules as answers show them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from rules.language.compile import Shown
from rules.language.typed import Typed
from rules.model import Instant


@dataclass(frozen=True)
class Quote:
    """An instrument's last close and where it stands; `change` is its return since the row before."""

    instrument: str
    close: float
    change: float | None
    record: float | None
    drawdown: float
    as_of: dt.date
    at: Instant
    clock: str
    origin: str


@dataclass(frozen=True)
class Explained:
    """An expression as the engine understands it, and its value on the last row that has one. It is known after
    `warmup` rows and, where it holds on to closes of long ago, once those `anchors`, in words, are known.
    """

    typed: Typed
    calendar: str
    warmup: int
    lookback: int
    anchors: tuple[str, ...]
    instruments: tuple[str, ...]
    value: float | None
    parts: tuple[tuple[Shown, float | None], ...]
    as_of: dt.date | None


@dataclass(frozen=True)
class Miss:
    """How near a rule that never fired came to it: the session, the compared values, and on how many rows of the
    `needed` in a row its condition held."""

    session: dt.date
    values: tuple[tuple[Shown, float | None], ...]
    held: int
    needed: int
