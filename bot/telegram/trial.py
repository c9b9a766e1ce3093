"""A look at a bot from the command line: whether its token is known, who writes to it, whether a message arrives.

It takes no update away: what people wrote stays for the service.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from telegram import Update
from telegram.constants import ChatType
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.delivery.channel import Outcome
from bot.delivery.pacing import Pacer
from bot.telegram.channel import TelegramChannel
from bot.telegram.outcomes import TOKEN_REJECTED
from bot.telegram.wire import Waits, open_bot, reason

PAGE = 100
"""How many messages Telegram shows at once, the oldest first."""

AGAIN = 1.0
"""Seconds between two looks while something waits: it is shown again at once."""


class NoBot(Exception):
    """Telegram does not know the bot, or does not answer; one sentence without the token."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes to the bot: the id that `telegram.allow` wants, and a name to recognise it by."""

    id: int
    name: str


class Trial:
    """Open while entered."""

    def __init__(self, token: str, base_url: str, waits: Waits | None = None) -> None:
        self._bot, polling, sending = open_bot(token, base_url, waits or Waits())
        self._wires = polling, sending
        self._channel = TelegramChannel(self._bot, Pacer())

    async def __aenter__(self) -> Self:
        for wire in self._wires:
            await wire.initialize()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for wire in self._wires:
            await wire.shutdown()

    async def name(self) -> str:
        """How the bot is called, such as @bellwether_bot. Raises NoBot."""
        try:
            return f"@{(await self._bot.get_me()).username}"
        except TelegramError as error:
            raise self._no_bot(error) from None

    async def send(self, address: str, html: str) -> Outcome:
        """One message to a chat."""
        return await self._channel.send(address, html)

    async def who_writes(self, words: str, seconds: float) -> Writer | None:
        """Who writes exactly these words to the bot, in private, within so long; None for nobody. What else is written,
        or lay waiting, is passed by. Raises NoBot.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (left := until - loop.time()) > 0:
            updates = await self._updates(math.ceil(left))
            for update in updates:
                message, user = update.message, update.effective_user
                if message and user and message.chat.type == ChatType.PRIVATE and (message.text or "").strip() == words:
                    return Writer(user.id, user.full_name)
            if len(updates) >= PAGE:
                raise NoBot(f"{PAGE} messages wait already, and no newer one can be seen before they are answered")
            await asyncio.sleep(AGAIN)
        return None

    async def _updates(self, seconds: int) -> tuple[Update, ...]:
        """What was written and not answered yet, the oldest first; where there is nothing, after at most so long.

        Nothing is confirmed. To ask for what is new alone would forget the rest, also with a negative offset.
        """
        try:
            return await self._bot.get_updates(limit=PAGE, timeout=seconds, allowed_updates=[Update.MESSAGE])
        except Conflict:
            raise NoBot("a service that runs already takes what people write; it tells them their ids itself") from None
        except TelegramError as error:
            raise self._no_bot(error) from None

    def _no_bot(self, error: TelegramError) -> NoBot:
        if isinstance(error, InvalidToken):
            return NoBot(TOKEN_REJECTED)
        return NoBot(f"Telegram does not answer: {reason(self._bot, error)}")
