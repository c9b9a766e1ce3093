"""The whole judgement: live a few rows at a time equals a replay of all of them, and what is adopted is silent."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.alerting import BEFORE, Coverage, Firing, Inactive, Pending
from rules.bars import HOUR, Origin, Tick
from rules.book import AGAIN, Book, Record
from rules.course import PATIENCE, follow
from rules.engine import GRACE, Outcome, evaluate, opened
from rules.evaluation import evaluate as evaluate_columns
from rules.evaluation import lookback
from rules.language.compile import CompiledRule, compile_rule, track_of
from rules.model import ALWAYS, XNYS, AlertEvent, Basis, Edge, Rule, Severity, Timing
from rules.panel import Panel
from rules.provisional import with_provisional
from rules.scan import Checkpoint
from tests.rules.markets import SCOPE, TAPE, column, market, prices, rule, tape, written

FEW = settings(max_examples=max(1, settings().max_examples // 5))

PACK = [
    rule("record", "close(RUT) > record(RUT)", "drawdown(RUT) > 3%"),
    rule("coupled", "p_corr(RUT, SOL, above=0.2) >= 50%", "p_corr(RUT, SOL, above=0.2) <= 20%", confirm=2),
    rule("lags", "ret(RUT, 21) - ret(SPX, 21) < -2% and not drawdown(SPX) > 30%", cooldown=5),
    rule("trend", "ema(BTC, 5) > sma(BTC, 20) or VIX > 30", confirm=2, confirm_clear=3),
    rule("turn", "down_turn(ETH, 10%) and SPX > 0", expires=3, cooldown=4),
    rule("wild", "vol(SPX, 10) > 15%", "vol(SPX, 10) < 12%", expires=10),
    rule("regime", "regime_is(RISK_ON)"),
    rule("off", "p_risk_off() > 5%", confirm=2),
]
COIN_PACK = [
    rule("coin-drop", "ret(BTC, 3) < -5%", "ret(BTC, 3) > 0"),
    rule("coin-couple", "corr(BTC, ETH, 20) > 0.5", "corr(BTC, ETH, 20) < 0.3", confirm=2),
    rule("coin-record", "SOL > record(SOL)", expires=5),
]


def after(panel: Panel, grace: int = GRACE) -> int:
    """A moment at which every row of the panel is due."""
    return int(panel.clock.closes[-1]) + grace if len(panel) else 0


def through_json(book: Book) -> Book:
    """The book with its checkpoints written down and read again."""
    text = json.dumps({c: {n: point.dump() for n, point in each.items()} for c, each in book.checkpoints.items()})
    loaded = {c: {n: Checkpoint.load(plain) for n, plain in each.items()} for c, each in json.loads(text).items()}
    return replace(book, checkpoints=loaded)


def live(rules: list[CompiledRule], panel: Panel, stops: list[int], book: Book) -> tuple[Book, list[AlertEvent]]:
    """Judge a panel that grows to each of `stops`, saving and loading in between."""
    happened: list[AlertEvent] = []
    for stop in stops:
        seen = panel[:stop]
        outcome = evaluate(rules, {panel.clock.calendar: seen}, through_json(book), after(seen))
        book, happened = outcome.book, happened + list(outcome.events)
    return book, happened


def replay(rules: list[CompiledRule], panel: Panel) -> Outcome:
    return evaluate(rules, {panel.clock.calendar: panel}, opened(rules), after(panel))


def since_ever(book: Book) -> dict[str, Record]:
    """The records as if every rule had been there before the first row."""
    return {name: replace(record, adopted=BEFORE) for name, record in book.records.items()}


def dumped(book: Book) -> str:
    points = {c: {n: point.dump() for n, point in sorted(each.items())} for c, each in sorted(book.checkpoints.items())}
    return repr(sorted(book.records.items())) + json.dumps(points)


def told(events: tuple[AlertEvent, ...] | list[AlertEvent], panel: Panel) -> list[str]:
    """`["fired 3", ...]`: edge and row."""
    return [f"{event.edge} {int(np.searchsorted(panel.clock.closes, event.at))}" for event in events]


class Drawn(NamedTuple):
    """A market by its seed, and the row numbers up to which it is seen, the last one all of it."""

    seed: int
    stops: list[int]

    def panel(self) -> Panel:
        return market(self.seed, self.stops[-1])


@st.composite
def drawn_markets(draw: st.DrawFn) -> Drawn:
    rows = draw(st.integers(280, 360))
    stops = draw(st.sets(st.integers(1, rows - 1), max_size=12))
    return Drawn(draw(st.integers(0, 2**32 - 1)), [*sorted(stops), rows])


@FEW
@given(drawn_markets())
def test_live_with_save_and_load_equals_replay_in_events_and_records(drawn: Drawn) -> None:
    panel, stops = drawn.panel(), drawn.stops
    book, events = live(PACK, panel, stops, opened(PACK))
    whole = replay(PACK, panel)
    assert repr(events) == repr(sorted(whole.events, key=lambda e: e.at))
    assert dumped(book) == dumped(whole.book)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_row_by_row_with_save_and_load_equals_replay(seed: int) -> None:
    panel = market(seed, 320)
    book, events = live(PACK, panel, list(range(1, 321)), opened(PACK))
    whole = replay(PACK, panel)
    assert repr(events) == repr(list(whole.events))
    assert dumped(book) == dumped(whole.book)
    assert {event.rule for event in events} >= {"record", "trend", "turn", "wild"}


LEAN = [each for each in PACK if lookback(each.roots) < 100]
"""What looks back a few rows only."""

FAR = [rule("far", "p_corr(RUT, SPX, above=0.3) > 50%", "corr(RUT, SPX, 20) < 0.3"), *LEAN]
"""Beside it stands a rank among 504."""


@pytest.mark.parametrize(
    ("rules", "seed", "first", "rows"),
    [(LEAN, 3, 250, 320), (LEAN, 4, 250, 320), (LEAN, 7, 250, 320), (FAR, 4, 860, 900), (FAR, 7, 860, 900)],
)
def test_a_panel_that_reaches_back_no_further_than_the_look_back_is_enough(
    rules: list[CompiledRule], seed: int, first: int, rows: int
) -> None:
    panel = market(seed, rows)
    reach = lookback(root for each in rules for root in each.roots) + 1 + AGAIN
    assert reach < first
    book = replay(rules, panel[:first]).book
    events: list[AlertEvent] = []
    for row, grace in product(range(first, rows), (0, GRACE)):
        now = after(panel[: row + 1], grace)
        outcome = evaluate(rules, {XNYS: panel[row - reach : row + 1]}, through_json(book), now)
        book, events = outcome.book, events + list(outcome.events)
    whole = replay(rules, panel)
    expected = [event for event in whole.events if event.at > panel.clock.closes[first - 1]]
    assert sorted(map(repr, events)) == sorted(map(repr, expected))
    assert dumped(book) == dumped(whole.book)


@FEW
@given(drawn_markets())
def test_a_prefix_of_the_rows_gives_a_prefix_of_the_events(drawn: Drawn) -> None:
    panel, cut = drawn.panel(), drawn.stops[0]
    whole = [event for event in replay(PACK, panel).events if event.at <= panel.clock.closes[cut - 1]]
    assert repr(list(replay(PACK, panel[:cut]).events)) == repr(whole)


@FEW
@given(drawn_markets())
def test_judging_again_changes_nothing_and_tells_nothing(drawn: Drawn) -> None:
    panel = drawn.panel()
    once = replay(PACK, panel)
    again = evaluate(PACK, {XNYS: panel}, once.book, after(panel) + 999)
    assert again.events == ()
    assert dumped(again.book) == dumped(once.book)


@FEW
@given(drawn_markets(), st.integers(0, len(PACK) - 1))
def test_a_rule_is_judged_the_same_alone_and_beside_others(drawn: Drawn, index: int) -> None:
    panel = drawn.panel()
    alone, together = replay([PACK[index]], panel), replay(PACK, panel)
    name = PACK[index].rule.id
    assert repr(list(alone.events)) == repr([event for event in together.events if event.rule == name])
    assert alone.book.records[name] == together.book.records[name]


@FEW
@given(drawn_markets(), st.integers(0, len(PACK) - 1))
def test_a_rule_adopted_later_is_silent_about_the_past_and_then_as_if_it_had_always_been_there(
    drawn: Drawn, index: int
) -> None:
    panel, stops = drawn.panel(), drawn.stops
    adopted_at = stops[len(stops) // 2]
    others = [each for each in PACK if each is not PACK[index]]
    book, _ = live(others, panel, [stop for stop in stops if stop < adopted_at], opened(others))
    book, events = live(PACK, panel, [stop for stop in stops if stop >= adopted_at], book)
    mine = [event for event in events if event.rule == PACK[index].rule.id]
    whole = replay(PACK, panel)
    due = [e for e in whole.events if e.rule == PACK[index].rule.id and e.at > panel.clock.closes[adopted_at - 1]]
    assert repr(mine) == repr(due)
    assert since_ever(book) == whole.book.records


HIGH = rule("high", "RUT > 100")


def test_a_new_rule_that_is_already_true_is_firing_and_says_nothing() -> None:
    panel = written(RUT="99 101 102")
    outcome = evaluate([HIGH], {XNYS: panel}, Book(), after(panel))
    assert outcome.events == ()
    assert outcome.book.records["high"].alert == Firing(after(panel, 0), int(panel.clock.closes[1]), age=1)


def test_a_rule_that_was_there_before_the_first_row_tells_everything() -> None:
    panel = written(RUT="99 101 102 99 103")
    assert told(replay([HIGH], panel).events, panel) == ["fired 1", "resolved 3", "fired 4"]


@pytest.mark.parametrize(
    "changed",
    [
        rule("high", "RUT > 101"),
        rule("high", "RUT > 100", "RUT < 99"),
        rule("high", "RUT > 100", confirm=2),
        rule("high", "RUT > 100", expires=9),
    ],
)
def test_a_rule_that_would_be_judged_differently_is_adopted_anew_without_a_word(changed: CompiledRule) -> None:
    panel = written(RUT="99 101 102 99 102 103")
    book = replay([HIGH], panel[:4]).book
    outcome = evaluate([changed], {XNYS: panel}, book, after(panel))
    assert outcome.events == ()
    assert since_ever(outcome.book) == replay([changed], panel).book.records


def test_a_rule_that_only_reads_differently_goes_on_where_it_was() -> None:
    panel = written(RUT="99 101 102 99")
    book = replay([HIGH], panel[:3]).book
    outcome = evaluate([rule("high", "close(RUT)>100.0"), rule("high2", "RUT>100")], {XNYS: panel}, book, after(panel))
    assert outcome.events == ()
    again = evaluate([rule("high", "(RUT  >100.0)")], {XNYS: panel}, book, after(panel))
    assert told(again.events, panel) == ["resolved 3"]


def test_a_rule_that_is_gone_leaves_no_record_and_no_word() -> None:
    panel = written(RUT="99 101 102")
    other = rule("other", "RUT > 1000")
    book = replay([HIGH, other], panel[:2]).book
    outcome = evaluate([other], {XNYS: panel}, book, after(panel))
    assert outcome.events == ()
    assert set(outcome.book.records) == {"other"}


def test_without_rules_there_is_nothing_to_judge() -> None:
    assert evaluate([], {}, Book(), 0) == Outcome(Book(), ())


BOTH = rule("both", "RUT > 100 or SPX > 100")


@pytest.mark.parametrize(
    ("rut", "spx", "minutes", "seen"),
    [
        ("99 101", "99 .", 1, []),
        ("99 101", "99 .", 119, []),
        ("99 101", "99 .", 120, ["fired 1"]),
        ("99 101", "99 99", 1, ["fired 1"]),
        ("99 101", "99 99", 0, ["fired 1"]),
        ("99 . 101", "99 99 99", 0, ["fired 2"]),
    ],
)
def test_a_row_is_judged_with_all_its_bars_or_after_the_grace(
    rut: str, spx: str, minutes: int, seen: list[str]
) -> None:
    panel = written(RUT=rut, SPX=spx)
    outcome = evaluate([BOTH], {XNYS: panel}, opened([BOTH]), after(panel, 60 * minutes))
    assert told(outcome.events, panel) == seen


def test_a_row_that_is_not_due_waits_and_is_judged_with_the_bar_that_comes_before_the_grace() -> None:
    early, late = written(RUT="99 99", SPX="99 ."), written(RUT="99 99", SPX="99 101")
    first = evaluate([BOTH], {XNYS: early}, opened([BOTH]), after(early, 60))
    assert first.book.records["both"].through == early.clock.closes[0]
    second = evaluate([BOTH], {XNYS: late}, through_json(first.book), after(late, 3_600))
    assert told(second.events, late) == ["fired 1"]


def test_a_bar_that_comes_after_the_grace_is_told_late() -> None:
    early, late = written(RUT="99 99", SPX="99 ."), written(RUT="99 99", SPX="99 101")
    first = evaluate([BOTH], {XNYS: early}, opened([BOTH]), after(early))
    assert first.events == ()
    second = evaluate([BOTH], {XNYS: late}, first.book, after(late) + 60)
    assert told(second.events, late) == ["fired 1"]
    assert second.events[0].rejudged_at == after(late) + 60
    assert second.book.records["both"].through == early.clock.closes[1]
    assert evaluate([BOTH], {XNYS: late}, second.book, after(late) + 120).events == ()


def test_a_rule_that_waits_for_a_bar_holds_up_no_other_rule() -> None:
    panel = written(RUT="99 101 102", SPX="99 99 .")
    outcome = evaluate([BOTH, HIGH], {XNYS: panel}, opened([BOTH, HIGH]), after(panel, 60))
    assert [f"{e.rule} {t}" for e, t in zip(outcome.events, told(outcome.events, panel), strict=True)] == [
        "both fired 1",
        "high fired 1",
    ]
    assert outcome.book.records["both"].through == panel.clock.closes[1]
    assert outcome.book.records["high"].through == panel.clock.closes[2]


@FEW
@given(drawn_markets())
def test_rules_that_wait_for_different_bars_end_where_a_replay_ends(drawn: Drawn) -> None:
    """Polled twice a row: just after the close, when what has a gap is not due, and after the grace."""
    panel, stops = drawn.panel(), drawn.stops
    book = opened(PACK)
    events: list[AlertEvent] = []
    for stop in stops:
        for now in (after(panel[:stop], 0), after(panel[:stop])):
            outcome = evaluate(PACK, {XNYS: panel[:stop]}, through_json(book), now)
            book = outcome.book
            events += outcome.events
    whole = replay(PACK, panel)
    assert sorted(map(repr, events)) == sorted(map(repr, whole.events))
    assert book.records == whole.book.records


def test_rules_of_two_clocks_are_judged_on_their_own_and_told_in_order_of_time() -> None:
    equity, coin = market(5, 300), market(6, 420, calendar=ALWAYS)
    pack = [*PACK[:4], *COIN_PACK]
    both = evaluate(pack, {XNYS: equity, ALWAYS: coin}, opened(pack), max(after(equity), after(coin)))
    apart = [*replay(PACK[:4], equity).events, *replay(COIN_PACK, coin).events]
    assert sorted(map(repr, both.events)) == sorted(map(repr, apart))
    assert [event.at for event in both.events] == sorted(event.at for event in both.events)
    assert {event.clock for event in both.events} == {XNYS, ALWAYS}
    assert set(both.book.checkpoints) == {XNYS, ALWAYS}


def test_coins_alone_have_the_clock_that_never_stops() -> None:
    assert [each.calendar for each in COIN_PACK] == [ALWAYS] * 3
    assert {each.calendar for each in PACK} == {XNYS}


def test_missing_data_is_told_once_and_its_return_before_what_it_brings() -> None:
    panel = written(RUT="99 . . . . 101")
    assert PATIENCE == 3
    assert told(replay([HIGH], panel).events, panel) == ["no_data 3", "data_back 5", "fired 5"]


def test_an_event_carries_the_numbers_it_happened_on() -> None:
    panel = written(RUT="100 110 120 115", SPX="10 11 12 13")
    compiled = rule("r", "close(RUT) > record(RUT) and SPX > 11.5", "drawdown(RUT) > 3%")
    fired, resolved = replay([compiled], panel).events
    assert fired.key == f"r/fired/{panel.clock.closes[2]}"
    assert fired.session == dt.date(2019, 1, 4)
    assert fired.title == "close(RUT) > record(RUT) and SPX > 11.5"
    assert fired.severity is Severity.NOTICE
    assert dict(fired.values) == {"close(RUT)": 120, "record(RUT)": 110, "SPX": 12}
    beside = {shown.text: column(shown.text, panel)[2] for shown in compiled.context}
    assert {text: np.nan if value is None else value for text, value in fired.context.items()} == pytest.approx(
        beside, nan_ok=True
    )
    assert fired.origins == ("RUT-VENUE USD", "SPX-VENUE USD")
    assert dict(resolved.values) == {"drawdown(RUT)": 1 - 115 / 120}


def test_who_printed_nothing_on_the_row_is_not_named() -> None:
    panel = written(RUT="99 101", SPX="99 .")
    (fired,) = replay([BOTH], panel).events
    assert fired.origins == ("RUT-VENUE USD",)
    assert fired.values["SPX"] is None


def test_a_rule_on_a_panel_without_rows_waits_for_them() -> None:
    empty = market(1)[:0]
    assert replay([HIGH], empty).events == ()
    assert replay([HIGH], empty).book.records["high"].alert == Inactive()


def test_a_rule_that_was_adopted_before_any_row_was_there_says_nothing_of_the_past() -> None:
    """A first start before the first prices: the empty book must not count as an adoption."""
    panel, compiled = market(3), rule("record", "close(RUT) > record(RUT)", "drawdown(RUT) > 1%")
    empty = evaluate([compiled], {XNYS: panel[:0]}, Book(), 0)
    assert empty.book.records == {}
    late = evaluate([compiled], {XNYS: panel}, empty.book, after(panel))
    assert late.events == ()
    assert late.book.records[compiled.rule.id].through > 0


def test_a_rule_that_changed_before_any_row_was_there_says_nothing_of_the_past() -> None:
    """The old record must not come back with the new digest: it would count as adopted."""
    panel = market(3)
    old, new = (rule("record", "close(RUT) > record(RUT)", f"drawdown(RUT) > {share}%") for share in (1, 2))
    empty = evaluate([new], {XNYS: panel[:0]}, opened([old]), 0)
    assert empty.book.records == opened([old]).records
    assert evaluate([new], {XNYS: panel}, empty.book, after(panel)).events == ()


def test_a_panel_that_begins_in_the_middle_is_refused_where_a_memory_has_no_checkpoint() -> None:
    """A new rule beside old ones would else start every memory at the tail's first row, and call old prices records."""
    panel, compiled = market(3), rule("record", "close(RUT) > record(RUT)", "drawdown(RUT) > 1%")
    with pytest.raises(ValueError, match="begins where history does"):
        evaluate([compiled], {XNYS: panel[50:]}, Book(), after(panel))


