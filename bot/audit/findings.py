"""What an audit says of an event."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass

from rules.model import Edge, Instant


class Standing(enum.StrEnum):
    """How an event stands. The last is no fault: what it would take to tell is not there, for a reason that is said."""

    VERIFIED = "verified"
    DIFFERS = "differs"
    INPUTS_CHANGED = "inputs changed"
    RULE_CHANGED = "rule changed"
    EVENT_CHANGED = "event changed"
    NOT_VERIFIABLE = "not verifiable"

    @property
    def is_fault(self) -> bool:
        """Whether something is not as it was."""
        return self not in (Standing.VERIFIED, Standing.NOT_VERIFIABLE)


@dataclass(frozen=True, slots=True)
class Difference:
    """A number or a word of an event: as it was recorded, and as it is found now; None: there is none."""

    what: str
    then: float | str | None
    now: float | str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """An event, how it stands, and why, in sentences. `instrument` and `session` name the first bar that has changed,
    where that can be told."""

    key: str
    rule: str
    edge: Edge | None
    session: dt.date | None
    recorded_at: Instant
    standing: Standing
    reasons: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    instrument: str = ""
    changed: dt.date | None = None
