"""The words of the domain as frozen types. No behaviour beyond what a type needs to be itself.

Instants are UTC seconds since 1970 (`Instant`), sessions are dates: arithmetic on them is exact and has no zone.
"""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

Instant = int
"""Seconds since 1970-01-01T00:00:00Z."""

XNYS = "XNYS"
ALWAYS = "24/7"
"""The calendar of what trades without pause; its sessions are UTC days."""


class Kind(enum.StrEnum):
    """What is priced; decides settle time, price format and which checks apply."""

    INDEX = "index"
    VOLATILITY = "volatility"
    ETF = "etf"
    COIN = "coin"


@dataclass(frozen=True, slots=True)
class Source:
    """Where prices of an instrument come from: a feed's name and the symbol it knows."""

    feed: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is priced. `sources` are in order of preference; `proxies` are ids of what moves with it, or against it."""

    id: str
    name: str
    kind: Kind
    calendar: str = XNYS
    currency: str = "USD"
    sources: tuple[Source, ...] = ()
    proxies: tuple[str, ...] = ()


class Severity(enum.StrEnum):
    """How loudly an alert speaks, from the quietest."""

    INFO = "info"
    NOTICE = "notice"
    HIGH = "high"
    CRITICAL = "critical"


class Verdict(enum.Enum):
    """What a condition says of a row. UNKNOWN never fires and never clears."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"


class Label(enum.StrEnum):
    """The regime's labels. They describe risk, not direction."""

    RISK_ON = "RISK_ON"
    NEUTRAL = "NEUTRAL"
    RISK_OFF = "RISK_OFF"


class Basis(enum.StrEnum):
    """Which rows a rule sees: closed bars only, or one provisional row more."""

    CLOSE = "close"
    TICK = "tick"


class Delivery(enum.StrEnum):
    """What an unanswered request means: send again with a mark, or leave it."""

    AT_LEAST_ONCE = "at_least_once"
    AT_MOST_ONCE = "at_most_once"


class Edge(enum.StrEnum):
    """What happened to an alert, in the past tense."""

    FIRED = "fired"
    RESOLVED = "resolved"
    NO_DATA = "no_data"
    DATA_BACK = "data_back"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Timing:
    """How an alert moves, counted in known rows of the rule's clock.

    `confirm` and `confirm_clear`: consecutive TRUE rows to fire and to resolve. `cooldown`: rows after a firing in
    which nothing fires again. `expires`: rows after which a firing alert resolves by itself; it fires again only
    after its condition was not TRUE for a row.
    """

    confirm: int = 1
    confirm_clear: int = 1
    cooldown: int = 0
    expires: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One line a trader can read: when it fires, when it clears, how it is told.

    A `personal` one is somebody's own: it is judged apart from the others, and told to that one alone. It begins at
    `since`, whatever was before, None: with history; one on trades with the first trade after it, which is news unless
    the condition `held` already.
    """

    id: str
    when: str
    clear: str | None = None
    basis: Basis = Basis.CLOSE
    timing: Timing = Timing()
    severity: Severity = Severity.NOTICE
    tags: tuple[str, ...] = ()
    title: str = ""
    notify_resolved: bool = False
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    enabled: bool = True
    personal: bool = False
    since: Instant | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class AlertEvent:
    """Something that happened to an alert, with the numbers it happened on.

    `values` holds the compared sides of the condition that decided, `context` what a reader needs beside them; both map
    a canonical expression to its number on that row, None where undefined, so that events that say the same are equal.
    `origins` names who printed the prices. `provisional` says that the session was still in progress. `since` is the
    bar on which an alert that is over had fired.

    An event found when a row was judged again, because a bar of it came late or was restated, says when that was,
    `rejudged_at`; `was` are its values as they were before, empty where that is not known. `undone` is the kind of
    event that a correction takes back, `undone_key` the one.
    """

    rule: str
    edge: Edge
    at: Instant
    session: dt.date
    severity: Severity
    title: str
    clock: str
    values: Mapping[str, float | None] = field(default_factory=dict)
    context: Mapping[str, float | None] = field(default_factory=dict)
    origins: tuple[str, ...] = ()
    provisional: bool = False
    since: Instant | None = None
    rejudged_at: Instant | None = None
    was: Mapping[str, float | None] = field(default_factory=dict)
    undone: Edge | None = None
    undone_key: str = ""

    @property
    def key(self) -> str:
        """The event's identity: judging the same bar twice gives the same key.

        One found later has another: what was corrected may become true after all.
        """
        again = "" if self.rejudged_at is None else f"/{self.rejudged_at}"
        return f"{self.rule}/{self.edge}/{self.at}{again}"

    @property
    def short_id(self) -> str:
        """Six characters of the key's hash, to be typed by hand."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:6]
