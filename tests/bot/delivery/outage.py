"""An outage of Telegram for the fallback's tests: two channels, their workers, and processes that are killed.

A killed process is one whose n-th transaction ends it, before it is committed or just after.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from bot.delivery.channel import RetryLater, Sent
from bot.delivery.fallback import Awake, Fallback, Main
from bot.delivery.worker import Worker
from bot.store.chats import subscribe, subscribers
from bot.store.database import Connection, Database
from bot.store.further import Roll, enrol
from bot.store.messages import Message, owe
from bot.store.outbox import free_claims
from rules.bars import DAY
from rules.model import Instant, Severity
from tests.bot.delivery.post import QUICK, FakeChannel
from tests.bot.store.stores import NOW, Place, file_at, message, opened
from tests.bot.store.template import lay_tables

AFTER = 600
DOWN = RetryLater("connection refused")


class Killed(BaseException):
    """The process is no more."""


class Mortal(Database):
    """A database of a process that may be killed at a transaction that writes."""

    def __init__(self, place: Place) -> None:
        super().__init__(opened(place).backend)
        self.writes = 0
        self._dies_at, self._committed = 0, False

    def dies(self, at: int, *, committed: bool) -> None:
        """At the `at`-th transaction from now, when it is `committed` or not."""
        self.writes, self._dies_at, self._committed = 0, at, committed

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        self.writes += 1
        dies = self.writes == self._dies_at
        if dies and not self._committed:
            raise Killed
        async with super().write() as connection:
            yield connection
        if dies:
            raise Killed


class Pager(FakeChannel):
    """What stands behind the fallback."""

    name = "apprise"


class Outage:
    """Telegram, a pager, a clock, and the process that serves both."""

    def __init__(self, database: Database, least: Severity = Severity.CRITICAL) -> None:
        self.database, self.least = database, {"pager": least}
        self.telegram, self.pager = FakeChannel(), Pager()
        self.now: Instant = NOW + 60 - 40 * DAY  # the first process has run for long
        self.silent = 0.0
        self.admitted: frozenset[str] | None = None
        self._owners = 0
        self.begins_anew()
        self.now = NOW + 60

    def begins_anew(self) -> None:
        """Another process; it knows what the store holds. Polling counts from its start."""
        self._owners += 1
        owner, self.silent = f"process {self._owners}", 0.0
        self._awake = Awake()
        self.takes_another_configuration()
        self._workers = [
            Worker(self.database, channel, owner, lambda: self.now, QUICK) for channel in (self.telegram, self.pager)
        ]

    def takes_another_configuration(self) -> None:
        """The same process, with another fallback."""
        main, now = Main("telegram", lambda: self.silent, self.admitted), lambda: self.now
        self.fallback = Fallback(self.database, main, self.least, AFTER, now, lambda: None, awake=self._awake)

    async def opens(self, *chats: str) -> None:
        """The process takes over: its channels are enrolled, what another had claimed is free."""
        async with self.database.write() as connection:
            for chat in chats:
                await subscribe(connection, "telegram", chat, "private", NOW)
            await enrol(connection, Roll(fallback=self.least), self.now)
            for channel in (self.telegram, self.pager):
                await free_claims(connection, channel.name, self.now)

    async def owes(self, number: int, severity: Severity = Severity.CRITICAL, **changes: object) -> None:
        """Something happens now that every chat in Telegram is to be told."""
        values: dict[str, object] = {"severity": severity, "at": self.now, **changes}
        news: Message = replace(message(number), **values)  # type: ignore[arg-type]
        async with self.database.write() as connection:
            await owe(connection, [news], await subscribers(connection, "telegram"), self.now)

    def is_down(self, *, down: bool = True) -> None:
        """Telegram takes nothing."""
        self.telegram.always_answers(DOWN if down else Sent("1"))

    def pager_is_down(self, *, down: bool = True) -> None:
        """Nor does the pager."""
        self.pager.always_answers(DOWN if down else Sent("1"))

    def passes(self, seconds: int) -> None:
        """Time."""
        self.now += seconds

    async def delivers(self) -> None:
        """Telegram's worker sends what is due a minute later."""
        self.passes(60)
        while await self._workers[0].round():
            pass

    async def looks(self) -> None:
        """The fallback does, once."""
        await self.fallback.look()

    async def pages(self) -> None:
        """The pager's worker sends what is due, without a look before."""
        while await self._workers[1].round():
            pass

    async def works(self) -> None:
        """The fallback looks once, and both workers send what is due."""
        await self.looks()
        for worker in self._workers:
            while await worker.round():
                pass

    @property
    def paged(self) -> list[str]:
        """The alerts that came to the pager, in their last line but for marks; notices left out."""
        return [_told(text) for text in self.pager.texts if "come here until it is back" not in text]


def _told(text: str) -> str:
    line = next(line for line in text.split("\n") if line.startswith("message "))
    return f"{line} again" if "May be a repeat" in text else line


async def told(place: Place, story: Callable[[Outage], Awaitable[None]], least: Severity = Severity.CRITICAL) -> None:
    """A story of one outage, on a new database."""
    if isinstance(place, Path):
        await lay_tables(file_at(place))
    database = Mortal(place)
    try:
        await database.migrate()
        await story(Outage(database, least))
    finally:
        await database.close()
