"""Who may use the bot, and what everybody else is told: their id and one sentence. Nothing of them is stored, unless
they ask to be let in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from telegram.constants import ChatID

from bot.telegram.incoming import NOBODY, Incoming

SHARED = frozenset({NOBODY, int(ChatID.ANONYMOUS_ADMIN), int(ChatID.FAKE_CHANNEL), int(ChatID.SERVICE_CHAT)})
"""Ids that many write under: administrators who show their group's name, channels, Telegram itself. Who lets one of
them in would let in strangers of every group.
"""


class Decisions(Protocol):
    """Whom administrators have let in and refused beside the configuration, by their ids; it changes as they decide."""

    @property
    def allowed(self) -> frozenset[int]: ...

    @property
    def denied(self) -> frozenset[int]: ...


@dataclass(frozen=True, slots=True)
class Undecided:
    """Nobody has decided anything."""

    allowed: frozenset[int] = frozenset()
    denied: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Access:
    """The people and chats an operator has let in, by their Telegram ids; a group's admits all who write there.

    `decisions` are those of administrators, which hold beside the configuration; `asks` says which lines are a
    stranger's who asks to be let in: never, where nobody decides.
    """

    allowed: frozenset[int] = frozenset()
    everyone: bool = False
    decisions: Decisions = Undecided()
    asks: Callable[[str], bool] = lambda _line: False

    def admits(self, incoming: Incoming) -> bool:
        """Whether this line is answered."""
        return self.knows(incoming) or self.is_request(incoming)

    def knows(self, incoming: Incoming) -> bool:
        """Whether who wrote it was let in, or the chat it was written in."""
        chat, user = int(incoming.address), incoming.user
        if user in self.allowed - SHARED or chat in self.allowed:
            return True
        if not self.decisions.denied.isdisjoint((chat, user)):
            return False
        return self.everyone or chat in self.decisions.allowed or user in self.decisions.allowed - SHARED

    def is_request(self, incoming: Incoming) -> bool:
        """Whether a stranger asks to be let in, alone with the bot; who was refused does not ask again."""
        if incoming.kind != "private" or incoming.user in self.decisions.denied:
            return False
        return self.asks(incoming.text)

    def to_stranger(self, incoming: Incoming) -> str:
        """What somebody reads who was not let in, whatever was written, `/id` too."""
        whose, number = ("This chat's", incoming.address) if incoming.user in SHARED else ("Your", incoming.user)
        may_ask = incoming.kind == "private" and self.asks("/ask") and incoming.user not in self.decisions.denied
        return (
            f"{whose} id is <code>{number}</code>. This bot answers only to people its operator has let in; "
            f"{'/ask asks for that.' if may_ask else 'send them this id.'}"
        )


class Sparingly:
    """Something that is said to each at most once in a while; it remembers no longer than that. Times in seconds."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._said: dict[str, float] = {}  # oldest first

    def __len__(self) -> int:
        """How many it remembers."""
        return len(self._said)

    def may(self, whom: str, now: float) -> bool:
        """Whether to say it to `whom` now, which counts as said. `now` never decreases."""
        for each in [*takewhile(lambda each: self._said[each] + self._every <= now, self._said)]:
            del self._said[each]
        if whom in self._said:
            return False
        self._said[whom] = now
        return True
