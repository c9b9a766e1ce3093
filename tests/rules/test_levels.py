"""What is left out of a poll is what the engine would have left where it was; what is judged says what it did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.book import Book
from rules.columns import Constant, Field, Node, Window
from rules.elementwise import OPERATORS, invert
from rules.engine import Awaited
from rules.evaluation import evaluate as evaluate_columns
from rules.language.compile import CompiledRule, compile_rule
from rules.levels import ALWAYS_JUDGED, Asked, Levels, Screen, caught_up, reached, threshold
from rules.model import AlertEvent, Basis, Instant, Rule, Timing
from rules.panel import Panel
from tests.rules.markets import SCOPE, TAPE, columns_of, weekdays
from tests.rules.polled import TRACK, Close, Market, Poll, Restated, alerts, judged, steps, what_counts

# A condition as one comparison


RUT = Field("RUT", "close")
NUMBERS = [-1e300, -1.5, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1.0000000000000002, 100.0, np.nan]


def comparison(symbol: str, level: float, is_left: bool) -> Node:
    """A level on one side or the other."""
    return Window(OPERATORS[symbol], (Constant(level), RUT) if is_left else (RUT, Constant(level)))


symbols = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
conditions = st.recursive(
    st.builds(comparison, symbols, st.sampled_from(NUMBERS[1:-1]), st.booleans()),
    lambda inner: st.builds(lambda each: Window(invert, (each,)), inner),
    max_leaves=3,
)


@given(conditions)
def test_a_condition_is_true_exactly_where_its_expression_is_beyond_its_bound(condition: Node) -> None:
    panel = Panel(weekdays(len(NUMBERS)), {"RUT": columns_of(np.array(NUMBERS))}, {"RUT": (TAPE,)})
    found = threshold(condition)
    columns = evaluate_columns([condition, found.expression], panel).columns
    assert np.array_equal(columns[condition] == 1.0, found.sign * columns[found.expression] > found.bound)
    assert np.array_equal(np.isnan(columns[condition]), np.isnan(columns[found.expression]))


@pytest.mark.parametrize(("symbol", "level"), [(">", 90.0), (">=", 90.0), ("<", 90.0), ("<=", 90.0)])
def test_a_comparison_with_a_level_is_told_apart_by_its_level_alone(symbol: str, level: float) -> None:
    """Else a thousand levels of a price would be a thousand columns."""
    assert threshold(Window(OPERATORS[symbol], (RUT, Constant(level)))).expression == RUT


def test_only_what_a_row_has_reached_moves() -> None:
    levels = Levels(np.array([0, 0, 1, 2, 2], dtype=np.int32), np.array([99.0, 100.0, -101.0, 0.0, ALWAYS_JUDGED]))
    up = reached(np.array([100.0, np.nan]), np.array([True, True]))
    assert levels.moving(up).tolist() == [0, 2, 4]  # without a value only what is not at rest
    assert levels.moving(reached(np.array([100.0, 1.0]), np.array([True, False]))).tolist() == [0, 2]
    assert levels.nbytes == 5 * (4 + 8)


# The law


class Screened:
    """Who judges only what a poll may change, as long as what has closed is what it was."""

    def __init__(self, rules: list[CompiledRule]) -> None:
        self._rules, self.book = rules, Book()
        self._closed: Panel | None = None
        self._screen: Screen | None = None
        self.left_out = 0
        self.asked: Sequence[CompiledRule] = ()

    def judges(self, panel: Panel, closed: Panel, now: Instant) -> tuple[AlertEvent, ...]:
        if closed is not self._closed or not self._is_settled(closed):
            through = self._screen.through if self._screen else {}
            records = {**self.book.records, **dict(caught_up(self._rules, self.book.records, through))}
            outcome = judged(self._rules, panel, closed, replace(self.book, records=records), now)
            self.book, self._closed, self._screen = outcome.book, closed, None
            return outcome.events
        self._screen = self._screen or Screen(self._rules, self.book.records, {})
        if not panel.provisional:
            return ()
        due = partial(Awaited().due, panel, now)
        asked = self._screen.asked(panel, self.book.checkpoints.get(TRACK, {}), due)
        self.left_out += len(self._rules) - len(asked.rules)
        self.asked = asked.rules
        outcome = judged(asked.rules, panel, closed, self._known(asked), now)
        after = outcome.book
        self.book = replace(
            self.book, records={**self.book.records, **after.records}, events={**self.book.events, **after.events}
        )
        self._screen.learn(asked, self.book.records)
        return outcome.events

    def _is_settled(self, closed: Panel) -> bool:
        last = int(closed.clock.closes[-1])
        known = [self.book.records.get(rule.rule.id) for rule in self._rules]
        return all(record is not None and record.through >= last for record in known)

    def _known(self, asked: Asked) -> Book:
        ids = {rule.rule.id for rule in asked.rules}
        return replace(
            self.book,
            records={name: each for name, each in self.book.records.items() if name in ids},
            events={name: each for name, each in self.book.events.items() if name in ids},
        )


@settings(max_examples=3 * settings().max_examples)
@given(alerts(), steps)
def test_what_is_screened_says_and_remembers_what_is_all_judged(
    rules: list[CompiledRule], story: list[Poll | Close | Restated]
) -> None:
    market, everything, screened = Market(), Book(), Screened(rules)
    for step in story:
        panel, now = market.goes_on(step)
        outcome = judged(rules, panel, market.closed, everything, now)
        everything = outcome.book
        assert screened.judges(panel, market.closed, now) == outcome.events, step
        assert screened.book.events == everything.events
        assert screened.book.records.keys() == everything.records.keys()
        for rule in rules:
            if rule.rule.id in everything.records:
                ours, theirs = screened.book.records[rule.rule.id], everything.records[rule.rule.id]
                assert what_counts(rule, ours) == what_counts(rule, theirs), (step, rule.rule)


# What is at rest


def asked_of(rule: CompiledRule, *prices: float) -> list[bool]:
    """Whether an alert is asked at each of some polls, a minute apart; at the first one every alert is."""
    market, screened, found = Market(), Screened([rule]), []
    for price in prices:
        panel, now = market.goes_on(Poll(1, price, price))
        before = screened.left_out
        screened.judges(panel, market.closed, now)
        found.append(screened.left_out == before)
    return found


def alert(when: str, clear: str, **timing: int) -> CompiledRule:
    return compile_rule(Rule("#1.1", when, clear, Basis.TICK, Timing(**timing), personal=True), SCOPE)


def test_it_is_asked_when_it_fires_and_when_it_is_over_and_not_between() -> None:
    assert asked_of(alert("RUT > 100", "RUT < 95"), 99, 99, 101, 99, 106, 94, 99) == [1, 0, 1, 0, 0, 1, 0]


def test_one_that_counts_is_asked_every_time() -> None:
    assert asked_of(alert("RUT > 100", "RUT < 95", confirm=3), 99, 101, 99, 99, 98) == [1, 1, 1, 0, 0]
    assert asked_of(alert("RUT > 100", "RUT < 95", cooldown=2), 99, 101, 99, 99, 99, 99) == [1, 1, 1, 1, 0, 0]
    assert asked_of(alert("RUT > 100", "RUT < 95", expires=4), 99, 101, 99, 99, 99) == [1, 1, 1, 1, 1]


def test_who_is_asked_names_with_others_all_that_the_track_is_of() -> None:
    """Else its past would look like another one, and what folds over it would begin anew in every poll."""
    written = [Rule(f"#1.{n}", f"{x} > 105", None, Basis.TICK, personal=True) for n, x in enumerate(["RUT", "SPX"] * 3)]
    rules = [compile_rule(each, SCOPE) for each in written]
    market, screened = Market(), Screened(rules)
    for rut in (99, 99, 106):
        panel, now = market.goes_on(Poll(1, rut, 99))
        screened.judges(panel, market.closed, now)
    assert [rule.instruments for rule in screened.asked] == [("RUT",)] * 3 + [("SPX",)]
