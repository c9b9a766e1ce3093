"""The menu of commands that Telegram shows beside what somebody writes: one for everybody, a longer one in the chats of
administrators.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from telegram import Bot, BotCommand, BotCommandScopeChat
from telegram.error import TelegramError

from bot.telegram.wire import reason

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Menu:
    """What commands do, by name: for everybody, and all of them, for administrators by their ids."""

    commands: Mapping[str, str] = field(default_factory=dict)
    all_commands: Mapping[str, str] = field(default_factory=dict)
    admins: Collection[int] = ()

    async def show(self, bot: Bot) -> None:
        """Tell Telegram. An administrator who has never written to the bot has no chat yet; that is only logged."""
        try:
            await bot.set_my_commands(_listed(self.commands))
        except TelegramError as error:
            _log.warning("the menu of commands could not be set: %s", reason(bot, error))
            return
        for admin in self.admins:
            try:
                await bot.set_my_commands(_listed(self.all_commands), BotCommandScopeChat(admin))
            except TelegramError as error:
                _log.info("the menu of administrator %d could not be set: %s", admin, reason(bot, error))


def _listed(commands: Mapping[str, str]) -> list[BotCommand]:
    return [BotCommand(name, summary) for name, summary in commands.items()]
