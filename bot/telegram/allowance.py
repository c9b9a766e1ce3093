"""How much one person may ask: so many lines in any minute. Who asks more waits; nobody else does."""

from __future__ import annotations

from collections import OrderedDict, deque

from bot.telegram.access import SHARED
from bot.telegram.incoming import Incoming

MINUTE = 60.0

MOST = 50_000
"""Lines that are remembered at most, of all people together: some five megabytes. Beyond that the people are forgotten
who have been silent for longest.
"""


def writer(incoming: Incoming) -> str:
    """Who is counted: the person, or the chat where nobody can tell persons apart."""
    return f"chat {incoming.address}" if incoming.user in SHARED else f"user {incoming.user}"


class Allowance:
    """Counts the lines of each person within the last minute. Times are monotonic seconds."""

    def __init__(self, lines: int, most: int = MOST) -> None:
        self._lines, self._most = lines, most
        self._said: OrderedDict[str, deque[tuple[float, int]]] = OrderedDict()  # who has been silent for longest first
        self._held = 0

    def __len__(self) -> int:
        """How many lines it remembers."""
        return self._held

    @property
    def lines(self) -> int:
        """How many are allowed in a minute."""
        return self._lines

    def wait(self, who: str, number: int, now: float) -> float | None:
        """None where `who` may say line `number` now, and then it counts; else in how many seconds.

        A line that is given again (it could not be kept) counts once; one that is refused does not. `now` never
        decreases.
        """
        self._forget_before(now - MINUTE, who)
        said = self._said.get(who)
        if said is not None and any(number == each for _, each in said):
            return None
        if said is not None and len(said) >= self._lines:
            return said[0][0] + MINUTE - now
        self._said.setdefault(who, deque()).append((now, number))
        self._said.move_to_end(who)
        self._held += 1
        self._make_room()
        return None

    def _forget_before(self, instant: float, who: str) -> None:
        """What `who` said until then, and whoever has said nothing since: the first are silent for longest."""
        said = self._said.get(who)
        while said and said[0][0] <= instant:
            said.popleft()
            self._held -= 1
        if said is not None and not said:
            del self._said[who]
        while self._said and (oldest := next(iter(self._said.values())))[-1][0] <= instant:
            self._said.popitem(last=False)
            self._held -= len(oldest)

    def _make_room(self) -> None:
        while self._held > self._most and len(self._said) > 1:
            _, silent = self._said.popitem(last=False)
            self._held -= len(silent)
