"""The rules of one track against one panel: rows that are due, and those before them once more where they changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rules.alerting import BEFORE, AlertState, Coverage, Firing, Inactive, Pending
from rules.bars import Floats
from rules.book import AGAIN, Book, Past, Record, fingerprint, moved, row_ending, standing
from rules.columns import Node
from rules.course import Course, Rows, course, covered
from rules.evaluation import Checkpoints, Evaluated, evaluate
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis, Edge, Instant
from rules.panel import Panel
from rules.telling import Move, Teller, decided_by, numbers_on


@dataclass(frozen=True, slots=True)
class Market:
    """What a track is judged on.

    `due` is the first of a rule's rows from one on that may not be judged yet. `before` is the panel that the book was
    last judged on, where that is known. Of `refilled` instruments the past is another one now. `columns` of all rows of
    the panel may be known already: where they are all that is needed, nothing is computed and no checkpoint kept.
    """

    panel: Panel
    before: Panel | None
    due: Callable[[CompiledRule, int], int]
    refilled: Collection[str]
    now: Instant
    columns: Mapping[Node, Floats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule after its rows: its record, what happened, which of it is too old to be told, and what now stands."""

    record: Record
    events: tuple[AlertEvent, ...] = ()
    untold: frozenset[str] = frozenset()
    standing: tuple[AlertEvent, ...] = ()


