"""The bot in Telegram: lines come in, are kept, and answered chat by chat, in order; alerts go out by the channel.

Nothing here raises for what the network does, and nothing waits for it: `start` returns at once, `state` tells.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace

from telegram import Update

from bot.delivery.channel import Answer, Rank
from bot.delivery.pacing import Pacer
from bot.render.plain import to_plain
from bot.store.errors import StoreError
from bot.telegram.access import Access
from bot.telegram.administrators import Administrators
from bot.telegram.admission import Admission
from bot.telegram.allowance import Allowance
from bot.telegram.answering import Answering, Limits
from bot.telegram.asking import asking
from bot.telegram.channel import TelegramChannel
from bot.telegram.ear import Ear, Fittings, Patience
from bot.telegram.flashes import Flashes
from bot.telegram.incoming import Departure, Incoming, Move
from bot.telegram.insisting import Insistence
from bot.telegram.letterbox import Letterbox
from bot.telegram.menu import Menu
from bot.telegram.polling import Poller
from bot.telegram.reach import Reach
from bot.telegram.reading import read
from bot.telegram.replies import Replies
from bot.telegram.wire import Waits, open_bot

_log = logging.getLogger(__name__)


class TelegramService:
    """Owns the connection to Telegram from `start` to `stop`.

    `answer` gives a reply, or None for none; it is called only for those whom `access` admits, and again for a line
    whose reply did not go out, perhaps by another process. `letters` keeps lines until then, and what buttons stand
    for. `ear` is how updates come in: polled, or pushed to a webhook. `always` says which lines are taken however many
    wait, `configures` which ones say how a chat is told: in a group only administrators may. Nothing is asked, answered
    or sent but while it is this process that `works`. Raises InvalidToken for an empty token.
    """

    def __init__(
        self,
        token: str,
        base_url: str,
        answer: Callable[[Incoming], Awaitable[Answer | None]],
        letters: Letterbox,
        *,
        access: Access,
        pacer: Pacer,
        menu: Menu | None = None,
        always: Callable[[str], bool] = lambda _line: False,
        configures: Callable[[str], bool] = lambda _line: False,
        works: Callable[[], bool] = lambda: True,
        ear: Callable[[Fittings], Ear] = Poller,
        patience: Patience | None = None,
        limits: Limits | None = None,
        waits: Waits | None = None,
    ) -> None:
        waits, limits = waits or Waits(), limits or Limits()
        self._reach = Reach()
        self._bot, wire, sending = open_bot(token, base_url, waits, self._reach)
        self._wires = (wire, sending)
        self._letters, self._menu, self._limits = letters, menu or Menu(), limits
        self._channel = TelegramChannel(self._bot, pacer, waits, works, letters)
        self._flashes = Flashes(self._bot, self._spawn, limits.flash)
        insistence = Insistence(limits.attempts, limits.retry, limits.latest)
        self._replies = Replies(self._channel, self._flashes, insistence)
        self._ear = ear(
            Fittings(self._bot, wire, sending, self._take, self._connected, patience or Patience(), waits, works)
        )
        self._listening: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        find = asking(answer, Administrators(self._bot, configures))
        self._answering = Answering(find, letters, self._replies, self._flashes, access, limits, self._spawn, works)
        self._went_on = False
        self._admission = Admission(
            access, Allowance(limits.a_minute), self._answering, always, self._courteous, limits.courtesy
        )

    @property
    def channel(self) -> TelegramChannel:
        """The way to readers; usable before the connection is up."""
        return self._channel

    @property
    def state(self) -> str:
        """`polling` or `webhook` when all is well; else `connecting`, `token rejected`, `conflict` with the reason, or
        `stopped`.
        """
        running = self._listening is not None and not self._listening.done()
        return self._ear.state if running else "stopped"

    @property
    def heard_age(self) -> float | None:
        """Seconds since Telegram last answered a poll, or pushed something; None if it never did."""
        return self._ear.heard_age

    async def start(self) -> None:
        """Begin to connect and listen, in the background, for as long as it takes."""
        self._listening = asyncio.create_task(self._listen(), name="telegram listening")

    async def stop(self) -> None:
        """Stop listening, let answers in progress end, close the connections; within twice the `stop` limit.

        What is not answered then is answered by the next process.
        """
        await self.hush()
        self._flashes.end()
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
        self._spawn(self._menu.show(self._bot))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run beside everything else; kept, because the loop alone would let it be collected."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _listen(self) -> None:
        """Nothing new is taken before what an earlier process has left: it was written earlier."""
        while not self._went_on:
            try:
                await self._answering.go_on()
                self._went_on = True
            except StoreError as error:
                _log.error("what was written before cannot be read: %s", error)
                self._ear.begin()
                await asyncio.sleep(self._limits.again)
        await self._ear.run()

    async def _take(self, updates: Sequence[Update]) -> None:
        """Keep the lines of some updates, then see to them. Raises StoreError where they cannot be kept."""
        found = read(updates, self._bot.username)
        if found.moves:  # before their lines: who was let in is let in where they are now
            await self._kept([], found.moves, [])
        for move in found.moves:
            self._answering.readdress(move.old, move.new)
        now_at = {move.old: move.new for move in found.moves}
        lines = [replace(each, address=now_at.get(each.address, each.address)) for each in found.lines]
        welcome = self._admission.welcome(lines, time.monotonic())
        if not welcome and not found.left:
            return
        for incoming in await self._kept(welcome, [], found.left):
            self._answering.line_up(incoming)

    async def _kept(
        self, lines: Sequence[Incoming], moves: Sequence[Move], left: Sequence[Departure]
    ) -> Sequence[Incoming]:
        try:
            return await self._letters.keep(lines, moves, left)
        except StoreError:
            raise
        except Exception:  # a fault of ours: Telegram would hand out the same lines for ever
            _log.exception("%d lines are answered without being kept", len(lines))
            return lines

    def _courteous(self, incoming: Incoming, html: str) -> None:
        """Strangers come after everybody else; whoever tapped is told where they look."""
        if incoming.tap is None:
            self._spawn(self._tell(incoming, html))
        else:
            self._flashes.begin(incoming.tap.query, to_plain(html), alert=bool(html))
            self._flashes.forget(incoming.tap.query)

    async def _tell(self, incoming: Incoming, html: str) -> None:
        await self._replies.send(incoming, Answer(html), Rank.DIGEST)

    # What a watchdog and the end need

    def listening_age(self) -> float:
        """Seconds since an attempt to hear from Telegram last ended, well or not; infinite when nobody tries."""
        if self._listening is None or self._listening.done():
            return math.inf
        return self._ear.last_attempt_age

    def trouble_age(self) -> float:
        """Seconds since what people write last came in as it should; `trouble` says why it does not. 0 while Telegram
        is down altogether: that is told as `down`.
        """
        return 0.0 if self._reach.age else self._ear.trouble_age

    def trouble(self) -> str:
        """What is wrong with listening; empty when all is well."""
        return self._ear.trouble

    def down_age(self) -> float:
        """Seconds since Telegram could last be reached, whatever for; 0 while it can be."""
        return self._reach.age

    def down(self) -> str:
        """What is wrong where it cannot be reached."""
        return self._ear.trouble or "it does not answer"

    async def listen_anew(self) -> None:
        """Listen anew, on new connections. Raises TimeoutError where the old loop does not end: two would conflict."""
        await self._end_listening()
        await self._ear.renew()
        await self.start()

    async def hush(self) -> None:
        """Take no more lines and begin no answer; what is under way goes on. Within the `stop` limit."""
        self._answering.end()
        try:
            await self._end_listening()
        except TimeoutError as error:
            _log.warning("%s", error)

    async def _end_listening(self) -> None:
        if self._listening is not None and not self._listening.done():
            self._listening.cancel()
            _, left = await asyncio.wait([self._listening], timeout=self._limits.stop)
            if left:
                raise TimeoutError("listening to Telegram does not end")
