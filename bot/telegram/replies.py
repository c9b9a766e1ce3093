"""Answers on their way back: a picture with its text beneath it, and whatever becomes of the picture, the text.

A picture is a luxury. It is tried once, and again only if Telegram asks for a pause or cannot read the markup; then the
text goes alone. What fits under a picture is its caption: one message, one sound. What does not comes after it, so that
the text is what a phone shows first and announces; the picture before it makes no sound and carries the headline, for
other messages may come between the two. Buttons stand beneath the text.

The answer to a tap goes to its place; what cannot be shown there is sent like any other, in reply to that message.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from bot.answers.buttons import NO_BUTTONS
from bot.delivery.channel import Ambiguous, Answer, Frame, Outcome, Rank, Sent
from bot.render.alerts import as_sent
from bot.telegram.captions import fits, headline
from bot.telegram.channel import TelegramChannel
from bot.telegram.flashes import Flashes
from bot.telegram.incoming import Incoming
from bot.telegram.insisting import Insistence, Left, is_for_later
from bot.telegram.places import Places

PICTURE_ATTEMPTS = 2
"""The second one is for a pause that Telegram asked for, or for plain words."""

_log = logging.getLogger(__name__)


class Replies:
    """Sends answers, their words as often as `words` has it."""

    def __init__(self, channel: TelegramChannel, flashes: Flashes, words: Insistence) -> None:
        self._channel, self._words = channel, words
        self._pictures = Insistence(PICTURE_ATTEMPTS, None, words.latest)
        self._places = Places(channel, flashes, words, self._pictures)

    async def send(self, incoming: Incoming, answer: Answer, rank: Rank = Rank.REPLY, *, repeat: bool = False) -> Left:
        """Send an answer to where the question came from, and log what could not be sent.

        What was never answered may have arrived or not: it is sent once more, and says that it may be a `repeat`.
        Returns what is left to be done.
        """
        frame = Frame(answer.buttons, thread=incoming.thread)
        if (tap := incoming.tap) is not None:
            shown = await self._places.show(incoming, tap, answer)
            if isinstance(shown, Left):
                return shown
            answer, frame = shown, replace(frame, buttons=shown.buttons, replies_to=str(tap.message))
        return await self._send(incoming.address, answer, frame, rank, repeat)

    async def _send(self, address: str, answer: Answer, frame: Frame, rank: Rank, repeat: bool) -> Left:
        perhaps = False
        if answer.picture is not None:
            words = as_sent(answer.html, late=None, repeat=repeat)
            all_of_it = fits(words)
            around = frame if all_of_it else replace(frame, buttons=NO_BUTTONS)
            caption = words if all_of_it else headline(words)
            shown = await self._show(address, answer.picture, caption, around, rank, silent=not all_of_it)
            if all_of_it and isinstance(shown, Sent):
                return Left.NOTHING
            perhaps = all_of_it and isinstance(shown, Ambiguous)
        outcome = await self._say(address, answer.html, frame, rank, repeat or perhaps)
        if isinstance(outcome, Ambiguous):
            perhaps, outcome = True, await self._say(address, answer.html, frame, rank, True)
        if not isinstance(outcome, Sent):
            _log.warning("a reply was not sent: %s", outcome)
        if not is_for_later(outcome):
            return Left.NOTHING
        return Left.A_REPEAT if perhaps else Left.ALL

    async def _say(self, address: str, html: str, frame: Frame, rank: Rank, repeat: bool) -> Outcome:
        words = as_sent(html, late=None, repeat=repeat)
        return await self._words.insist(partial(self._channel.send, address, words, rank=rank, frame=frame))

    async def _show(
        self, address: str, picture: bytes, caption: str, frame: Frame, rank: Rank, *, silent: bool
    ) -> Outcome:
        """Send the picture of an answer."""
        photo = partial(self._channel.send_photo, address, picture, caption, silent=silent, rank=rank, frame=frame)
        outcome = await self._pictures.insist(photo)
        if not isinstance(outcome, Sent):
            _log.warning("a picture was not sent: %s", outcome)
        return outcome
