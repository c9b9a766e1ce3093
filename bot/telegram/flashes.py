"""What is flashed over a chat where a button was tapped. Until Telegram is answered the button seems to be busy.

Each tap is answered once: with words that come soon, else with none. It is no message, does not count as one, and takes
few of the connections that messages need, however many tap while Telegram does not answer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from telegram import Bot
from telegram.error import TelegramError

from bot.telegram.wire import reason

LONGEST_NOTICE = 200
"""UTF-16 units that can be flashed."""

AT_ONCE = 8
"""Taps that Telegram is told of at the same time."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Flash:
    words: str
    shown: asyncio.Future[bool]


class Flashes:
    """Answers taps. Times in seconds.

    `spawn` runs a task beside all others and keeps it. A tap is answered after `patience` if nothing was said by then;
    telling Telegram takes no longer than `longest`, the wait for one of the few that are told at once included.
    """

    def __init__(
        self,
        bot: Bot,
        spawn: Callable[[Coroutine[None, None, None]], None],
        patience: float,
        longest: float = 10.0,
    ) -> None:
        self._bot, self._spawn = bot, spawn
        self._patience, self._longest = patience, longest
        self._at_once = asyncio.Semaphore(AT_ONCE)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._flashes: dict[str, _Flash] = {}

    def __len__(self) -> int:
        """How many taps it remembers."""
        return len(self._timers.keys() | self._flashes.keys())

    def expect(self, query: str) -> None:
        """A tap was taken: something is to be said."""
        if query not in self._timers and query not in self._flashes:
            self._timers[query] = asyncio.get_running_loop().call_later(self._patience, self.begin, query)

    def begin(self, query: str, words: str = "", *, alert: bool = False) -> None:
        """Say something, or nothing, unless something was said; an `alert` stays until it is read."""
        if (timer := self._timers.pop(query, None)) is not None:
            timer.cancel()
        if query not in self._flashes:
            flash = _Flash(_cut(words), asyncio.get_running_loop().create_future())
            self._flashes[query] = flash
            self._spawn(self._show(query, flash, alert))

    async def show(self, query: str, words: str, *, alert: bool = False) -> bool:
        """The same; whether whoever tapped has read these words, now or before."""
        self.begin(query, words, alert=alert)
        flash = self._flashes[query]
        return flash.words == _cut(words) and await asyncio.shield(flash.shown)

    def forget(self, query: str) -> None:
        """Nothing more is said of a tap."""
        self.begin(query)
        del self._flashes[query]

    def end(self) -> None:
        """Nothing is said by itself any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    async def _show(self, query: str, flash: _Flash, alert: bool) -> None:
        """One try: when Telegram has an answer late, nobody looks any more."""
        try:
            async with asyncio.timeout(self._longest), self._at_once:
                await self._bot.answer_callback_query(query, flash.words or None, show_alert=alert or None)
            flash.shown.set_result(True)
        except TimeoutError:
            _log.info("a tap was not answered: no answer within %g s", self._longest)
        except TelegramError as error:
            _log.info("a tap was not answered: %s", reason(self._bot, error))
        finally:
            if not flash.shown.done():
                flash.shown.set_result(False)


def _cut(words: str) -> str:
    """As much as can be flashed."""
    return words.encode("utf-16-le", "replace")[: 2 * LONGEST_NOTICE].decode("utf-16-le", "ignore")
