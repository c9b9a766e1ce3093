"""What happened while nobody watched and is no news any more: one message, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bot.render.alerts import SIMULATED_LINE, is_simulated, mark
from bot.render.lines import clipped
from rules.model import AlertEvent

LISTED = 9
"""Events told one by one, the newest; the others are in /history."""


def away(events: Sequence[AlertEvent]) -> str:
    """The summary of events, oldest first; at least one."""
    first, last = events[0].session.isoformat(), events[-1].session.isoformat()
    days = first if first == last else f"{first} to {last}"
    lines = [
        "<b>While I was away</b>",
        *([SIMULATED_LINE] if any(map(is_simulated, events)) else []),
        f"{len(events)} alert{'s' * (len(events) != 1)}, {days},",
        "too old to be news:",
        *(_line(event) for event in events[-LISTED:]),
    ]
    older = len(events) - LISTED
    return "\n".join([*lines, *([f"and {older} older: /history"] if older > 0 else [])])


def _line(event: AlertEvent) -> str:
    """11-20 🟠 Russell 2000 closes at a record"""
    return escape(clipped(f"{event.session:%m-%d} {mark(event)} {event.title}"))
