"""Alerts that people make for themselves: a rule, whose it is, and for how long it is watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rules.model import Basis, Instant, Rule, Severity, Timing

PERSONAL = "#"
"""What the id of a personal alert's rule begins with; no configured rule can be called so."""


def rule_id(chat: int, number: int) -> str:
    """The id of the rule of a chat's alert: `#12.3`. A chat reads `#3`."""
    return f"{PERSONAL}{chat}.{number}"


def spoken_id(rule: str) -> str:
    """The id of a rule as people read it."""
    return f"{PERSONAL}{rule.rpartition('.')[2]}" if rule.startswith(PERSONAL) else rule


def owner_of(rule: str) -> int | None:
    """The chat whose alert a rule is; None of a rule for everybody."""
    return int(rule[len(PERSONAL) :].partition(".")[0]) if rule.startswith(PERSONAL) else None


@dataclass(frozen=True, slots=True)
class PersonalAlert:
    """An alert of one chat, `number` among its own; numbers are never used twice.

    `when` and `clear` are canonical lines; `asked` is what was written, `title` the words for it. `once`: it is done
    when it has fired; `fired_at` is when it last did. What is so at `made_at` is no news; `held` is whether its
    condition was. `expires_at` is None where it is watched for good. `anchor` is the instrument, the share and the
    price that its level was made of, where it was made of the price of that moment.
    """

    number: int
    when: str
    clear: str | None
    basis: Basis
    asked: str
    title: str
    made_at: Instant
    timing: Timing = field(default_factory=Timing)
    once: bool = False
    expires_at: Instant | None = None
    paused: bool = False
    fired_at: Instant | None = None
    anchor: tuple[str, float, float] | None = None
    held: bool = False

    @property
    def is_watched(self) -> bool:
        """Whether it may fire; of the end of its time the caller knows."""
        return not self.paused and not (self.once and self.fired_at is not None)

    def rule(self, chat: int) -> Rule:
        """The rule that is judged. Loud, because somebody asked for it by name."""
        return Rule(
            id=rule_id(chat, self.number),
            when=self.when,
            clear=self.clear,
            basis=self.basis,
            timing=self.timing,
            severity=Severity.HIGH,
            title=self.title,
            personal=True,
            since=self.made_at,
            held=self.held,
        )


def dump(alert: PersonalAlert) -> dict[str, Any]:
    """As a document."""
    timing = alert.timing
    return {
        "when": alert.when,
        "clear": alert.clear,
        "basis": alert.basis.value,
        "asked": alert.asked,
        "title": alert.title,
        "made_at": alert.made_at,
        "timing": [timing.confirm, timing.confirm_clear, timing.cooldown, timing.expires],
        "once": alert.once,
        "expires_at": alert.expires_at,
        "paused": alert.paused,
        "fired_at": alert.fired_at,
        "anchor": list(alert.anchor) if alert.anchor else None,
        "held": alert.held,
    }


def load(number: int, document: dict[str, Any]) -> PersonalAlert:
    """From its document."""
    anchor = document["anchor"]
    return PersonalAlert(
        number,
        **{
            **document,
            "basis": Basis(document["basis"]),
            "timing": Timing(*document["timing"]),
            "anchor": (anchor[0], anchor[1], anchor[2]) if anchor else None,
        },
    )
