"""Buttons as Telegram is given them: what a button stands for stays here, and Telegram hands back its token."""

from __future__ import annotations

import logging
from typing import Protocol

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bot.answers.buttons import NO_BUTTONS, Keyboard
from bot.store.errors import StoreError
from bot.store.taps import token_of

TELEGRAM = "telegram"
"""How chats of this channel are stored."""

_log = logging.getLogger(__name__)


class Shown(Protocol):
    """Where it is kept which buttons were shown."""

    async def shown(self, address: str, keyboard: Keyboard) -> None:
        """Buttons are about to be shown in a chat. Raises StoreError."""
        ...


class Keyboards:
    """Keeps what buttons stand for, then shows them. Without a place to keep it nothing is shown."""

    def __init__(self, kept: Shown | None) -> None:
        self._kept = kept

    async def ready(self, address: str, keyboard: Keyboard) -> Keyboard:
        """The buttons that may be shown in a chat: a tap that nobody could understand is worse than no button."""
        if not keyboard or self._kept is None:
            return NO_BUTTONS
        try:
            await self._kept.shown(address, keyboard)
        except StoreError as error:
            _log.error("a message goes without its buttons: %s", error)
            return NO_BUTTONS
        return keyboard


def markup(address: str, keyboard: Keyboard) -> InlineKeyboardMarkup | None:
    """A keyboard beneath a message to a chat; None without buttons."""
    rows = [
        [InlineKeyboardButton(each.label, callback_data=token_of(TELEGRAM, address, each)) for each in row]
        for row in keyboard
    ]
    return InlineKeyboardMarkup(rows) if rows else None