def test_two_events_that_say_the_same_are_equal_also_where_a_number_is_undefined() -> None:
    """NaN is not equal to itself: live and replay would differ in the first month of every record."""
    compiled = rule("record", "close(RUT) > record(RUT)")
    once, again = (replay([compiled], written(RUT="1 2 3")).events for _ in range(2))
    assert once == again
    assert once[0].context == {"ret(RUT, 21)": None}


# Since when


def test_what_is_over_says_since_when_it_was_firing() -> None:
    panel = written(RUT="99 101 102 99 103 99")
    events = replay([HIGH], panel).events
    assert told(events, panel) == ["fired 1", "resolved 3", "fired 4", "resolved 5"]
    closes = panel.clock.closes.tolist()
    assert [event.since for event in events] == [None, closes[1], None, closes[4]]


def test_an_alert_that_expired_says_since_when_too() -> None:
    panel = written(RUT="99 101 102 103 104")
    events = replay([rule("short", "RUT > 100", expires=2)], panel).events
    assert told(events, panel) == ["fired 1", "resolved 3"]
    assert events[1].since == panel.clock.closes[1]


def test_missing_data_is_since_nothing() -> None:
    panel = written(RUT="99 101 . . . . 99")
    events = replay([HIGH], panel).events
    assert told(events, panel) == ["fired 1", "no_data 4", "data_back 6", "resolved 6"]
    assert [event.since for event in events] == [None, None, None, panel.clock.closes[1]]


