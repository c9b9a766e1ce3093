"""Updates fetched by long polls: the way that needs no address of our own."""

from __future__ import annotations

import asyncio
import time

from telegram import Update

from bot.answers import POLLING
from bot.telegram.ear import Attentive, Fittings

ALLOWED = (Update.MESSAGE, Update.CALLBACK_QUERY, Update.CHANNEL_POST, Update.MY_CHAT_MEMBER)
"""The updates that are asked for, whichever way they come: what people write, tap and post, and whether the bot is
still where they do. Nobody votes here, and what is edited has been answered.
"""


class Poller(Attentive):
    """Hands updates on, and confirms them when they are taken."""

    def __init__(self, fittings: Fittings) -> None:
        super().__init__(fittings, POLLING, fittings.polling)
        self._offset = 0

    async def _choose(self) -> None:
        """A webhook that somebody has set keeps updates from being polled."""
        await self._bot.delete_webhook()

    async def _attempt(self) -> None:
        """One poll: a long one when all is well, else a short one, to know at once whether it is. Only a long one shows
        that it is: a second process that polls lets short ones pass.

        The next one confirms what this one brought. What could not be taken is brought again.
        """
        held = 0 if self._glance else int(self._patience.poll)
        async with asyncio.timeout(held + self._longest):
            updates = await self._bot.get_updates(
                self._offset,
                timeout=held,
                allowed_updates=ALLOWED,
                read_timeout=self._answer,
                connect_timeout=self._answer,
            )
        self._heard(surely=held > 0)
        if updates:
            self._alive_at = time.monotonic() + self._longest  # the database may keep them waiting
            await self._take(updates)
            self._alive_at = time.monotonic()
            self._offset = updates[-1].update_id + 1
