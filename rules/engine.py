"""evaluate(rules, panels, book, now) -> Outcome(book, events): the whole judgement, as one pure function.

The book is everything the engine remembers: where each rule stands, up to which row it was judged, and the
checkpoints of folds. Live feeds it a row at a time, replay all rows at once; the events are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from rules.alerting import BEFORE, AlertState, Coverage, Firing, Inactive, Pending, cover, step
from rules.bars import Floats, Ints
from rules.columns import Node
from rules.evaluation import Checkpoints
from rules.evaluation import evaluate as evaluate_columns
from rules.language.compile import CompiledRule, Shown
from rules.model import AlertEvent, Basis, Edge, Instant, Timing, Verdict
from rules.panel import Panel, due_rows

GRACE = 2 * 3600
"""Seconds after a close until a row is judged without the bars that are still missing."""

PATIENCE = 3
"""Rows in a row without a verdict until a rule is said to have no data."""


@dataclass(frozen=True)
class Record:
    """One rule's memory: what it was when judged, its alert, and the last row judged."""

    digest: str
    alert: AlertState = field(default_factory=Inactive)
    coverage: Coverage = field(default_factory=Coverage)
    through: Instant = BEFORE


@dataclass(frozen=True)
class Book:
    """Everything the engine remembers between evaluations."""

    records: Mapping[str, Record] = field(default_factory=dict)
    checkpoints: Mapping[str, Checkpoints] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """The book after an evaluation, and what happened, oldest first."""

    book: Book
    events: tuple[AlertEvent, ...]


def opened(rules: Iterable[CompiledRule]) -> Book:
    """A book in which every rule was adopted before the first row: what a replay starts from."""
    return Book({compiled.rule.id: Record(compiled.digest) for compiled in rules})


def evaluate(
    rules: Sequence[CompiledRule],
    panels: Mapping[str, Panel],
    book: Book,
    now: Instant,
    grace: int = GRACE,
    awaited: Collection[str] = (),
) -> Outcome:
    """Judge every due row that was not judged yet.

    `panels` holds one panel a track (`CompiledRule.track`): by calendar the closes, and by "calendar/tick" the same
    with the session in progress, where there is one. A rule the book does not know, or knows with another digest, is
    adopted: folded over all due rows without an event. A rule the book knows and `rules` does not is closed without
    one. Newer bars of the instruments in `awaited` may be on their way: rows that lack them are not due, however late.
    """
    records: dict[str, Record] = {}
    checkpoints: dict[str, Checkpoints] = {}
    events: list[AlertEvent] = []
    for track, group in _by_track(rules).items():
        panel = panels[track] if track in panels else panels[group[0].calendar]
        judge = _Judge(panel, group, book, partial(due_rows, now=now, grace=grace, awaited=awaited))
        judge.compute(book.checkpoints.get(track))
        checkpoints[track] = judge.checkpoints
        for rule in group:
            name = rule.rule.id
            record, happened = judge.judge(rule)
            events += happened
            if name not in judge.silent or record.through != BEFORE:
                records[name] = record
            elif name in book.records:  # nothing to adopt it on yet: the book keeps what it knew
                records[name] = book.records[name]
    order = {rule.rule.id: index for index, rule in enumerate(rules)}
    events.sort(key=lambda event: (event.at, order[event.rule]))
    return Outcome(Book(records, checkpoints), tuple(events))


def follow(timing: Timing, when: Floats, clear: Floats, closes: Ints) -> list[AlertState]:
    """Where an alert stands after each of the verdicts on the bars that ended at `closes`."""
    state: AlertState = Inactive()
    states = []
    for enters, leaves, bar in zip(_verdicts(when), _verdicts(clear), closes.tolist(), strict=True):
        state, _ = step(timing, state, enters, leaves, bar)
        states.append(state)
    return states


def _adopted(rule: CompiledRule, alert: AlertState) -> AlertState:
    """Where an alert stands at its adoption. What was true of trades before it is no news a poll or two later."""
    if isinstance(alert, Pending) and rule.rule.basis is Basis.TICK:
        return Firing(alert.bar, since=alert.bar)
    return alert


def _verdicts(column: Floats) -> list[Verdict]:
    return [_VERDICTS.get(value, Verdict.UNKNOWN) for value in column.tolist()]


def _by_track(rules: Sequence[CompiledRule]) -> dict[str, list[CompiledRule]]:
    groups: dict[str, list[CompiledRule]] = {}
    for rule in rules:
        groups.setdefault(rule.track, []).append(rule)
    return groups


