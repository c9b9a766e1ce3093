"""A watch on a real file that can be stopped, started again and played by a clock that is a number; and sources whose
faults are verbs."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bot.answers.quality import Fault, Ruling
from bot.delivery.announce import News
from bot.feeds.contract import Barred, Busy, FeedError, NoSuchBars, Request, SourceDown, TradeRemark, untold
from bot.market.backfill import Depth
from bot.market.hearing import ASKING_LIMIT
from bot.market.history import BEGINNING
from bot.market.intake import Intake
from bot.market.live import LiveHistory
from bot.market.schedule import Schedule
from bot.market.source import SourceId
from bot.market.sources import Sources
from bot.store.alerts import recorded_events
from bot.store.chats import subscribe
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.further import NOBODY, Roll, enrol
from bot.watch import Ticked, Watch
from rules.bars import DAY, HOUR, Bars, Interval, Origin, Tick
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.model import XNYS, AlertEvent, Basis, Instant, Instrument, Kind, Rule, Timing
from tests.bot.market.gates import FakeGate as FakeGate
from tests.bot.markets import BTC, ETH, RUT, SESSIONS, SPX
from tests.bot.store.template import lay_tables

MINUTE = 60
FAR = 2**40
"""An instant after every other."""

GRACE = 2 * HOUR
SETTLE = {Kind.INDEX: 30 * MINUTE, Kind.VOLATILITY: 45 * MINUTE, Kind.ETF: 30 * MINUTE, Kind.COIN: 2 * MINUTE}
CHANNEL = "console"

SCOPE = Scope({each.id: each for each in (RUT, SPX, BTC, ETH)}, {})


def rule(name: str, when: str, clear: str | None = None, basis: Basis = Basis.CLOSE, **timing: int) -> CompiledRule:
    """A compiled rule on the four instruments of these tests."""
    return compile_rule(Rule(name, when, clear, basis, Timing(**timing)), SCOPE)


def closes(first: str, last: str, calendar: str = XNYS) -> list[Instant]:
    """The closing instants of the sessions from one date to another."""
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    ends = SESSIONS.closes_of(calendar, days)
    return [int(end) for end in ends if end >= 0]


def bars(interval: Interval, priced: Mapping[Instant, float], origin: Origin) -> Bars:
    """Bars that open where they close, by their ends."""
    ends = np.array(sorted(priced), dtype=np.int64)
    close = np.array([priced[int(end)] for end in ends], dtype=np.float64)
    start, zeros = ends - interval.seconds, np.zeros(len(ends), dtype=np.int64)
    return Bars(interval, start, ends, close, close, close, close, np.full(len(ends), 9.0), ends, zeros, (origin,))


class FakeFeed:
    """A source that has what it was given once its time has come, and fails in the ways that its verbs say."""

    def __init__(self, name: str = "fake", venue: str | None = None) -> None:
        self.name = name
        self.origin = Origin(name, venue or name)
        self.now: Instant = FAR
        self.asked: list[Request] = []
        self.ticked: list[tuple[str, ...]] = []
        self.closed = False
        self.told_at: Instant | None = None
        self._held: dict[tuple[str, Interval], Bars] = {}
        self._late: dict[tuple[str, Instant], Instant] = {}
        self._ticks: dict[str, Tick] = {}
        self._refusals: dict[str, FeedError] = {}
        self._absurd: set[str] = set()

    @property
    def id(self) -> SourceId:
        return SourceId(self.name, self.origin.venue)

    # What it has

    def holds(self, name: str, interval: Interval, priced: Mapping[Instant, float] | Bars) -> FakeFeed:
        """Bars, at first or beside those that it holds."""
        new = priced if isinstance(priced, Bars) else bars(interval, priced, self.origin)
        old = self._held.get((name, interval))
        if old is not None and not isinstance(priced, Bars):
            known = dict(zip(old.end.tolist(), old.close.tolist(), strict=True))
            new = bars(interval, known | dict(priced), self.origin)
        self._held[name, interval] = new
        return self

    def restates(self, name: str, interval: Interval, end: Instant, **numbers: float) -> None:
        """It says another number than before."""
        old = self._held[name, interval]
        new: Any = {field: np.where(old.end == end, value, getattr(old, field)) for field, value in numbers.items()}
        self._held[name, interval] = replace(old, **new)

    def is_late(self, name: str, end: Instant, seconds: int) -> None:
        """A bar comes so many seconds after its end."""
        self._late[name, end] = end + seconds

    def never_has(self, name: str, end: Instant) -> None:
        """A bar does not come at all."""
        self._late[name, end] = FAR

    def trades(self, name: str, price: float, when: Instant, **session: float) -> None:
        """The latest trade from now on."""
        spans = {"open": np.nan, "high": np.nan, "low": np.nan} | session
        self._ticks[name] = Tick(name, when, price, **spans, origin=self.origin)

    def trades_no_more(self, name: str, *, absurdly: bool = False) -> None:
        """There is no latest trade of it any more, or only one at a price that is none."""
        if absurdly:
            self._absurd.add(name)
        else:
            del self._ticks[name]

    # How it fails

    def falls_silent(self, *names: str) -> None:
        """It does not answer any more, of some instruments or of any."""
        for name in names or ("*",):
            self._refusals[name] = SourceDown(f"{self.name} did not answer")

    def knows_nothing_of(self, name: str) -> None:
        """It answers that there is no such instrument."""
        self._refusals[name] = NoSuchBars(f"{self.name} has no {name}")

    def refuses(self, name: str) -> None:
        """It answers that a question is not one."""
        self._refusals[name] = FeedError(f"{self.name} refused the question")

    def is_busy(self, wait: int | None = None) -> None:
        """It answers that it wants fewer requests, and perhaps for how many seconds."""
        self._refusals["*"] = Busy(f"{self.name} wants fewer requests", wait)

    def bars_us(self) -> None:
        """It answers that it serves nobody from here."""
        self._refusals["*"] = Barred(f"{self.name} does not serve this location (451)")

    def comes_back(self) -> None:
        """It answers again."""
        self._refusals.clear()

    # The contract

    def notes(self, known: Iterable[str]) -> list[str]:
        return []

    async def bars(self, request: Request) -> Bars:
        self.asked.append(request)
        name = request.instrument.id
        self._answer_or_fail(name)
        held = self._held.get((name, request.interval))
        if held is None:
            raise NoSuchBars(f"{self.name} has no {request.interval} bars of {name}")
        there = (held.end > request.after) & (held.end <= min(request.until, self.now))
        for (late, end), when in self._late.items():
            if late == name and when > self.now:
                there &= held.end != end
        return held.take(there)

    async def ticks(self, instruments: Sequence[Instrument], remark: TradeRemark = untold) -> dict[str, Tick]:
        self.ticked.append(tuple(each.id for each in instruments))
        for each in instruments:
            with suppress(NoSuchBars):
                self._answer_or_fail(each.id)
        unknown = {name for name, reason in self._refusals.items() if isinstance(reason, NoSuchBars)}
        asked = {each.id for each in instruments} - unknown
        for name in asked & self._absurd:
            remark(name, Fault.NOT_A_PRICE)
        asked -= self._absurd
        return {name: tick for name, tick in self._ticks.items() if name in asked}

    async def close(self) -> None:
        self.closed = True

    def _answer_or_fail(self, name: str) -> None:
        for each in (name, "*"):
            if each in self._refusals:
                raise self._refusals[each]


class Disk(Database):
    """A database that can be made to fail at the end of a transaction, or just after it."""

    def __init__(self, path: Path, *, durable: bool = True, patience: float = 10.0) -> None:
        super().__init__(path, durable=durable, patience=patience)
        self.room = FAR
        self.cut: BaseException | None = None
        self.intact = 0

    def loses_an_answer(self, why: BaseException, *, after: int = 0) -> None:
        """After so many that are told, a transaction is committed, and nobody gets to know."""
        self.cut, self.intact = why, after

    def is_full(self, *, after: int = 0) -> None:
        """No transaction is committed any more, after so many that are."""
        self.room = after

    def has_room(self) -> None:
        """Transactions are committed again."""
        self.room = FAR

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Connection]:
        async with super().write() as connection:
            yield connection
            if self.room <= 0:
                raise StoreError("the disk is full")
            self.room -= 1
        if self.cut is not None:
            self.intact -= 1
            if self.intact < 0:
                why, self.cut = self.cut, None
                raise why


class Station:
    """A watch over a file. `tick(now)` tells its sources what time it is; `restart` is another process."""

    def __init__(self, path: Path, *feeds: FakeFeed, rules: Sequence[CompiledRule], **options: Any) -> None:
        """Every instrument is asked of all `feeds` in their order, or as `order` says."""
        self.path, self.feeds, self.rules = path, feeds, tuple(rules)
        self.instruments: Mapping[str, Instrument] = options.get("instruments") or {
            name: SCOPE.instruments[name] for rule in rules for name in rule.instruments
        }
        self.order: Mapping[str, tuple[SourceId, ...]] = options.get("order", {})
        self.depth: Depth = options.get("depth") or Depth(BEGINNING, 60 * DAY)
        self.holding: type[LiveHistory] = options.get("holding") or LiveHistory
        self.grace: int = options.get("grace", GRACE)
        self.gate: Any = options.get("gate") or FakeGate()
        self.asking_limit: float = options.get("asking_limit", ASKING_LIMIT)
        self.roll: Roll = options.get("roll", NOBODY)
        self.behind = 0
        self._runner = asyncio.Runner()
        self._executor = ThreadPoolExecutor(1)
        self.told: list[tuple[str, float]] = []
        self._open = False

    def starts(self, now: Instant, *, fill: bool = True) -> Station:
        """A process begins: it takes up what the file holds and, unless told otherwise, fills its history."""
        self._clocks(now)
        feeds = {feed.id: feed for feed in self.feeds}
        order = {name: self.order.get(name, tuple(feeds)) for name in self.instruments}
        ranks = {(source.feed, source.venue): rank for rank, source in enumerate(feeds)}
        self.database = Disk(self.path, durable=False)
        self.sources = Sources(order, feeds.__getitem__)
        self.history = self.holding(self.instruments, SESSIONS, dict.fromkeys(self.instruments, ranks))
        schedule = Schedule(self.instruments.values(), SESSIONS, SETTLE)
        self.intake = Intake(
            self.database, self.sources, self.history, schedule, self.depth, self.grace, self.gate, self.asking_limit
        )
        news = News(SESSIONS.next_open, self.grace, DAY)
        what = self.database, self.intake, SESSIONS, self.rules, news, CHANNEL, now, self._executor
        self.watch = Watch(*what, None, None, self.roll, SCOPE)
        self._open = True
        self._runner.run(self._begin())
        self._runner.run(self._write(lambda connection: enrol(connection, self.roll, now)))
        if fill:
            self.fills(now)
        return self

    async def _begin(self) -> None:
        await lay_tables(self.path)
        await self.database.migrate()
        await self.intake.restore()
        await self.watch.restore()

    def stops(self) -> None:
        """The process ends."""
        if self._open:
            self._runner.run(self._end())
            self._open = False

    async def _end(self) -> None:
        await self.intake.close()
        await self.database.close()

    def restarts(self, now: Instant, rules: Sequence[CompiledRule] | None = None) -> Station:
        """Another process on the same file, with the same rules or others."""
        self.stops()
        self.rules = self.rules if rules is None else tuple(rules)
        return self.starts(now)

    def __enter__(self) -> Station:
        return self

    def __exit__(self, *_: object) -> None:
        self.stops()
        self._runner.close()
        self._executor.shutdown()

    def fills(self, now: Instant) -> None:
        """Go on with history that is not complete."""
        self._clocks(now)
        self._runner.run(self.intake.backfill(now, lambda name, share: self.told.append((name, share))))

    def tick(self, now: Instant) -> Ticked:
        self._clocks(now)
        return self._runner.run(self.watch.tick(now))

    def ticks(self, moments: Iterable[Instant]) -> list[AlertEvent]:
        """Tick after tick; what happened."""
        return [event for now in moments for event in self.tick(now).events]

    def poll(self, now: Instant) -> int:
        self._clocks(now)
        return self._runner.run(self.intake.poll(now))

    def poll_while_the_second_answer_fails(self, feed: FakeFeed, now: Instant) -> int:
        """The source answers what is due, and then not any more."""
        answers = feed.bars

        async def once(request: Request) -> Bars:
            if len(feed.asked) >= known + len(self.instruments):
                feed.falls_silent()
            return await answers(request)

        known, feed.bars = len(feed.asked), once  # type: ignore[method-assign]
        try:
            return self.poll(now)
        finally:
            del feed.bars

    def chat(self, address: str, now: Instant) -> None:
        """A chat subscribes."""
        self._runner.run(self._write(lambda connection: subscribe(connection, CHANNEL, address, "private", now)))

    def admits(self, *addresses: str) -> None:
        """From now on only these people are let in."""
        owing = self.watch._owing
        owing.readers = replace(owing.readers, admitted=frozenset(addresses))

    def recorded(self) -> list[AlertEvent]:
        """The events in the store, oldest first."""
        return self._runner.run(self._read(lambda connection: recorded_events(connection, None, 100_000)))

    def rows(self, table: Any) -> list[Any]:
        """What a table holds."""

        async def of(connection: Connection) -> list[Any]:
            return list(await connection.execute(table.select()))

        return self._runner.run(self._read(of))

    def runs(self, work: Any) -> Any:
        """Await something beside the ticks."""
        return self._runner.run(work)

    async def _read(self, question: Any) -> Any:
        async with self.database.read() as connection:
            return await question(connection)

    async def _write(self, change: Any) -> None:
        async with self.database.write() as connection:
            await change(connection)

    def _clocks(self, now: Instant) -> None:
        for feed in self.feeds:
            feed.now = now + self.behind

    @property
    def faults(self) -> list[str]:
        """What is wrong with prices now, in sentences."""
        return [each.sentence for each in self.intake.faults]

    @property
    def rulings(self) -> dict[Ruling, int]:
        """How many rows that were doubted became what, since the start."""
        found: Counter[Ruling] = Counter()
        for (_, _, ruling), rows in self.intake.ledger.tallies.items():
            found |= {ruling: found[ruling] + rows} if ruling is not None and rows else {}
        return dict(found)

    def clock_is_ahead(self, seconds: int) -> None:
        """From now on the clock of the process is wrong by so much; that of its sources is right."""
        self.behind = -seconds


def told(events: Iterable[AlertEvent]) -> list[str]:
    """`["high fired 2025-12-04", ...]`."""
    return [f"{event.rule} {event.edge} {event.session}" for event in events]