def test_an_alert_adopted_while_firing_is_over_since_it_began() -> None:
    panel = written(RUT="99 101 102 99")
    book = evaluate([HIGH], {XNYS: panel[:3]}, Book(), after(panel[:3])).book
    (event,) = evaluate([HIGH], {XNYS: panel}, book, after(panel)).events
    assert event.edge is Edge.RESOLVED
    assert event.since == panel.clock.closes[1]


@FEW
@given(drawn_markets())
def test_since_is_the_bar_of_the_firing_before(drawn: Drawn) -> None:
    fired: dict[str, int] = {}
    for event in replay(PACK, drawn.panel()).events:
        assert event.since == (fired[event.rule] if event.edge is Edge.RESOLVED else None)
        if event.edge is Edge.FIRED:
            fired[event.rule] = event.at


# Where an alert stood on every row


@FEW
@given(drawn_markets(), st.integers(0, len(PACK) - 1))
def test_to_follow_an_alert_is_to_know_where_it_stood_after_every_row(drawn: Drawn, index: int) -> None:
    panel, compiled = drawn.panel(), PACK[index]
    columns = evaluate_columns([compiled.when, compiled.clear], panel).columns
    timing, closes = compiled.rule.timing, panel.clock.closes
    states = follow(timing, columns[compiled.when], columns[compiled.clear], closes)
    assert len(states) == len(panel)
    for stop in {1, drawn.stops[0], len(panel)}:
        assert states[stop - 1] == replay([compiled], panel[:stop]).book.records[compiled.rule.id].alert


