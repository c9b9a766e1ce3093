"""The pace a channel bears: so many messages a second over all, so many a chat, replies first and digests last.

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

from bot.delivery.channel import Rank

_Place = tuple[Rank, int]
"""Where a caller stands: by rank, then by arrival."""

_Lane = dict[_Place, asyncio.Future[None]]
"""Callers of one chat and one rank, in the order they came."""

MOST_PASSED = 4
"""Replies that may go before another of the same chat: who asks without a pause still gets their alerts."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What a channel bears; by default what Telegram does, with a margin. Times in seconds.

    A turn that comes late by up to `slack`, for the machine is busy, does not delay those after it: with 0.02 there are
    at most 29 in any second.
    """

    between: float = 1 / 28
    between_in_chat: float = 1.05
    in_group: int = 18
    group_window: float = 60.0
    slack: float = 0.02


class OnHold(Exception):
    """The channel asked for a pause that is not over. `seconds` is what is left of it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the channel asked to wait; {seconds:.0f} s are left")
        self.seconds = seconds


class ToRest(Exception):
    """A chat has had as much as it bears, for so many `seconds` more; or nobody gets a turn any more, for 0."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"its turn would come in {seconds:.0f} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Chat:
    """A chat that somebody waits for, or that has to rest. Instants are of the pacer's clock.

    `place` and `wake_at` say where it stands in the pacer's two heaps; what else of it lies there is out of date.
    """

    address: str
    lanes: dict[Rank, _Lane] = field(default_factory=lambda: {rank: {} for rank in Rank})
    recent: deque[float] = field(default_factory=deque)
    group: bool = False
    free_at: float = -math.inf
    place: _Place | None = None
    wake_at: float = math.inf
    passed: int = 0

    @property
    def passes_by(self) -> bool:
        """Whether something waits that a reply would go before."""
        return any(self.lanes[rank] for rank in (Rank.ALERT, Rank.DIGEST))

    def first(self) -> _Place | None:
        """Whose turn it is; None where nobody waits. Replies go first, but not for ever."""
        just = self.passes_by and self.passed >= MOST_PASSED
        ranks = (Rank.ALERT, Rank.DIGEST, Rank.REPLY) if just else Rank
        return next((next(iter(self.lanes[rank])) for rank in ranks if self.lanes[rank]), None)


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

    async def turn(
        self, address: str, *, group: bool = False, rank: Rank = Rank.ALERT, patience: float = math.inf
    ) -> None:
        """Return when a message to `address` may be sent. A cancelled caller just leaves its place.

        Raises OnHold where the channel asked for a pause, ToRest where the chat has to rest for longer than `patience`.
        """
        now = self._clock()
        self._refuse_on_hold(address, now)
        rest = self._chats[address].free_at - now if address in self._chats else 0.0
        if rest > patience:
            raise ToRest(rest)
        chat = self._chats.setdefault(address, _Chat(address))
        chat.group = chat.group or group
        place, granted = (rank, next(self._arrivals)), asyncio.get_running_loop().create_future()
        chat.lanes[rank][place] = granted
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

    def turn_away(self) -> None:
        """Tell all who wait and are no replies that they get no turn: the channel is about to be closed."""
        for chat in self._chats.values():
            for rank in (Rank.ALERT, Rank.DIGEST):
                self._dismiss(chat, [*chat.lanes[rank].items()], ToRest(0.0))

    def _dismiss(self, chat: _Chat, callers: Iterable[tuple[_Place, asyncio.Future[None]]], why: Exception) -> None:
        for place, granted in callers:
            self._leave(chat, place)
            if not granted.done():
                granted.set_exception(why)

    def _refuse_on_hold(self, address: str, now: float) -> None:
        left = max(self._held_until, self._held_chats.get(address, -math.inf)) - now
        if left > 0:
            raise OnHold(left)

    def _turn_away(self, chats: Iterable[_Chat], now: float) -> None:
        for chat in chats:
            left = max(self._held_until, self._held_chats.get(chat.address, -math.inf)) - now
            self._dismiss(chat, [caller for lane in chat.lanes.values() for caller in lane.items()], OnHold(left))

    def _leave(self, chat: _Chat, place: _Place) -> asyncio.Future[None] | None:
        """Take a caller from the line; one that was served or turned away has left it already."""
        granted = chat.lanes[place[0]].pop(place, None)
        self._waiting -= granted is not None
        return granted

    async def _hand_out_turns(self) -> None:
        """Runs while anyone waits. It looks again after each gap, so that who comes meanwhile is not kept waiting."""
        due = math.inf  # when the next turn is, as long as one follows the other
        while self._waiting:
            now = self._clock()
            self._wake(now)
            if now >= self._free_at:
                self._serve(now, min(now, max(due, now - self._pace.slack)))
            gap = self._free_at - now
            due = self._free_at if gap > 0 else math.inf
            await self._sleep(gap if gap > 0 else self._pace.between)

    def _serve(self, now: float, due: float) -> None:
        """Give the first in the line its turn, if there is one; it was due a moment ago, or is now."""
        while self._line:
            place, address = heapq.heappop(self._line)
            chat = self._chats.get(address)
            if chat is None or chat.place != place:
                continue
            chat.place = None
            if chat.first() == place and chat.free_at <= now:
                granted = self._leave(chat, place)
                if granted is not None and not granted.done():
                    chat.passed = chat.passed + 1 if place[0] is Rank.REPLY and chat.passes_by else 0
                    self._note(chat, now, due)
                    granted.set_result(None)
                    return
            self._look_at(chat, now)

    def _note(self, chat: _Chat, now: float, due: float) -> None:
        """A message goes to `chat` now: when it and all chats are free again."""
        pace = self._pace
        self._free_at = due + pace.between
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
