"""The report of the watchdog: how each guarded thing is, for /health."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Health(enum.StrEnum):
    """Whether a guarded thing shows life."""

    WELL = "well"
    SILENT = "silent"
    GIVEN_UP = "given up"


@dataclass(frozen=True, slots=True)
class GuardReport:
    """One guarded thing. `silent_for` is how long it has shown no life, in seconds, 0 where it is well; `why` is what
    it says of itself, often nothing; `restarts` are those of the last hour.
    """

    name: str
    health: Health
    silent_for: int = 0
    restarts: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class Storage:
    """How large the database is, and what is left for it, in bytes, None where nobody knows; `rows` counts what grows
    in it.
    """

    size: int
    free: int | None
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Vitals:
    """Every guarded thing, and by how many seconds the event loop was late at worst in the last minute."""

    guards: tuple[GuardReport, ...]
    lag: float

    @property
    def trouble(self) -> str:
        """The first thing that is not well; empty when all are."""
        return next((each.name for each in self.guards if each.health is not Health.WELL), "")
