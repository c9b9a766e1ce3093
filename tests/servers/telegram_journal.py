"""What Telegram has witnessed, on the disk before anybody hears of it: what a bot that was killed is judged by."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACCEPTED, UNANSWERED, REFUSED = "accepted", "unanswered", "refused"
"""A message that was taken; one whose sender never hears so; one that was not taken, for good or for now."""

EDITED, FLASHED = "edited", "flashed"
"""A message that reads otherwise from now on; whoever tapped a button was answered."""

WRITTEN, HANDED, CONFIRMED = "written", "handed", "confirmed"
"""An update that a user made; updates that were given out; that none before this number is asked for any more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: what happened, to what, and when by a clock that never steps, in seconds."""

    kind: str
    at: float
    what: dict[str, Any]


class Journal:
    """The lines of a file, and the same in memory; without a file there are none. One server writes, from several
    threads; others may wait for it.
    """

    def __init__(self, path: Path | None) -> None:
        self.entries: list[Entry] = []
        self._path = path
        self._changed = threading.Condition(threading.RLock())

    def notes(self, kind: str, **what: Any) -> None:
        """Write a line; it is on the disk when this returns."""
        if self._path is None:
            return
        with self._changed:
            entry = Entry(kind, time.monotonic(), what)
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps({"kind": kind, "at": entry.at, **what}) + "\n")
                lines.flush()
                os.fsync(lines.fileno())
            self.entries.append(entry)
            self._changed.notify_all()

    def waits_for(
        self, kind: str, seconds: float, *, after: int = 0, fits: Callable[[Entry], bool] = lambda entry: True
    ) -> Entry | None:
        """The first entry of a kind that fits, not counting the first `after`; None if none comes in time."""

        def found() -> Entry | None:
            return next((each for each in self.entries[after:] if each.kind == kind and fits(each)), None)

        with self._changed:
            return self._changed.wait_for(found, seconds)


def read_journal(path: Path) -> list[Entry]:
    """What a file holds."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [Entry(line.pop("kind"), line.pop("at"), line) for line in lines]
