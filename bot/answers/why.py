"""Why an alert fired, ended or did not: each part of its condition with its numbers, and the bars they were made of."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from rules.alerting import AlertState
from rules.model import AlertEvent, Edge, Instant, Verdict


@dataclass(frozen=True, slots=True)
class Number:
    """A number that a yes-or-no goes by: its words, its unit, and what it is; None where it is unknown."""

    words: str
    unit: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a condition: a value, how it is to stand to a level, and whether it does.

    `level_words` name what it is held against where that is no number of its own; `distance` is between both, in the
    value's unit. Of a yes-or-no there is neither, and `numbers` are what it goes by. `either` says that not all parts
    have to hold, `reason` why it is unknown; empty where it is known.
    """

    words: str
    unit: str
    value: float | None
    relation: str
    level: float | None
    level_words: str
    distance: float | None
    verdict: Verdict
    either: bool
    numbers: tuple[Number, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UsedBar:
    """The bar that an instrument's close on a row is of. It ended at `end`; what it says is known since `known_at`.
    Without a bar `close` is None, and `last` the session of the last one before, None where there is none."""

    instrument: str
    close: float | None
    origin: str
    end: Instant
    known_at: Instant | None
    last: dt.date | None


@dataclass(frozen=True, slots=True)
class Step:
    """How an alert moved on a row: where it stood before and after, `confirm` being what it takes to fire."""

    before: AlertState
    after: AlertState
    confirm: int


@dataclass(frozen=True, slots=True)
class After:
    """What ended, took back or changed an alert later, and how many closes later."""

    edge: Edge
    session: dt.date
    closes: int


@dataclass(frozen=True)
class Later:
    """The return of an instrument from the close of an alert to one so many rows later, as a share."""

    instrument: str
    horizon: int
    move: float


@dataclass(frozen=True)
class WhyEvent:
    """Something that happened to an alert, taken apart.

    `rule` is its id as it is read. `parts` are of the condition that decided, none where its rule was removed since or
    it decided nothing; `expired` says that the alert ended by itself. `changed` are numbers that are others by now, as
    they are now. `step` is None where trades decide. `after` is None while nothing has happened since; then `closes`
    were judged since. `clears` is what ends the alert, in words; empty where the rule was removed since. `later` is
    what followed one that fired, over the longest horizon that is known; None where nothing is.
    """

    event: AlertEvent
    rule: str
    parts: tuple[Part, ...]
    bars: tuple[UsedBar, ...]
    changed: tuple[Number, ...] = ()
    step: Step | None = None
    expired: bool = False
    after: After | None = None
    closes: int = 0
    clears: str = ""
    later: Later | None = None


@dataclass(frozen=True)
class WhyRule:
    """Where a rule's alert stands as of a close, and what is missing to the next thing that may happen to it.

    `parts` are of what ends the alert where it is firing, else of what makes it fire; `blocked` says that what ends it
    holds too, and wins. `state` is None where trades decide. `last_fired` is
    None where it never has. `waiting` are instruments without a bar of a later session, `waits_for`, that has closed.
    """

    rule: str
    title: str
    parts: tuple[Part, ...]
    bars: tuple[UsedBar, ...]
    state: AlertState | None
    confirm: int
    blocked: bool
    last_fired: dt.date | None
    as_of: dt.date
    clock: str
    next_check: Instant | None
    waiting: tuple[str, ...] = ()
    waits_for: dt.date | None = None
    simulated: bool = False


class Told(enum.StrEnum):
    """What has become of the message of an event in the chat that asks."""

    SENT = "sent"
    PERHAPS = "perhaps"
    """Sent, and it is not known whether it arrived."""

    OWED = "owed"
    HELD = "held"
    """Until its quiet hours end."""

    GATHERED = "gathered"
    """For its next brief."""

    WITHHELD = "withheld"
    """The chat did not want it."""

    NOT = "not"
    """It could not be sent, or was no news any more."""


@dataclass(frozen=True, slots=True)
class Telling:
    """The message of an event in a chat: what became of it and when, None while nothing has; why, often empty."""

    told: Told
    at: Instant | None = None
    why: str = ""