def test_to_follow_no_rows_is_to_know_nothing() -> None:
    nothing = np.empty(0)
    assert follow(Timing(), nothing, nothing, np.empty(0, dtype=np.int64)) == []


def test_an_alert_that_is_followed_by_hand() -> None:
    when, clear = prices("0 1 1 . 1 0 0"), prices("1 0 0 . 0 1 1")
    states = follow(Timing(confirm=2, confirm_clear=2), when, clear, np.arange(7))
    assert [type(state) for state in states] == [Inactive, Pending, Firing, Firing, Firing, Firing, Inactive]
    assert states[5] == Firing(5, since=2, age=2, clearing=1)


# Who stands beside a rule

BESIDE = rule("beside", "p_corr(RUT, SOL, above=-0.95) >= 50%")
"""TRUE as soon as the filter speaks; SPX and BTC are shown beside it."""


def without(panel: Panel, name: str, row: int) -> Panel:
    """The panel with one more gap."""
    close = panel.columns[name].close.copy()
    close[row] = np.nan
    return replace(panel, columns={**panel.columns, name: replace(panel.columns[name], close=close)})


SPOKEN = market(3, 123, scars=False)
"""A market that ends with the first row on which the filter speaks."""


@pytest.mark.parametrize(("minutes", "fired"), [(1, []), (119, []), (120, ["fired 122"])])
def test_a_rule_waits_a_grace_for_who_stands_beside_it(minutes: int, fired: list[str]) -> None:
    panel = without(SPOKEN, "SPX", -1)
    outcome = evaluate([BESIDE], {XNYS: panel}, opened([BESIDE]), after(panel, 60 * minutes))
    assert told(outcome.events, panel) == fired


