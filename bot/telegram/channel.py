"""Deliveries to Telegram: one paced message at a time, words or a picture, every way it can end told as an outcome."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import httpx
from telegram import Bot, LinkPreviewOptions, Message
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.delivery.channel import (
    BARE,
    Ambiguous,
    ChatGone,
    ChatMoved,
    Frame,
    NotUnderstood,
    Outcome,
    Rank,
    Rejected,
    Resting,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.pacing import OnHold, Pacer, ToRest
from bot.render.plain import shorten, to_plain
from bot.telegram.wire import Flooded, Unsent, Waits, reason

TOKEN_REJECTED = "Telegram does not know the bot's token"

PATIENCE, LINE = 2.0, 60.0
"""Seconds that what is owed waits for a chat that has to rest, and in the line: if it is longer, others go first and it
comes again. A reply waits as long as it takes.
"""

NOT_OURS = "it is not sure that this process works"

LONGEST_CAPTION = 1_024
"""UTF-16 units of text beneath a picture, tags and escapes not counted."""

_UNSENT = (
    httpx.PoolTimeout,
    httpx.ConnectTimeout,
    httpx.ConnectError,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.WriteTimeout,  # the rest of it never left, and half a request is none
)
_NO_CHAT = (
    "chat not found",
    "user is deactivated",
    "peer_id_invalid",
    "chat_write_forbidden",
    "need administrator rights",
)
_NO_PICTURES = ("send_photos_forbidden", "send_media_forbidden")
_NO_PAUSE_GIVEN = 30.0


class TelegramChannel:
    """Sends through one bot. Usable at any time: without a connection its outcomes say so.

    `works` says whether it is this process that works: another may have taken over while a message waited.
    """

    name = "telegram"

    def __init__(
        self, bot: Bot, pacer: Pacer, waits: Waits | None = None, works: Callable[[], bool] = lambda: True
    ) -> None:
        self._bot = bot
        self._pacer = pacer
        self._works = works
        self._waits = waits or Waits()
        self._uploads = asyncio.Semaphore(self._waits.uploads)

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
        """Send one message when it is its turn; what is too long for Telegram is shortened, and says so."""
        text = shorten(html)
        request = partial(
            self._bot.send_message,
            address,
            to_plain(text) if plain else text,
            parse_mode=None if plain else ParseMode.HTML,
            link_preview_options=LinkPreviewOptions(is_disabled=True),
            disable_notification=silent,
            message_thread_id=frame.thread,
        )
        return await self._deliver(address, request, self._waits.longest, rank)

    async def send_photo(
        self,
        address: str,
        png: bytes,
        caption: str = "",
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        thread: int | None = None,
    ) -> Outcome:
        """Send a picture when it is its turn, words of at most LONGEST_CAPTION beneath it; the rest is as in `send`.

        Where as many are being uploaded as may be it is not sent: the line is slow.
        """
        request = partial(
            self._bot.send_photo,
            address,
            png,
            to_plain(caption) if plain else caption,
            parse_mode=None if plain else ParseMode.HTML,
            disable_notification=silent,
            message_thread_id=thread,
            filename="picture.png",
            read_timeout=self._waits.answer_to_upload,
            write_timeout=self._waits.upload,
        )
        return await self._deliver(address, partial(self._upload, request), self._waits.longest_upload, rank)

    async def _upload(self, request: Callable[[], Awaitable[Message]]) -> Message:
        if self._uploads.locked():
            raise Unsent("too many pictures are on their way")
        async with self._uploads:
            return await request()

    async def _deliver(
        self, address: str, request: Callable[[], Awaitable[Message]], longest: float, rank: Rank
    ) -> Outcome:
        """Make a request when it is its turn. `longest` is how many seconds it may take from then on."""
        if (not_yet := await self._turn(address, rank)) is not None:
            return not_yet
        if not self._works():
            return RetryLater(NOT_OURS)
        try:
            async with asyncio.timeout(longest):
                message = await request()
        except TimeoutError:
            return Ambiguous(f"no answer within {longest:g} s")
        except TelegramError as error:
            return self._outcome(address, error)
        return Sent(str(message.message_id))

    async def _turn(self, address: str, rank: Rank) -> Outcome | None:
        """Wait for a turn; why there is none, or None when it has come."""
        group, reply = address.startswith("-"), rank is Rank.REPLY
        try:
            async with asyncio.timeout(None if reply else LINE):
                await self._pacer.turn(address, group=group, rank=rank, patience=math.inf if reply else PATIENCE)
        except OnHold as hold:
            return RetryLater(str(hold), hold.seconds)
        except ToRest as rest:
            return Resting(rest.seconds)
        except TimeoutError:
            return Resting(0.0)
        return None

    def turn_away(self) -> None:
        """Whatever is owed and waits for its turn is told that it does not come: the process ends."""
        self._pacer.turn_away()

    def _outcome(self, address: str, error: TelegramError) -> Outcome:
        """What an error means. The order matters: BadRequest and TimedOut are network errors to the library."""
        told = reason(self._bot, error)
        match error:
            case Flooded():
                seconds = _NO_PAUSE_GIVEN if error.seconds is None else error.seconds
                self._pacer.hold(seconds, address)
                return RetryLater(told, seconds)
            case ChatMigrated():
                return ChatMoved(str(error.new_chat_id))
            case Forbidden():
                return Rejected(told) if _speaks_of(told, _NO_PICTURES) else ChatGone(told)
            case InvalidToken():
                return TokenRejected(TOKEN_REJECTED)
            case BadRequest():
                return _refused(told)
            case _ if isinstance(error, Unsent) or isinstance(error.__cause__, _UNSENT):
                return RetryLater(told)
        return Ambiguous(told)


def _refused(told: str) -> Outcome:
    """What Telegram means by a bad request, which it tells by its words only."""
    if _speaks_of(told, ("can't parse entities",)):
        return NotUnderstood(told)
    return ChatGone(told) if _speaks_of(told, _NO_CHAT) else Rejected(told)


def _speaks_of(told: str, what: Iterable[str]) -> bool:
    words = told.lower()
    return any(each in words for each in what)
