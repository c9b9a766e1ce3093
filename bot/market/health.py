"""How a source is doing and when it is asked again, as records that an answer or a failure turns into the next.

A circuit breaker: closed while a source answers; open while it is left alone, for a while that doubles with each
failure; then half-open, when one question goes out as a probe, whose outcome closes or opens it. What one source
refuses of one instrument is remembered apart: it says nothing of the source. No clock and no chance here: pauses differ
from bot to bot by the instant of the failure, so that they do not all ask in step.
"""

from __future__ import annotations

import enum
import zlib
from dataclasses import dataclass, replace

from rules.bars import DAY, HOUR
from rules.model import Instant

MINUTE = 60


class Circuit(enum.StrEnum):
    """Whether questions reach a source."""

    CLOSED = "closed"
    """All do."""

    OPEN = "open"
    """None does until `retry_at`."""

    HALF_OPEN = "half-open"
    """One may, as a probe; the others go to whoever stands in."""


class Trouble(enum.StrEnum):
    """What keeps a source from answering, as it is said behind its name."""

    DOWN = "does not answer"
    BUSY = "refuses requests"
    """It counts them by address, and goes on for minutes to hours: the first pause is a long one."""

    BARRED = "does not serve this place"
    """Asked again once a day: it takes another law, or another address."""


PAUSES = {Trouble.DOWN: (30, 15 * MINUTE), Trouble.BUSY: (2 * MINUTE, HOUR), Trouble.BARRED: (DAY, DAY)}
"""Seconds that a source is left alone after its first failure, and at most."""

REFUSED = (5 * MINUTE, DAY)
"""The same for what one source does not have of one instrument; each pause is four times as long as the last."""

SLACK = 15 * MINUTE
"""By how much a pause may seem longer than it is: a clock that was set back further does not make anybody wait."""


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is doing: when it last answered, since when, how and why it has not, and when it is asked again."""

    last_answer: Instant | None = None
    failing_since: Instant | None = None
    failures: int = 0
    retry_at: Instant = 0
    reason: str = ""
    trouble: Trouble | None = None
    pause: int = 0

    def answered(self, now: Instant) -> Health:
        """After an answer."""
        return Health(last_answer=now)

    def failed(
        self, now: Instant, reason: str, trouble: Trouble = Trouble.DOWN, wait: int | None = None, name: str = ""
    ) -> Health:
        """After a failure. `wait` is how long the source `name` itself asked for, in seconds; at most a day of it."""
        first, longest = PAUSES[trouble]
        pause = _spread(min(first * 2 ** min(self.failures, 8), longest), f"{name} {self.failures} {now}")
        pause = longest if trouble is Trouble.BARRED else max(pause, min(wait or 0, DAY))
        since = self.failing_since if self.failing_since is not None else now
        return replace(
            self, failing_since=since, failures=self.failures + 1, retry_at=now + pause, reason=reason,
            trouble=trouble, pause=pause,
        )  # fmt: skip

    def circuit(self, now: Instant) -> Circuit:
        """Whether questions reach it at `now`."""
        if self.trouble is None:
            return Circuit.CLOSED
        return Circuit.OPEN if _rests(self.retry_at, self.pause, now) else Circuit.HALF_OPEN


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a source does not have of an instrument: why, since when, how often it said so, when it is asked again."""

    reason: str
    since: Instant
    times: int
    retry_at: Instant
    pause: int

    def rests(self, now: Instant) -> bool:
        """Whether it is not asked at `now`."""
        return _rests(self.retry_at, self.pause, now)


def refused(before: Refusal | None, now: Instant, reason: str, name: str = "") -> Refusal:
    """A refusal at `now`, after the one `before`; `name` is who refused what."""
    first, longest = REFUSED
    times, since = (before.times, before.since) if before is not None else (0, now)
    pause = _spread(min(first * 4 ** min(times, 8), longest), f"{name} {times} {now}")
    return Refusal(reason, since, times + 1, now + pause, pause)


def _rests(retry_at: Instant, pause: int, now: Instant) -> bool:
    return retry_at - pause - SLACK <= now < retry_at


def _spread(pause: int, key: str) -> int:
    """A pause shortened by up to a quarter; always the same for one key."""
    return pause - pause // 4 * (zlib.crc32(key.encode()) % 1024) // 1024
