"""How updates come in: one loop that connects, polls, and never ends because of what the network or Telegram does.

It knows when it last heard from Telegram, and when an attempt last ended in whatever way: the one says how Telegram is,
the other how this loop is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, TelegramError

from bot.store.errors import StoreError
from bot.telegram.channel import NOT_OURS, TOKEN_REJECTED
from bot.telegram.wire import Flooded, PollingWire, Waits, reason

POLLING, CONNECTING, CONFLICT = "polling", "connecting", "conflict"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long Telegram may hold a poll, how long it may take to answer beyond that, how long to rest after a
    failure and then after each further one.

    Together they keep a promise: back within ten seconds of the network's return. A poll that was swallowed is given up
    after `poll` and `answer`; a later attempt that began just before the return after `answer`, and the next one
    follows within `longest_pause`.
    """

    poll: float = 4.0
    answer: float = 4.0
    first_pause: float = 0.5
    longest_pause: float = 3.0


class _Doubtful(TelegramError):
    """Telegram was not asked."""


_ANSWERED = (BadRequest, Conflict, Flooded, Forbidden, InvalidToken, _Doubtful)
"""Errors that tell nothing against the connection."""


class Poller:
    """Hands updates to `take`, in order, and confirms them when that returns. `connected` is called at each new
    connection. It polls only while `works`: another process may have taken over.
    """

    def __init__(
        self,
        bot: Bot,
        wire: PollingWire,
        take: Callable[[Sequence[Update]], Awaitable[None]],
        connected: Callable[[], None],
        patience: Patience,
        waits: Waits,
        works: Callable[[], bool] = lambda: True,
    ) -> None:
        self._bot = bot
        self._wire = wire
        self._take = take
        self._connected = connected
        self._works = works
        self._patience = patience
        self._longest, self._answer = waits.longest, min(waits.answer, patience.answer)
        self._offset = 0
        self._heard_at: float | None = None
        self._alive_at = time.monotonic()
        self._well_at = self._alive_at
        self._failures = 0
        self._ready = False
        self._glance = True
        self.state = CONNECTING
        self.trouble = ""

    @property
    def last_poll_age(self) -> float | None:
        """Seconds since Telegram last answered a poll; None if it never did."""
        return None if self._heard_at is None else time.monotonic() - self._heard_at

    @property
    def last_attempt_age(self) -> float:
        """Seconds since an attempt to hear from Telegram last ended, well or not; 0 while the next one has to wait."""
        return max(0.0, time.monotonic() - self._alive_at)

    @property
    def trouble_age(self) -> float:
        """Seconds since all was last well; `trouble` says what is not. Only a long poll shows it: a second process that
        polls lets short ones pass.
        """
        return time.monotonic() - self._well_at

    def begin(self) -> None:
        """Polling is about to begin, however long what comes before it may take: a sign of life."""
        self._alive_at = time.monotonic()

    async def run(self) -> None:
        """Poll until cancelled."""
        self.begin()
        while True:
            try:
                if not self._works():
                    raise _Doubtful(NOT_OURS)
                await self._connect()
                await self._poll()
            except TelegramError as error:
                await self._rest(error)
            except TimeoutError:
                await self._rest(TelegramError("no answer at all"))
            except StoreError as error:
                await self._rest(TelegramError(f"what people write cannot be kept: {error}"))
            except Exception as error:  # this loop is the bot's ear: it may stumble, never stop
                _log.exception("polling Telegram failed in an unknown way")
                await self._rest(TelegramError(type(error).__name__))

    async def _connect(self) -> None:
        """Once, and again after a conflict: who we are; and that updates come by polling."""
        if self._ready:
            return
        async with asyncio.timeout(self._answer):
            await self._bot.initialize()
        async with asyncio.timeout(self._answer):
            await self._bot.delete_webhook()
        self._ready = True
        self._connected()

    async def _poll(self) -> None:
        """One poll: a long one when all is well, else a short one, to know at once whether it is.

        The next one confirms what this one brought. What could not be taken is brought again.
        """
        held = 0 if self._glance else int(self._patience.poll)
        async with asyncio.timeout(held + self._longest):
            updates = await self._bot.get_updates(
                self._offset,
                timeout=held,
                allowed_updates=[Update.MESSAGE],
                read_timeout=self._answer,
                connect_timeout=self._answer,
            )
        self._heard_at = self._alive_at = time.monotonic()
        if held:
            self._failures, self._well_at, self.trouble = 0, self._heard_at, ""
        if held or not self.trouble.startswith(CONFLICT):
            self._tell(POLLING)
        self._glance = False
        if updates:
            self._alive_at = time.monotonic() + self._longest  # the database may keep them waiting
            await self._take(updates)
            self._alive_at = time.monotonic()
            self._offset = updates[-1].update_id + 1

    async def _rest(self, error: TelegramError) -> None:
        """Say what is wrong, and wait: longer after each failure, or as long as Telegram asks."""
        patience = self._patience
        if isinstance(error, Conflict):
            self._ready = False  # perhaps a webhook was set meanwhile
        self._glance, self.trouble = True, self._described(error)
        self._tell(self.trouble)
        pause = min(patience.first_pause * 2.0 ** min(self._failures, 32), patience.longest_pause)
        if isinstance(error, Flooded) and error.seconds is not None:
            pause = max(pause, error.seconds)
        self._failures += 1
        if not isinstance(error, _ANSWERED):
            await self._wire.renew()  # a proxy that swallowed a connection leaves the pool wedged
        self._alive_at = time.monotonic() + pause
        await asyncio.sleep(pause)

    def _described(self, error: TelegramError) -> str:
        if isinstance(error, InvalidToken):
            return f"token rejected: {TOKEN_REJECTED}"
        if isinstance(error, Conflict):
            return f"{CONFLICT}: {reason(self._bot, error)}"
        return f"{CONNECTING}: {reason(self._bot, error)}"

    def _tell(self, state: str) -> None:
        """Note the state; a change of it is one line in the log."""
        if state != self.state:
            self.state = state
            _log.log(logging.INFO if state == POLLING else logging.WARNING, "Telegram: %s", state)
