"""People who are not in the configuration: who asks to be let in, who was, and who was not."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from rules.model import Instant

MOST_PENDING = 50
"""How many may wait for a decision; who asks when as many do is told to come again."""


class Standing(enum.StrEnum):
    """What an administrator has decided of somebody."""

    PENDING = "pending"
    ALLOWED = "allowed"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the id of their channel; `name` as they wrote it there. `decided_by` is an administrator's id."""

    user: str
    name: str
    standing: Standing
    asked_at: Instant
    decided_at: Instant | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Roster:
    """Who may use the bot: those the configuration lets in, administrators among them, and those that are `known`
    beside them. `everyone`: all whom no administrator has refused. `chats` are told of alerts.
    """

    configured: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    everyone: bool = False
    known: tuple[Person, ...] = field(default=())
    chats: int = 0
