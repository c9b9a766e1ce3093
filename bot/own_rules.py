"""The alerts that people made for themselves, from one tick to the next: which of them are watched, which of what
happened is still about them, and when they are over. Called within the transactions of a tick.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.answers.personal import PERSONAL, PersonalAlert, rule_id
from bot.delivery import own_notices
from bot.delivery.deciding import by_the_hour
from bot.delivery.owing import Readers
from bot.market.sessions import Sessions
from bot.own_judging import Own
from bot.store.database import Connection
from bot.store.messages import owe
from bot.store.personal import AlertRow, alert_rows, mark_fired, read_row, save_alert
from rules.book import Book
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError
from rules.model import AlertEvent, Basis, Edge, Instant, Rule

log = logging.getLogger(__name__)

Name = tuple[int, int]
"""An alert's chat and its number there."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The alerts of a tick: all that are `stored`, the compiled rules of those that are judged (`own`), and of which
    the time is over (`ended`).
    """

    stored: Mapping[Name, PersonalAlert] = field(default_factory=dict)
    own: Own = field(default_factory=Own)
    ended: Sequence[Name] = ()


@dataclass(frozen=True, slots=True)
class _Known:
    """An alert, its rule, and what that means; None: nothing yet."""

    alert: PersonalAlert
    rule: Rule
    compiled: CompiledRule | None


class OwnRules:
    """The alerts of chats among `readers`: those of who cannot be told are not watched. `scope` is what they may be
    about; one about something that is not configured any more waits until it is again. One on closes ends when the last
    one before its time was over has been judged, however late that is.

    `by_id` are the rules of the tick under way. What has not changed since the last one is one object with what it was.
    """

    def __init__(self, readers: Readers, scope: Scope, sessions: Sessions) -> None:
        self._readers, self._scope, self._sessions = readers, scope, sessions
        self._rows: Mapping[AlertRow, PersonalAlert] = {}
        self._of: frozenset[int] = frozenset()
        self._named: Mapping[Name, PersonalAlert] = {}
        self._known: Mapping[Name, _Known] = {}
        self._watched, self._until = Watched(), -math.inf
        self._silent: dict[Name, _Known] = {}
        self.by_id: dict[str, CompiledRule] = {}

    def rule_of(self, rule: str) -> CompiledRule | None:
        """The rule of an alert that was stored at the last look, watched or not; None of any other, and of one about
        something that is not configured.
        """
        known = self.by_id.get(rule)
        if known is not None or not rule.startswith(PERSONAL):
            return known
        name = name_of(rule)
        alert = self._named.get(name)
        if alert is None:
            self._silent.pop(name, None)
            return None
        if name not in self._silent or self._silent[name].alert is not alert:
            self._silent[name] = self._meaning(name, alert)
        return self._silent[name].compiled

    async def look(self, connection: Connection, now: Instant) -> Watched:
        """What is watched at `now`."""
        stored = await self._stored(connection)
        if stored is self._watched.stored and not self._watched.ended and now < self._until:
            return self._watched
        live = [name for name, each in stored.items() if each.is_watched]
        ended = [name for name in live if _is_over(stored[name], now)]
        over = {name for name in ended if stored[name].basis is Basis.TICK}
        self._known = {name: self._meaning(name, stored[name]) for name in live if name not in over}
        rules = [each.compiled for each in self._known.values() if each.compiled is not None]
        own = self._watched.own
        if len(rules) != len(own.rules) or any(one is not other for one, other in zip(rules, own.rules, strict=True)):
            own = Own(rules)
            self.by_id.clear()
            self.by_id.update(own.by_id)
        self._watched = Watched(stored, own, ended)
        ends = (each.expires_at for name in live if (each := stored[name]).expires_at is not None)
        self._until = min(ends, default=math.inf)
        return self._watched

    async def still_so(
        self, connection: Connection, events: Sequence[AlertEvent], watched: Watched
    ) -> tuple[AlertEvent, ...]:
        """Without what happened to alerts that were changed or removed while they were judged, after their time, and
        after the one firing of those that are told once.
        """
        theirs = {event.rule: name_of(event.rule) for event in events if event.rule.startswith(PERSONAL)}
        if not theirs:
            return tuple(events)
        now = await self._stored(connection)
        same = {
            rule: watched.stored[name]
            for rule, name in theirs.items()
            if name in watched.stored and now.get(name) == watched.stored[name]
        }
        return tuple(
            _of_their_time([event for event in events if event.rule in same or event.rule not in theirs], same)
        )

    async def fired(self, connection: Connection, events: Iterable[AlertEvent], watched: Watched) -> None:
        """Write down which alerts have fired: those that are told once are done."""
        fired = [event for event in events if event.edge is Edge.FIRED and event.rule.startswith(PERSONAL)]
        named = [(name_of(event.rule), event.at) for event in fired]
        await mark_fired(connection, {name: at for name, at in named if name in watched.stored})

    async def close(
        self, connection: Connection, watched: Watched, broken: Collection[str], book: Book, now: Instant
    ) -> int:
        """Pause those whose time is over, as far as a `book` has come, and those that are `broken`, by id; who made
        them is told. Returns how many deliveries are new.
        """
        cannot = [name for name in map(name_of, sorted(broken)) if name in watched.stored]
        ended = [name for name in watched.ended if name not in cannot and self._is_judged(name, watched, book)]
        if not ended and not cannot:
            return 0
        stored = await self._stored(connection)
        messages = []
        for names, told in ((ended, own_notices.ended), (cannot, own_notices.broken)):
            for name in names:
                alert = watched.stored[name]
                if stored.get(name) == alert:
                    await save_alert(connection, name[0], replace(alert, paused=True))
                    messages.append(told(name[0], alert, now))
        return await owe(connection, messages, await self._readers.of_alerts(connection), now, by_the_hour(now))

    def _is_judged(self, name: Name, watched: Watched, book: Book) -> bool:
        """Whether every close before its time was over has been judged."""
        rule, until = watched.own.by_id.get(rule_id(*name)), watched.stored[name].expires_at
        if rule is None or until is None:
            return True
        last, record = self._sessions.last_close(rule.calendar, until), book.records.get(rule.rule.id)
        return last is None or (record is not None and record.digest == rule.digest and record.through >= last)

    async def _stored(self, connection: Connection) -> Mapping[Name, PersonalAlert]:
        """By name, in their order."""
        readers = frozenset(reader.chat for reader in await self._readers.of_alerts(connection))
        rows = await alert_rows(connection)
        if readers != self._of or len(rows) != len(self._rows) or any(row not in self._rows for row in rows):
            known = self._rows
            self._of, self._rows = readers, {row: known[row] if row in known else read_row(row) for row in rows}
            self._named = {row[:2]: alert for row, alert in self._rows.items() if row[0] in readers}
        return self._named

    def _meaning(self, name: Name, alert: PersonalAlert) -> _Known:
        known = self._known.get(name)
        if known is not None and known.alert is alert:
            return known
        rule = alert.rule(name[0])
        return _Known(alert, rule, known.compiled if known is not None and known.rule == rule else self._compile(rule))

    def _compile(self, rule: Rule) -> CompiledRule | None:
        try:
            return compile_rule(rule, self._scope)
        except LanguageError as error:
            log.warning("alert %s waits: %s", rule.id, error)
            return None


def name_of(rule: str) -> Name:
    """The alert of a rule that somebody made."""
    chat, _, number = rule.removeprefix(PERSONAL).partition(".")
    return int(chat), int(number)


def _is_over(alert: PersonalAlert, now: Instant) -> bool:
    return alert.expires_at is not None and alert.expires_at <= now


def _of_their_time(events: Iterable[AlertEvent], alerts: Mapping[str, PersonalAlert]) -> Iterator[AlertEvent]:
    """Events, oldest first, without what alerts, by rule, are not to tell: several closes may be judged in one tick."""
    done = set()
    for event in events:
        alert = alerts.get(event.rule)
        if alert is not None and (event.rule in done or _is_over(alert, event.at - 1)):
            continue
        if alert is not None and alert.once and event.edge is Edge.FIRED:
            done.add(event.rule)
        yield event