class Judge:
    """One evaluation of the rules of a track: `compute` once, then `judge` each of them.

    Closes are folded from the settled row, so that a row whose bars have changed is judged by the same stroke; trades
    are judged once, and their rules have no use for it.
    """

    def __init__(self, track: str, rules: Sequence[CompiledRule], book: Book, market: Market) -> None:
        self._book, self._market, self._panel = book, market, market.panel
        self._rules = rules
        self._closes: list[Instant] = self._panel.clock.closes.tolist()
        self._last_closed = len(self._panel) - self._panel.provisional - 1
        self._names = tuple(dict.fromkeys(name for rule in rules for name in (*rule.instruments, *rule.companions)))
        self._past = book.pasts.get(track, Past())
        self._base = self._settled_row()
        self._checkpoints = book.checkpoints.get(track) if self._base is not None else None
        self.records = {rule.rule.id: _record_of(rule, book) for rule in rules}
        self.silent = {name for name, record in self.records.items() if record is not book.records.get(name)}
        self._rows = {rule.rule.id: self._rows_of(rule) for rule in rules}
        stops = [rows.stop for rows in self._rows.values()]
        self._start, self._stop = min(rows.first for rows in self._rows.values()), max(stops)
        self._settles = max(-1 if self._base is None else self._base, min(*stops, self._last_closed + 1) - AGAIN - 1)
        self._columns: Mapping[Node, Floats] = {}

    # Which rows

    def _settled_row(self) -> int | None:
        """The row up to which nothing is judged again, -1 before the first; None where the past is another one now."""
        if self._past.at == BEFORE:
            return -1
        row = row_ending(self._panel, self._past.at)
        same = not self._panel.whole or self._fingerprint(0, row) == self._past.settled
        return row if row >= 0 and same else None

    def _fingerprint(self, first: int, last: int) -> int:
        return fingerprint(self._panel, self._names, slice(first, last + 1))

    def _rows_of(self, rule: CompiledRule) -> Rows:
        name, record = rule.rule.id, self.records[rule.rule.id]
        fresh = self._row_after(rule, record.through)
        stop = max(fresh, self._market.due(rule, fresh))
        if rule.rule.basis is Basis.TICK and name not in self.silent:
            return Rows(fresh, fresh, stop)
        begins = self._beginning(rule, stop)
        if begins >= stop:
            return Rows(stop, stop, stop)
        fits = self._base is not None and record.settled_at == self._past.at
        first = self._base + 1 if fits and self._base is not None else 0
        return Rows(max(first, begins), max(fresh, begins), stop)

    def _beginning(self, rule: CompiledRule, stop: int) -> int:
        """The first row of a rule: history's; of one that begins at an instant the row that had closed by then, and on
        trades the last one, if that is of a trade since then.
        """
        if rule.rule.since is None:
            return 0
        if rule.rule.basis is Basis.TICK:
            return stop - 1 if stop > 0 and self._ended(rule, stop - 1) > rule.rule.since else stop
        return max(0, int(np.searchsorted(self._panel.clock.closes, rule.rule.since, side="right")) - 1)

    def _row_after(self, rule: CompiledRule, instant: Instant) -> int:
        row = int(np.searchsorted(self._panel.clock.closes, instant, side="right"))
        return row + 1 if row < len(self._panel) and self._ended(rule, row) <= instant else row

    def _ended(self, rule: CompiledRule, row: int) -> Instant:
        """When a row ended: at its close; one in progress, for a rule, with the newest trade of the rule's own."""
        at, trades = self._closes[row], self._panel.trades
        if row > self._last_closed:
            return max((trades[name] for name in rule.instruments if name in trades), default=at)
        return at

    @property
    def is_news(self) -> bool:
        """Whether a row is due that was not judged yet, or one that was is not what it was."""
        if self._base is None or self.silent or any(rows.stop > rows.fresh for rows in self._rows.values()):
            return True
        through = row_ending(self._panel, self._past.through)
        same = self._fingerprint(self._base + 1, through) == self._past.judged
        further = any(rows.fresh > through + 1 for rows in self._rows.values())  # the clock was set back for a while
        return not same or further or any(map(self._is_refilled, self._rules))

    def compute(self) -> tuple[Checkpoints, Past]:
        """What every row needs, for all rules at once, up to the last row that any of them judges."""
        if self._start < self._stop:
            roots = [node for rule in self._rules for node in rule.roots if node not in rule.memoryless]
            done = self._known(roots) or self._evaluated(roots)
            self._columns, self._checkpoints = done.columns, done.checkpoints
            last = min(self._stop - 1, self._last_closed)
            base = -1 if self._base is None else self._base
            self._past = moved(self._past, self._panel, self._names, base, self._settles, last)
        self._teller = Teller(self._panel, self._rules, self._start, self._columns, self._stop)
        return self._checkpoints or {}, self._past

    def _known(self, roots: Sequence[Node]) -> Evaluated | None:
        columns, rows = self._market.columns, slice(self._start, self._stop)
        if any(node not in columns for node in roots):
            return None
        return Evaluated(self._start, {node: columns[node][rows] for node in roots}, {})

    def _evaluated(self, roots: Sequence[Node]) -> Evaluated:
        return evaluate(roots, self._panel[: self._stop], self._start, self._checkpoints, self._settles + 1)

    # One rule

    def judge(self, rule: CompiledRule) -> Judged:
        """One rule over its rows."""
        name, now = rule.rule.id, self._market.now
        record, rows, stood = self.records[name], self._rows[name], self._book.events.get(name, ())
        if rows.first >= rows.stop:
            return Judged(record, standing=stood)
        taken, ends = self._course(rule, record, rows)
        coverage, moves = covered(record.coverage, taken, rows.fresh, self._last_closed, ends)
        through = max(record.through, ends[-1])
        after = replace(
            record,
            alert=taken.states[-1],
            coverage=coverage,
            through=through,
            settled=record.settled if rule.rule.basis is Basis.TICK else taken.after(self._settles),
            settled_at=self._closes[self._settles] if self._settles >= 0 else BEFORE,
        )
        if name in self.silent and not _has_begun(rule):
            return Judged(replace(after, alert=_adopted(rule, after.alert), adopted=through))
        moves = sorted([*moves, *(move for move in taken.moves if move.row >= rows.fresh)], key=lambda each: each.row)
        if rule.rule.since is not None:
            after = replace(after, adopted=max(record.adopted, rule.rule.since))
            moves = [move for move in moves if self._ended(rule, move.row) > rule.rule.since]
        new = [self._event(rule, move) for move in moves]
        if after.coverage.told and taken.known[-1]:  # what was unknown has become known
            new.append(replace(self._event(rule, Move(Edge.DATA_BACK, rows.stop - 1)), rejudged_at=now))
            after = replace(after, coverage=Coverage(through, ever=True))
        if self._is_refilled(rule):
            return Judged(
                replace(after, adopted=max(record.through, after.adopted)), tuple(new), standing=standing(new)
            )
        again = list(self._again(rule, rows, taken)) if rule.rule.basis is Basis.CLOSE else []
        untold = frozenset(event.key for event, is_told in again if not is_told)
        events = (*(event for event, _ in again), *new)
        return Judged(after, events, untold, standing((*stood, *events)))

    def _is_refilled(self, rule: CompiledRule) -> bool:
        return not set(rule.instruments).isdisjoint(self._market.refilled)

    def _course(self, rule: CompiledRule, record: Record, rows: Rows) -> tuple[Course, list[Instant]]:
        before: AlertState = record.settled
        if rows.first <= self._beginning(rule, rows.stop):
            before = Inactive() if rule.rule.since is None else _beginner(rule)
        if rule.rule.basis is Basis.TICK and rule.rule.id not in self.silent:
            before = record.alert
        ends = [self._ended(rule, row) for row in range(rows.first, rows.stop)]
        when, clear = (
            self._columns[node][rows.first - self._start : rows.stop - self._start] for node in (rule.when, rule.clear)
        )
        return course(rule.rule.timing, before, when, clear, ends, rows.first), ends

    def _event(self, rule: CompiledRule, move: Move) -> AlertEvent:
        return self._teller.event(rule, move, self._ended(rule, move.row))

    # Once more

    def _again(self, rule: CompiledRule, rows: Rows, taken: Course) -> Iterator[tuple[AlertEvent, bool]]:
        """What rows that had been judged do not say any more, and what they say now and did not then; and whether that
        is told. It is not, if it is too long ago, and where it moves what was told without making it untrue."""
        record = self.records[rule.rule.id]
        after = max(record.adopted, self._closes[rows.first - 1] if rows.first > 0 else BEFORE)
        stood = {(event.edge, event.at): event for event in self._book.events.get(rule.rule.id, ()) if event.at > after}
        stands = {
            (move.edge, self._closes[move.row]): move
            for move in taken.moves
            if move.row < rows.fresh and self._closes[move.row] > after
        }
        gone = {what: row for what in stood.keys() - stands.keys() if (row := row_ending(self._panel, what[1])) >= 0}
        recent = self._last_closed - AGAIN
        for what in sorted({*gone, *(stands.keys() - stood.keys())}, key=lambda each: (each[1], each[0])):
            edge = what[0]
            if what in gone:
                is_told = gone[what] > recent and taken.fires(gone[what]) is not (edge is Edge.FIRED)
                yield self._teller.correction(rule, stood[what], gone[what], self._market.now), is_told
                continue
            move = stands[what]
            known = any(each is edge and _lasts(taken, move.row, row) for (each, _), row in gone.items())
            is_told = move.row > recent and not known
            yield self._late(rule, move, compare=is_told), is_told

    def _late(self, rule: CompiledRule, move: Move, *, compare: bool) -> AlertEvent:
        event, before = self._event(rule, move), self._market.before
        row = row_ending(before, event.at) if before is not None and compare else -1
        was = numbers_on(before, decided_by(rule, move.edge), row) if before is not None and row >= 0 else {}
        return replace(event, rejudged_at=self._market.now, was=was)


