"""What the people who run the service are told: owed like an alert, so that no kill and no outage loses it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from bot.store.chats import Subscriber, acquaint
from bot.store.database import Database
from bot.store.outbox import Message, owe
from bot.store.owed import told_to
from rules.bars import DAY
from rules.model import Delivery, Instant

ON_TIME = 5 * 60
"""Seconds after which a notice says how late it is."""

PREFIX = "notice/"
"""What the key of every notice begins with."""

LASTING = 7 * DAY
"""Seconds that a notice is worth sending."""


class Noticeboard:
    """Owes messages to `admins`, chats of a channel by their addresses. `owed` is called when something new is."""

    def __init__(
        self,
        database: Database,
        channel: str,
        admins: Iterable[str],
        now: Callable[[], Instant],
        owed: Callable[[], None],
    ) -> None:
        self._database, self._channel, self._admins = database, channel, tuple(admins)
        self._now, self._owed = now, owed

    async def post(self, key: str, html: str) -> None:
        """Owe everyone a message; once, however often it is posted under the same key. Raises StoreError."""
        if not self._admins:
            return
        now = self._now()
        async with self._database.write() as connection:
            chats = [await acquaint(connection, self._channel, address, now) for address in self._admins]
            news = Message(
                event=key,
                at=now,
                html=html,
                policy=Delivery.AT_LEAST_ONCE,
                silent=False,
                late_after=now + ON_TIME,
                expires_at=now + LASTING,
            )
            await owe(connection, [news], [Subscriber(chat, since=0) for chat in chats], now)
        self._owed()

    async def posted(self) -> list[tuple[str, Instant]]:
        """The keys that were posted while they were worth sending, with when each was, the oldest first. Raises
        StoreError.
        """
        async with self._database.read() as connection:
            told = await told_to(connection, self._channel, self._admins, self._now() - LASTING)
        return [(key, at) for key, at in told if key.startswith(PREFIX)]
