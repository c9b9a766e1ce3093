"""Requests to Telegram that count against its limits: each when it is its turn, and never longer than it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from telegram import Bot
from telegram.error import TelegramError

from bot.delivery.channel import Ambiguous, Outcome, Rank, RetryLater, Sent
from bot.delivery.pacing import Pacer
from bot.delivery.turn import NOT_OURS, turn
from bot.telegram.outcomes import NO_PAUSE_GIVEN, outcome_of
from bot.telegram.wire import Flooded, Unsent, Waits, reason

Request = Callable[[], Awaitable[Any]]
"""Makes one request of the library; returns the message, if it is about one."""


class Turns:
    """One after the other, at the pace that the token bears. `works` says whether it is this process that works:
    another may have taken over while a request waited.
    """

    def __init__(self, bot: Bot, pacer: Pacer, waits: Waits, works: Callable[[], bool]) -> None:
        self._bot, self._pacer, self._waits, self._works = bot, pacer, waits, works
        self._uploads = asyncio.Semaphore(waits.uploads)

    async def take(self, address: str, request: Request, rank: Rank) -> Outcome:
        """Make a request about a chat."""
        return await self._take(address, request, self._waits.longest, rank)

    async def upload(self, address: str, request: Request, rank: Rank) -> Outcome:
        """The same for one that carries a picture. Where as many are under way as may be it is not made: the line is
        slow.
        """

        async def alone() -> Any:
            if self._uploads.locked():
                raise Unsent("too many pictures are on their way")
            async with self._uploads:
                return await request()

        return await self._take(address, alone, self._waits.longest_upload, rank)

    def turn_away(self) -> None:
        """Whatever is owed and waits for its turn is told that it does not come: the process ends."""
        self._pacer.turn_away()

    async def _take(self, address: str, request: Request, longest: float, rank: Rank) -> Outcome:
        """`longest` is how many seconds it may take from its turn on."""
        if (not_yet := await turn(self._pacer, address, rank, group=address.startswith("-"))) is not None:
            return not_yet
        if not self._works():
            return RetryLater(NOT_OURS)
        try:
            async with asyncio.timeout(longest):
                message = await request()
        except TimeoutError:
            return Ambiguous(f"no answer within {longest:g} s")
        except TelegramError as error:
            if isinstance(error, Flooded):
                self._pacer.hold(NO_PAUSE_GIVEN if error.seconds is None else error.seconds, address)
            return outcome_of(error, reason(self._bot, error))
        return Sent(str(message.message_id))