def test_who_stands_beside_a_rule_is_not_awaited_and_its_numbers_are_undefined() -> None:
    panel = without(SPOKEN, "SPX", -1)
    outcome = evaluate([BESIDE], {XNYS: panel}, opened([BESIDE]), after(panel), awaited={"SPX"})
    (event,) = outcome.events
    assert event.context["pcorr(RUT, SOL, SPX, n=60)"] is None
    assert event.context["shared(RUT, SOL, 60)"] is None
    assert event.context["corr(RUT, SOL, 60)"] is not None
    assert event.origins == (str(TAPE),)


def test_who_stands_beside_a_rule_is_no_reason_for_no_data() -> None:
    panel = SPOKEN
    for row in range(1, 8):
        panel = without(panel, "BTC", -row)
    assert told(replay([BESIDE], panel).events, panel) == ["fired 122"]


def test_the_origins_of_an_event_are_those_of_what_decides() -> None:
    names = {name: (tape(name),) for name in SPOKEN.columns}
    (event,) = replay([BESIDE], replace(SPOKEN, origins=names)).events
    assert set(event.origins) == {"RUT USD", "SOL USD"}


@pytest.mark.parametrize(
    "clear", ["shared(RUT, SOL, 60)", "not shared(RUT, SOL, 60)", "corr(RUT, SOL, 60) < 2", "corr(RUT, SOL, 60) > 2"]
)
def test_what_is_shown_beside_one_line_may_decide_the_other(clear: str) -> None:
    compiled = rule("both", "p_corr(RUT, SOL, above=-0.95) >= 50%", clear)
    panel = market(3, 140, scars=False)
    decided = [compiled.when, compiled.clear]
    columns = evaluate_columns(decided, panel).columns
    last = follow(Timing(), columns[compiled.when], columns[compiled.clear], panel.clock.closes)[-1]
    assert replay([compiled], panel).book.records["both"].alert == last


