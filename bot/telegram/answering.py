"""Lines and their answers: those of a chat in the order they were written, one after the other; chats side by side.

A line is forgotten when its answer has gone. Until then it is answered again, also by the next process.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace

from bot.delivery.channel import Answer
from bot.store.errors import Fenced, StoreError
from bot.telegram.access import Access
from bot.telegram.flashes import Flashes
from bot.telegram.incoming import Incoming
from bot.telegram.insisting import Left
from bot.telegram.letterbox import Letterbox
from bot.telegram.replies import Replies

_log = logging.getLogger(__name__)

TOO_SLOW = "That took too long; please try again."
FAILED = "That failed here, and is in the log; please try again later."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much the bot takes on. Times in seconds.

    `answers` at once in all; `waiting` lines of a chat, the one being answered included; `a_minute` lines of a person
    in any minute; `answer` for finding one, `stop` for ending. A reply is tried `attempts` times, with `retry` between
    them where Telegram does not say; not longer if Telegram wants it later than `latest`. While it surely has not
    arrived it is sent again, each time after `again`, and found anew when it is not `fresh` any more, for as long as
    somebody may wait for it: `lasting`. `courtesy` is how often at most a stranger, or a chat that asks too much, is
    told so. A tapped button is busy until its answer comes, or for so long: `flash`.
    """

    answers: int = 64
    waiting: int = 8
    a_minute: int = 600
    answer: float = 60.0
    stop: float = 5.0
    attempts: int = 5
    retry: float = 1.0
    latest: float = 60.0
    again: float = 10.0
    fresh: float = 300.0
    lasting: float = 3600.0
    courtesy: float = 60.0
    flash: float = 2.0


class Answering:
    """Answers what was lined up. `spawn` runs a task beside all others and keeps it; `access` is asked again before a
    line is answered: it may have waited for another process. `works` says whether it is this process that works.
    """

    def __init__(
        self,
        answer: Callable[[Incoming], Awaitable[Answer | None]],
        letters: Letterbox,
        replies: Replies,
        flashes: Flashes,
        access: Access,
        limits: Limits,
        spawn: Callable[[Coroutine[None, None, None]], None],
        works: Callable[[], bool] = lambda: True,
    ) -> None:
        self._answer, self._letters, self._replies, self._access = answer, letters, replies, access
        self._flashes, self._limits, self._spawn, self._works = flashes, limits, spawn, works
        self._lines: dict[str, deque[Incoming]] = {}
        self._places = asyncio.Semaphore(limits.answers)
        self._perhaps: set[int] = set()  # numbers of lines that an earlier process may have answered
        self._ending = asyncio.Event()

    def knows(self, incoming: Incoming) -> bool:
        """Whether a line is waiting already."""
        return any(each.number == incoming.number for each in self._lines.get(incoming.address, ()))

    def room(self, address: str) -> int:
        """How many more lines of a chat may wait."""
        return max(0, self._limits.waiting - len(self._lines.get(address, ())))

    def readdress(self, old: str, new: str) -> None:
        """A chat lives at another address: what was written there is answered here."""
        line = self._lines.get(old, ())
        for index, incoming in enumerate(line):
            self._lines[old][index] = replace(incoming, address=new)

    def end(self) -> None:
        """Begin no further line."""
        self._ending.set()

    async def go_on(self) -> None:
        """Line up what an earlier process has left: of each chat it may have sent the first answer.

        Raises StoreError.
        """
        for incoming in await self._letters.unanswered():
            if incoming.address not in self._lines:
                self._perhaps.add(incoming.number)
            self.line_up(incoming)

    def line_up(self, incoming: Incoming) -> None:
        """Answer a line after those of its chat that came before; once, however often it is given."""
        if self.knows(incoming):
            return
        if incoming.tap is not None:
            self._flashes.expect(incoming.tap.query)
        line = self._lines.setdefault(incoming.address, deque())
        line.append(incoming)
        if len(line) == 1:
            self._spawn(self._answer_all(incoming.address, line))

    async def _answer_all(self, address: str, line: deque[Incoming]) -> None:
        while line and not self._ending.is_set():
            answer: Answer | None = None
            try:
                answer = await self._insist(line[0])
            except Fenced:  # the process that works now has this line, and those behind it
                return
            except Exception:  # it would be carried out once more, after later ones
                _log.exception("line %d could not be answered", line[0].number)
            await self._forget(line[0])
            if (done := line.popleft()).tap is not None:
                self._flashes.forget(done.tap.query)
            if answer is not None and answer.afterwards is not None:
                answer.afterwards()
        if not line:
            del self._lines[address]

    async def _insist(self, incoming: Incoming) -> Answer | None:
        """Answer a line until its answer has gone, or nobody waits for it any more. Returns it. Raises Fenced."""
        until = time.monotonic() + max(0.0, self._limits.lasting - incoming.waited)
        answer: Answer | None = None
        found_at = -math.inf
        while self._access.admits(incoming):
            if not self._works():
                await self._rest(self._limits.retry)
                continue
            async with self._places:
                if time.monotonic() - found_at > self._limits.fresh:
                    answer, found_at = await self._found(incoming), time.monotonic()
                if answer is None or not await self._send(incoming, answer):
                    return answer
            if time.monotonic() >= until:
                return answer
            await self._rest(self._limits.again)
        return answer

    async def _send(self, incoming: Incoming, answer: Answer) -> bool:
        """Try to send an answer; whether it is to be tried again."""
        left = await self._replies.send(incoming, answer, repeat=incoming.number in self._perhaps)
        if left is Left.A_REPEAT:
            self._perhaps.add(incoming.number)
        return left is not Left.NOTHING

    async def _forget(self, incoming: Incoming) -> None:
        """Write down that a line is answered, until that works: it would be answered again."""
        while True:
            try:
                await self._letters.answered(incoming)
            except Fenced:
                return
            except StoreError as error:
                _log.error("that line %d is answered cannot be written: %s", incoming.number, error)
                await self._rest(self._limits.again)
            except Exception:
                _log.exception("that line %d is answered could not be written", incoming.number)
                return
            else:
                self._perhaps.discard(incoming.number)
                return

    async def _rest(self, seconds: float) -> None:
        """For a while. At the end it is as if the task had been cancelled: the next process goes on with its line."""
        try:
            async with asyncio.timeout(seconds):
                await self._ending.wait()
        except TimeoutError:
            return
        raise asyncio.CancelledError

    async def _found(self, incoming: Incoming) -> Answer | None:
        """The answer, or an apology. Raises Fenced where another process works."""
        try:
            async with asyncio.timeout(self._limits.answer):
                return await self._answer(incoming)
        except Fenced:
            raise
        except TimeoutError:
            _log.warning("an answer took longer than %.0f s", self._limits.answer)
            return Answer(TOO_SLOW)
        except Exception:  # one command's fault is not the bot's end
            _log.exception("an answer failed")
            return Answer(FAILED)
