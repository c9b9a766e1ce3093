"""What answers are made of: frozen values that queries fill and renderers show. Undefined is None, never a guess."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from rules.language.compile import Shown
from rules.language.typed import Typed
from rules.model import Instant, Label


@dataclass(frozen=True)
class Correlation:
    """How two instruments move together as of a session, with the uncertainty of it. Undefined is None.

    `r` is Pearson's on the last `n` of `window` joint returns, `ci90` its interval; `p_above`, `posterior_mean` and
    `coupled` come from the correlation filter; `percentile` is where r stands among its own values of the last 504
    sessions and of all; `partial` is r given other instruments; `beta` is the slope of b on a.
    """

    a: str
    b: str
    window: int
    n: int
    r: float | None
    ci90: tuple[float, float] | None
    p_above: Mapping[float, float | None]
    posterior_mean: float | None
    percentile: tuple[float | None, float | None]
    partial: Mapping[str, float | None]
    beta: float | None
    coupled: Mapping[float, bool | None]
    clock: str
    as_of: dt.date
    at: Instant
    approximate: bool
    origins: tuple[str, ...]


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
class Chat:
    """Where a question came from, and what is stored of it.

    `channel` is telegram or console, `address` the chat's id there, `kind` private, group, channel or terminal, `user`
    the id of who asks, empty where nobody is named. `subscribed_since` is None where no alerts go.
    """

    channel: str
    address: str
    kind: str
    subscribed_since: Instant | None
    user: str


@dataclass(frozen=True)
class SourceStatus:
    """How a source of prices answers: when it last did, since when it fails, and why; None for never and for not."""

    name: str
    last_answer: Instant | None
    failing_since: Instant | None
    reason: str


POLLING = "polling"
NO_TOKEN = "no token: terminal"


@dataclass(frozen=True)
class Status:
    """How the running service is.

    `waiting` says of each instrument whose history is not complete why that is; `rules_waiting` counts the rules that
    are not judged because of it. `owed` messages are still to be sent, the oldest since `oldest_owed`; `failed` were
    given up in the last 24 hours. `telegram` is POLLING, NO_TOKEN, or what is wrong. `size` is in bytes. `lost` is
    whether the database's file was deleted or replaced while it was in use.
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