class _Judge:
    """The rules of one clock against one panel."""

    def __init__(self, panel: Panel, rules: Sequence[CompiledRule], book: Book, due: Callable[..., int]) -> None:
        self.panel, self.rules = panel, rules
        self.closes = panel.clock.closes.tolist()
        self.last_closed = len(panel) - panel.provisional - 1
        self.records: dict[str, Record] = {}
        self.silent: set[str] = set()
        for rule in rules:
            record = book.records.get(rule.rule.id)
            if record is None or record.digest != rule.digest:
                record = Record(rule.digest)
                self.silent.add(rule.rule.id)
            self.records[rule.rule.id] = record
        self.first = {rule.rule.id: self._row_after(rule, self.records[rule.rule.id].through) for rule in rules}
        self.stop = {
            rule.rule.id: due(panel, rule.instruments, self.first[rule.rule.id], companions=rule.companions)
            for rule in rules
        }
        self.start = min(self.first.values())
        self.seen = panel[: max(self.stop.values())]
        self.columns: dict[Node, Floats] = {}
        self.checkpoints: Checkpoints = {}

    def _row_after(self, rule: CompiledRule, instant: Instant) -> int:
        row = int(np.searchsorted(self.panel.clock.closes, instant, side="right"))
        return row + 1 if row < len(self.panel) and self._ended(rule, row) <= instant else row

    def _ended(self, rule: CompiledRule, row: int) -> Instant:
        """When a row ended: at its close; one in progress, for a rule, with the newest trade of the rule's own."""
        at: Instant = self.closes[row]
        if row > self.last_closed:
            return max((self.panel.trades[name] for name in rule.instruments if name in self.panel.trades), default=at)
        return at

    def compute(self, checkpoints: Checkpoints | None) -> None:
        """What every row needs, for all rules at once, up to the last row that any of them judges."""
        if max(self.stop.values()) == self.start:
            self.checkpoints = checkpoints or {}
            return
        roots = [node for rule in self.rules for node in rule.roots if node not in rule.memoryless]
        following = min(*self.stop.values(), self.last_closed + 1)
        done = evaluate_columns(roots, self.seen, self.start, checkpoints, following)
        self.columns, self.checkpoints = dict(done.columns), done.checkpoints

    def judge(self, rule: CompiledRule) -> tuple[Record, list[AlertEvent]]:
        """One rule over its due rows."""
        record = self.records[rule.rule.id]
        first, stop = self.first[rule.rule.id], self.stop[rule.rule.id]
        if first >= stop:
            return record, []
        alert, coverage = record.alert, record.coverage
        events = []
        timing = rule.rule.timing
        verdicts = zip(self._verdicts(rule.when, first, stop), self._verdicts(rule.clear, first, stop), strict=True)
        for row, (when, clear) in enumerate(verdicts, start=first):
            bar = self._ended(rule, row)
            since = alert.since if isinstance(alert, Firing) else None
            alert, edge = step(timing, alert, when, clear, bar)
            known = when is not Verdict.UNKNOWN and clear is not Verdict.UNKNOWN
            covered = None
            if known or row <= self.last_closed:  # minutes without a verdict are not sessions without one
                coverage, covered = cover(PATIENCE, coverage, known, bar)
            events += [self._event(rule, each, row, since) for each in (covered, edge) if each is not None]
        if rule.rule.id in self.silent:
            alert, events = _adopted(rule, alert), []
        return replace(record, alert=alert, coverage=coverage, through=self._ended(rule, stop - 1)), events

    def _verdicts(self, node: Node, first: int, stop: int) -> list[Verdict]:
        return _verdicts(self.columns[node][first - self.start : stop - self.start])

    def _event(self, rule: CompiledRule, edge: Edge, row: int, since: Instant | None) -> AlertEvent:
        shown = {Edge.FIRED: rule.values, Edge.RESOLVED: rule.clear_values}.get(edge, ())
        context = rule.context if edge in (Edge.FIRED, Edge.RESOLVED) else ()
        usual = edge is Edge.NO_DATA
        origins = [
            self.panel.usual_origin(name) if usual else self.panel.origin(name, row) for name in rule.instruments
        ]
        return AlertEvent(
            rule=rule.rule.id,
            edge=edge,
            at=self._ended(rule, row),
            session=self.panel.clock.session(row),
            severity=rule.rule.severity,
            title=rule.rule.title or rule.when_text,
            clock=rule.calendar,
            values=self._numbers(shown, row),
            context=self._numbers(context, row),
            origins=tuple(dict.fromkeys(origin for origin in origins if origin)),
            provisional=row > self.last_closed,
            since=since if edge is Edge.RESOLVED else None,
        )

    def _numbers(self, shown: Sequence[Shown], row: int) -> dict[str, float | None]:
        if any(each.node not in self.columns for each in shown):  # few rows have events, and few events are live
            beside = [node for rule in self.rules for node in rule.memoryless]
            self.columns |= evaluate_columns(beside, self.seen, self.start).columns
        numbers = {each.text: float(self.columns[each.node][row - self.start]) for each in shown}
        return {text: None if np.isnan(number) else number for text, number in numbers.items()}


_VERDICTS = {1.0: Verdict.TRUE, 0.0: Verdict.FALSE}