def test_what_is_shown_is_the_same_row_by_row_as_in_a_replay() -> None:
    """Context that remembers nothing is computed only where something happened, live from a few rows."""
    compiled = rule("level", "p_corr(RUT, SPX, above=0.3) > 50%", "corr(RUT, SPX, 20) < 0.3")
    panel = market(2, 320)
    whole = replay([compiled], panel).events
    assert {event.edge for event in whole} == set(Edge) - {Edge.CORRECTED}
    _, events = live([compiled], panel, list(range(1, 321)), opened([compiled]))
    assert events == list(whole)
    for event in events:
        row = int(np.searchsorted(panel.clock.closes, event.at))
        for text, number in {**event.values, **event.context}.items():
            expected = column(text, panel)[row]
            assert number == (None if np.isnan(expected) else expected)


def test_an_event_carries_its_interval_and_its_remarks() -> None:
    panel = market(3, 123, scars=False)
    (event,) = replay([BESIDE], panel).events
    for text in ("corr(RUT, SOL, 60)", "corr_low(RUT, SOL, 60)", "corr_high(RUT, SOL, 60)", "shared(RUT, SOL, 60)"):
        assert event.context[text] == column(text, panel)[122]
    assert event.context["vol_driven(RUT, SOL, above=-0.95, n=60)"] is None  # 310 returns are needed


# Bars that may still come


def test_a_row_whose_bars_are_awaited_is_not_due_however_late_it_is() -> None:
    early, whole = written(RUT="99 99 99", SPX="99 . ."), written(RUT="99 99 99", SPX="99 101 99")
    now = after(early, 99 * HOUR)
    first = evaluate([BOTH, HIGH], {XNYS: early}, opened([BOTH, HIGH]), now, awaited={"SPX"})
    assert first.events == ()
    assert first.book.records["both"].through == early.clock.closes[0]
    assert first.book.records["high"].through == early.clock.closes[2]
    second = evaluate([BOTH, HIGH], {XNYS: whole}, through_json(first.book), now)
    assert told(second.events, whole) == ["fired 1", "resolved 2"]


