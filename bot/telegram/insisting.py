"""One sending, tried as often as somebody may wait for it; and what is left to be done when it ended."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from bot.delivery.channel import NotUnderstood, Outcome, Resting, RetryLater, TokenRejected


class Left(enum.Enum):
    """What is left to be done for an answer: nothing; all of it, later; or that, saying that it may be a repeat."""

    NOTHING = enum.auto()
    ALL = enum.auto()
    A_REPEAT = enum.auto()


class Sending(Protocol):
    """One try to send something."""

    def __call__(self, *, plain: bool) -> Awaitable[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Insistence:
    """Up to so many `attempts`, with `pause` seconds between them where Telegram does not say: without one, only
    Telegram's own pauses are waited for. Not longer if Telegram wants it later than `latest`.
    """

    attempts: int
    pause: float | None
    latest: float

    async def insist(self, send: Sending) -> Outcome:
        """Try; words whose markup Telegram cannot read are tried without. Returns how the last try ended."""
        plain, outcome = False, await send(plain=False)
        for _ in range(self.attempts - 1):
            if isinstance(outcome, NotUnderstood) and not plain:
                plain = True
            elif isinstance(outcome, RetryLater | Resting):
                seconds = self.pause if outcome.seconds is None else outcome.seconds
                if seconds is None or seconds > self.latest:
                    break
                await asyncio.sleep(seconds)
            else:
                break
            outcome = await send(plain=plain)
        return outcome


def is_for_later(outcome: Outcome) -> bool:
    """Whether something surely has not arrived, and may yet."""
    return isinstance(outcome, RetryLater | Resting | TokenRejected)
