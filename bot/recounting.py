"""What rules have led to before, looked up for the alerts of a tick: beside the loop, never at the cost of an alert.

The gravest come first. What takes too long, or fails, is left out: the alert is then told without it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor

from bot.records import Beside, Told, recounted
from bot.render.evidence import Record, Records
from rules.model import Edge, Severity
from rules.panel import Panel

log = logging.getLogger(__name__)

LONGEST = 5.0
"""Seconds after which no more rules are looked into."""

AT_ONCE = 12
"""Events that are looked into together: their rules share columns."""

_LOUDNESS = tuple(Severity)


class Recounting:
    """Looks into history on a thread of `executor`; `longest` is `LONGEST` but for tests."""

    def __init__(self, executor: Executor, beside: Beside, longest: float = LONGEST) -> None:
        self._executor, self._beside, self._longest = executor, beside, longest

    async def of(self, events: Iterable[Told], panels: Mapping[str, Panel]) -> Records:
        """By event that fired, how its rule did up to its row."""
        left = sorted(_fired(events), key=lambda each: -_LOUDNESS.index(each[0].severity))
        loop, found = asyncio.get_running_loop(), dict[str, Record]()
        ends = loop.time() + self._longest
        while left and loop.time() < ends:
            some, left = left[:AT_ONCE], left[AT_ONCE:]
            found |= await loop.run_in_executor(self._executor, _sound, some, panels, self._beside)
        if left:
            log.warning("%d alerts are told without what followed before: there are too many at once", len(left))
        return found


def _fired(events: Iterable[Told]) -> list[Told]:
    return [each for each in events if each[0].edge is Edge.FIRED]


def _sound(events: Sequence[Told], panels: Mapping[str, Panel], beside: Beside) -> Records:
    """Of all but those on which it fails, which are found by halves."""
    try:
        return recounted(events, panels, beside)
    except Exception:  # whatever it is, the alert is told
        if len(events) == 1:
            log.exception("%s is told without what followed before", events[0][0].key)
            return {}
    middle = len(events) // 2
    return {**_sound(events[:middle], panels, beside), **_sound(events[middle:], panels, beside)}
