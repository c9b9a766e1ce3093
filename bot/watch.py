"""tick(now): poll -> ingest -> judge -> commit. Whoever calls it is the clock: a scheduler, a demo, a test.

The commit is one transaction: where every rule stands, what happened, and the messages owed for it. A tick that is
repeated, or cut off anywhere, leaves nothing half done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from bot.delivery.announce import News, messages
from bot.delivery.grouping import heads
from bot.market.history import History
from bot.market.intake import Intake
from bot.market.progress import in_progress
from bot.market.sessions import Sessions
from bot.store.alerts import events_at, load_book, save_book, save_events
from bot.store.chats import subscribers
from bot.store.database import Database
from bot.store.outbox import owe
from rules.bars import Tick
from rules.engine import Book, Outcome, evaluate
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis, Instant
from rules.panel import Panel

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did: bars that were new or changed, events that were recorded, messages that are owed for them."""

    bars: int
    events: tuple[AlertEvent, ...]
    owed: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a tick judges on: history and its version, latest trades, whose newer bars may come yet, and when it is."""

    history: History
    version: int
    ticks: Mapping[str, Tick]
    awaited: frozenset[str]
    now: Instant


@dataclass(frozen=True, slots=True)
class _Closed:
    """Panels of closed sessions, and the state of the market that they were made from."""

    state: tuple[int, Mapping[str, Instant | None]]
    panels: Mapping[str, Panel]


class Watch:
    """The rules on the market, from one tick to the next. `since` is when this process began to look.

    `admitted` are the people who may be told; None: everybody who asked for it.
    """

    def __init__(
        self,
        database: Database,
        intake: Intake,
        sessions: Sessions,
        rules: Sequence[CompiledRule],
        news: News,
        channel: str,
        since: Instant,
        executor: Executor,
        admitted: frozenset[str] | None = None,
    ) -> None:
        self._database, self._intake, self._sessions = database, intake, sessions
        self._rules, self._news, self._channel = tuple(rules), news, channel
        self._since, self._executor, self._admitted = since, executor, admitted
        self._by_id = {rule.rule.id: rule for rule in rules}
        self._closed: _Closed | None = None
        self._refolded: frozenset[str] = frozenset()
        self.book = Book()
        self.judged_at: Instant | None = None

    async def restore(self) -> None:
        """Go on where the store says we were."""
        async with self._database.read() as connection:
            self.book = await load_book(connection)

    @property
    def ready_rules(self) -> tuple[CompiledRule, ...]:
        """The rules that can be judged: the history of all their instruments is complete."""
        return tuple(rule for rule in self._rules if all(map(self._intake.ready, rule.instruments)))

    async def tick(self, now: Instant) -> Ticked:
        """One round. Raises StoreError when it could not be committed: then nothing has happened."""
        bars = await self._intake.poll(now)
        awaited, filled = self._intake.awaited(now, self._since), frozenset(self._intake.filled)
        rules = [rule for rule in self.ready_rules if self._is_adopted(rule) or awaited.isdisjoint(rule.instruments)]
        if not rules and self._rules:
            return Ticked(bars, (), 0)
        ticks = await self._ticks(rules, now)
        seen = _Seen(self._intake.snapshot(now), self._intake.version, ticks, awaited, now)
        work = asyncio.get_running_loop().run_in_executor
        outcome = await work(self._executor, self._judge, rules, seen, self._known_of(rules, filled))
        fresh, owed = await self._commit(outcome, rules, now)
        self.judged_at, self._refolded = now, filled
        return Ticked(bars, fresh, owed)

    def _is_adopted(self, rule: CompiledRule) -> bool:
        """Whether its past is behind it. Adopted before all its bars are there, it would tell of old ones."""
        record = self.book.records.get(rule.rule.id)
        return record is not None and record.digest == rule.digest

    async def _ticks(self, rules: Sequence[CompiledRule], now: Instant) -> dict[str, Tick]:
        """The latest trades that the tick rules of the sessions in progress need."""
        trading = {rule.calendar: self._sessions.in_progress(rule.calendar, now) is not None for rule in rules}
        live = [rule for rule in rules if rule.rule.basis is Basis.TICK and trading[rule.calendar]]
        names = {name for rule in live for name in (*rule.instruments, *rule.companions)}
        return await self._intake.ticks(names, now) if names else {}

    def _known_of(self, rules: Sequence[CompiledRule], filled: frozenset[str]) -> Book:
        """The book without the rules that wait: they are neither judged nor closed.

        Nor with what was folded before a past was filled in behind it: the greatest of no prices is no record.
        """
        names = {rule.rule.id for rule in rules}
        records = {name: record for name, record in self.book.records.items() if name in names}
        return Book(records, self.book.checkpoints if filled <= self._refolded else {})

    def _judge(self, rules: Sequence[CompiledRule], seen: _Seen, book: Book) -> Outcome:
        """Pure but for the panels kept from one tick to the next; runs beside the loop."""
        panels = dict(self._closed_panels(rules, seen))
        for rule in rules:
            if rule.track not in panels:
                panels[rule.track] = self._with_ticks(panels[rule.calendar], seen)
        return evaluate(rules, panels, book, seen.now, self._news.grace, seen.awaited)

    def _closed_panels(self, rules: Sequence[CompiledRule], seen: _Seen) -> Mapping[str, Panel]:
        """By calendar, every session that has closed; made anew when a bar or a session came."""
        calendars = {rule.calendar for rule in rules}
        state = (seen.version, {name: self._sessions.last_close(name, seen.now) for name in calendars})
        if self._closed is None or self._closed.state != state:
            self._closed = None  # let go before the new ones are made
            self._closed = _Closed(state, {name: seen.history.panel(name) for name in calendars})
        return self._closed.panels

    def _with_ticks(self, closed: Panel, seen: _Seen) -> Panel:
        """`closed` and the session in progress, made of the trades of this session that are fresh, if there are any."""
        return in_progress(closed, seen.ticks, self._sessions, seen.now) or closed

    async def _commit(
        self, outcome: Outcome, rules: Sequence[CompiledRule], now: Instant
    ) -> tuple[tuple[AlertEvent, ...], int]:
        """Book, events and deliveries together. Returns the events that are new, and how many deliveries."""
        waiting = {rule.rule.id for rule in self._rules} - {rule.rule.id for rule in rules}
        kept = {name: record for name, record in self.book.records.items() if name in waiting}
        after = Book({**outcome.book.records, **kept}, outcome.book.checkpoints)
        async with self._database.write() as connection:
            await save_book(connection, self.book, after)
            fresh = await save_events(connection, outcome.events, now)
            before = await events_at(connection, {at for _, at in heads(fresh, self._by_id)})
            told = messages(fresh, self._by_id, self._news, before)
            owed = await owe(connection, told, await subscribers(connection, self._channel, self._admitted), now)
        self.book = after
        for event in fresh:
            log.info("%s at the row that ended %s", event.key, event.session)
        return tuple(fresh), owed
