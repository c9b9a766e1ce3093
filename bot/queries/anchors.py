"""Closes that an expression holds on to however long ago they were: of the year or the month before, or of a date.

No count of earlier sessions tells them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from rules.columns import Node, OfClock, Window, walk

_PERIODS = {"year": "the last close of the year before", "month": "the last close of the month before"}
_EPOCH = dt.date(1970, 1, 1)


def anchors(nodes: Iterable[Node]) -> tuple[str, ...]:
    """Each in words, in the order of first use; empty where the last rows are enough."""
    return tuple(dict.fromkeys(words for node in walk(nodes) if (words := _anchor(node))))


def _anchor(node: Node) -> str:
    if isinstance(node, OfClock):
        return _PERIODS.get(node.name, "")
    if isinstance(node, Window) and node.inputs == (OfClock("session"),):
        day = _EPOCH + dt.timedelta(days=int(node.parameters[0]))
        return f"the last close up to {day.isoformat()}"
    return ""
