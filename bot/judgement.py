"""The judgement of a tick: rules against panels of what has closed, and of the session in progress, which are kept from
one tick to the next as long as nothing has come in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.market.history import History
from bot.market.progress import in_progress
from bot.market.sessions import Sessions
from bot.own_judging import Own, OwnOutcome
from bot.own_resting import Ground, Resting, known_of
from rules.bars import Tick
from rules.book import Book
from rules.engine import Awaited, Outcome, evaluate
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

    def of(self, rules: Sequence[CompiledRule], own: Own, book: Book, seen: Seen) -> tuple[Outcome, OwnOutcome]:
        """What is found of `rules` for everybody, and of those that people made (`own`). Runs beside the loop."""
        live = [rule for rule in rules if rule.rule.basis is Basis.TICK]
        closed = self._closed_panels({*own.calendars, *(rule.calendar for rule in rules)}, seen)
        in_progress = {name: self._with_ticks(closed[name], seen) for name in {*own.live, *(r.calendar for r in live)}}
        tracks = {rule.track: in_progress[rule.calendar] for rule in (*live, *own.live_tracks)}
        before = self._judged_on
        then = before.panels if before is not None and before is not self._closed else None
        waits = Awaited(self._grace, seen.awaited)

        def evaluated(some: Sequence[CompiledRule], known: Book) -> Outcome:
            given = seen.now, waits.grace, waits.names
            return evaluate(some, {**closed, **tracks}, known, *given, before=then, refilled=seen.refilled)

        ground = Ground(closed, tracks, lambda panel: partial(waits.due, panel, seen.now), bool(seen.refilled))
        return evaluated(rules, known_of(book, rules)), self._resting.judged(own, book, ground, evaluated)

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
