"""A post office for the worker's tests: an outbox in a file, a channel that answers as it is told, a clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from bot.delivery.channel import BARE, Frame, Outcome, Rank, Sent
from bot.delivery.worker import Limits, Worker
from bot.store.database import Database
from bot.store.messages import Message
from bot.store.outbox import free_claims
from bot.store.schema import deliveries
from rules.model import Instant
from tests.bot.store.stores import NOW, Place, owes, rows, states, stored, subscribes

QUICK = Limits(trouble=0.01)


class FakeChannel:
    """Sends nothing; answers what it was told to, then Sent."""

    name = "telegram"

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.texts: list[str] = []
        self.marks: list[tuple[bool, bool]] = []
        self.ranks: list[Rank] = []
        self.at_once = 0
        self.most_at_once = 0
        self._answers: deque[Outcome | Exception] = deque()
        self._always: Outcome | Exception = Sent("1")
        self._hanging: dict[str, asyncio.Event] = {}
        self._deaf = False

    def answers(self, *outcomes: Outcome | Exception) -> None:
        """The next ones; an exception is raised."""
        self._answers.extend(outcomes)

    def always_answers(self, outcome: Outcome | Exception) -> None:
        """From now on."""
        self._always = outcome

    def hangs_on(self, *addresses: str, deaf: bool = False) -> None:
        """Until `goes_on`; `deaf`: also when it is cancelled."""
        self._deaf = deaf
        self._hanging.update({each: asyncio.Event() for each in addresses})

    def goes_on(self) -> None:
        """Answer whatever hangs."""
        for each in self._hanging.values():
            each.set()
        self._hanging.clear()

    def turn_away(self) -> None:
        """Nobody waits here."""

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        """Note it and answer."""
        self.sent.append(f"{address}: {html.partition(chr(10))[0]}")
        self.texts.append(html)
        self.marks.append((plain, silent))
        self.ranks.append(rank)
        outcome = self._answers.popleft() if self._answers else self._always
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            while (hanging := self._hanging.get(address)) is not None and not hanging.is_set():
                try:
                    await hanging.wait()
                except asyncio.CancelledError:
                    if not self._deaf:
                        raise
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Post:
    """The office: what is owed, who works, what time it is."""

    def __init__(self, database: Database, limits: Limits) -> None:
        self.database = database
        self.channel = FakeChannel()
        self.limits = limits
        self.now: Instant = NOW + 60
        self.works = True
        self.worker = self.employs("me")

    def employs(self, owner: str) -> Worker:
        """Another worker, as after a restart."""
        return Worker(self.database, self.channel, owner, lambda: self.now, self.limits, lambda: self.works)

    def is_relieved(self, *, again: bool = False) -> None:
        """Another process has taken over; `again`: it has not."""
        self.works = again

    async def owes(self, *messages: Message, to: tuple[str, ...] = ("7",)) -> None:
        """Messages for chats."""
        await subscribes(self.database, *to)
        await owes(self.database, *messages, now=self.now)
        self.worker.wake()

    async def delivers(self, later: int = 0) -> list[str]:
        """What goes out now, or some seconds later, until nothing more is due."""
        self.now += later
        before = len(self.channel.sent)
        while await self.worker.round():
            pass
        return self.channel.sent[before:]

    async def restarts(self) -> None:
        """Another process takes over what the last one left."""
        self.worker = self.employs("new")
        async with self.database.write() as connection:
            await free_claims(connection, self.channel.name, self.now)

    async def states(self) -> list[str]:
        """How every delivery stands."""
        return await states(self.database)

    async def rows(self) -> list[dict[str, object]]:
        """Every delivery in full."""
        return await rows(self.database, deliveries)

    async def row(self) -> dict[str, object]:
        """The first of them."""
        return (await self.rows())[0]

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[asyncio.Task[None]]:
        """While the worker runs by itself; stopped in the end."""
        running = asyncio.create_task(self.worker.run())
        try:
            yield running
        finally:
            await self.worker.stop()
            self.channel.goes_on()
            await asyncio.wait_for(running, 10)


async def until(holds: Callable[[], object] | Callable[[], Awaitable[object]]) -> None:
    """Wait for something that happens soon."""
    async with asyncio.timeout(10):
        while True:
            found = holds()
            if (await found) if isinstance(found, Awaitable) else found:
                return
            await asyncio.sleep(0.005)


def played(place: Place, story: Callable[[Post], Awaitable[None]], limits: Limits = QUICK, **changes: float) -> None:
    """A story of the post office, on a new database."""

    async def told(database: Database) -> None:
        await story(Post(database, replace(limits, **changes)))  # type: ignore[arg-type]

    stored(place, told)
