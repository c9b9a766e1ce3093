"""How the process is at a moment, for whoever asks over HTTP: known without asking a database or the network."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.answers.health import Vitals
from bot.answers.service import SourceStatus
from rules.model import Instant


class Phase(enum.StrEnum):
    """What a process is at, from its start to its end."""

    STARTING = "starting"
    STANDING_BY = "standing by"
    """Another process works on the database; this one takes over when that one ends."""

    WORKING = "working"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Due:
    """How many messages a channel is owed, the oldest since `oldest`."""

    channel: str
    owed: int
    oldest: Instant | None


@dataclass(frozen=True, slots=True)
class StoreLook:
    """What the last look at the database found. `age` is the seconds since it last took something, `why` what kept it
    from it, empty where nothing did. Where the last look did not see them there are no `dues`, and no `size` in bytes.
    """

    age: float
    why: str = ""
    dues: tuple[Due, ...] = ()
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """How the work goes. `front` is one of UP, or why nothing is heard from Telegram; `newest` is the end of the newest
    bar by instrument and interval; `lost` is whether the database's file was deleted or replaced.
    """

    vitals: Vitals
    front: str
    store: StoreLook
    sources: tuple[SourceStatus, ...]
    rules: int
    rules_ready: int
    newest: Mapping[tuple[str, str], Instant] = field(default_factory=dict)
    clocks: tuple[str, ...] = ()
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """The process at `now`. `holds` is whether the right to work is surely its own; `work` is None before it begins."""

    phase: Phase
    now: Instant
    holds: bool = False
    work: Work | None = None