def test_a_hole_before_the_last_bar_of_an_awaited_instrument_is_a_hole() -> None:
    panel = written(RUT="99 99 99 99", SPX="99 . 101 .")
    outcome = evaluate([BOTH], {XNYS: panel}, opened([BOTH]), after(panel), awaited={"SPX"})
    assert told(outcome.events, panel) == ["fired 2"]
    assert outcome.book.records["both"].through == panel.clock.closes[2]


def test_an_awaited_instrument_without_any_bar_holds_up_every_row() -> None:
    panel = written(RUT="99 99 101", SPX=". . .")
    outcome = evaluate([BOTH], {XNYS: panel}, opened([BOTH]), after(panel), awaited={"SPX", "VIX"})
    assert outcome.book.records == opened([BOTH]).records


# A session in progress


def live_rule(name: str, when: str, clear: str | None = None, **timing: int) -> CompiledRule:
    """A compiled rule on ticks."""
    return compile_rule(Rule(name, when, clear, Basis.TICK, Timing(**timing)), SCOPE)


def polled(panel: Panel, minutes: int, **prices: float) -> Panel:
    """The panel and, so many minutes after the next open, a session in progress with these trades of that minute."""
    at = int(panel.clock.closes[-1]) + 17 * HOUR + 60 * minutes
    unsaid = float("nan")
    ticks = {
        name: Tick(name, at, price, unsaid, unsaid, unsaid, Origin("test", _venue(panel, name)))
        for name, price in prices.items()
    }
    return with_provisional(panel, dt.date(2031, 1, 1), ticks)


def _venue(panel: Panel, name: str) -> str:
    return panel.origins[name][0].venue


def judged(compiled: list[CompiledRule], panel: Panel, book: Book, closed: Panel | None = None) -> Outcome:
    """An evaluation just after the panel's last row, with a session in progress on the tick track."""
    tick = track_of(XNYS, Basis.TICK)
    panels = {XNYS: panel if closed is None else closed, tick: panel}
    return evaluate(compiled, panels, through_json(book), int(panel.clock.closes[-1]) + 1)


LIVE = live_rule("live", "RUT > 100", "RUT < 95", confirm=2)
CALM = written(RUT="99 99", SPX="99 99")


def test_the_track_of_a_rule_says_which_rows_it_sees() -> None:
    assert (HIGH.track, LIVE.track) == (XNYS, "XNYS/tick")
    assert live_rule("coin", "BTC > 1").track == "24/7/tick"
    assert HIGH.digest != live_rule("high", "RUT > 100").digest


def test_only_rules_on_ticks_see_the_session_in_progress() -> None:
    both, panel = [HIGH, live_rule("now", "RUT > 100")], polled(CALM, 5, RUT=101)
    outcome = judged(both, panel, opened(both), closed=CALM)
    assert [(event.rule, event.provisional) for event in outcome.events] == [("now", True)]
    assert outcome.book.records["high"].through == CALM.clock.closes[-1]


def test_without_a_session_in_progress_a_rule_on_ticks_is_judged_on_closes() -> None:
    panel = written(RUT="99 101 102")
    outcome = evaluate([LIVE], {XNYS: panel}, opened([LIVE]), after(panel))
    assert told(outcome.events, panel) == ["fired 2"]
    assert not outcome.events[0].provisional


def test_each_poll_counts_once_and_the_same_trade_never_again() -> None:
    book, happened, states = judged([LIVE], CALM, opened([LIVE])).book, [], []
    for minute in (1, 1, 1, 3, 3, 4):
        outcome = judged([LIVE], polled(CALM, minute, RUT=101), book)
        book = outcome.book
        happened += [event.at for event in outcome.events]
        states.append(type(book.records["live"].alert))
    assert states == [Pending, Pending, Pending, Firing, Firing, Firing]
    assert happened == [int(polled(CALM, 3, RUT=1).clock.closes[-1])]


def test_an_older_trade_than_the_one_that_was_judged_is_not_judged() -> None:
    book = judged([LIVE], polled(CALM, 5, RUT=101), opened([LIVE])).book
    assert judged([LIVE], polled(CALM, 4, RUT=101), book).book.records == book.records


def test_a_rule_ends_with_the_trades_of_what_it_reads() -> None:
    """One panel serves rules on RUT and on SPX; SPX was traded a while ago."""
    spx = live_rule("spx", "SPX > 100", confirm=2)
    book, happened, traded = opened([LIVE, spx]), list[str](), int(polled(CALM, 3, SPX=1).clock.closes[-1])
    for minute, ago in ((3, 0), (4, 0), (5, 60)):
        panel = polled(CALM, minute, RUT=101, SPX=101)
        outcome = judged([LIVE, spx], replace(panel, trades={**panel.trades, "SPX": traded - ago}), book)
        book, happened = outcome.book, happened + [event.rule for event in outcome.events]
    assert happened == ["live"]
    assert isinstance(book.records["spx"].alert, Pending)
    assert book.records["spx"].through == traded


