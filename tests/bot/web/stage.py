"""A process as an operator's tools see it: the real service on a file, two sources, a way to readers, and the web site
over it on loopback. What can go wrong with any of them is a verb.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bot.answers import POLLING
from bot.delivery.announce import News
from bot.delivery.channel import BARE, Ambiguous, Frame, Outcome, Rank, Sent
from bot.delivery.measured import Availability
from bot.market.backfill import Depth
from bot.market.history import BEGINNING
from bot.market.intake import Intake
from bot.market.live import LiveHistory
from bot.market.schedule import Schedule
from bot.market.sources import Sources
from bot.parts import Parts
from bot.service import Bounds, Service
from bot.store.chats import subscribe
from bot.watch import Watch
from bot.watchdog.guard import Guarded
from bot.web.listener import Listener
from bot.web.presence import Doing, Presence
from bot.web.site import site
from rules.bars import DAY, Interval
from rules.model import Instant
from tests.bot.market.stations import GRACE, SCOPE, SETTLE, Disk, FakeFeed, FakeGate
from tests.bot.markets import SESSIONS
from tests.bot.store.stores import message, owes
from tests.bot.watched import DAYS, HIGH, MORNING, WEDNESDAY, after

VERSION = "7.0.0"
BOUNDS = Bounds(tick=5.0, stop=1.0, probe=0.05, outbox=0.3, untaken=0.5, database=30.0)


class Reader:
    """A front whose life is shown and lost by its verbs."""

    name = "telegram"

    def __init__(self) -> None:
        self.state = POLLING
        self.read: list[str] = []
        self.polls, self.hangs, self.refuses = True, False, False
        self._down_since: float | None = None
        self._deaf_since: float | None = None

    @property
    def channel(self) -> Reader:
        return self

    def dies(self) -> None:
        """Nobody polls any more, and a restart does not help."""
        self.polls, self.state = False, "stopped"

    def is_down(self) -> None:
        """Telegram cannot be reached."""
        self.state, self._down_since = "no route to api.telegram.org", asyncio.get_running_loop().time()

    def is_deaf(self) -> None:
        """What people write does not come in; messages go out."""
        self.state, self._deaf_since = "conflict: another process polls", asyncio.get_running_loop().time()

    def polling_age(self) -> float:
        return 0.0 if self.polls else float("inf")

    def down_age(self) -> float:
        return 0.0 if self._down_since is None else asyncio.get_running_loop().time() - self._down_since

    def trouble_age(self) -> float:
        return 0.0 if self._deaf_since is None else asyncio.get_running_loop().time() - self._deaf_since

    async def restart(self) -> None:
        pass

    async def start(self) -> None:
        pass

    async def hush(self) -> None:
        pass

    async def stop(self) -> None:
        pass

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
        while self.hangs:
            await asyncio.sleep(0.05)
        if self.refuses:
            return Ambiguous("HTTP 500 from api.telegram.org")
        self.read.append(html)
        return Sent()


class Stage:
    """One process; `presence` is what is told of it. It starts when `begins` says so."""

    def __init__(self, path: Path, presence: Presence, client: httpx.AsyncClient, now: list[Instant]) -> None:
        self.presence, self.client, self._now = presence, client, now
        self.ask, self.head = client.get, client.head
        self.near, self.far = FakeFeed("near"), FakeFeed("far")
        for feed in (self.near, self.far):
            for name in ("RUT", "SPX"):
                feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, 99.0))
        self.database = Disk(path / "bellwether.db", durable=False, patience=0.2)
        self.reader, self.may_send = Reader(), True
        self._locks: list[sqlite3.Connection] = []
        self._thinking = ThreadPoolExecutor(1)
        self.service: Service | None = None

    async def begins(self) -> Stage:
        """The service takes up its work; its history is complete."""
        await self._fill()
        await self.tick(MORNING)
        return self

    async def begins_without_history(self) -> Stage:
        """The same, but no source gives any of it yet."""
        for feed in (self.near, self.far):
            feed.refuses("RUT")
        await self._fill()
        return self

    async def _fill(self) -> None:
        instruments = {name: SCOPE.instruments[name] for name in ("RUT", "SPX")}
        feeds, meters = {feed.id: feed for feed in (self.near, self.far)}, self.presence.meters
        ranks = {(source.feed, source.venue): rank for rank, source in enumerate(feeds)}
        intake = Intake(
            self.database,
            Sources(dict.fromkeys(instruments, tuple(feeds)), feeds.__getitem__, meters),
            LiveHistory(instruments, SESSIONS, dict.fromkeys(instruments, ranks)),
            Schedule(instruments.values(), SESSIONS, SETTLE),
            Depth(BEGINNING, 60 * DAY),
            GRACE,
            FakeGate(),  # type: ignore[arg-type]
            meters=meters,
        )
        news = News(SESSIONS.next_open, GRACE, DAY)
        to_whom = "telegram", MORNING, self._thinking
        watch = Watch(self.database, intake, SESSIONS, [HIGH], news, *to_whom, meters=meters, scope=SCOPE)
        await self.database.migrate()
        async with self.database.write() as connection:
            await subscribe(connection, "telegram", "7", "private", MORNING - DAY)
        available = Availability([HIGH], {name: SETTLE[each.kind] for name, each in instruments.items()})
        self._clock(MORNING)
        parts = Parts(
            self.database, intake, watch, [HIGH], SCOPE, lambda: self._now[0], 60, GRACE, lambda _name, _share: None,
            meters=meters, available=available,
        )  # fmt: skip
        self.service = service = Service(parts, bounds=BOUNDS)
        guarded = (
            Guarded("Telegram polling", self.reader.polling_age, 0.2, self.reader.restart),
            Guarded("Telegram", self.reader.down_age, 0.2, fatal=False, why=lambda: self.reader.state),
            Guarded("Telegram's updates", self.reader.trouble_age, 0.2, fatal=False, why=lambda: self.reader.state),
        )
        await intake.backfill(MORNING, lambda _name, _share: None)
        await service.start(self.reader, "me", guarded, lambda: self.may_send)
        self.presence.works(
            Doing(
                intake, 1, lambda: len(watch.ready_rules), lambda: self.reader.state, service.vitals, service.looked,
                lambda: self.may_send, lambda: self.database.is_lost,
            )
        )  # fmt: skip

    async def tick(self, now: Instant) -> None:
        """It is `now`, and time for a poll."""
        assert self.service is not None
        self._clock(now)
        await self.service.tick()

    async def a_close_is_due(self) -> None:
        """Wednesday's close has settled."""
        await self.tick(after(WEDNESDAY))

    async def owes(self) -> None:
        """A message is owed, and has been due for minutes."""
        await owes(self.database, message(), now=MORNING)
        self._clock(MORNING + 600)

    async def locks_the_database(self) -> None:
        """Another program writes, and does not end."""

        def locked() -> sqlite3.Connection:
            lock = sqlite3.connect(self.database.path, isolation_level=None, check_same_thread=False)
            lock.execute("begin immediate")
            return lock

        self._locks.append(await asyncio.to_thread(locked))

    def unlocks_the_database(self) -> None:
        """It ends."""
        while self._locks:
            self._locks.pop().close()

    async def ends(self) -> None:
        """The service stops."""
        self.unlocks_the_database()
        self.reader.hangs = False
        if self.service is not None:
            await self.service.stop()
            self.service = None

    async def closes(self) -> None:
        """Nothing is left."""
        await self.ends()
        await self.database.close()
        self._thinking.shutdown()

    def _clock(self, now: Instant) -> None:
        self._now[0] = now
        for feed in (self.near, self.far):
            feed.now = now


@asynccontextmanager
async def staged(path: Path) -> AsyncIterator[Stage]:
    """A process that has just started, and answers."""
    now = [MORNING]
    presence = Presence(VERSION, lambda: now[0])
    listener = Listener(site(presence), "127.0.0.1:0")
    await listener.start()
    async with httpx.AsyncClient(base_url=f"http://{listener.address}", trust_env=False) as client:
        stage = Stage(path, presence, client, now)
        try:
            yield stage
        finally:
            await stage.closes()
            await listener.stop()


def plays(path: Path, story: Callable[[Stage], Awaitable[Any]], seconds: float = 30) -> None:
    """A story on a stage of its own."""

    async def run() -> None:
        async with asyncio.timeout(seconds), staged(path) as stage:
            await story(stage)

    asyncio.run(run())
