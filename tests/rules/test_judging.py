"""A row is judged again when its bars came late or were restated: what stands in the end is what a replay says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.alerting import Firing, Inactive
from rules.book import AGAIN, Book, standing
from rules.engine import GRACE, Outcome, evaluate, opened
from rules.language.compile import CompiledRule, compile_rule
from rules.model import XNYS, AlertEvent, Basis, Edge, Rule
from rules.panel import Panel
from tests.rules.markets import SCOPE, market, rule, written

FEW = settings(max_examples=max(1, settings().max_examples // 5))

RECORD = rule("record", "close(RUT) > record(RUT)", "drawdown(RUT) > 3%")
HIGH = rule("high", "RUT > 100")
PACK = [
    RECORD,
    rule("lags", "ret(RUT, 5) - ret(SPX, 5) < -1%", cooldown=5),
    rule("trend", "ema(BTC, 5) > sma(BTC, 20) or VIX > 30", confirm=2, confirm_clear=3),
    rule("turn", "down_turn(ETH, 4%) and SPX > 0", expires=3, cooldown=4),
    rule("wild", "vol(SPX, 10) > 15%", "vol(SPX, 10) < 12%", expires=10),
    rule("off", "p_risk_off() > 5%", confirm=2),
]
LATER = 10**6
"""Seconds after the last grace at which rows are judged again."""


def judged(rules: list[CompiledRule], panel: Panel, book: Book, later: int = 0, **options: object) -> Outcome:
    """An evaluation when every row of the panel is due."""
    now = int(panel.clock.closes[-1]) + GRACE + later
    return evaluate(rules, {XNYS: panel}, book, now, **options)  # type: ignore[arg-type]


def moved(panel: Panel, name: str, row: int, close: float) -> Panel:
    """The panel with another close; NaN: without a bar."""
    columns = panel.columns[name]
    changed = replace(columns, close=columns.close.copy())
    changed.close[row] = close
    return replace(panel, columns={**panel.columns, name: changed})


def told(outcome: Outcome, panel: Panel) -> list[str]:
    """`["corrected 3", ...]`: edge and row."""
    return [f"{event.edge} {int(np.searchsorted(panel.clock.closes, event.at))}" for event in outcome.events]


# A close that was restated


THEN, NOW = written(RUT="100 101 102 103"), written(RUT="100 101 102 101.5")


def test_a_record_that_is_restated_away_is_corrected_with_both_numbers() -> None:
    first = judged([RECORD], THEN, opened([RECORD]))
    assert told(first, THEN) == ["fired 1"]
    undone = judged([RECORD], written(RUT="100 99.5 102 103"), first.book, LATER)
    assert told(undone, THEN) == ["corrected 1", "fired 2"]
    correction, late = undone.events
    assert (correction.undone, correction.undone_key) == (Edge.FIRED, first.events[0].key)
    assert dict(correction.was) == {"close(RUT)": 101.0, "record(RUT)": 100.0}
    assert dict(correction.values) == {"close(RUT)": 99.5, "record(RUT)": 100.0}
    assert correction.rejudged_at == late.rejudged_at == int(THEN.clock.closes[-1]) + GRACE + LATER
    assert undone.book.events["record"] == (late,)


def test_a_number_that_changes_without_a_verdict_is_no_news() -> None:
    first = judged([RECORD], THEN, opened([RECORD]))
    assert judged([RECORD], NOW, first.book, LATER).events == ()


def test_a_firing_that_only_now_is_true_is_told_late_with_the_numbers_of_then() -> None:
    before, after = written(RUT="99 99 99"), written(RUT="99 101 99")
    first = judged([HIGH], before, opened([HIGH]))
    outcome = judged([HIGH], after, first.book, LATER, before={XNYS: before})
    assert told(outcome, after) == ["fired 1", "resolved 2"]
    fired = outcome.events[0]
    assert (dict(fired.values), dict(fired.was)) == ({"RUT": 101.0}, {"RUT": 99.0})
    assert fired.key == f"high/fired/{after.clock.closes[1]}/{fired.rejudged_at}"


def test_without_the_panel_of_then_a_late_firing_says_only_what_is() -> None:
    first = judged([HIGH], written(RUT="99 99"), opened([HIGH]))
    (fired,) = judged([HIGH], written(RUT="99 101"), first.book, LATER).events
    assert dict(fired.was) == {}


def test_what_is_restated_back_is_told_once_more_and_not_mistaken_for_what_was_told() -> None:
    up, down = written(RUT="99 101"), written(RUT="99 99")
    first = judged([HIGH], up, opened([HIGH]))
    undone = judged([HIGH], down, first.book, LATER)
    again = judged([HIGH], up, undone.book, LATER + 60)
    assert [told(each, up) for each in (first, undone, again)] == [["fired 1"], ["corrected 1"], ["fired 1"]]
    assert first.events[0].key != again.events[0].key
    assert standing([*first.events, *undone.events, *again.events]) == again.events


def test_a_resolution_that_does_not_hold_is_corrected_too_and_the_alert_is_on_again() -> None:
    first = judged([HIGH], written(RUT="101 99 99"), opened([HIGH]))
    assert told(first, THEN) == ["fired 0", "resolved 1"]
    outcome = judged([HIGH], written(RUT="101 101 101"), first.book, LATER)
    assert told(outcome, THEN) == ["corrected 1"]
    assert outcome.events[0].undone is Edge.RESOLVED
    assert isinstance(outcome.book.records["high"].alert, Firing)


def test_the_same_change_is_told_once() -> None:
    first = judged([HIGH], written(RUT="99 101"), opened([HIGH]))
    second = judged([HIGH], written(RUT="99 99"), first.book, LATER)
    assert judged([HIGH], written(RUT="99 99"), second.book, LATER + 60) == Outcome(second.book, ())


def test_a_restated_row_and_a_new_one_are_judged_by_one_stroke() -> None:
    first = judged([HIGH], written(RUT="99 101"), opened([HIGH]))
    outcome = judged([HIGH], written(RUT="99 99 102"), first.book)
    assert told(outcome, outcome_panel := written(RUT="99 99 102")) == ["corrected 1", "fired 2"]
    assert outcome.events[1].rejudged_at is None
    assert outcome_panel.clock.closes[2] == outcome.book.records["high"].through


# A bar that came late


BOTH = rule("both", "RUT > 100 and SPX > 100")


def test_a_bar_later_than_the_grace_is_judged_when_it_comes() -> None:
    early, late = written(RUT="99 101", SPX="99 ."), written(RUT="99 101", SPX="99 101")
    first = judged([BOTH], early, opened([BOTH]))
    assert first.events == ()
    outcome = judged([BOTH], late, first.book, LATER, before={XNYS: early})
    assert told(outcome, late) == ["fired 1"]
    assert dict(outcome.events[0].was) == {"RUT": 101.0, "SPX": None}


def test_data_that_comes_late_is_back_at_once() -> None:
    dark, lit = written(RUT="99 . . ."), written(RUT="99 98 99 98")
    first = judged([HIGH], dark, opened([HIGH]))
    assert told(first, dark) == ["no_data 3"]
    outcome = judged([HIGH], lit, first.book, LATER)
    assert told(outcome, lit) == ["data_back 3"]
    assert judged([HIGH], lit, outcome.book, LATER + 60).events == ()
    assert not outcome.book.records["high"].coverage.told


# What is not told


def test_what_changes_of_a_row_too_long_ago_is_recorded_and_not_told() -> None:
    rows = AGAIN + 6
    flat = written(RUT=" ".join(["99"] * rows))
    spiked = moved(flat, "RUT", 3, 101.0)
    first = judged([HIGH], spiked, opened([HIGH]))
    assert told(first, flat) == ["fired 3", "resolved 4"]
    outcome = judged([HIGH], flat, first.book, LATER)
    assert told(outcome, flat) == ["corrected 3", "corrected 4"]
    assert outcome.untold == {event.key for event in outcome.events}
    assert outcome.book.events == {}


@pytest.mark.parametrize(("ago", "is_told"), [(AGAIN - 1, True), (AGAIN, False)])
def test_ten_rows_are_told_and_no_more(ago: int, is_told: bool) -> None:
    flat = written(RUT=" ".join(["99"] * 30))
    first = judged([HIGH], moved(flat, "RUT", 29 - ago, 101.0), opened([HIGH]))
    outcome = judged([HIGH], flat, first.book, LATER)
    assert len(outcome.events) == 2 - (ago == 0)
    assert (outcome.events[0].key not in outcome.untold) is is_told


def test_what_happened_before_its_adoption_is_never_corrected() -> None:
    panel = written(RUT="99 101 102 103")
    adopted = judged([HIGH], panel, Book())
    assert adopted.events == ()
    outcome = judged([HIGH], written(RUT="99 99 99 99"), adopted.book, LATER)
    assert outcome.events == ()
    assert isinstance(outcome.book.records["high"].alert, Inactive)


def test_where_the_past_was_filled_in_behind_nothing_is_said_of_rows_that_were_judged() -> None:
    shallow, deep = written(RUT=". . . 100 101 102"), written(RUT="150 . . 100 101 102")
    first = judged([RECORD], shallow, opened([RECORD]))
    assert told(first, shallow) == ["fired 4"]
    outcome = judged([RECORD], deep, first.book, LATER, refilled={"RUT"})
    assert outcome.events == ()
    assert outcome.book.records["record"].adopted == int(deep.clock.closes[-1])
    assert judged([RECORD], deep, outcome.book, LATER + 60, refilled={"RUT"}).events == ()


def test_a_rule_on_trades_is_not_judged_again() -> None:
    live = compile_rule(Rule("live", "RUT > 100", basis=Basis.TICK), SCOPE)
    up, down = written(RUT="99 101"), written(RUT="99 99")
    first = judged([live], up, opened([live]))
    assert told(first, up) == ["fired 1"]
    assert judged([live], down, first.book, LATER).events == ()


def test_what_no_rule_reads_may_change() -> None:
    first = judged([HIGH], written(RUT="99 101", SPX="5 5"), opened([HIGH]))
    outcome = judged([HIGH], written(RUT="99 101", SPX="5 6"), first.book, LATER)
    assert outcome == Outcome(first.book, ())


# Laws


@st.composite
def rewritten_markets(draw: st.DrawFn) -> tuple[int, list[int], list[tuple[str, int, float, int]]]:
    """A seed, stops, and cells that are wrong from their row on for up to AGAIN - 1 rows: by a factor, or not there."""
    rows = draw(st.integers(270, 300))
    stops = sorted(draw(st.sets(st.integers(rows - 40, rows - 1), min_size=3, max_size=25)))
    cell = st.tuples(
        st.sampled_from(["RUT", "SPX", "VIX", "BTC", "ETH"]),
        st.integers(rows - 38, rows - 1),
        st.sampled_from([0.9, 1.1, 1.02, 0.98, np.nan]),
        st.integers(1, AGAIN - 1),
    )
    return draw(st.integers(0, 2**32 - 1)), [*stops, rows], draw(st.lists(cell, min_size=1, max_size=12))


def as_known(final: Panel, stop: int, cells: list[tuple[str, int, float, int]]) -> Panel:
    """The first `stop` rows as they were known then."""
    seen = final[:stop]
    for name, row, factor, lasts in cells:
        if row < stop <= row + lasts:
            seen = moved(seen, name, row, factor * float(final.field(name, "close")[row]))
    return seen


@FEW
@given(rewritten_markets())
def test_whatever_is_restated_within_ten_rows_what_stands_in_the_end_is_a_replay_of_the_last_word(
    drawn: tuple[int, list[int], list[tuple[str, int, float, int]]],
) -> None:
    seed, stops, cells = drawn
    final, book = market(seed, stops[-1]), opened(PACK)
    events: list[AlertEvent] = []
    for poll, stop in enumerate([*stops, stops[-1]]):
        last = poll == len(stops)
        panel = final if last else as_known(final, stop, cells)
        outcome = judged(PACK, panel, book, 60 * poll)
        book, events = outcome.book, [*events, *outcome.events]
    whole = judged(PACK, final, opened(PACK))
    for each in PACK:
        mine, theirs = (
            [(event.edge, event.at) for event in standing(some) if event.rule == each.rule.id]
            for some in (events, whole.events)
        )
        assert mine == theirs
        assert book.records[each.rule.id].alert == whole.book.records[each.rule.id].alert
        assert book.records[each.rule.id].settled == whole.book.records[each.rule.id].settled
    keys = [event.key for event in events]
    assert len(keys) == len(set(keys))


@FEW
@given(rewritten_markets())
def test_a_book_that_forgot_its_checkpoints_says_the_same(
    drawn: tuple[int, list[int], list[tuple[str, int, float, int]]],
) -> None:
    """As after an older version, or a fault of the disk: everything is folded from the beginning."""
    seed, stops, cells = drawn
    final = market(seed, stops[-1])
    before = judged(PACK, as_known(final, stops[-2], cells), opened(PACK)).book
    kept = judged(PACK, final, before, LATER)
    forgot = judged(PACK, final, replace(before, checkpoints={}, pasts={}), LATER)
    assert kept.events == forgot.events
    assert kept.book.records == forgot.book.records


# What moves without becoming untrue


def test_a_firing_that_only_began_earlier_is_neither_corrected_nor_told_again() -> None:
    """Tuesday is restated above the level: Wednesday, of which was told, is above it still."""
    first = judged([HIGH], written(RUT="99 99 101 101"), opened([HIGH]))
    assert told(first, THEN) == ["fired 2"]
    outcome = judged([HIGH], written(RUT="99 100.5 101 101"), first.book, LATER)
    assert told(outcome, THEN) == ["fired 1", "corrected 2"]
    assert outcome.untold == {event.key for event in outcome.events}
    ended = judged([HIGH], written(RUT="99 100.5 101 101 99"), outcome.book)
    assert [(event.edge, event.since) for event in ended.events] == [(Edge.RESOLVED, int(THEN.clock.closes[1]))]


def test_an_end_that_only_came_earlier_is_not_told_again() -> None:
    first = judged([HIGH], written(RUT="101 101 99 99"), opened([HIGH]))
    assert told(first, THEN) == ["fired 0", "resolved 2"]
    outcome = judged([HIGH], written(RUT="101 99 99 99"), first.book, LATER)
    assert told(outcome, THEN) == ["resolved 1", "corrected 2"]
    assert outcome.untold == {event.key for event in outcome.events}


def test_an_end_that_only_came_later_is_corrected_and_told() -> None:
    first = judged([HIGH], written(RUT="101 99 99"), opened([HIGH]))
    outcome = judged([HIGH], written(RUT="101 101 99"), first.book, LATER)
    assert told(outcome, THEN) == ["corrected 1", "resolved 2"]
    assert outcome.untold == frozenset()


def test_what_is_too_old_to_be_told_is_compared_with_nothing() -> None:
    rows = AGAIN + 6
    flat = written(RUT=" ".join(["99"] * rows))
    first = judged([HIGH], flat, opened([HIGH]))
    outcome = judged([HIGH], moved(flat, "RUT", 3, 101.0), first.book, LATER, before={XNYS: flat})
    assert [dict(event.was) for event in outcome.events] == [{}, {}]


# Whether there is data


def test_a_source_that_is_late_every_day_is_not_without_data() -> None:
    """Each row is dark when it is judged and known within the hour."""
    book, happened = opened([HIGH]), list[str]()
    closes = ["99"] * 12
    for day in range(1, 12):
        for words in ([*closes[:day], "."], closes[: day + 1]):
            panel = written(RUT=" ".join(words))
            outcome = judged([HIGH], panel, book, 60 * (words[-1] != "."))
            book, happened = outcome.book, happened + told(outcome, panel)
    assert happened == []


def test_rows_that_stay_dark_still_count_beside_one_that_came_late() -> None:
    panels = ["99 .", "99 98 .", "99 98 . .", "99 98 . . ."]
    book, happened = opened([HIGH]), list[str]()
    for text in panels:
        panel = written(RUT=text)
        outcome = judged([HIGH], panel, book)
        book, happened = outcome.book, happened + told(outcome, panel)
    assert happened == ["no_data 4"]


# A clock that was set back


def test_a_row_that_is_gone_for_a_while_and_comes_back_leaves_the_alert_where_it_stood() -> None:
    whole = written(RUT="99 99 101")
    first = judged([HIGH], whole, opened([HIGH]))
    back = judged([HIGH], whole[:2], first.book)
    again = judged([HIGH], whole, back.book)
    assert (back.events, again.events) == ((), ())
    assert isinstance(again.book.records["high"].alert, Firing)
