"""What administrators hear of the process itself: that it has begun to work, and that it was stopped.

Both are owed like an alert. A process that ends says so before it lets go of anything; what does not go out in time the
next one sends. One that was killed says nothing: the next one does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from bot.delivery.notices import Noticeboard
from bot.render import notices
from bot.render.notices import Beginning
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.owed import count_owed
from bot.store.runner import Earlier, sign_off
from rules.model import Instant

LAST_WORDS = 3.0
"""Seconds that the last message has to go out."""

LOOK = 0.05
"""Seconds between two looks whether it has."""

SELDOM = 3_600
"""Seconds between two messages that one has begun after another that did not end as it should, unless it is another
version or has moved the schema.
"""

SIGNS_OFF = "0004"
"""The first schema whose processes say good-bye: of one of before, that it did not means nothing."""

LONGEST = 32
"""Characters of a version in the key of a message."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Self:
    """This process: what it is, and where."""

    version: str
    host: str
    pid: int


class Attendance:
    """Of one process, from its first service to its last. Between two of them, when it takes another configuration, it
    is `changing` and says nothing. `gave_up` is set where a watchdog ends it: that was told already. The last message
    has `patience` seconds to go out.
    """

    def __init__(self, who: Self, now: Callable[[], Instant], patience: float = LAST_WORDS) -> None:
        self._who, self._now, self._patience = who, now, patience
        self._has_begun = self._has_signed = False
        self.changing = self.gave_up = False

    async def begins(
        self, database: Database, board: Noticeboard, earlier: Earlier | None, rules: int, instruments: int
    ) -> None:
        """Say so, the first time. Raises StoreError."""
        if self._has_begun:
            return
        async with database.read() as connection:
            owed = await count_owed(connection)
        now, who = self._now(), self._who
        words = Beginning(
            *(who.version, who.host, who.pid, rules, instruments, database.name, owed),
            before="" if earlier is None else earlier.version,
            ended=_ended(earlier, database.moved_from, now),
            moved_from=database.moved_from,
        )
        is_well = earlier is None or (earlier.stopped_at is not None and not earlier.gave_up)
        change = f"{words.before[:LONGEST]}/{who.version[:LONGEST]}/{words.moved_from}"
        key = f"{now}/{who.pid}" if is_well else f"again/{now // SELDOM}/{change}"
        await board.post(f"service/started/{key}", notices.started(words))
        self._has_begun = True

    async def ends(self, database: Database, board: Noticeboard) -> None:
        """Say good-bye, if this is the end. Within a few seconds, whatever is wrong."""
        if self.changing or not self._has_begun:
            return
        try:
            async with asyncio.timeout(self._patience):
                await self._say_good_bye(database, board)
        except TimeoutError:
            log.info("the message that this process was stopped has to wait for the next")
        except StoreError as error:
            log.warning("nobody could be told that this process was stopped: %s", error)

    async def signs_off(self, database: Database) -> None:
        """It stands in the store that this process has ended as it should, also where it ends between two services."""
        if not self._has_begun or self._has_signed:
            return
        try:
            async with asyncio.timeout(self._patience), database.write() as connection:
                await sign_off(connection, self._who.host, self._who.pid, self._now(), gave_up=self.gave_up)
        except (TimeoutError, StoreError) as error:
            log.warning("that this process ends could not be written: %s", str(error) or "no answer came in time")

    async def _say_good_bye(self, database: Database, board: Noticeboard) -> None:
        who, now = self._who, self._now()
        async with database.write() as connection:
            await sign_off(connection, who.host, who.pid, now, gave_up=self.gave_up)
            self._has_signed = True
            owed = await count_owed(connection)
        if self.gave_up or not board.is_read:
            return
        key = f"service/stopped/{now}/{who.pid}"
        await board.post(key, notices.stopping(who.version, who.host, who.pid, now, owed))
        while not await board.has_gone_out(key):
            await asyncio.sleep(LOOK)


def _ended(earlier: Earlier | None, moved_from: str, now: Instant) -> str:
    """How the process before this one ended, in a sentence; empty where nobody knows."""
    if earlier is None:
        return ""
    if earlier.restored_at is not None:
        return notices.restored(earlier.restored_at)
    if earlier.stopped_at is None:
        return "" if "" < moved_from < SIGNS_OFF else notices.said_nothing()
    if earlier.gave_up:
        return notices.gave_up(earlier.stopped_at)
    return notices.said_good_bye(earlier.stopped_at, now)
