"""How updates come in: one loop that connects, polls, and never ends because of what the network or Telegram does.

It knows when it last heard from Telegram, which is the only honest sign of life.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, TelegramError

from bot.telegram.channel import TOKEN_REJECTED
from bot.telegram.wire import Flooded, PollingWire, Waits, reason

POLLING, CONNECTING = "polling", "connecting"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long Telegram may hold a poll, how long to rest after a failure and then after each further one,
    and after what silence new connections are tried."""

    poll: float = 20.0
    first_pause: float = 0.5
    longest_pause: float = 30.0
    silence: float = 60.0


class Poller:
    """Hands each update to `take`, once, in order. `connected` is called at each new connection."""

    def __init__(
        self,
        bot: Bot,
        wire: PollingWire,
        take: Callable[[Update], Awaitable[None]],
        connected: Callable[[], None],
        patience: Patience,
        waits: Waits,
    ) -> None:
        self._bot = bot
        self._wire = wire
        self._take = take
        self._connected = connected
        self._patience = patience
        self._longest = waits.longest
        self._offset = 0
        self._heard_at: float | None = None
        self._renewed_at = time.monotonic()
        self._failures = 0
        self._ready = False
        self.state = CONNECTING

    @property
    def last_poll_age(self) -> float | None:
        """Seconds since Telegram last answered a poll; None if it never did."""
        return None if self._heard_at is None else time.monotonic() - self._heard_at

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            try:
                await self._connect()
                await self._poll()
            except TelegramError as error:
                await self._rest(error)
            except TimeoutError:
                await self._rest(TelegramError("no answer at all"))
            except Exception as error:  # this loop is the bot's ear: it may stumble, never stop
                _log.exception("polling Telegram failed in an unknown way")
                await self._rest(TelegramError(type(error).__name__))

    async def _connect(self) -> None:
        """Once, and again after a conflict: who we are; and that updates come by polling."""
        if self._ready:
            return
        async with asyncio.timeout(self._longest):
            await self._bot.initialize()
            await self._bot.delete_webhook()
        self._ready = True
        self._connected()

    async def _poll(self) -> None:
        """One poll: a long one when all is well, else a short one, to know at once whether it is.

        The next one confirms what this one brought, so an update is taken before it is confirmed.
        """
        held = int(self._patience.poll) if self.state == POLLING else 0
        async with asyncio.timeout(held + self._longest):
            updates = await self._bot.get_updates(offset=self._offset, timeout=held, allowed_updates=[Update.MESSAGE])
        self._heard_at = time.monotonic()
        if held:
            self._failures = 0  # a second process that polls lets short ones pass
        self._tell(POLLING)
        for update in updates:
            self._offset = update.update_id + 1
            try:
                await self._take(update)
            except Exception:  # the next update is another person's
                _log.exception("an update could not be taken")

    async def _rest(self, error: TelegramError) -> None:
        """Say what is wrong, and wait: longer after each failure, or as long as Telegram asks."""
        patience = self._patience
        if isinstance(error, Conflict):
            self._ready = False  # perhaps a webhook was set meanwhile
        self._tell(self._described(error))
        pause = min(patience.first_pause * 2.0 ** min(self._failures, 32), patience.longest_pause)
        if isinstance(error, Flooded) and error.seconds is not None:
            pause = max(pause, error.seconds)
        self._failures += 1
        await self._renew_after_silence()
        await asyncio.sleep(pause)

    def _described(self, error: TelegramError) -> str:
        if isinstance(error, InvalidToken):
            return f"token rejected: {TOKEN_REJECTED}"
        if isinstance(error, Conflict):
            return f"conflict: {reason(self._bot, error)}"
        return f"{CONNECTING}: {reason(self._bot, error)}"

    def _tell(self, state: str) -> None:
        """Note the state; a change of it is one line in the log."""
        if state != self.state:
            self.state = state
            _log.log(logging.INFO if state == POLLING else logging.WARNING, "Telegram: %s", state)

    async def _renew_after_silence(self) -> None:
        """A proxy that swallowed a connection leaves the pool wedged: use a new one."""
        now = time.monotonic()
        if now - max(self._heard_at or 0.0, self._renewed_at) > self._patience.silence:
            self._renewed_at = now
            await self._wire.renew()