def _lasts(taken: Course, row: int, until: int) -> bool:
    """Whether an alert stands as after `row` up to a later row."""
    return until > row and all(taken.fires(each) is taken.fires(row) for each in range(row, until + 1))


def _record_of(rule: CompiledRule, book: Book) -> Record:
    record = book.records.get(rule.rule.id)
    return record if record is not None and record.digest == rule.digest else Record(rule.digest)


def _has_begun(rule: CompiledRule) -> bool:
    """Whether what is found when it is looked at first is told: all that happened since it was made, be it late."""
    return rule.rule.since is not None and not (rule.rule.held and rule.rule.basis is Basis.TICK)


def _beginner(rule: CompiledRule) -> AlertState:
    """What holds already when an alert is made is no news later, however many rows it wants confirmed."""
    known = rule.rule.held or rule.rule.basis is Basis.CLOSE
    seen = rule.rule.timing.confirm - 1 if known else 0
    return Pending(BEFORE, seen) if seen else Inactive()


def _adopted(rule: CompiledRule, alert: AlertState) -> AlertState:
    """Where an alert stands at its adoption. What was true of trades before it is no news a poll or two later."""
    if isinstance(alert, Pending) and rule.rule.basis is Basis.TICK:
        return Firing(alert.bar, since=alert.bar)
    return alert
