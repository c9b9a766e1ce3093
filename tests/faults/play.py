"""What is played in every scenario, moment by moment, and what came of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rules.model import AlertEvent, Instant
from tests.bot.markets import at

FILLED = at("2025-12-02T12:05Z")
FAULT, RECOVERY = at("2025-12-02T20:30Z"), at("2025-12-04T00:12Z")
END = at("2025-12-05T00:09Z")

BEFORE = ("2025-12-02T12:10Z", "2025-12-02T20:03Z")
DURING = (
    "2025-12-02T20:50Z", "2025-12-02T21:03Z", "2025-12-02T21:31Z", "2025-12-02T21:32Z", "2025-12-02T21:40Z",
    "2025-12-02T22:03Z", "2025-12-03T00:03Z", "2025-12-03T00:04Z", "2025-12-03T00:20Z", "2025-12-03T08:03Z",
    "2025-12-03T16:00Z", "2025-12-03T20:50Z", "2025-12-03T21:03Z", "2025-12-03T21:31Z", "2025-12-03T21:32Z",
    "2025-12-03T22:03Z", "2025-12-04T00:03Z", "2025-12-04T00:10Z",
)  # fmt: skip
AFTER = (
    "2025-12-04T00:13Z", "2025-12-04T00:16Z", "2025-12-04T00:25Z", "2025-12-04T00:41Z", "2025-12-04T00:57Z",
    "2025-12-04T01:03Z", "2025-12-04T01:20Z", "2025-12-04T02:03Z", "2025-12-04T04:03Z", "2025-12-04T09:03Z",
    "2025-12-04T16:00Z", "2025-12-04T21:31Z", "2025-12-04T21:32Z", "2025-12-04T22:03Z", "2025-12-05T00:03Z",
    "2025-12-05T00:09Z",
)  # fmt: skip
"""When it is polled, by the true clock: round each close, and now and then between."""

log = logging.getLogger(__name__)


@dataclass
class Play:
    """What came of a scenario.

    `owed` are deliveries, by event and when they came to be owed; `told` what the reader got. `first` is the poll under
    the fault after which it could be known; `said` is the text of /status after each poll; `raised` every error.
    """

    events: list[AlertEvent] = field(default_factory=list)
    owed: list[tuple[str, Instant]] = field(default_factory=list)
    told: dict[Instant, list[str]] = field(default_factory=dict)
    said: dict[Instant, str] = field(default_factory=dict)
    first: Instant | None = None
    raised: list[str] = field(default_factory=list)


@contextmanager
def errors_of(play: Play) -> Iterator[None]:
    """Whatever is logged as an error, and whatever is raised, is written down."""
    heard = _Ear(play)
    root = logging.getLogger()
    root.addHandler(heard)
    try:
        yield
    except Exception as error:
        play.raised.append(f"{type(error).__name__}: {error}")
        log.debug("a scenario broke off", exc_info=error)
    finally:
        root.removeHandler(heard)


class _Ear(logging.Handler):
    def __init__(self, play: Play) -> None:
        super().__init__(logging.ERROR)
        self._play = play

    def emit(self, record: logging.LogRecord) -> None:
        told = record.getMessage()
        self._play.raised.append(f"{told} {record.exc_info[1]!r}" if record.exc_info else told)
