"""How updates come in, whichever way: one loop that never ends because of what the network or Telegram does.

An ear knows when it last heard from Telegram, and when an attempt to last ended in whatever way: the one says how
Telegram is, the other how this loop is.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, TelegramError

from bot.delivery.turn import NOT_OURS
from bot.store.errors import StoreError
from bot.telegram.outcomes import TOKEN_REJECTED
from bot.telegram.wire import Flooded, PollingWire, Waits, Wire, reason

CONNECTING, CONFLICT = "connecting", "conflict"


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long Telegram may hold a poll, how long it may take to answer beyond that, how long to rest after a
    failure and then after each further one; `look` is between two looks at a webhook.

    Together they keep a promise: back within ten seconds of the network's return. A poll that was swallowed is given up
    after `poll` and `answer`; a later attempt that began just before the return after `answer`, and the next one
    follows within `longest_pause`.
    """

    poll: float = 4.0
    answer: float = 4.0
    first_pause: float = 0.5
    longest_pause: float = 3.0
    look: float = 60.0


@dataclass(frozen=True, slots=True)
class Fittings:
    """What an ear is given. It hands updates to `take`, in order; what that raises StoreError for has to come again.

    `connected` is called at each new connection. An ear hears only while this process `works`: another one may have
    taken over.
    """

    bot: Bot
    polling: PollingWire
    sending: Wire
    take: Callable[[Sequence[Update]], Awaitable[None]]
    connected: Callable[[], None]
    patience: Patience
    waits: Waits
    works: Callable[[], bool]


class Ear(Protocol):
    """One way for updates to come in."""

    @property
    def state(self) -> str:
        """In words: how it listens when all is well, else what is wrong."""
        ...

    @property
    def trouble(self) -> str:
        """What is wrong; empty when all is well."""
        ...

    @property
    def trouble_age(self) -> float:
        """Seconds since all was last well."""
        ...

    @property
    def heard_age(self) -> float | None:
        """Seconds since Telegram last answered; None if it never did."""
        ...

    @property
    def last_attempt_age(self) -> float:
        """Seconds since an attempt to hear from Telegram last ended, well or not; 0 while the next one has to wait."""
        ...

    def begin(self) -> None:
        """It is about to listen, however long what comes before it may take: a sign of life."""
        ...

    async def run(self) -> None:
        """Listen until cancelled."""
        ...

    async def renew(self) -> None:
        """Use new connections from now on."""
        ...


class Doubtful(TelegramError):
    """Telegram was not asked."""


_ANSWERED = (BadRequest, Conflict, Flooded, Forbidden, InvalidToken, Doubtful)
"""Errors that tell nothing against the connection."""


class Attentive(ABC):
    """Attempts to hear from Telegram, one after the other, and rests after those that fail. `well` is its state when
    all is well.
    """

    def __init__(self, fittings: Fittings, well: str, wire: Wire) -> None:
        self._bot, self._patience = fittings.bot, fittings.patience
        self._take, self._connected, self._works = fittings.take, fittings.connected, fittings.works
        self._longest, self._answer = fittings.waits.longest, min(fittings.waits.answer, fittings.patience.answer)
        self._well, self._wire = well, wire
        self._heard_at: float | None = None
        self._alive_at = time.monotonic()
        self._well_at = self._alive_at
        self._failures = 0
        self._ready = False
        self._glance = True
        self._log = logging.getLogger(type(self).__module__)
        self.state = CONNECTING
        self.trouble = ""

    @property
    def heard_age(self) -> float | None:
        """Seconds since Telegram last answered an attempt; None if it never did."""
        return None if self._heard_at is None else time.monotonic() - self._heard_at

    @property
    def last_attempt_age(self) -> float:
        """Seconds since an attempt to hear from Telegram last ended, well or not; 0 while the next one has to wait."""
        return max(0.0, time.monotonic() - self._alive_at)

    @property
    def trouble_age(self) -> float:
        """Seconds since all was last well; `trouble` says what is not."""
        return time.monotonic() - self._well_at

    def begin(self) -> None:
        """It is about to listen, however long what comes before it may take: a sign of life."""
        self._alive_at = time.monotonic()

    async def renew(self) -> None:
        """Use new connections from now on."""
        await self._wire.renew()

    async def run(self) -> None:
        """Attempt until cancelled."""
        self.begin()
        while True:
            try:
                if not self._works():
                    raise Doubtful(NOT_OURS)
                await self._connect()
                await self._attempt()
            except TelegramError as error:
                await self._rest(error)
            except TimeoutError:
                await self._rest(TelegramError("no answer at all"))
            except StoreError as error:
                await self._rest(TelegramError(f"what people write cannot be kept: {error}"))
            except Exception as error:  # this loop is the bot's ear: it may stumble, never stop
                self._log.exception("listening to Telegram failed in an unknown way")
                await self._rest(TelegramError(type(error).__name__))

    @abstractmethod
    async def _choose(self) -> None:
        """Tell Telegram that updates are to come this way."""

    @abstractmethod
    async def _attempt(self) -> None:
        """One attempt to hear from Telegram; `_heard` is called when it answers."""

    async def _connect(self) -> None:
        """Once, and again after a conflict: who we are; and which way updates come."""
        if self._ready:
            return
        async with asyncio.timeout(self._answer):
            await self._bot.initialize()
        async with asyncio.timeout(self._answer):
            await self._choose()
        self._ready = True
        self._connected()

    def _heard(self, *, surely: bool) -> None:
        """Telegram has answered; `surely` is whether that shows that all is well. It does not show it of a conflict
        that was told: whoever else listens lets some attempts pass.
        """
        self._heard_at = self._alive_at = time.monotonic()
        if surely:
            self._failures, self._well_at, self.trouble = 0, self._heard_at, ""
        if surely or not self.trouble.startswith(CONFLICT):
            self._tell(self._well)
        self._glance = False

    async def _rest(self, error: TelegramError) -> None:
        """Say what is wrong, and wait: longer after each failure, or as long as Telegram asks."""
        patience = self._patience
        if isinstance(error, Conflict):
            self._ready = False  # perhaps somebody chose another way meanwhile
        self._glance = True
        self._complain(error)
        pause = min(patience.first_pause * 2.0 ** min(self._failures, 32), patience.longest_pause)
        if isinstance(error, Flooded) and error.seconds is not None:
            pause = max(pause, error.seconds)
        self._failures += 1
        if not isinstance(error, _ANSWERED):
            await self._wire.renew()  # a proxy that swallowed a connection leaves the pool wedged
        self._alive_at = time.monotonic() + pause
        await asyncio.sleep(pause)

    def _complain(self, error: TelegramError) -> None:
        self.trouble = self._described(error)
        self._tell(self.trouble)

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
            self._log.log(logging.INFO if state == self._well else logging.WARNING, "Telegram: %s", state)
