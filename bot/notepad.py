"""A conversation in a terminal that keeps what is chosen in it: the same commands, answers and buttons as in a chat.

What is kept lies in a database: of the running service, where there is one, or one that is thrown away with the
conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from bot.chats import Where, carry_out, kept_of
from bot.commands.registry import Desk, Reply, answer
from bot.console import TERMINAL
from bot.queries.view import View
from bot.store.database import Database
from bot.store.errors import StoreError
from rules.model import Instant

HERE = Where(TERMINAL.channel, TERMINAL.address, TERMINAL.kind)


class Notepad:
    """Answers lines on `view`, one at a time; what they choose is kept in `database`, which is its own to close.

    One that is `temporary` is given its tables. Raises StoreError at the start where another has not the right ones.
    """

    def __init__(self, view: View, database: Database, now: Callable[[], Instant], *, temporary: bool) -> None:
        self._view, self._database, self._now = view, database, now
        self._runner = asyncio.Runner()
        self._temporary = temporary

    def __enter__(self) -> Self:
        try:
            self._runner.run(self._prepare())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._database.close())
        self._runner.close()

    async def _prepare(self) -> None:
        if self._temporary:
            await self._database.migrate()
            return
        self._database.backend.expect()
        await self._database.check_revision()

    def ask(self, line: str) -> Reply:
        """The reply to a line; what it says was done is done."""
        return self._runner.run(self._answered(line))

    async def _answered(self, line: str) -> Reply:
        try:
            async with self._database.read() as connection:
                kept = await kept_of(connection, HERE.channel, HERE.address)
            now = self._now()
            reply = answer(Desk(self._view, TERMINAL, None, now, kept=kept, is_notepad=True), line)
            if reply.changes:
                async with self._database.write() as connection:
                    await carry_out(connection, reply.changes, HERE, now)
        except StoreError as error:
            return Reply(f"The database does not answer ({error}); please try again.")
        return reply
