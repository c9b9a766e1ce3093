"""What the people who run the service are told: owed like an alert, so that no kill and no outage loses it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from bot.answers.buttons import NO_BUTTONS, Keyboard
from bot.delivery.channel import Channel, Resting, RetryLater, TokenRejected
from bot.store.chats import Subscriber, acquaint
from bot.store.database import Connection, Database
from bot.store.messages import Message, owe
from bot.store.owed import told_to
from bot.store.told import MARK, still_owed
from rules.bars import DAY
from rules.model import Delivery, Instant

ON_TIME = 5 * 60
"""Seconds after which a notice says how late it is."""

PREFIX = "notice/"
"""What the keys of what a watchdog tells begin with. Before notices were marked, they stood so in the store."""

log = logging.getLogger(__name__)

LASTING = 7 * DAY
"""Seconds that a notice is worth sending."""


def notice(key: str, html: str, now: Instant, buttons: Keyboard = NO_BUTTONS) -> Message:
    """A message that is meant for somebody by name, and no alert."""
    return Message(
        event=f"{MARK}{key}",
        at=now,
        html=html,
        policy=Delivery.AT_LEAST_ONCE,
        silent=False,
        late_after=now + ON_TIME,
        expires_at=now + LASTING,
        buttons=buttons,
    )


async def owe_notice(connection: Connection, channel: str, addresses: Iterable[str], message: Message) -> int:
    """Owe it to some chats, whether or not they are subscribed; once, however often. Returns how many are new."""
    now = message.at
    chats = [await acquaint(connection, channel, address, now) for address in addresses]
    return await owe(connection, [message], [Subscriber(chat, since=0) for chat in chats], now)


class Noticeboard:
    """Owes messages to `admins`, chats of a channel by their addresses. `owed` is called when something new is. In the
    store their keys are marked: no alert has such a key.

    `direct` is that channel, for what cannot be written down.
    """

    def __init__(
        self,
        database: Database,
        channel: str,
        admins: Iterable[str],
        now: Callable[[], Instant],
        owed: Callable[[], None],
        direct: Channel | None = None,
    ) -> None:
        self._database, self._channel, self._admins = database, channel, tuple(admins)
        self._now, self._owed, self._direct = now, owed, direct
        self._shouted: set[tuple[str, str]] = set()

    @property
    def is_read(self) -> bool:
        """Whether there is anybody to be told."""
        return bool(self._admins)

    async def post(self, key: str, html: str) -> None:
        """Owe everyone a message; once, however often it is posted under the same key. Raises StoreError."""
        if not self._admins:
            return
        now = self._now()
        async with self._database.write() as connection:
            await owe_notice(connection, self._channel, self._admins, notice(key, html, now))
        self._owed()

    async def has_gone_out(self, key: str) -> bool:
        """Whether nobody is owed what was posted under a key. Raises StoreError."""
        async with self._database.read() as connection:
            return not await still_owed(connection, f"{MARK}{key}")

    async def shout(self, html: str) -> bool:
        """Tell everyone at once, past the database, and each of them once. Whether all of them have it, or never will.

        Only for what cannot be posted: nobody remembers it when this process ends.
        """
        if self._direct is None:
            return False
        for address in self._admins:
            if (address, html) not in self._shouted:
                outcome = await self._direct.send(address, html)
                log.warning("told %s past the database: %s", address, outcome)
                if not isinstance(outcome, RetryLater | Resting | TokenRejected):
                    self._shouted.add((address, html))
        return all((address, html) in self._shouted for address in self._admins)

    async def posted(self) -> list[tuple[str, Instant]]:
        """The keys of what a watchdog told that was posted while it was worth sending, with when each was, the oldest
        first. Raises StoreError.
        """
        async with self._database.read() as connection:
            told = await told_to(connection, self._channel, self._admins, self._now() - LASTING)
        keys = [(key.removeprefix(MARK), at) for key, at in told]
        return [(key, at) for key, at in keys if key.startswith(PREFIX)]
