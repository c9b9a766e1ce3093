"""An hour without Telegram, in a second: clocks that are moved by hand, and between them everything that is real.

Alerts are worded and owed as the watch does it, the worker takes them from a file, the channel sends them by
python-telegram-bot over HTTP to a server on loopback, and the watch sums up what was no news any more.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from bot.delivery.announce import LATE_TICK, News, messages
from bot.delivery.pacing import Pacer
from bot.delivery.worker import Worker
from bot.feeds.contract import Feed
from bot.market.backfill import Depth
from bot.market.intake import Intake
from bot.market.live import LiveHistory
from bot.market.quality import Gate
from bot.market.schedule import Schedule
from bot.market.source import SourceId
from bot.market.sources import Sources
from bot.store.alerts import save_events
from bot.store.chats import subscribe, subscribers
from bot.store.database import Database
from bot.store.messages import owe
from bot.store.schema import chats, deliveries
from bot.telegram.channel import TelegramChannel
from bot.telegram.wire import open_bot
from bot.watch import Watch
from rules.bars import DAY
from rules.model import ALWAYS, AlertEvent, Edge, Instant, Severity
from tests.bot.markets import SESSIONS, at
from tests.bot.telegram.service import IMPATIENT, UNPACED
from tests.servers.telegram import TOKEN, TelegramServer
from tests.servers.telegram_posted import Posted

START = at("2025-12-03T12:00Z")
MINUTE = 60
NEWS = 30 * MINUTE
"""Seconds that an alert is news here; it says how late it is after `LATE`."""

LATE = LATE_TICK
T = TypeVar("T")


class Loop(asyncio.SelectorEventLoop):
    """A loop whose clock can be moved ahead, as long as nothing is under way."""

    ahead = 0.0

    def time(self) -> float:
        """Seconds, those that were skipped included."""
        return super().time() + self.ahead


@dataclass(frozen=True, slots=True)
class Stand:
    """How a delivery stands: its words and whose they are, its state and why, and how often it was tried."""

    chat: int
    words: str
    state: str
    reason: str
    attempts: int


class Outage:
    """The world: `passes` moves its clocks, `happens` is an alert, and Telegram is `server`, with verbs of its own."""

    def __init__(self, folder: Path, chats: int = 3) -> None:
        self.server = TelegramServer()
        self.now: Instant = START
        self.addresses = [1_001 + index for index in range(chats)]
        self.happened: dict[str, Instant] = {}
        self.accepted_at: dict[int, Instant] = {}
        self._path = folder / "outage.db"
        self._loop = Loop()
        self._runner = asyncio.Runner(loop_factory=lambda: self._loop)
        self._judge = ThreadPoolExecutor(1)

    def __enter__(self) -> Self:
        self.server.start()
        self._runs(self._opens())
        return self

    def __exit__(self, *_: object) -> None:
        self._runs(self._closes())
        self._runner.close()
        self._judge.shutdown()
        self.server.stop()

    async def _opens(self) -> None:
        self._database = Database(self._path, durable=False)
        await self._database.migrate()
        bot, *self._wires = open_bot(TOKEN, self.server.url, IMPATIENT)
        channel = TelegramChannel(bot, Pacer(UNPACED, clock=self._loop.time), IMPATIENT)
        self._news = News(SESSIONS.next_open, 0, NEWS)
        self._worker = Worker(self._database, channel, "outage", lambda: self.now)
        intake = Intake(
            self._database, Sources({}, _no_feed), LiveHistory({}, SESSIONS, {}), Schedule([], SESSIONS, {}),
            Depth(START, DAY), 0, Gate({}, SESSIONS, {}),
        )  # fmt: skip
        self._watch = Watch(self._database, intake, SESSIONS, [], self._news, channel.name, START, executor=self._judge)
        async with self._database.write() as connection:
            for address in self.addresses:
                self.server.knows(address)
                await subscribe(connection, channel.name, str(address), "private", START)

    async def _closes(self) -> None:
        await asyncio.gather(*(wire.shutdown() for wire in self._wires))
        await self._database.close()

    def _runs(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    # What happens

    def happens(self) -> None:
        """An alert, owed to everybody in the transaction that records it."""
        words = f"drill {len(self.happened) + 1:02d}"
        self.happened[words] = self.now
        day = dt.datetime.fromtimestamp(self.now, dt.UTC).date()
        event = AlertEvent(
            words.replace(" ", "-"), Edge.FIRED, self.now, day, Severity.HIGH, words, ALWAYS, provisional=True
        )
        self._runs(self._owes(event))

    async def _owes(self, event: AlertEvent) -> None:
        async with self._database.write() as connection:
            await save_events(connection, [event], self.now)
            readers = await subscribers(connection, "telegram")
            await owe(connection, messages([event], {}, self._news), readers, self.now)

    def passes(self, minutes: int = 1) -> None:
        """Time, minute by minute: the watch ticks, the worker sends what is due."""
        for _ in range(minutes):
            self.now += MINUTE
            self._loop.ahead += MINUTE
            self._runs(self._minute())

    async def _minute(self) -> None:
        await self._watch.tick(self.now)
        while await self._worker.round():
            pass
        for posted in self.sent[len(self.accepted_at) :]:
            self.accepted_at[posted.message_id] = self.now

    # What came of it

    @property
    def sent(self) -> list[Posted]:
        """What Telegram accepted, in order."""
        return self.server.sent

    def was_late(self, posted: Posted, words: str) -> bool:
        """Whether an alert was accepted when it was not on time any more."""
        return self.accepted_at[posted.message_id] > self.happened[words] + LATE

    def read_by(self, chat: int) -> list[str]:
        """The alerts that a chat was told one by one, in the order it was."""
        lines = [each.plain for each in self.sent if each.chat_id == chat and "While I was away" not in each.plain]
        return [words for line in lines for words in self.happened if words in line]

    def stands(self) -> list[Stand]:
        """Every delivery there is."""
        return self._runs(self._stands())

    async def _stands(self) -> list[Stand]:
        query = sa.select(deliveries, chats.c.address).join(chats).order_by(deliveries.c.id)
        async with self._database.read() as connection:
            rows = (await connection.execute(query)).all()
        return [Stand(int(row.address), row.html, row.state, row.reason, row.attempts) for row in rows]

    def missing(self) -> list[tuple[int, str]]:
        """What a chat was told neither by itself nor in a summary, and is not owed either."""
        stands = self.stands()

        def is_known(chat: int, words: str) -> bool:
            told = any(words in each.plain for each in self.sent if each.chat_id == chat)
            return told or any(words in each.words and each.state == "owed" for each in stands if each.chat == chat)

        return [(chat, words) for chat in self.addresses for words in self.happened if not is_known(chat, words)]


def _no_feed(source: SourceId) -> Feed:
    raise LookupError(f"nobody asks {source}")
