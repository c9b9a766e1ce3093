"""What Telegram's errors mean for a message: each as an outcome that whoever sent it can settle by."""

from __future__ import annotations

from collections.abc import Iterable

import httpx
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, TelegramError

from bot.delivery.channel import (
    Ambiguous,
    ChatGone,
    ChatMoved,
    NotUnderstood,
    Outcome,
    Rejected,
    RetryLater,
    TokenRejected,
)
from bot.telegram.wire import Flooded, Unsent

TOKEN_REJECTED = "Telegram does not know the bot's token"

NO_PAUSE_GIVEN = 30.0
"""Seconds to wait where Telegram wants fewer messages and does not say for how long."""

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


def outcome_of(error: TelegramError, told: str) -> Outcome:
    """What an error means, `told` being its words without the token.

    The order matters: BadRequest and TimedOut are network errors to the library.
    """
    match error:
        case Flooded():
            return RetryLater(told, NO_PAUSE_GIVEN if error.seconds is None else error.seconds)
        case ChatMigrated():
            return ChatMoved(str(error.new_chat_id))
        case Forbidden():
            return Rejected(told) if speaks_of(told, _NO_PICTURES) else ChatGone(told)
        case InvalidToken():
            return TokenRejected(TOKEN_REJECTED)
        case BadRequest():
            return _refused(told)
        case _ if isinstance(error, Unsent) or isinstance(error.__cause__, _UNSENT):
            return RetryLater(told)
    return Ambiguous(told)


def _refused(told: str) -> Outcome:
    """What Telegram means by a bad request, which it tells by its words only."""
    if speaks_of(told, ("can't parse entities",)):
        return NotUnderstood(told)
    return ChatGone(told) if speaks_of(told, _NO_CHAT) else Rejected(told)


def speaks_of(told: str, what: Iterable[str]) -> bool:
    """Whether any of `what`, in small letters, is among the words of an error."""
    words = told.lower()
    return any(each in words for each in what)
