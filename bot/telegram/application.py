"""The bot in Telegram: lines come in, are kept, and answered chat by chat, in order; alerts go out by the channel.

Nothing here raises for what the network does, and nothing waits for it: `start` returns at once, `state` tells.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace

from telegram import BotCommand, Update
from telegram.error import TelegramError

from bot.delivery.channel import Answer, Rank
from bot.delivery.pacing import Pacer
from bot.store.errors import StoreError
from bot.telegram.access import Access, Sparingly, to_stranger
from bot.telegram.answering import Answering, Limits
from bot.telegram.channel import TelegramChannel
from bot.telegram.incoming import Incoming, Move, read_incoming, read_move
from bot.telegram.letterbox import Letterbox
from bot.telegram.polling import Patience, Poller
from bot.telegram.replies import Replies
from bot.telegram.wire import Waits, open_bot, reason

_log = logging.getLogger(__name__)

TOO_MANY = "That is much at once: some of these lines are left unanswered."


class TelegramService:
    """Owns the connection to Telegram from `start` to `stop`.

    `answer` gives a reply, or None for none; it is called only for those whom `access` admits, and again for a line
    whose reply did not go out, perhaps by another process. `letters` keeps lines until then. `commands` is the menu:
    name and summary. `always` says which lines are taken however many wait; nothing is asked, answered or sent but
    while it is this process that `works`. Raises InvalidToken for an empty token.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        answer: Callable[[Incoming], Awaitable[Answer | None]],
        letters: Letterbox,
        *,
        access: Access,
        commands: Mapping[str, str],
        pacer: Pacer,
        always: Callable[[str], bool] = lambda _line: False,
        works: Callable[[], bool] = lambda: True,
        patience: Patience | None = None,
        limits: Limits | None = None,
        waits: Waits | None = None,
    ) -> None:
        waits = waits or Waits()
        self._bot, wire, sending = open_bot(token, base_url, waits)
        self._wires = (wire, sending)
        self._letters = letters
        self._access = access
        self._commands = dict(commands)
        self._limits = limits or Limits()
        self._channel = TelegramChannel(self._bot, pacer, waits, works)
        self._replies = Replies(self._channel, self._limits.attempts, self._limits.retry, self._limits.latest)
        self._always = always
        self._poller = Poller(self._bot, wire, self._take, self._connected, patience or Patience(), waits, works)
        self._polling: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._answering = Answering(answer, letters, self._replies, access, self._limits, self._spawn, works)
        self._went_on = False
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
        self._polling = asyncio.create_task(self._listen(), name="telegram polling")

    async def stop(self) -> None:
        """Stop polling, let answers in progress end, close the connections; within twice the `stop` limit.

        What is not answered then is answered by the next process.
        """
        await self.hush()
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

    async def _listen(self) -> None:
        """Nothing new is taken before what an earlier process has left: it was written earlier."""
        while not self._went_on:
            try:
                await self._answering.go_on()
                self._went_on = True
            except StoreError as error:
                _log.error("what was written before cannot be read: %s", error)
                self._poller.begin()
                await asyncio.sleep(self._limits.again)
        await self._poller.run()

    async def _take(self, updates: Sequence[Update]) -> None:
        """Keep the lines of some updates, then see to them. Raises StoreError where they cannot be kept."""
        lines, moves = self._read(updates)
        now_at = {move.old: move.new for move in moves}
        welcome = [replace(each, address=now_at.get(each.address, each.address)) for each in self._welcome(lines)]
        if not welcome and not moves:
            return
        kept = await self._kept(welcome, moves)
        for move in moves:
            self._answering.readdress(move.old, move.new)
        for incoming in kept:
            self._answering.line_up(incoming)

    def _read(self, updates: Sequence[Update]) -> tuple[list[Incoming], list[Move]]:
        lines, moves = [], []
        for update in updates:
            try:
                if (line := read_incoming(update, self._bot.username)) is not None:
                    lines.append(line)
                elif (move := read_move(update)) is not None:
                    moves.append(move)
            except Exception:  # the next update is another person's
                _log.exception("update %d could not be read", update.update_id)
        return lines, moves

    def _welcome(self, lines: Sequence[Incoming]) -> list[Incoming]:
        """The lines that are taken; who wrote another is told why not, now and then."""
        welcome: list[Incoming] = []
        room = {line.address: self._answering.room(line.address) for line in lines}
        for line in lines:
            if not self._access.admits(line):
                self._say_sparingly(f"user {line.user}", line, to_stranger(line))
            elif self._answering.knows(line) or self._always(line.text):
                welcome.append(line)
            elif not room[line.address]:
                self._say_sparingly(f"chat {line.address}", line, TOO_MANY)
            else:
                room[line.address] -= 1
                welcome.append(line)
        return welcome

    async def _kept(self, lines: Sequence[Incoming], moves: Sequence[Move]) -> Sequence[Incoming]:
        try:
            return await self._letters.keep(lines, moves)
        except StoreError:
            raise
        except Exception:  # a fault of ours: Telegram would hand out the same lines for ever
            _log.exception("%d lines are answered without being kept", len(lines))
            return lines

    def _say_sparingly(self, whom: str, incoming: Incoming, html: str) -> None:
        """Strangers come after everybody else."""
        if self._courtesy.may(whom, time.monotonic()):
            self._spawn(self._tell(incoming, html))

    async def _tell(self, incoming: Incoming, html: str) -> None:
        await self._replies.send(incoming, Answer(html), Rank.DIGEST)

    # What a watchdog and the end need

    def polling_age(self) -> float:
        """Seconds since an attempt to hear from Telegram last ended, well or not; infinite when nobody tries."""
        if self._polling is None or self._polling.done():
            return math.inf
        return self._poller.last_attempt_age

    def trouble_age(self) -> float:
        """Seconds since Telegram last answered as it should; `trouble` says why it does not."""
        return self._poller.trouble_age

    def trouble(self) -> str:
        """What is wrong with polling; empty when all is well."""
        return self._poller.trouble

    async def restart_polling(self) -> None:
        """Poll anew, on a new connection. Raises TimeoutError where the old loop does not end: two would conflict."""
        await self._end_polling()
        await self._wires[0].renew()
        await self.start()

    async def hush(self) -> None:
        """Take no more lines and begin no answer; what is under way goes on. Within the `stop` limit."""
        self._answering.end()
        try:
            await self._end_polling()
        except TimeoutError as error:
            _log.warning("%s", error)

    async def _end_polling(self) -> None:
        if self._polling is not None and not self._polling.done():
            self._polling.cancel()
            _, left = await asyncio.wait([self._polling], timeout=self._limits.stop)
            if left:
                raise TimeoutError("polling Telegram does not end")
