"""The judgement of a tick: rules against panels of what has closed, and of the session in progress, which are kept from
one tick to the next as long as nothing has come in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.market.history import History
from bot.market.progress import in_progress
from bot.market.sessions import Sessions
from bot.own_judging import OwnOutcome, judged
from rules.bars import Tick
from rules.book import Book
from rules.engine import Outcome, evaluate
from rules.language.compile import CompiledRule
from rules.model import Basis, Instant
from rules.panel import Panel


@dataclass(frozen=True, slots=True)
class Seen:
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


class Judgement:
    """Pure but for the panels. `grace` is how many seconds after a close its bars are waited for."""

    def __init__(self, sessions: Sessions, grace: int) -> None:
        self._sessions, self._grace = sessions, grace
        self._closed: _Closed | None = None
        self._judged_on: _Closed | None = None

    def is_committed(self) -> None:
        """What was found last is stored: the next time what it was found on is what was before."""
        self._judged_on = self._closed

    def of(
        self, rules: Sequence[CompiledRule], own: Sequence[CompiledRule], book: Book, seen: Seen
    ) -> tuple[Outcome, OwnOutcome]:
        """What is found of `rules` for everybody, and of those that people made (`own`). Runs beside the loop.

        What the book knows of others is left as it is by who keeps it: they are neither judged nor closed.
        """
        panels = dict(self._closed_panels([*rules, *own], seen))
        in_progress = {name: self._with_ticks(panels[name], seen) for name in _live_calendars([*rules, *own])}
        tracks = {rule.track: in_progress[rule.calendar] for rule in (*rules, *own) if rule.rule.basis is Basis.TICK}
        before = self._judged_on
        then = before.panels if before is not None and before is not self._closed else None

        def evaluated(some: Sequence[CompiledRule], known: Book) -> Outcome:
            waits = seen.now, self._grace, seen.awaited
            return evaluate(some, panels | tracks, known, *waits, before=then, refilled=seen.refilled)

        return evaluated(rules, _known(book, rules)), judged(own, _known(book, own), evaluated)

    def _closed_panels(self, rules: Sequence[CompiledRule], seen: Seen) -> Mapping[str, Panel]:
        """By calendar, every session that has closed; made anew when a bar or a session came."""
        calendars = {rule.calendar for rule in rules}
        state = (seen.version, {name: self._sessions.last_close(name, seen.now) for name in calendars})
        if self._closed is None or self._closed.state != state:
            self._closed = _Closed(state, {name: seen.history.panel(name) for name in calendars})
        return self._closed.panels

    def _with_ticks(self, closed: Panel, seen: Seen) -> Panel:
        """`closed` and the session in progress, made of the trades of this session that are fresh, if there are any."""
        return in_progress(closed, seen.ticks, self._sessions, seen.now) or closed


def _live_calendars(rules: Sequence[CompiledRule]) -> set[str]:
    """Those on which a session in progress is looked at."""
    return {rule.calendar for rule in rules if rule.rule.basis is Basis.TICK}


def _known(book: Book, rules: Sequence[CompiledRule]) -> Book:
    """What a book remembers of some rules."""
    names = {rule.rule.id for rule in rules}
    return replace(book, records={name: each for name, each in book.records.items() if name in names})


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
