"""Regime, prices and expressions as answers show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from rules.language.compile import Shown
from rules.language.typed import Typed
from rules.model import Instant, Label


@dataclass(frozen=True)
class RegimeChange:
    """A session on which the label became another."""

    session: dt.date
    label: Label
    previous: Label


@dataclass(frozen=True)
class Regime:
    """The regime as of a session: the label with hysteresis, the likeliest state, and what speaks for each.

    `drivers` maps an instrument to its log-likelihood of each state; None where its price is missing and its term
    dropped.
    """

    label: Label
    raw: Label
    since: dt.date
    sessions: int
    probabilities: Mapping[Label, float]
    drivers: Mapping[str, Mapping[Label, float] | None]
    as_of: dt.date
    at: Instant
    origins: tuple[str, ...]


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
    """An expression as the engine understands it, and its value on the last row that has one."""

    typed: Typed
    calendar: str
    warmup: int
    lookback: int
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
