"""Events of the default rules at the close of Wednesday 2025-12-10, for messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache

from bot.render.alerts import alert
from bot.settings import load_settings
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Edge
from tests.bot.markets import at

CLOSE, NEXT_OPEN = at("2025-12-10T21:00Z"), at("2025-12-11T14:30Z")
SESSION = dt.date(2025, 12, 10)
REAL, MADE_UP = ("files USD",), ("SIMULATED",)


@cache
def pack() -> Mapping[str, CompiledRule]:
    """The default rules by id."""
    return {each.rule.id: each for each in load_settings().compiled}


def event(
    rule: str,
    edge: Edge = Edge.FIRED,
    values: Mapping[str, float] | None = None,
    context: Mapping[str, float] | None = None,
    origins: tuple[str, ...] = REAL,
) -> AlertEvent:
    """Something that happened to a rule of the pack at the close of Wednesday 2025-12-10."""
    of = pack()[rule]
    return AlertEvent(
        rule, edge, CLOSE, SESSION, of.rule.severity, of.rule.title, of.calendar, values or {}, context or {}, origins
    )


def told(happened: AlertEvent) -> str:
    """The alert's message."""
    return alert(happened, pack()[happened.rule])
