"""evaluate(rules, panels, book, now) -> Outcome(book, events): the whole judgement, as one pure function.

The book is everything the engine remembers. Live feeds it a row at a time, replay all rows at once; the events are the
same. Where a row that was judged is not what it was, it is judged again: what is not true any more is corrected, and
what has become true is told late.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from rules.alerting import BEFORE
from rules.bars import Floats
from rules.book import Book, Past, Record
from rules.columns import Node
from rules.evaluation import Checkpoints
from rules.judging import Judge, Market
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Instant
from rules.panel import Panel, due_rows

GRACE = 2 * 3600
"""Seconds after a close until a row is judged without the bars that are still missing."""


@dataclass(frozen=True)
class Outcome:
    """The book after an evaluation, and what happened, oldest first.

    `untold` are the keys of events that are of rows too long ago to be told.
    """

    book: Book
    events: tuple[AlertEvent, ...]
    untold: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Awaited:
    """What may still come: `names` whose newer bars may be on their way, so that rows without them are not due, and for
    how many seconds after a close (`grace`) those of all others are waited for."""

    grace: int = GRACE
    names: Collection[str] = ()

    def due(self, panel: Panel, now: Instant, rule: CompiledRule, start: int) -> int:
        """The first row from `start` on that a rule may not be judged on yet."""
        return due_rows(panel, rule.instruments, start, now, self.grace, self.names, rule.companions)


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
    *,
    before: Mapping[str, Panel] | None = None,
    refilled: Collection[str] = (),
    columns: Mapping[str, Mapping[Node, Floats]] | None = None,
) -> Outcome:
    """Judge every due row that was not judged yet, and the last `AGAIN` of those that were, where they have changed.

    `panels` holds one panel a track (`CompiledRule.track`): by calendar the closes, and by "calendar/tick" the same
    with the session in progress, where there is one. A rule the book does not know, or knows with another digest, is
    adopted: folded over all due rows without an event. A rule the book knows and `rules` does not is closed without
    one. Newer bars of the instruments in `awaited` may be on their way: rows that lack them are not due, however late.

    Rules on closes alone are judged again; `before` are the panels that the book was last judged on, for the numbers of
    then. Rules on `refilled` instruments, of which the past is another one now, go on from what it says without a word.

    `columns` of all rows of a track's panel may be known. A replay that is given all it needs leaves a book without
    checkpoints: nothing goes on from there.
    """
    waits = Awaited(grace, awaited)
    found: list[_Track] = []
    for track, group in _by_track(rules).items():
        calendar = group[0].calendar
        panel = panels[track] if track in panels else panels[calendar]
        due = partial(waits.due, panel, now)
        known = (columns or {}).get(track, {})
        judge = Judge(track, group, book, Market(panel, (before or {}).get(calendar), due, refilled, now, known))
        found.append(_judged(track, group, judge, book) if judge.is_news else _unmoved(track, judge, book))
    order = {rule.rule.id: index for index, rule in enumerate(rules)}
    events = sorted((event for each in found for event in each.events), key=lambda event: (event.at, order[event.rule]))
    after = Book(
        {name: record for each in found for name, record in each.records.items()},
        {each.track: each.checkpoints for each in found},
        {each.track: each.past for each in found},
        {name: events for each in found for name, events in each.standing.items()},
    )
    return Outcome(after, tuple(events), frozenset(key for each in found for key in each.untold))


@dataclass(frozen=True)
class _Track:
    """What became of the rules of one track."""

    track: str
    records: Mapping[str, Record]
    checkpoints: Checkpoints
    past: Past
    standing: Mapping[str, tuple[AlertEvent, ...]]
    events: tuple[AlertEvent, ...] = ()
    untold: frozenset[str] = frozenset()


def _unmoved(track: str, judge: Judge, book: Book) -> _Track:
    """Nothing is due and nothing has changed: the book keeps what it knew."""
    standing = {name: book.events[name] for name in judge.records if name in book.events}
    return _Track(track, judge.records, book.checkpoints.get(track, {}), book.pasts.get(track, Past()), standing)


def _judged(track: str, rules: Sequence[CompiledRule], judge: Judge, book: Book) -> _Track:
    """A rule that there is nothing to adopt on yet stays as the book knew it."""
    checkpoints, past = judge.compute()
    outcomes = {rule.rule.id: judge.judge(rule) for rule in rules}
    adopted = {name for name, each in outcomes.items() if name not in judge.silent or each.record.through != BEFORE}
    kept = {name: book.records[name] for name in outcomes.keys() - adopted if name in book.records}
    return _Track(
        track,
        {name: outcomes[name].record for name in outcomes if name in adopted} | kept,
        checkpoints,
        past,
        {name: outcomes[name].standing for name in outcomes if name in adopted and outcomes[name].standing},
        tuple(event for each in outcomes.values() for event in each.events),
        frozenset(key for each in outcomes.values() for key in each.untold),
    )


def _by_track(rules: Sequence[CompiledRule]) -> dict[str, list[CompiledRule]]:
    groups: dict[str, list[CompiledRule]] = {}
    for rule in rules:
        groups.setdefault(rule.track, []).append(rule)
    return groups
