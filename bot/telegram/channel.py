"""Deliveries to Telegram: one paced message at a time, every way it can end told as an outcome."""

from __future__ import annotations

import asyncio

import httpx
from telegram import Bot, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    NotUnderstood,
    Outcome,
    Rejected,
    RetryLater,
    Sent,
    TokenRejected,
)
from bot.delivery.pacing import OnHold, Pacer
from bot.render.plain import shorten, to_plain
from bot.telegram.wire import Flooded, Unsent, Waits, reason

TOKEN_REJECTED = "Telegram does not know the bot's token"

_UNSENT = (httpx.PoolTimeout, httpx.ConnectTimeout, httpx.ConnectError, httpx.ProxyError, httpx.UnsupportedProtocol)
_NO_CHAT = (
    "chat not found",
    "user is deactivated",
    "peer_id_invalid",
    "chat_write_forbidden",
    "need administrator rights",
)
_NO_PAUSE_GIVEN = 30.0


class TelegramChannel:
    """Sends through one bot. Usable at any time: without a connection its outcomes say so."""

    name = "telegram"

    def __init__(self, bot: Bot, pacer: Pacer, waits: Waits | None = None) -> None:
        self._bot = bot
        self._pacer = pacer
        self._longest = (waits or Waits()).longest

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        urgent: bool = False,
        thread: int | None = None,
    ) -> Outcome:
        """Send one message when it is its turn; what is too long for Telegram is shortened, and says so.

        `urgent` goes before all that is not; `thread` is a topic of the chat.
        """
        text = shorten(html)
        try:
            await self._pacer.turn(address, group=address.startswith("-"), urgent=urgent)
            async with asyncio.timeout(self._longest):
                message = await self._bot.send_message(
                    address,
                    to_plain(text) if plain else text,
                    parse_mode=None if plain else ParseMode.HTML,
                    link_preview_options=LinkPreviewOptions(is_disabled=True),
                    disable_notification=silent,
                    message_thread_id=thread,
                )
        except OnHold as hold:
            return RetryLater(str(hold), hold.seconds)
        except TimeoutError:
            return Ambiguous(f"no answer within {self._longest:g} s")
        except TelegramError as error:
            return self._outcome(address, error)
        return Sent(str(message.message_id))

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
                return ChatGone(told)
            case InvalidToken():
                return TokenRejected(TOKEN_REJECTED)
            case BadRequest():
                return _refused(told)
            case _ if isinstance(error, Unsent) or isinstance(error.__cause__, _UNSENT):
                return RetryLater(told)
        return Ambiguous(told)


def _refused(told: str) -> Outcome:
    """What Telegram means by a bad request, which it tells by its words only."""
    words = told.lower()
    if "can't parse entities" in words:
        return NotUnderstood(told)
    return ChatGone(told) if any(each in words for each in _NO_CHAT) else Rejected(told)
