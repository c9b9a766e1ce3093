"""The bot in Telegram: lines come in, each is answered in a task of its own, alerts go out by the channel.

Nothing here raises for what the network does, and nothing waits for it: `start` returns at once, `state` tells.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass

from telegram import BotCommand, Update
from telegram.error import TelegramError

from bot.delivery.channel import Answer
from bot.delivery.pacing import Pacer
from bot.telegram.access import Access, Sparingly, to_stranger
from bot.telegram.channel import TelegramChannel
from bot.telegram.incoming import Incoming, read_incoming
from bot.telegram.polling import Patience, Poller
from bot.telegram.replies import Replies
from bot.telegram.wire import Waits, open_bot, reason

_log = logging.getLogger(__name__)

TOO_SLOW = "That took too long; please try again."
FAILED = "That failed here, and is in the log; please try again later."
TOO_MANY = "That is much at once: some of these lines are left unanswered."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the bot takes on. Times in seconds.

    `answers` at once in all and `answers_per_chat`; `answer` for finding one, `stop` for ending. A reply is tried
    `attempts` times, with `retry` between them where Telegram does not say; it is given up if Telegram wants it later
    than `latest`. `courtesy` is how often at most a stranger, or a chat that asks too much, is told so.
    """

    answers: int = 64
    answers_per_chat: int = 8
    answer: float = 60.0
    stop: float = 5.0
    attempts: int = 5
    retry: float = 1.0
    latest: float = 60.0
    courtesy: float = 60.0


class TelegramService:
    """Owns the connection to Telegram from `start` to `stop`.

    `answer` gives a reply, or None for none; it is called only for those whom `access` admits. `commands` is the menu:
    name and summary. Raises InvalidToken for an empty token.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        answer: Callable[[Incoming], Awaitable[Answer | None]],
        *,
        access: Access,
        commands: Mapping[str, str],
        pacer: Pacer,
        patience: Patience | None = None,
        limits: Limits | None = None,
        waits: Waits | None = None,
    ) -> None:
        waits = waits or Waits()
        self._bot, wire, sending = open_bot(token, base_url, waits)
        self._wires = (wire, sending)
        self._answer = answer
        self._access = access
        self._commands = dict(commands)
        self._limits = limits or Limits()
        self._channel = TelegramChannel(self._bot, pacer, waits)
        self._replies = Replies(self._channel, self._limits.attempts, self._limits.retry, self._limits.latest)
        self._poller = Poller(self._bot, wire, self._take, self._connected, patience or Patience(), waits)
        self._polling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(self._limits.answers)
        self._busy: Counter[str] = Counter()
        self._courtesy = Sparingly(self._limits.courtesy)

    @property
    def channel(self) -> TelegramChannel:
        """The way to readers; usable before the connection is up."""
        return self._channel

    @property
    def state(self) -> str:
        """`polling` when all is well; else `connecting`, `token rejected`, `conflict` with the reason, or `stopped`."""
        running = self._polling is not None and not self._polling.done()
        return self._poller.state if running else "stopped"

    @property
    def last_poll_age(self) -> float | None:
        """Seconds since Telegram last answered a poll; None if it never did."""
        return self._poller.last_poll_age

    async def start(self) -> None:
        """Begin to connect and poll, in the background, for as long as it takes."""
        self._polling = asyncio.create_task(self._poller.run(), name="telegram polling")

    async def stop(self) -> None:
        """Stop polling, let answers in progress end, close the connections; within twice the `stop` limit."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.wait([self._polling], timeout=self._limits.stop)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._limits.stop)
        for task in self._tasks:
            task.cancel()
        try:
            async with asyncio.timeout(self._limits.stop):
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await asyncio.gather(*(wire.shutdown() for wire in self._wires))
        except TimeoutError:
            _log.warning("connections to Telegram did not close in time")

    def _connected(self) -> None:
        self._spawn(self._show_menu())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run beside everything else; kept, because the loop alone would let it be collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _show_menu(self) -> None:
        try:
            await self._bot.set_my_commands([BotCommand(name, text) for name, text in self._commands.items()])
        except TelegramError as error:
            _log.warning("the menu of commands could not be set: %s", reason(self._bot, error))

    async def _take(self, update: Update) -> None:
        """Decide about one update; waits only while `answers` are in progress."""
        incoming = read_incoming(update, self._bot.username)
        if incoming is None:
            return
        if not self._access.admits(incoming):
            self._say_sparingly(f"user {incoming.user}", incoming, to_stranger(incoming))
        elif self._busy[incoming.address] >= self._limits.answers_per_chat:
            self._say_sparingly(f"chat {incoming.address}", incoming, TOO_MANY)
        else:
            await self._places.acquire()
            self._busy[incoming.address] += 1
            self._spawn(self._respond(incoming))

    def _say_sparingly(self, whom: str, incoming: Incoming, html: str) -> None:
        """Not urgent: strangers come after everybody else."""
        if self._courtesy.may(whom, time.monotonic()):
            self._spawn(self._replies.send(incoming, Answer(html), urgent=False))

    async def _respond(self, incoming: Incoming) -> None:
        try:
            answer = await self._found(incoming)
            if answer is not None:
                await self._replies.send(incoming, answer)
        finally:
            self._places.release()
            self._busy[incoming.address] -= 1
            if not self._busy[incoming.address]:
                del self._busy[incoming.address]

    async def _found(self, incoming: Incoming) -> Answer | None:
        """The answer, or an apology."""
        try:
            async with asyncio.timeout(self._limits.answer):
                return await self._answer(incoming)
        except TimeoutError:
            _log.warning("an answer took longer than %.0f s", self._limits.answer)
            return Answer(TOO_SLOW)
        except Exception:  # one command's fault is not the bot's end
            _log.exception("an answer failed")
            return Answer(FAILED)
