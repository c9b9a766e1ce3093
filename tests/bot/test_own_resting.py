"""Alerts that people made are judged where something may have changed, and it comes to what judging all comes to."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.own_judging import Own
from bot.own_resting import Ground, Resting
from rules.book import Book
from rules.engine import GRACE, Awaited, Outcome, evaluate
from rules.language.compile import CompiledRule, compile_rule
from rules.levels import Due
from rules.model import XNYS, AlertEvent, Basis, Instant, Rule
from rules.panel import Panel
from tests.rules.markets import SCOPE
from tests.rules.polled import TRACK, Close, Market, Poll, Restated, alerts, closes, corrections, polls, what_counts

Told = tuple[AlertEvent, ...]


@dataclass(frozen=True)
class Changed:
    """Somebody makes an alert, or removes it."""

    number: int


@dataclass(frozen=True)
class CutOff:
    """What the next tick finds is not stored, and the book is read anew."""


story = st.lists(
    st.one_of(
        polls, polls, polls, polls, closes, corrections, st.builds(Changed, st.integers(0, 6)), st.just(CutOff())
    ),
    min_size=4,
    max_size=24,
)


class Desk:
    """The alerts that there are, and two books: of who judges all of them, and of who leaves out what rests."""

    def __init__(self, rules: Sequence[CompiledRule], there: Sequence[CompiledRule]) -> None:
        self._all, self.own, self.market = tuple(rules), Own(there), Market()
        self.everything, self.rested, self.resting = Book(), Book(), Resting()
        self.judged: list[str] = []
        self.is_cut_off = self.fails_to_screen = False
        self._panels: dict[str, Panel] = {}

    def changes(self, number: int) -> None:
        rule = self._all[number % len(self._all)]
        there = [each for each in self._all if (each in self.own.rules) is not (each is rule)]
        self.own = Own(there)
        ids = {each.rule.id for each in there}
        self.everything, self.rested = _only(self.everything, ids), _only(self.rested, ids)

    def ticks(
        self, step: Poll | Close | Restated, failing: str = ""
    ) -> tuple[Sequence[AlertEvent], Sequence[AlertEvent]]:
        """What is found by who judges all, and by who does not."""
        panel, now = self.market.goes_on(step)
        panels = {XNYS: self.market.closed, TRACK: panel}
        whole = evaluate(self.own.rules, panels, self.everything, now)
        self.judged = []

        def judges(rules: Sequence[CompiledRule], book: Book) -> Outcome:
            self.judged = [rule.rule.id for rule in rules]
            if failing in self.judged:
                raise FloatingPointError("no number")
            return evaluate(rules, panels, book, now)

        def due(seen: Panel) -> Due:
            if self.fails_to_screen:
                raise FloatingPointError("no row")
            return partial(Awaited(GRACE).due, seen, now)

        ground = Ground(self._closed(), {TRACK: panel}, due)
        found = self.resting.judged(self.own, self.rested, ground, judges)
        if self.is_cut_off:
            self.resting.forget()
            self.is_cut_off = False
            return (), ()
        self.everything, self.rested = whole.book, _merged(self.rested, found.outcome.book)
        self.resting.is_committed()
        return whole.events, found.outcome.events

    def _closed(self) -> dict[str, Panel]:
        """One object as long as nothing has come in."""
        if self._panels.get(XNYS) is not self.market.closed:
            self._panels = {XNYS: self.market.closed}
        return self._panels


def _only(book: Book, ids: set[str]) -> Book:
    """A rule that is no more is forgotten."""
    records = {name: each for name, each in book.records.items() if name in ids}
    return replace(book, records=records, events={name: each for name, each in book.events.items() if name in ids})


def _merged(before: Book, after: Book) -> Book:
    """As the watch keeps what was not judged."""
    return Book(
        {**before.records, **after.records},
        {**before.checkpoints, **after.checkpoints},
        {**before.pasts, **after.pasts},
        {**before.events, **after.events},
    )


both_bases = alerts((Basis.TICK, Basis.TICK, Basis.CLOSE))


@settings(max_examples=2 * settings().max_examples)
@given(both_bases, st.sets(st.integers(0, 6)), story)
def test_who_leaves_out_what_rests_says_what_who_judges_all_says(
    rules: list[CompiledRule], away: set[int], steps: list[Poll | Close | Restated | Changed | CutOff]
) -> None:
    desk = Desk(rules, [rule for number, rule in enumerate(rules) if number not in away])
    for step in steps:
        if isinstance(step, Changed):
            desk.changes(step.number)
        elif isinstance(step, CutOff):
            desk.is_cut_off = True
        else:
            expected, found = desk.ticks(step)
            assert found == expected, step
            assert desk.rested.records.keys() == desk.everything.records.keys()
            for rule in desk.own.rules:
                if (record := desk.everything.records.get(rule.rule.id)) is not None:
                    assert what_counts(rule, desk.rested.records[rule.rule.id]) == what_counts(rule, record), step


# What is left out


def alert(
    number: int, when: str, clear: str | None = None, basis: Basis = Basis.TICK, since: Instant | None = None
) -> CompiledRule:
    return compile_rule(Rule(f"#{number}.1", when, clear, basis, personal=True, since=since), SCOPE)


HIGH, LOW, CLOSES = alert(1, "RUT > 105"), alert(2, "SPX < 95"), alert(3, "RUT > 105", basis=Basis.CLOSE)
QUIET, LIVELY = Poll(1, 99.0, 99.0), Poll(1, 106.0, 99.0)


def desk(*rules: CompiledRule) -> Desk:
    """Where all have been judged on what has closed."""
    made = Desk(rules, rules)
    made.ticks(QUIET)
    return made


def test_what_nothing_has_happened_to_is_not_judged() -> None:
    at = desk(HIGH, LOW, CLOSES)
    at.ticks(QUIET)
    assert at.judged == []
    records = at.rested.records
    at.ticks(LIVELY)
    assert at.judged == ["#1.1", "#2.1"]  # the second names what else the track is of
    assert [at.rested.records[name] is records[name] for name in ("#1.1", "#3.1")] == [False, True]


def test_all_are_judged_when_something_has_closed_or_was_restated() -> None:
    at = desk(HIGH, LOW, CLOSES)
    for step in (Close(99.0, 99.0), Restated(1, 98.0)):
        at.ticks(QUIET)
        at.ticks(step)
        assert at.judged == ["#1.1", "#2.1", "#3.1"]


def test_one_that_is_new_is_judged_without_the_others() -> None:
    """And what the book knows of the past of all of them stays what it was."""
    for rule in (alert(5, "RUT > 104"), alert(5, "RUT > 104", basis=Basis.CLOSE)):
        at = Desk([HIGH, LOW, CLOSES, rule], [HIGH, LOW, CLOSES])
        at.ticks(QUIET)
        pasts = at.rested.pasts
        at.changes(3)
        at.ticks(QUIET)
        assert at.judged == ["#5.1"]
        assert set(at.rested.records) == {"#1.1", "#2.1", "#3.1", "#5.1"}
        assert at.rested.pasts == pasts


def test_one_that_cannot_be_judged_keeps_no_other_from_it_when_few_are(caplog: pytest.LogCaptureFixture) -> None:
    at = desk(HIGH, alert(4, "RUT > 104"), LOW)
    with caplog.at_level(logging.CRITICAL):
        expected, found = at.ticks(LIVELY, failing="#1.1")
    assert [event.rule for event in expected] == ["#1.1", "#4.1"]
    assert [event.rule for event in found] == ["#4.1"]


@pytest.mark.parametrize("between", [Changed(1), CutOff(), None], ids=["others have changed", "a tick is cut off", ""])
def test_a_trade_that_was_judged_is_not_judged_again_when_a_close_is_restated(between: Changed | CutOff | None) -> None:
    """What rests is not written down, and so what it has seen must outlast all that may happen between."""
    mean = alert(1, "sma(RUT, 2) > 105")
    at = Desk([mean, LOW], [mean])
    for step in (QUIET, QUIET, Poll(1, 106.0, 99.0)):
        at.ticks(step)
    if isinstance(between, Changed):
        at.changes(between.number)
    at.is_cut_off = isinstance(between, CutOff)
    at.ticks(Poll(0, None, None))
    assert at.ticks(Restated(0, 106.0)) == ((), ())
    expected, found = at.ticks(LIVELY)
    assert expected == found
    assert [event.rule for event in found] == ["#1.1"]


NEVER = 2**40
BESIDE, UNTRADED = alert(2, "SPX > 105"), alert(2, "SPX < 95", since=NEVER)


@pytest.mark.parametrize("other", [BESIDE, UNTRADED], ids=["is found", "waits for its first trade"])
def test_an_older_trade_is_no_news_to_who_is_judged_because_another_is(other: CompiledRule) -> None:
    """A source that lags takes the place of the first: who rests has seen a later trade than its record says."""
    at = Desk([HIGH, other], [HIGH])
    for step in (QUIET, QUIET, Poll(5, 99.0, 99.0)):
        at.ticks(step)
    at.changes(1)
    at.ticks(Poll(0, None, None))
    expected, found = at.ticks(Poll(-3, 106.0, None))
    assert (expected, found) == ((), ())
    expected, found = at.ticks(Poll(1, 106.0, 106.0))
    assert expected == found


def test_one_that_waits_for_its_first_trade_wakes_no_other() -> None:
    """Of the many that are made after the close: until the next session begins nothing can change."""
    at = desk(HIGH, LOW, alert(3, "RUT < 95", since=NEVER))
    at.ticks(QUIET)
    assert at.judged == ["#2.1", "#3.1"]
    at.ticks(Poll(0, None, None))
    assert at.judged == []


def test_what_cannot_be_screened_is_judged_and_the_log_says_why_once(caplog: pytest.LogCaptureFixture) -> None:
    at = desk(HIGH, LOW)
    at.fails_to_screen = True
    for _ in range(3):
        at.ticks(QUIET)
        assert at.judged == ["#1.1", "#2.1"]
    assert [record.message for record in caplog.records] == ["alerts of chats could not be screened"]
    at.fails_to_screen = False
    at.ticks(QUIET)
    at.ticks(QUIET)
    assert at.judged == []
    at.fails_to_screen = True
    at.ticks(QUIET)
    assert len(caplog.records) == 2
