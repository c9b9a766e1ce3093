"""Briefs for tests: a market that stands still, and one that cannot be looked at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from bot.answers.brief import Brief
from bot.delivery.briefs import Drawn
from rules.model import Instant

STILL = Brief(None, (), (), (), (), dt.date(2025, 12, 3), None, simulated=False)


class FakeBriefs:
    """Draws up the same for everybody, and remembers for whom."""

    def __init__(self, picture: bytes | None = b"png") -> None:
        self.asked: list[tuple[list[int], Instant]] = []
        self._picture, self._fails = picture, False

    def fail(self) -> None:
        """From now on none can be drawn up."""
        self._fails = True

    async def drawn(self, chats: Collection[int], now: Instant) -> Mapping[int, Drawn]:
        self.asked.append((sorted(chats), now))
        return {} if self._fails else {chat: Drawn(STILL, self._picture) for chat in chats}
