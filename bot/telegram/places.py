"""Answers to taps, where the button wants them: flashed, or in the message that it stands beneath.

Changing a message twice is the same as once, so what went unanswered is simply tried again. What cannot be shown in its
place is sent below, like the answer to a line.

A refusal changes nothing: it would take the buttons of a group's message away from those who may use them. It is known
by bringing neither buttons nor a notice, which every other answer for a place does.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from bot.answers.buttons import NO_BUTTONS, Place
from bot.delivery.channel import Ambiguous, Answer, Outcome, Rejected, Sent
from bot.render.plain import to_plain, units
from bot.telegram.captions import fits
from bot.telegram.channel import TelegramChannel
from bot.telegram.flashes import LONGEST_NOTICE, Flashes
from bot.telegram.incoming import Incoming, Tap
from bot.telegram.insisting import Insistence, Left, Sending, is_for_later

_log = logging.getLogger(__name__)


class Places:
    """Shows answers through a channel; words are tried as often as `words` has it, pictures as `pictures` has it."""

    def __init__(self, channel: TelegramChannel, flashes: Flashes, words: Insistence, pictures: Insistence) -> None:
        self._channel, self._flashes = channel, flashes
        self._words, self._pictures = words, pictures

    async def show(self, line: Incoming, tap: Tap, answer: Answer) -> Left | Answer:
        """Show an answer in its place. Returns what is left to be done, or what is to be sent below."""
        if not answer.html:
            self._flashes.begin(tap.query, answer.notice)
            return Left.NOTHING
        if tap.place is not Place.BELOW and not answer.buttons and not answer.notice:
            return await self._as_refusal(tap, answer)
        if tap.place is Place.KEYS:
            return await self._as_buttons(line, tap, answer)
        self._flashes.begin(tap.query, answer.notice)
        return await self._in_place(line, tap, answer) if tap.place is Place.HERE else answer

    async def _as_refusal(self, tap: Tap, answer: Answer) -> Left | Answer:
        """Flashed, where that is all of it and not too late."""
        words = to_plain(answer.html)
        fits_all = units(answer.html) <= LONGEST_NOTICE
        was_read = await self._flashes.show(tap.query, words if fits_all else "", alert=fits_all)
        return Left.NOTHING if fits_all and was_read else answer

    async def _as_buttons(self, line: Incoming, tap: Tap, answer: Answer) -> Left | Answer:
        """The words are flashed; where that was too late, they are sent: somebody waits for them."""
        was_read = await self._flashes.show(tap.query, answer.notice or to_plain(answer.html))

        async def change(*, plain: bool) -> Outcome:  # noqa: ARG001 - there are no words in it
            return await self._channel.edit_buttons(line.address, tap.message, answer.buttons)

        outcome = await self._insist(change, self._words)
        if is_for_later(outcome):
            return Left.ALL
        if was_read:
            return Left.NOTHING
        return replace(answer, buttons=NO_BUTTONS) if isinstance(outcome, Sent) else answer

    async def _in_place(self, line: Incoming, tap: Tap, answer: Answer) -> Left | Answer:
        if (tap.has_picture or answer.picture is not None) and not fits(answer.html):
            await self._channel.edit_buttons(line.address, tap.message, NO_BUTTONS)
            return answer
        outcome = await self._change(line, tap, answer)
        if not isinstance(outcome, Sent):
            _log.info("a message was not changed: %s", outcome)
        if isinstance(outcome, Rejected):
            return answer
        return Left.ALL if is_for_later(outcome) else Left.NOTHING

    async def _change(self, line: Incoming, tap: Tap, answer: Answer) -> Outcome:
        """Words and picture; where there is no new one, or it is not taken, the words alone."""
        edit = partial(self._channel.edit, line.address, tap.message, answer.html, buttons=answer.buttons)
        has_picture, unsure = tap.has_picture, False
        if answer.picture is not None:
            outcome = await self._insist(partial(edit, picture=answer.picture), self._pictures)
            if isinstance(outcome, Sent):
                return outcome
            _log.warning("a picture was not sent: %s", outcome)
            unsure = isinstance(outcome, Ambiguous)
        outcome = await self._insist(partial(edit, beneath=has_picture or unsure), self._words)
        if unsure and not has_picture and isinstance(outcome, Rejected):  # the picture has not arrived
            outcome = await self._insist(edit, self._words)
        return outcome

    async def _insist(self, change: Sending, how: Insistence) -> Outcome:
        outcome = await how.insist(change)
        return await how.insist(change) if isinstance(outcome, Ambiguous) else outcome