def test_a_rule_on_ticks_does_not_wait_for_trades_of_who_only_stands_beside_it() -> None:
    """Only what decides is polled for trades."""
    now = live_rule("now", "p_corr(RUT, SOL, above=-0.95) >= 50%")
    assert now.companions
    book = judged([now], SPOKEN[:122], opened([now])).book
    last = {name: float(SPOKEN.field(name, "close")[-1]) for name in ("RUT", "SOL")}
    outcome = judged([now], polled(SPOKEN[:122], 5, **last), book)
    assert [event.provisional for event in outcome.events] == [True]


def test_a_rule_whose_instrument_was_not_traded_waits_and_holds_up_no_other() -> None:
    spread = live_rule("spread", "RUT > SPX")
    outcome = judged([LIVE, spread], polled(CALM, 3, RUT=101), opened([LIVE, spread]))
    assert isinstance(outcome.book.records["live"].alert, Pending)
    assert outcome.book.records["spread"].through == CALM.clock.closes[-1]


def test_the_close_comes_after_the_trades_of_its_session() -> None:
    book = judged([LIVE], polled(CALM, 5, RUT=101), opened([LIVE])).book
    closed = written(RUT="99 99 101", SPX="99 99 99")
    outcome = judged([LIVE], closed, book)
    assert told(outcome.events, closed) == ["fired 2"]
    assert judged([LIVE], closed, outcome.book).events == ()


def test_polls_without_a_verdict_are_no_sessions_without_data() -> None:
    moved = live_rule("moved", "ret(RUT, 1) > 1%")
    elsewhere = replace(CALM, origins={"RUT": (tape("ELSEWHERE"),), "SPX": (tape("ELSEWHERE"),)})
    book = judged([moved], CALM, opened([moved])).book
    for minute in range(9):
        panel = polled(elsewhere, minute, RUT=150)
        unlinked = replace(panel.columns["RUT"], link=np.append(CALM.columns["RUT"].link, np.nan))
        outcome = judged([moved], replace(panel, columns={**panel.columns, "RUT": unlinked}), book)
        assert outcome.events == ()
        book = outcome.book
    assert book.records["moved"].coverage == Coverage(int(CALM.clock.closes[-1]), ever=True)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_a_hundred_polls_leave_the_memories_of_a_replay_without_them(seed: int) -> None:
    """Bit for bit, also of memories that look some rows back."""
    pack = [live_rule(each.rule.id, each.rule.when, each.rule.clear) for each in PACK]
    panel = market(seed, 320, scars=False)
    book = judged(pack, panel[:300], opened(pack)).book
    chance = np.random.default_rng(seed)
    for row in range(300, 320):
        for minute in range(1, 6):
            names = {
                name: float(panel.field(name, "close")[row - 1] * chance.uniform(0.7, 1.4)) for name in panel.columns
            }
            outcome = judged(pack, polled(panel[:row], minute, **names), book)
            assert dumped_memories(outcome.book) == dumped_memories(book)
            book = outcome.book
        book = judged(pack, panel[: row + 1], book).book
    assert dumped_memories(book) == dumped_memories(judged(pack, panel, opened(pack)).book)


def dumped_memories(book: Book) -> str:
    return dumped(Book({}, book.checkpoints))


def test_a_rule_that_is_adopted_in_the_middle_of_a_session_stands_where_the_session_stands() -> None:
    now = live_rule("now", "RUT > 100")
    outcome = judged([now], polled(CALM, 5, RUT=101), Book())
    assert outcome.events == ()
    assert isinstance(outcome.book.records["now"].alert, Firing)


# --- Columns that are known


def test_columns_that_are_known_give_the_events_that_are_computed_without_them() -> None:
    panel = market(7)
    roots = [node for each in PACK for node in each.roots if node not in each.memoryless]
    known = {XNYS: evaluate_columns(roots, panel).columns}
    computed = replay(PACK, panel)
    given = evaluate(PACK, {XNYS: panel}, opened(PACK), after(panel), columns=known)
    assert given.events == computed.events != ()
    assert given.book.records == computed.book.records
    assert given.book.checkpoints == {XNYS: {}}


def test_columns_that_are_not_all_that_is_needed_are_not_used() -> None:
    panel = market(7)
    wrong = {XNYS: {PACK[0].when: np.zeros(len(panel))}}
    given = evaluate(PACK, {XNYS: panel}, opened(PACK), after(panel), columns=wrong)
    assert given.events == replay(PACK, panel).events
    assert dumped(given.book) == dumped(replay(PACK, panel).book)
