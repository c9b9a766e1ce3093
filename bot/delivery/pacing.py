"""The pace a channel bears: so many messages a second over all, so many a chat, and command replies first.

One pacer stands before one token: Telegram counts by token, so more senders share one budget. A caller waits for its
turn, then sends. A chat that must rest holds up nobody else. A pause that the channel asked for is told to the caller
at once, not waited for: a message may be owed for an hour, a task must not hang for one.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

_Place = tuple[bool, int]
"""Where a caller stands: urgent ones before all others, then by arrival. (not urgent, count)"""


MOST_PASSED = 4
"""Urgent ones that may go before another of the same chat: who asks without a pause still gets their alerts."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a channel bears; by default what Telegram does, with a margin. Times in seconds."""

    between: float = 1 / 28
    between_in_chat: float = 1.05
    in_group: int = 18
    group_window: float = 60.0


class OnHold(Exception):
    """The channel asked for a pause that is not over. `seconds` is what is left of it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the channel asked to wait; {seconds:.0f} s are left")
        self.seconds = seconds


@dataclass(slots=True)
class _Chat:
    """A chat that somebody waits for, or that has to rest. Instants are of the pacer's clock.

    `place` and `wake_at` say where it stands in the pacer's two heaps; what else of it lies there is out of date.
    """

    address: str
    urgent: dict[_Place, asyncio.Future[None]] = field(default_factory=dict)
    others: dict[_Place, asyncio.Future[None]] = field(default_factory=dict)
    recent: deque[float] = field(default_factory=deque)
    group: bool = False
    free_at: float = -math.inf
    place: _Place | None = None
    wake_at: float = math.inf
    passed: int = 0

    def lane(self, place: _Place) -> dict[_Place, asyncio.Future[None]]:
        """The callers that stand as `place` does, in the order they came."""
        return self.others if place[0] else self.urgent

    def first(self) -> _Place | None:
        """Whose turn it is; None where nobody waits. Urgent ones go first, but not for ever."""
        if self.others and self.passed >= MOST_PASSED:
            return next(iter(self.others))
        return next(iter(self.urgent or self.others), None)


class Pacer:
    """Hands out turns. `clock` is monotonic, in seconds. It lives in one event loop."""

    def __init__(
        self,
        pace: Pace | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pace = pace or Pace()
        self._clock = clock
        self._sleep = sleep
        self._arrivals = itertools.count()
        self._chats: dict[str, _Chat] = {}
        self._line: list[tuple[_Place, str]] = []  # chats that are free, by their first caller
        self._resting: list[tuple[float, str]] = []  # chats that are not, by when to look at them again
        self._free_at = -math.inf
        self._held_until = -math.inf
        self._held_chats: dict[str, float] = {}
        self._waiting = 0
        self._usher: asyncio.Task[None] | None = None

    @property
    def remembered(self) -> int:
        """How many chats it knows something of; those at rest are forgotten as others come."""
        return len(self._chats)

    async def turn(self, address: str, *, group: bool = False, urgent: bool = False) -> None:
        """Return when a message to `address` may be sent. Raises OnHold; a cancelled caller just leaves its place."""
        now = self._clock()
        self._refuse_on_hold(address, now)
        chat = self._chats.setdefault(address, _Chat(address))
        chat.group = chat.group or group
        place, granted = (not urgent, next(self._arrivals)), asyncio.get_running_loop().create_future()
        chat.lane(place)[place] = granted
        self._waiting += 1
        self._look_at(chat, now)
        if self._usher is None or self._usher.done():
            self._usher = asyncio.create_task(self._hand_out_turns(), name="pacer")
        try:
            await granted
        finally:
            self._leave(chat, place)

    def hold(self, seconds: float, address: str | None = None) -> None:
        """No turns for a chat, or for all: the channel asked for it. Who waits is told by OnHold.

        Telegram does not say whether it means a chat or the token. A second chat on hold means the token.
        """
        now = self._clock()
        until = now + max(seconds, 0.0)
        self._held_chats = {each: end for each, end in self._held_chats.items() if end > now}
        if address is None or self._held_chats.keys() - {address}:
            self._held_until = max(self._held_until, until)
            self._turn_away(self._chats.values(), now)
        else:
            self._held_chats[address] = max(self._held_chats.get(address, until), until)
            self._turn_away((self._chats[address],) if address in self._chats else (), now)

    def _refuse_on_hold(self, address: str, now: float) -> None:
        left = max(self._held_until, self._held_chats.get(address, -math.inf)) - now
        if left > 0:
            raise OnHold(left)

    def _turn_away(self, chats: Iterable[_Chat], now: float) -> None:
        for chat in chats:
            left = max(self._held_until, self._held_chats.get(chat.address, -math.inf)) - now
            for place, granted in (*chat.urgent.items(), *chat.others.items()):
                self._leave(chat, place)
                if not granted.done():
                    granted.set_exception(OnHold(left))

    def _leave(self, chat: _Chat, place: _Place) -> asyncio.Future[None] | None:
        """Take a caller from the line; one that was served or turned away has left it already."""
        granted = chat.lane(place).pop(place, None)
        self._waiting -= granted is not None
        return granted

    async def _hand_out_turns(self) -> None:
        """Runs while anyone waits. It looks again after each gap, so that who comes meanwhile is not kept waiting."""
        while self._waiting:
            now = self._clock()
            self._wake(now)
            if now >= self._free_at:
                self._serve(now)
            gap = self._free_at - now
            await self._sleep(gap if gap > 0 else self._pace.between)

    def _serve(self, now: float) -> None:
        """Give the first in the line its turn, if there is one."""
        while self._line:
            place, address = heapq.heappop(self._line)
            chat = self._chats.get(address)
            if chat is None or chat.place != place:
                continue
            chat.place = None
            if chat.first() == place and chat.free_at <= now:
                granted = self._leave(chat, place)
                if granted is not None and not granted.done():
                    chat.passed = chat.passed + 1 if chat.others and chat.lane(place) is chat.urgent else 0
                    self._note(chat, now)
                    granted.set_result(None)
                    return
            self._look_at(chat, now)

    def _note(self, chat: _Chat, now: float) -> None:
        """A message goes to `chat` now: when it and all chats are free again."""
        pace = self._pace
        self._free_at = now + pace.between
        chat.free_at = now + pace.between_in_chat
        if chat.group:
            chat.recent.append(now)
            while chat.recent[0] <= now - pace.group_window:
                chat.recent.popleft()
            if len(chat.recent) >= pace.in_group:
                chat.free_at = max(chat.free_at, chat.recent[-pace.in_group] + pace.group_window)
        self._look_at(chat, now)

    def _look_at(self, chat: _Chat, now: float) -> None:
        """Put a chat where it belongs: in the line, or to rest until it is free or can be forgotten."""
        first = chat.first()
        if first is not None and chat.free_at <= now:
            if chat.place is None or first < chat.place:
                chat.place = first
                heapq.heappush(self._line, (first, chat.address))
            return
        window = self._pace.group_window if chat.group and chat.recent else 0.0
        forget_at = max(chat.free_at, chat.recent[-1] + window if window else -math.inf)
        when = chat.free_at if first is not None else forget_at
        if when < chat.wake_at:
            chat.wake_at = when
            heapq.heappush(self._resting, (when, chat.address))

    def _wake(self, now: float) -> None:
        """Look again at the chats that have rested; forget those that nobody waits for."""
        while self._resting and self._resting[0][0] <= now:
            when, address = heapq.heappop(self._resting)
            chat = self._chats.get(address)
            if chat is None or chat.wake_at != when:
                continue
            chat.wake_at = math.inf
            idle = chat.first() is None and chat.free_at <= now
            if idle and not (chat.recent and chat.recent[-1] + self._pace.group_window > now):
                del self._chats[address]
            else:
                self._look_at(chat, now)
