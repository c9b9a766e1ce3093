"""Rules that begin at an instant: what was before is no news, and does not keep them silent either."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.alerting import Firing, Inactive
from rules.book import Book
from rules.engine import GRACE, evaluate, opened
from rules.language.compile import CompiledRule, compile_rule
from rules.model import XNYS, AlertEvent, Basis, Instant, Rule, Timing
from rules.panel import Panel
from tests.rules.markets import SCOPE, written


def since(row: int, panel: Panel, confirm: int = 1) -> CompiledRule:
    """`RUT > 100`, which counts again below 90, made just after a row had closed."""
    made_at = int(panel.clock.closes[row]) + 60
    rule = Rule("#1.1", "RUT > 100", "RUT < 90", Basis.CLOSE, Timing(confirm=confirm), personal=True, since=made_at)
    return compile_rule(rule, SCOPE)


def played(rule: CompiledRule, panel: Panel, first: int) -> list[tuple[str, int]]:
    """What it says, judged close after close from row `first` on: the edge and its row."""
    book, found = Book(), list[AlertEvent]()
    for row in range(first, len(panel)):
        outcome = evaluate([rule], {XNYS: panel[: row + 1]}, book, _now(panel, row))
        book, found = outcome.book, [*found, *outcome.events]
    return [(event.edge.value, int(np.searchsorted(panel.clock.closes, event.at))) for event in found]


def _close(panel: Panel, row: int) -> Instant:
    return int(panel.clock.closes[row])


def _now(panel: Panel, row: int) -> Instant:
    return _close(panel, row) + GRACE


def test_a_price_in_the_band_of_an_alert_that_is_made_now_does_not_silence_it() -> None:
    """Folded over its history it had fired on the second row and was not over."""
    panel = written(RUT="99 101 95 96 101")
    assert played(since(3, panel), panel, 3) == [("fired", 4)]
    everybody = compile_rule(Rule("high", "RUT > 100", "RUT < 90"), SCOPE)
    assert played(everybody, panel, 3) == []


def test_what_is_so_when_it_is_made_is_no_news_until_it_was_over() -> None:
    panel = written(RUT="99 101 102 103 80 104")
    assert played(since(1, panel), panel, 1) == [("resolved", 4), ("fired", 5)]


@pytest.mark.parametrize("confirm", [1, 2, 3])
def test_nor_is_it_a_row_or_two_later_where_several_have_to_confirm_it(confirm: int) -> None:
    panel = written(RUT="99 101 102 103 104 105")
    assert played(since(1, panel, confirm), panel, 1) == []


def test_its_state_is_kept_when_all_its_rows_are_judged_again() -> None:
    panel = written(RUT=" ".join(["99", "101"] + ["95"] * 30 + ["101"]))
    rule = since(2, panel)
    assert played(rule, panel, 2) == [("fired", 32)]
    outcome = evaluate([rule], {XNYS: panel[:20]}, Book(), _now(panel, 19))
    assert outcome.book.records["#1.1"].alert == Inactive(int(panel.clock.closes[19]))


def test_one_that_is_made_anew_begins_anew() -> None:
    panel = written(RUT="99 101 102 103 104")
    first, second = since(0, panel), since(3, panel)
    assert first.digest != second.digest
    book = evaluate([first], {XNYS: panel[:3]}, Book(), _now(panel, 2)).book
    outcome = evaluate([second], {XNYS: panel}, book, _now(panel, 4))
    assert outcome.book.records["#1.1"].alert == Firing(_close(panel, 4), since=_close(panel, 3), age=1)
    assert outcome.events == ()


def test_what_happened_between_its_making_and_the_first_look_at_it_is_told() -> None:
    """A process that was killed when it had said that the alert is watched; the next one came two closes later."""
    panel = written(RUT="99 101 102 95")
    assert played(since(0, panel), panel, 3) == [("fired", 1)]


def test_a_close_that_was_before_it_was_made_is_no_news_though_its_bar_came_later() -> None:
    panel = written(RUT="98 99 101 102")
    rule = since(2, panel)
    book = evaluate([rule], {XNYS: panel[:2]}, Book(), _now(panel, 1)).book
    outcome = evaluate([rule], {XNYS: panel}, book, _now(panel, 3))
    assert (outcome.events, outcome.book.events) == ((), {})
    assert isinstance(outcome.book.records["#1.1"].alert, Firing)


@given(
    prices=st.lists(st.sampled_from([80, 95, 101]), min_size=3, max_size=40),
    made=st.integers(0, 39),
    looked=st.integers(0, 39),
)
def test_whenever_it_is_looked_at_first_it_says_the_same(prices: list[int], made: int, looked: int) -> None:
    """A process that was away says what one that was there has said."""
    panel = written(RUT=" ".join(map(str, prices)))
    made = min(made, len(prices) - 1)
    rule = since(made, panel)
    assert played(rule, panel, max(made, min(looked, len(prices) - 1))) == played(rule, panel, made)


@given(prices=st.lists(st.sampled_from([80, 95, 101]), min_size=3, max_size=40), made=st.integers(0, 39))
def test_it_says_what_a_history_that_begins_there_would(prices: list[int], made: int) -> None:
    panel = written(RUT=" ".join(map(str, prices)))
    made = min(made, len(prices) - 1)
    plain = compile_rule(Rule("high", "RUT > 100", "RUT < 90"), SCOPE)
    young = written(RUT=" ".join(map(str, prices[made:])))
    events = evaluate([plain], {XNYS: young}, opened([plain]), _now(young, len(young) - 1)).events
    begun = [(event.edge.value, int(np.searchsorted(young.clock.closes, event.at)) + made) for event in events]
    assert played(since(made, panel), panel, made) == [each for each in begun if each[1] > made]


def test_what_was_so_before_it_was_made_is_not_told_late_after_its_past_was_filled_in() -> None:
    """It was looked at first while the past of its instrument was filled in: it took all of that for its own."""
    panel = written(RUT="99 95 101 102 103")
    rule = since(2, panel)
    filled = evaluate([rule], {XNYS: panel[:3]}, Book(), _now(panel, 2), refilled={"RUT"})
    assert filled.events == ()
    outcome = evaluate([rule], {XNYS: panel[:4]}, filled.book, _now(panel, 3))
    assert outcome.events == ()
