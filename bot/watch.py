"""tick(now): poll -> ingest -> judge -> commit. Whoever calls it is the clock: a scheduler, a demo, a test.

The commit is one transaction: where every rule stands, what happened, and the messages owed for it. A tick that is
repeated, or cut off anywhere, leaves nothing half done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.delivery.announce import News, is_told
from bot.delivery.owing import Owing, Readers
from bot.market.history import History
from bot.market.intake import Intake
from bot.market.progress import in_progress
from bot.market.sessions import Sessions
from bot.meters import Meters
from bot.store.alerts import load_book, save_book, save_events
from bot.store.database import Database
from bot.store.further import NOBODY, Roll
from rules.bars import Tick
from rules.book import Book
from rules.engine import Outcome, evaluate
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis, Instant
from rules.panel import Panel

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did: bars that were new or changed, events that were recorded, messages that are owed for them."""

    bars: int
    events: tuple[AlertEvent, ...]
    owed: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a tick judges on: history and its version, latest trades, whose newer bars may come yet, whose past was
    filled anew, and when it is."""

    history: History
    version: int
    ticks: Mapping[str, Tick]
    awaited: frozenset[str]
    refilled: frozenset[str]
    now: Instant


@dataclass(frozen=True, slots=True)
class _Closed:
    """Panels of closed sessions, and the state of the market that they were made from."""

    state: tuple[int, Mapping[str, Instant | None]]
    panels: Mapping[str, Panel]


class Watch:
    """The rules on the market, from one tick to the next. `since` is when this process began to look.

    It owes what happens to the chats of `channel` and to the further ones in `roll`. `admitted` are the people who may
    be told; None: everybody who asked for it.
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
        meters: Meters | None = None,
        roll: Roll = NOBODY,
    ) -> None:
        self._database, self._intake, self._sessions, self._meters = database, intake, sessions, meters or Meters()
        self._rules, self._news = tuple(rules), news
        self._since, self._executor = since, executor
        self._by_id = {rule.rule.id: rule for rule in rules}
        self._owing = Owing(Readers(channel, admitted, roll), self._by_id, news)
        self._closed: _Closed | None = None
        self._judged_on: _Closed | None = None
        self._folded: Mapping[str, int] = {}
        self._is_certain = True
        self.book = Book()
        self.judged_at: Instant | None = None

    async def restore(self) -> None:
        """Go on where the store says we were."""
        async with self._database.read() as connection:
            self.book = await load_book(connection)
        self._is_certain = True

    @property
    def ready_rules(self) -> tuple[CompiledRule, ...]:
        """The rules that can be judged: the history of all their instruments is complete."""
        return tuple(rule for rule in self._rules if all(map(self._intake.ready, rule.instruments)))

    async def tick(self, now: Instant) -> Ticked:
        """One round. Raises StoreError when it could not be committed: then nothing has happened, or all of it, and the
        next round asks the store which.
        """
        if not self._is_certain:
            await self.restore()
        bars = await self._intake.poll(now)
        awaited = self._intake.awaited(now, self._since)
        fills = dict(self._intake.fills)
        rules = [rule for rule in self.ready_rules if self._is_adopted(rule) or awaited.isdisjoint(rule.instruments)]
        if not rules and self._rules:
            return Ticked(bars, (), 0)
        ticks = await self._ticks(rules, now)
        refilled = frozenset(name for name, times in fills.items() if times != self._folded.get(name, 0))
        seen = _Seen(self._intake.snapshot(now), self._intake.version, ticks, awaited, refilled, now)
        work = asyncio.get_running_loop().run_in_executor
        outcome = await work(self._executor, self._judge, rules, seen)
        self._meters.evaluated(len(rules))
        fresh, owed = await self._commit(outcome, rules, seen)
        self.judged_at, self._folded, self._judged_on = now, fills, self._closed
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

    def _judge(self, rules: Sequence[CompiledRule], seen: _Seen) -> Outcome:
        """Pure but for the panels kept from one tick to the next; runs beside the loop.

        The rules that wait are neither judged nor closed.
        """
        panels = dict(self._closed_panels(rules, seen))
        for rule in rules:
            if rule.track not in panels:
                panels[rule.track] = self._with_ticks(panels[rule.calendar], seen)
        names = {rule.rule.id for rule in rules}
        known = replace(self.book, records={name: each for name, each in self.book.records.items() if name in names})
        before = self._judged_on
        then = before.panels if before is not None and before is not self._closed else None
        return evaluate(
            rules, panels, known, seen.now, self._news.grace, seen.awaited, before=then, refilled=seen.refilled
        )

    def _closed_panels(self, rules: Sequence[CompiledRule], seen: _Seen) -> Mapping[str, Panel]:
        """By calendar, every session that has closed; made anew when a bar or a session came."""
        calendars = {rule.calendar for rule in rules}
        state = (seen.version, {name: self._sessions.last_close(name, seen.now) for name in calendars})
        if self._closed is None or self._closed.state != state:
            self._closed = _Closed(state, {name: seen.history.panel(name) for name in calendars})
        return self._closed.panels

    def _with_ticks(self, closed: Panel, seen: _Seen) -> Panel:
        """`closed` and the session in progress, made of the trades of this session that are fresh, if there are any."""
        return in_progress(closed, seen.ticks, self._sessions, seen.now) or closed

    async def _commit(
        self, outcome: Outcome, rules: Sequence[CompiledRule], seen: _Seen
    ) -> tuple[tuple[AlertEvent, ...], int]:
        """Book, events and deliveries together. Returns the events that are new, and how many deliveries."""
        waiting = {rule.rule.id for rule in self._rules} - {rule.rule.id for rule in rules}
        after = replace(
            outcome.book,
            records={**outcome.book.records, **_of(waiting, self.book.records)},
            events={**outcome.book.events, **_of(waiting, self.book.events)},
        )
        late = frozenset(event.key for event in outcome.events if self._is_no_news(event, outcome, seen.now))
        self._is_certain = False  # an answer that is lost, or not waited for, leaves open what was committed
        async with self._database.write() as connection:
            await save_book(connection, self.book, after)
            fresh = await save_events(connection, outcome.events, seen.now, unsaid=late)
            news = [event for event in fresh if event.key not in late | outcome.untold]
            owed = await self._owing.tell(connection, news, seen.now)
            if not seen.awaited:
                owed += await self._owing.summarise(connection, seen.now)
        self.book, self._is_certain = after, True
        for event in fresh:
            self._meters.happened(event.rule, event.edge, event.severity)
            fields = {"rule": event.rule, "edge": event.edge.value, "session": str(event.session), "key": event.key}
            log.info("%s at the row that ended %s", event.key, event.session, extra=fields)
        return tuple(fresh), owed

    def _is_no_news(self, event: AlertEvent, outcome: Outcome, now: Instant) -> bool:
        """Whether an event would have been told, had anybody watched."""
        told = is_told(event, self._by_id.get(event.rule)) and event.key not in outcome.untold
        return told and self._news.expires_at(event) <= now


def _of(names: Collection[str], table: Mapping[str, T]) -> dict[str, T]:
    return {name: each for name, each in table.items() if name in names}
