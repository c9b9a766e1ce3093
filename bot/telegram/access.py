"""Who may use the bot, and what everybody else is told: their id and one sentence. Nothing of them is stored."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from telegram.constants import ChatID

from bot.telegram.incoming import Incoming

SHARED = frozenset({int(ChatID.ANONYMOUS_ADMIN), int(ChatID.FAKE_CHANNEL), int(ChatID.SERVICE_CHAT)})
"""Ids that many write under: administrators who show their group's name, channels, Telegram itself. Who lets one of
them in would let in strangers of every group.
"""


@dataclass(frozen=True, slots=True)
class Access:
    """The people and chats an operator has let in, by their Telegram ids; a group's admits all who write there."""

    allowed: frozenset[int] = frozenset()
    everyone: bool = False

    def admits(self, incoming: Incoming) -> bool:
        """Whether this line is answered."""
        if self.everyone or int(incoming.address) in self.allowed:
            return True
        return incoming.user in self.allowed and incoming.user not in SHARED


def to_stranger(incoming: Incoming) -> str:
    """What somebody reads who was not let in, whatever was written, `/id` too."""
    whose, number = ("This chat's", incoming.address) if incoming.user in SHARED else ("Your", incoming.user)
    return (
        f"{whose} id is <code>{number}</code>. "
        "This bot answers only to people its operator has let in; send them this id."
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
