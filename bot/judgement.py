"""The judgement of a tick: rules against panels of what has closed, and of the session in progress, which are kept from
one tick to the next as long as nothing has come in.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from bot.market.history import History
from bot.market.progress import in_progress
from bot.market.sessions import Sessions
from bot.own_judging import Own, OwnOutcome
from bot.own_resting import Ground, Resting, known_of
from rules.bars import Tick
from rules.book import Book
from rules.engine import Awaited, Outcome, evaluate
from rules.functions.registry import Scope
from rules.inputs import Inputs
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis, Instant
from rules.panel import Panel
from rules.statement import proved, stated

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """What a tick judges on: the history and its version, latest trades, instruments whose newer bars may still come,
    instruments whose past was filled anew, and when it is.
    """

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


class Judgement:
    """Pure but for the panels. `grace` is how many seconds after a close its bars are waited for."""

    def __init__(self, sessions: Sessions, grace: int) -> None:
        self._sessions, self._grace = sessions, grace
        self._closed: _Closed | None = None
        self._judged_on: _Closed | None = None
        self._in_progress: Mapping[str, Panel] = {}
        self._resting = Resting()

    def forget(self) -> None:
        """The book is read anew: nothing is known of who rests."""
        self._resting.forget()

    def is_stored(self) -> None:
        """What was found last is stored."""
        self._resting.is_committed()

    def is_committed(self) -> None:
        """All of it: the next time what it was found on is what was before."""
        self._judged_on = self._closed

    @property
    def closed(self) -> Mapping[str, Panel]:
        """By calendar, the closed sessions that were judged on last."""
        return {} if self._closed is None else self._closed.panels

    def of(self, rules: Sequence[CompiledRule], own: Own, book: Book, seen: Seen) -> tuple[Outcome, OwnOutcome]:
        """What is found of `rules` for everybody, and of those that people made (`own`). Runs beside the loop."""
        live = [rule for rule in rules if rule.rule.basis is Basis.TICK]
        closed = self._closed_panels({*own.calendars, *(rule.calendar for rule in rules)}, seen)
        in_progress = {name: self._with_ticks(closed[name], seen) for name in {*own.live, *(r.calendar for r in live)}}
        self._in_progress = in_progress
        tracks = {rule.track: in_progress[rule.calendar] for rule in (*live, *own.live_tracks)}
        before = self._judged_on
        then = before.panels if before is not None and before is not self._closed else None
        waits = Awaited(self._grace, seen.awaited)

        def evaluated(some: Sequence[CompiledRule], known: Book) -> Outcome:
            given = seen.now, waits.grace, waits.names
            return evaluate(some, {**closed, **tracks}, known, *given, before=then, refilled=seen.refilled)

        ground = Ground(closed, tracks, lambda panel: partial(waits.due, panel, seen.now), bool(seen.refilled))
        return evaluated(rules, known_of(book, rules)), self._resting.judged(own, book, ground, evaluated)

    def proofs(
        self, rules: Iterable[CompiledRule], events: Sequence[AlertEvent], seen: Seen, scope: Scope
    ) -> dict[str, dict[str, Any]]:
        """What events that were found last can be recomputed from, by their keys: the rule, hashes of all that it was
        judged on, and `known_at`, when the newest bar came of those that were held. Runs beside the loop."""
        by_id = {rule.rule.id: rule for rule in rules} if events else {}
        held = (bars for of_one in seen.history.bars.values() for bars in of_one.values())
        known_at = max((int(bars.known_at.max()) for bars in held if len(bars)), default=0) if events else 0
        inputs: dict[int, Inputs] = {}
        found = {}
        for event in events:
            try:
                rule = by_id[event.rule]
                panel = self._panel_of(rule)
                of_panel = inputs.setdefault(id(panel), Inputs(panel))
                given = {**of_panel.of(rule, event), "known_at": known_at}
                found[event.key] = proved(stated(rule, scope), given)
            except Exception:  # an alert that cannot be proved later is told all the same
                log.exception("%s is recorded without a proof", event.key)
        return found

    def _panel_of(self, rule: CompiledRule) -> Panel:
        """What a rule was judged on last."""
        closed = self._closed.panels if self._closed is not None else {}
        return (self._in_progress if rule.rule.basis is Basis.TICK else closed)[rule.calendar]

    def _closed_panels(self, calendars: Collection[str], seen: Seen) -> Mapping[str, Panel]:
        """By calendar, every session that has closed; made anew when a bar or a session came."""
        state = (seen.version, {name: self._sessions.last_close(name, seen.now) for name in calendars})
        if self._closed is None or self._closed.state != state:
            self._closed = _Closed(state, {name: seen.history.panel(name) for name in calendars})
        return self._closed.panels

    def _with_ticks(self, closed: Panel, seen: Seen) -> Panel:
        """`closed` and the session in progress, made of the trades of this session that are fresh, if there are any."""
        return in_progress(closed, seen.ticks, self._sessions, seen.now) or closed


def both(one: Outcome, other: Outcome) -> Outcome:
    """What two evaluations of different rules gave, as one."""
    book = Book(
        {**one.book.records, **other.book.records},
        {**one.book.checkpoints, **other.book.checkpoints},
        {**one.book.pasts, **other.book.pasts},
        {**one.book.events, **other.book.events},
    )
    events = sorted((*one.events, *other.events), key=lambda event: event.at)
    return Outcome(book, tuple(events), one.untold | other.untold)


def with_waiting(after: Book, before: Book, unjudged: Set[str], tracks: Collection[str]) -> Book:
    """A book after a tick, with what was known before of rules that the tick did not judge, and of `tracks`."""
    waiting = unjudged & before.records.keys()
    return Book(
        {**_of(waiting, before.records), **after.records},
        {**_of(tracks, before.checkpoints), **after.checkpoints},
        {**_of(tracks, before.pasts), **after.pasts},
        {**_of(waiting, before.events), **after.events},
    )


def _of(names: Collection[str], table: Mapping[str, T]) -> dict[str, T]:
    return {name: each for name, each in table.items() if name in names}
