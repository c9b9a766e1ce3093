"""Messages to Telegram and changes of them, one at a time; every way each can end is told as an outcome.

The words of a message go out whatever Telegram thinks of what is around them: a topic that is closed, a message that is
no more, buttons or a picture that it does not take are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from telegram import Bot, InputMediaPhoto, LinkPreviewOptions, ReplyParameters
from telegram.constants import ParseMode

from bot.answers.buttons import NO_BUTTONS, Keyboard
from bot.delivery.channel import (
    BARE,
    Ambiguous,
    ChatMoved,
    Frame,
    Outcome,
    Rank,
    Rejected,
    Resting,
    Sent,
    TokenRejected,
)
from bot.delivery.pacing import Pacer
from bot.render.plain import shorten, to_plain
from bot.telegram.captions import fits, headline
from bot.telegram.keyboards import TELEGRAM, Keyboards, Shown, markup
from bot.telegram.outcomes import speaks_of
from bot.telegram.turns import Turns
from bot.telegram.wire import Waits

_LEFT_OUT: tuple[tuple[tuple[str, ...], Callable[[Frame], Frame]], ...] = (
    (("thread not found", "topic_closed", "topic_deleted"), lambda frame: replace(frame, thread=None)),
    (("replied not found", "reply message"), lambda frame: replace(frame, replies_to="")),
    (("button", "keyboard", "reply markup", "reply_markup"), lambda frame: replace(frame, buttons=NO_BUTTONS)),
)
"""What of a frame Telegram complains of, by its words, and the frame without."""

_NOT_CHANGED = ("message is not modified",)

BESIDE = 20.0
"""Seconds that a picture may take whose words have gone already."""

_SETTLED = (Sent, Ambiguous, ChatMoved, TokenRejected, Resting)
"""Ends of a picture after which its words are not sent by themselves: they were, perhaps, or would end as it did."""

Make = Callable[[Frame], Awaitable[Any]]
"""Makes a request with a frame."""


class TelegramChannel:
    """Sends through one bot. Usable at any time: without a connection its outcomes say so.

    `works` says whether it is this process that works: another may have taken over while a message waited. Buttons are
    shown where it can be `kept` what they stand for.
    """

    name = TELEGRAM

    def __init__(
        self,
        bot: Bot,
        pacer: Pacer,
        waits: Waits | None = None,
        works: Callable[[], bool] = lambda: True,
        kept: Shown | None = None,
    ) -> None:
        self._bot = bot
        self._waits = waits or Waits()
        self._turns = Turns(bot, pacer, self._waits, works)
        self._keyboards = Keyboards(kept)

    def turn_away(self) -> None:
        """Whatever is owed and waits for its turn is told that it does not come: the process ends."""
        self._turns.turn_away()

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        """Send one message when it is its turn; what is too long for Telegram is shortened, and says so.

        A picture is tried once. Words that fit are its caption, and go by themselves where it surely has not arrived.
        Other words go before it, and it follows without a sound, or does not.
        """
        picture, frame = frame.picture, replace(frame, picture=None)
        if picture is not None and fits(html):
            shown = await self.send_photo(address, picture, html, plain=plain, silent=silent, rank=rank, frame=frame)
            if isinstance(shown, _SETTLED):
                return shown
        outcome = await self._send_words(address, shorten(html), plain, silent, rank, frame)
        if picture is not None and not fits(html) and isinstance(outcome, Sent):
            beside = Frame(thread=frame.thread, replies_to=outcome.message)
            with suppress(TimeoutError):
                async with asyncio.timeout(BESIDE):
                    await self.send_photo(address, picture, headline(html), silent=True, rank=rank, frame=beside)
        return outcome

    async def _send_words(
        self, address: str, text: str, plain: bool, silent: bool, rank: Rank, frame: Frame
    ) -> Outcome:
        def make(frame: Frame) -> Awaitable[Any]:
            return self._bot.send_message(
                address,
                to_plain(text) if plain else text,
                parse_mode=None if plain else ParseMode.HTML,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
                disable_notification=silent,
                **_around(address, frame),
            )

        return await self._send(address, frame, make, partial(self._turns.take, rank=rank))

    async def send_photo(
        self,
        address: str,
        png: bytes,
        caption: str = "",
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        """Send a picture when it is its turn, words that fit beneath it; the rest is as in `send`.

        Where as many are being uploaded as may be it is not sent: the line is slow.
        """

        def make(frame: Frame) -> Awaitable[Any]:
            return self._bot.send_photo(
                address,
                png,
                to_plain(caption) if plain else caption,
                parse_mode=None if plain else ParseMode.HTML,
                disable_notification=silent,
                filename="picture.png",
                read_timeout=self._waits.answer_to_upload,
                write_timeout=self._waits.upload,
                **_around(address, frame),
            )

        return await self._send(address, frame, make, partial(self._turns.upload, rank=rank))

    async def _send(self, address: str, frame: Frame, make: Make, take: Callable[..., Awaitable[Outcome]]) -> Outcome:
        """Make a request; of its frame what Telegram refuses is left out, and it is made again."""
        frame = replace(frame, buttons=await self._keyboards.ready(address, frame.buttons))
        outcome = await take(address, partial(make, frame))
        while isinstance(outcome, Rejected) and (less := _without(frame, outcome.reason)) != frame:
            frame = less
            outcome = await take(address, partial(make, frame))
        return outcome

    # Changes of a message that was sent

    async def edit(
        self,
        address: str,
        message: int,
        html: str,
        *,
        plain: bool = False,
        picture: bytes | None = None,
        beneath: bool = False,
        buttons: Keyboard = NO_BUTTONS,
    ) -> Outcome:
        """Change a message: its words, or those `beneath` its picture, or, with a `picture`, both. Its buttons are
        those that are given.

        Rejected where it cannot be changed; that nothing has changed is as good as done.
        """
        text = html if beneath or picture is not None else shorten(html)
        words = to_plain(text) if plain else text
        how: dict[str, Any] = {"parse_mode": None if plain else ParseMode.HTML}
        ready = markup(address, await self._keyboards.ready(address, buttons))
        about: dict[str, Any] = {"chat_id": address, "message_id": message, "reply_markup": ready}
        take = self._turns.take
        if picture is not None:
            photo = InputMediaPhoto(picture, words, filename="picture.png", **how)
            slowly: dict[str, Any] = {"read_timeout": self._waits.answer_to_upload, "write_timeout": self._waits.upload}
            make, take = partial(self._bot.edit_message_media, photo, **about, **slowly), self._turns.upload
        elif beneath:
            make = partial(self._bot.edit_message_caption, caption=words, **about, **how)
        else:
            preview = LinkPreviewOptions(is_disabled=True)
            make = partial(self._bot.edit_message_text, words, link_preview_options=preview, **about, **how)
        return _changed(message, await take(address, make, Rank.REPLY))

    async def edit_buttons(self, address: str, message: int, buttons: Keyboard) -> Outcome:
        """Change the buttons beneath a message, or take them away."""
        ready = await self._keyboards.ready(address, buttons)
        make = partial(self._bot.edit_message_reply_markup, address, message, reply_markup=markup(address, ready))
        return _changed(message, await self._turns.take(address, make, Rank.REPLY))


def _around(address: str, frame: Frame) -> dict[str, Any]:
    """A frame as arguments of the library."""
    answered = int(frame.replies_to) if frame.replies_to else None
    return {
        "message_thread_id": frame.thread,
        "reply_markup": markup(address, frame.buttons),
        "reply_parameters": ReplyParameters(answered, allow_sending_without_reply=True) if answered else None,
    }


def _without(frame: Frame, told: str) -> Frame:
    """A frame without what Telegram complains of; the same if it is not about the frame."""
    for words, leave_out in _LEFT_OUT:
        if speaks_of(told, words) and (less := leave_out(frame)) != frame:
            return less
    return frame


def _changed(message: int, outcome: Outcome) -> Outcome:
    """A message that reads already as it should is changed."""
    if isinstance(outcome, Rejected) and speaks_of(outcome.reason, _NOT_CHANGED):
        return Sent(str(message))
    return outcome
