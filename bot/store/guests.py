"""Who is let in beside the configuration, as a process that answers knows it: read at a start, and whenever an
administrator has decided.
"""

from __future__ import annotations

from bot.answers.people import Standing
from bot.store.database import Database
from bot.store.people import decided


class Guests:
    """The ids of people and chats that were let in, and of those that were refused. Nobody before the first look."""

    def __init__(self, database: Database, channel: str) -> None:
        self._database, self._channel = database, channel
        self.allowed: frozenset[int] = frozenset()
        self.denied: frozenset[int] = frozenset()

    async def look(self) -> None:
        """Read them anew. Raises StoreError: then those of before stand."""
        async with self._database.read() as connection:
            allowed = await decided(connection, self._channel, Standing.ALLOWED)
            denied = await decided(connection, self._channel, Standing.DENIED)
        self.allowed, self.denied = frozenset(map(int, allowed)), frozenset(map(int, denied))
