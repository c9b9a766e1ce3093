"""tick(now): poll -> ingest -> judge -> commit. Whoever calls it is the clock: a scheduler, a demo, a test.

The commit is one transaction: where every rule stands, what happened, and the messages owed for it. A tick that is
repeated, or cut off anywhere, leaves nothing half done. Alerts that people made are judged beside the configured rules,
and cannot keep those from being judged.
"""

from __future__ import annotations

import asyncio
import logging
from collections import ChainMap
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from bot.answers.personal import PERSONAL
from bot.delivery.announce import News, is_told
from bot.delivery.briefs import Briefs, Later
from bot.delivery.owing import Owing, Readers
from bot.due_rules import DueRules
from bot.following import Closed, Following
from bot.judgement import Judgement, Seen, both, with_waiting
from bot.market.intake import Intake
from bot.market.sessions import Sessions
from bot.meters import Meters
from bot.own_rules import OwnRules, Watched
from bot.records import Beside
from bot.recounting import Recounting
from bot.render.evidence import Records
from bot.store.alerts import load_book, save_book, save_events
from bot.store.database import Database
from bot.store.further import NOBODY, Roll
from rules.book import Book
from rules.engine import Outcome
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Instant

log = logging.getLogger(__name__)

NOTHING_NAMED = Scope({}, {})
OWN_RULE = "own"
"""What the rules that people made are counted as: which, and whose, is nobody's business."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a tick did: bars that were new or changed, events that were recorded, messages that are owed for them."""

    bars: int
    events: tuple[AlertEvent, ...]
    owed: int


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a tick has found: where the `rules` that were judged stand, configured ones and those that people made, and
    what happened; of the latter what is `watched`, and which are `broken`. `proofs` and `records` are by event key.
    """

    outcome: Outcome
    rules: Sequence[CompiledRule]
    watched: Watched
    broken: frozenset[str]
    proofs: Mapping[str, Mapping[str, Any]]
    records: Records


class Watch:
    """The rules on the market, from one tick to the next. `since` is when this process began to look.

    It owes what happens to the chats of `channel` and to the further ones in `roll`. `admitted` are the people who may
    be told; None: everybody who asked for it. `scope` is what the alerts that people make may be about; prices of
    `follow` are looked at after alerts, beside their own.
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
        scope: Scope = NOTHING_NAMED,
        follow: Sequence[str] = (),
    ) -> None:
        self._database, self._intake, self._meters = database, intake, meters or Meters()
        self._due = DueRules(intake, sessions)
        self._rules, self._news = tuple(rules), news
        self._since, self._executor, self._scope = since, executor, scope
        self._by_id = {rule.rule.id: rule for rule in rules}
        readers = Readers(channel, admitted, roll)
        self._own = OwnRules(readers, scope, sessions)
        self._any = ChainMap[str, CompiledRule](self._own.by_id, self._by_id)
        self._owing, self._later = Owing(readers, self._any, news), Later(readers)
        self._judgement = Judgement(sessions, news.grace)
        beside = Beside(scope.instruments, follow)
        self._recounting = Recounting(executor, beside)
        self._following = Following(database, executor, self._rule_of, beside)
        self._folded: Mapping[str, int] = {}
        self._is_certain = True
        self.briefs: Briefs | None = None
        self.book = Book()
        self.judged_at: Instant | None = None

    async def restore(self) -> None:
        """Go on where the store says we were."""
        async with self._database.read() as connection:
            self.book = await load_book(connection)
        self._judgement.forget()
        self._is_certain = True

    @property
    def ready_rules(self) -> tuple[CompiledRule, ...]:
        """The rules that can be judged: the history of all their instruments is complete."""
        return tuple(filter(self._due.is_ready, self._rules))

    async def tick(self, now: Instant) -> Ticked:
        """One round. Raises StoreError when it could not be committed: then nothing has happened, or all of it, and the
        next round asks the store which.
        """
        if not self._is_certain:
            await self.restore()
        bars = await self._intake.poll(now)
        awaited = self._intake.awaited(now, self._since)
        fills = dict(self._intake.fills)
        watched = await self._watched(now)
        rules, own = self._due.rules(self._rules, self.book, awaited), self._due.own(watched.own, self.book, awaited)
        refilled = frozenset(name for name, times in fills.items() if times != self._folded.get(name, 0))
        ticks = await self._due.trades(rules, own, now)
        seen = Seen(self._intake.snapshot(now), self._intake.version, ticks, awaited, refilled, now)
        work = asyncio.get_running_loop().run_in_executor
        outcome, theirs = await work(self._executor, self._judgement.of, rules, own, self.book, seen)
        self._meters.evaluated(len(rules) + len(theirs.rules))
        together = both(outcome, theirs.outcome)
        judged = [*rules, *theirs.rules]
        proofs = await work(self._executor, self._judgement.proofs, judged, together.events, seen, self._scope)
        records = await self._recounting.of(self._news_of(together, now), self._judgement.closed)
        done = _Judged(together, judged, watched, theirs.broken, proofs, records)
        fresh, owed = await self._commit(done, seen)
        if rules or not self._rules:
            self.judged_at, self._folded = now, fills
            self._judgement.is_committed()
        owed += await self._tell_later(now)
        if not owed:  # what is to be sent goes first
            await self._following.complete(Closed(self._judgement.closed, awaited, self._news.grace, now))
        return Ticked(bars, fresh, owed)

    async def _watched(self, now: Instant) -> Watched:
        async with self._database.read() as connection:
            return await self._own.look(connection, now)

    async def _tell_later(self, now: Instant) -> int:
        """What was put off until now, and briefs; after what is news, for a brief takes seconds. Returns how many
        deliveries are new.
        """
        async with self._database.read() as connection:
            due = await self._later.due(connection, now)
        if due is None:
            return 0
        drawn = await self.briefs.drawn(due, now) if due and self.briefs is not None else {}
        async with self._database.write() as connection:
            return await self._later.tell(connection, drawn, now)

    def _rule_of(self, name: str) -> CompiledRule | None:
        return self._by_id.get(name) or self._own.rule_of(name)

    async def _commit(self, done: _Judged, seen: Seen) -> tuple[tuple[AlertEvent, ...], int]:
        """Book, events and deliveries together. Returns the events that are new, and how many deliveries."""
        outcome, now = done.outcome, seen.now
        own = done.watched.own
        unjudged = {*self._by_id, *own.by_id} - {rule.rule.id for rule in done.rules}
        after = with_waiting(outcome.book, self.book, unjudged, {*own.tracks, *(rule.track for rule in self._rules)})
        self._is_certain = False  # an answer that is lost, or not waited for, leaves open what was committed
        async with self._database.write() as connection:
            happened = await self._own.still_so(connection, outcome.events, done.watched)
            late = frozenset(event.key for event in happened if self._is_no_news(event, outcome, now))
            await save_book(connection, self.book, after)
            fresh = await save_events(connection, happened, now, late, done.proofs)
            await self._own.fired(connection, fresh, done.watched)
            news = [event for event in fresh if event.key not in late | outcome.untold]
            owed = await self._owing.tell(connection, news, now, done.records)
            owed += await self._own.close(connection, done.watched, done.broken, after, now)
            if not seen.awaited:
                owed += await self._owing.summarise(connection, now)
        self.book, self._is_certain = after, True
        self._judgement.is_stored()
        for event in fresh:
            self._write_down(event)
        return tuple(fresh), owed

    def _write_down(self, event: AlertEvent) -> None:
        rule = OWN_RULE if event.rule.startswith(PERSONAL) else event.rule
        self._meters.happened(rule, event.edge, event.severity)
        fields = {"rule": event.rule, "edge": event.edge.value, "session": str(event.session), "key": event.key}
        log.info("%s at the row that ended %s", event.key, event.session, extra=fields)

    def _news_of(self, outcome: Outcome, now: Instant) -> list[tuple[AlertEvent, CompiledRule]]:
        """What may be told of what was found, and its rules."""
        return [
            (event, self._any[event.rule])
            for event in outcome.events
            if event.key not in outcome.untold and event.rule in self._any and not self._is_no_news(event, outcome, now)
        ]

    def _is_no_news(self, event: AlertEvent, outcome: Outcome, now: Instant) -> bool:
        """Whether an event would have been told, had anybody watched."""
        told = is_told(event, self._any.get(event.rule)) and event.key not in outcome.untold
        return told and self._news.expires_at(event) <= now
