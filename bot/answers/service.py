"""The chat that asks, and how the running service is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.answers.health import Vitals
from bot.answers.quality import Fault, Ruling
from rules.model import Instant


@dataclass(frozen=True)
class Chat:
    """Where a question came from, and what is stored of it.

    `channel` is telegram or console, `address` the chat's id there, `kind` private, group, channel or terminal, `user`
    the id of who asks, empty where nobody is named. `subscribed_since` is None where no alerts go. An `admin` may do
    what concerns everybody; who `configures` may say how this chat is told. `name` is what who
    asks calls themselves, where that is known; a `stranger` was not let in.
    """

    channel: str
    address: str
    kind: str
    subscribed_since: Instant | None
    user: str
    admin: bool = False
    configures: bool = True
    name: str = ""
    stranger: bool = False


@dataclass(frozen=True)
class SourceStatus:
    """How a source of prices answers: when it last did, since when it fails, and why; None for never and for not."""

    name: str
    last_answer: Instant | None
    failing_since: Instant | None
    reason: str
    trouble: str = "does not answer"
    """What it does in place of answering, as it is said behind its name."""


@dataclass(frozen=True, slots=True)
class PriceFault:
    """What is wrong with prices of an instrument by the last answer, since `since`; the sentence says all of it.

    `ruling` is what became of them, None where none came. `source` is empty where all of them had none.
    """

    source: str
    instrument: str
    fault: Fault
    ruling: Ruling | None
    since: Instant
    sentence: str


ASKED_AGAIN = "asked for again"
"""How a fault's sentence ends that nobody has to do anything about."""

POLLING, PUSHED = "polling", "webhook"
NO_TOKEN = "no token: terminal"
UP = (POLLING, PUSHED, NO_TOKEN)
"""What the way to readers says of itself when all is well."""


@dataclass(frozen=True)
class Status:
    """How the running service is.

    `waiting` says of each instrument whose history is not complete why that is; `rules_waiting` counts the rules that
    are not judged because of it. `owed` messages are still to be sent, the oldest since `oldest_owed`; `failed` were
    given up in the last 24 hours. `telegram` is one of UP, or what is wrong. `size` is in bytes. `lost` is
    whether the database's file was deleted or replaced while it was in use. `faults` are what is wrong with prices now;
    `tallies` counts rows since the start by source, fault and what became of them, None where none came; `clocks` says
    whose clocks differ; `vitals` is what the watchdog says, None before it looks. `further` are the names of further
    channels, whose messages count too. `free` is what is left for the database, in bytes, None where nobody knows;
    `rows` counts what grows in it, where somebody wants to know.
    """

    started: Instant
    now: Instant
    sources: tuple[SourceStatus, ...]
    waiting: Mapping[str, str]
    rules: int
    rules_waiting: int
    owed: int
    oldest_owed: Instant | None
    failed: int
    chats: int
    last_judged: Instant | None
    telegram: str
    database: str
    size: int
    lost: bool = False
    faults: tuple[PriceFault, ...] = ()
    tallies: Mapping[tuple[str, Fault, Ruling | None], int] = field(default_factory=dict)
    clocks: tuple[str, ...] = ()
    vitals: Vitals | None = None
    further: tuple[str, ...] = ()
    free: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
