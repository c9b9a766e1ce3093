"""Answers on their way back: a picture with its text beneath it, and whatever becomes of the picture, the text.

A picture is a luxury. It is tried once, and again only if Telegram asks for a pause or cannot read the markup; then the
text goes alone. What fits under a picture is its caption: one message, one sound. What does not comes after it, so that
the text is what a phone shows first and announces; the picture before it makes no sound and carries the headline, for
other messages may come between the two.
"""

from __future__ import annotations

import asyncio
import enum
import logging
from collections.abc import Awaitable
from functools import partial
from typing import Protocol

from bot.delivery.channel import (
    Ambiguous,
    Answer,
    Frame,
    NotUnderstood,
    Outcome,
    Rank,
    Resting,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.render.alerts import SIMULATED_LINE, as_sent
from bot.render.plain import units
from bot.telegram.channel import LONGEST_CAPTION, TelegramChannel
from bot.telegram.incoming import Incoming

PICTURE_ATTEMPTS = 2
"""The second one is for a pause that Telegram asked for, or for plain words."""

_log = logging.getLogger(__name__)


class Left(enum.Enum):
    """What is left to be done for an answer: nothing; all of it, later; or that, saying that it may be a repeat."""

    NOTHING = enum.auto()
    ALL = enum.auto()
    A_REPEAT = enum.auto()


class _Sending(Protocol):
    """One try to send something."""

    def __call__(self, *, plain: bool) -> Awaitable[Outcome]: ...


class Replies:
    """Sends answers. Times in seconds.

    A text is tried `attempts` times, with `pause` between them where Telegram does not say; not longer if Telegram
    wants it later than `latest`.
    """

    def __init__(self, channel: TelegramChannel, attempts: int, pause: float, latest: float) -> None:
        self._channel = channel
        self._attempts, self._pause, self._latest = attempts, pause, latest

    async def send(self, incoming: Incoming, answer: Answer, rank: Rank = Rank.REPLY, *, repeat: bool = False) -> Left:
        """Send an answer to where the question came from, and log what could not be sent.

        What was never answered may have arrived or not: it is sent once more, and says that it may be a `repeat`.
        Returns what is left to be done.
        """
        perhaps = False
        if answer.picture is not None:
            words = as_sent(answer.html, late=None, repeat=repeat)
            fits = units(words) <= LONGEST_CAPTION
            shown = await self._show(incoming, answer.picture, words if fits else _headline(words), fits, rank)
            if fits and isinstance(shown, Sent):
                return Left.NOTHING
            perhaps = fits and isinstance(shown, Ambiguous)
        outcome = await self._say(incoming, answer.html, repeat or perhaps, rank)
        if isinstance(outcome, Ambiguous):
            perhaps, outcome = True, await self._say(incoming, answer.html, True, rank)
        if not isinstance(outcome, Sent):
            _log.warning("a reply was not sent: %s", outcome)
        if not isinstance(outcome, RetryLater | Resting | TokenRejected):
            return Left.NOTHING
        return Left.A_REPEAT if perhaps else Left.ALL

    async def _say(self, incoming: Incoming, html: str, repeat: bool, rank: Rank) -> Outcome:
        words = as_sent(html, late=None, repeat=repeat)
        text = partial(self._channel.send, incoming.address, words, rank=rank, frame=Frame(thread=incoming.thread))
        return await self._insist(text, self._attempts, self._pause)

    async def _show(self, incoming: Incoming, picture: bytes, caption: str, loud: bool, rank: Rank) -> Outcome:
        """Send the picture of an answer."""
        photo = partial(
            self._channel.send_photo,
            incoming.address,
            picture,
            caption,
            silent=not loud,
            rank=rank,
            thread=incoming.thread,
        )
        outcome = await self._insist(photo, PICTURE_ATTEMPTS, None)
        if not isinstance(outcome, Sent):
            _log.warning("a picture was not sent: %s", outcome)
        return outcome

    async def _insist(self, send: _Sending, attempts: int, pause: float | None) -> Outcome:
        """Try up to so many times; without a `pause` only Telegram's own pauses are waited for."""
        plain, outcome = False, await send(plain=False)
        for _ in range(attempts - 1):
            if isinstance(outcome, NotUnderstood) and not plain:
                plain = True
            elif isinstance(outcome, RetryLater | Resting):
                seconds = pause if outcome.seconds is None else outcome.seconds
                if seconds is None or seconds > self._latest:
                    break
                await asyncio.sleep(seconds)
            else:
                break
            outcome = await send(plain=plain)
        return outcome


def _headline(html: str) -> str:
    """The first line of a text, and that its prices are made up if they are; nothing if that is too long."""
    lines = html.strip().split("\n")
    headline = "\n".join(lines[: 2 if lines[0] == SIMULATED_LINE else 1])
    return headline if units(headline) <= LONGEST_CAPTION else ""
