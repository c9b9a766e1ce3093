"""Hashes of what an event was judged on: one price that is another is noticed, and its row is named."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from rules.bars import Floats, Tick
from rules.inputs import Change, Inputs, trades_of
from rules.language.compile import CompiledRule, compile_rule
from rules.model import ALWAYS, AlertEvent, Basis, Edge, Rule, Severity
from rules.panel import Panel
from rules.provisional import with_provisional
from rules.statement import digest_of, restated, stated
from tests.rules.markets import SCOPE, TAPE, bouncing_hours, columns_of, weekdays

ROWS = 700
HIGH = compile_rule(Rule("high", "RUT > 100 and SPX > 1"), SCOPE)
QUICK = compile_rule(Rule("quick", "RUT > 100", basis=Basis.TICK), SCOPE)


def market(**prices: float) -> Panel:
    """Two indices; `RUT_600=5.0` makes that one's close of row 600 another one."""
    closes = {name: 100.0 + np.arange(ROWS) / 7 for name in ("RUT", "SPX")}
    for key, price in prices.items():
        name, _, row = key.partition("_")
        closes[name][int(row)] = price
    return panel_of(**closes)


def panel_of(**closes: Floats) -> Panel:
    rows = len(next(iter(closes.values())))
    columns = {name: columns_of(each) for name, each in closes.items()}
    return Panel(weekdays(rows), columns, dict.fromkeys(closes, (TAPE,)))


def trade(name: str, price: float, at: int) -> Tick:
    return Tick(name, at, price, np.nan, np.nan, np.nan, TAPE)


def event(panel: Panel, row: int, rule: CompiledRule = HIGH, *, provisional: bool = False) -> AlertEvent:
    at = int(panel.clock.closes[row])
    session = panel.clock.session(row)
    return AlertEvent(
        rule.rule.id, Edge.FIRED, at, session, Severity.NOTICE, "", rule.calendar, provisional=provisional
    )


def test_what_comes_after_an_event_does_not_change_what_it_was_judged_on() -> None:
    panel = market()
    for row in (0, 1, 300, ROWS - 1):
        assert Inputs(panel).of(HIGH, event(panel, row)) == Inputs(panel[: row + 1]).of(HIGH, event(panel, row))


@pytest.mark.parametrize("row", [0, 1, 259, 260, 400, 698, 699])
def test_a_close_that_is_another_by_a_millionth_is_noticed_and_its_session_named(row: int) -> None:
    before, after = Inputs(market()), Inputs(market(**{f"SPX_{row}": (100 + row / 7) * (1 + 1e-6)}))
    last = ROWS - 1
    assert before.digest("RUT", last) == after.digest("RUT", last)
    assert before.digest("SPX", last) != after.digest("SPX", last)
    session = after.panel.clock.session(row)
    assert after.change("SPX", last, before.checks("SPX", last)) == Change("SPX", session.year, session)


def test_of_several_sessions_of_a_year_that_have_changed_the_year_is_named() -> None:
    before, after = Inputs(market()), Inputs(market(RUT_300=3.0, RUT_310=4.0, RUT_600=5.0))
    assert after.change("RUT", ROWS - 1, before.checks("RUT", ROWS - 1)) == Change("RUT", 2020, None)


@pytest.mark.parametrize("checks", ["", "zz" * 8, "0" * 15])
def test_checks_that_are_none_name_a_year_at_most(checks: str) -> None:
    assert Inputs(market()).change("RUT", ROWS - 1, checks) == Change("RUT", 2019, None)


def test_without_a_difference_there_is_no_year() -> None:
    inputs = Inputs(market())
    assert inputs.change("RUT", ROWS - 1, inputs.checks("RUT", ROWS - 1)) == Change("RUT")


def test_a_gap_and_a_zero_have_one_form_each() -> None:
    odd = np.frombuffer(np.uint64(0x7FF8_0000_0000_0123).tobytes(), dtype=np.float64)[0]
    one, other = market(RUT_5=np.nan, RUT_6=0.0), market(RUT_5=odd, RUT_6=-0.0)
    digests = [Inputs(each).digest("RUT", ROWS - 1) for each in (one, other)]
    assert digests[0] == digests[1]


def test_who_printed_a_price_belongs_to_it() -> None:
    panel = market()
    mine = replace(panel, origins={**panel.origins, "RUT": (replace(panel.origins["RUT"][0], venue="OTHER"),)})
    digests = [Inputs(each).digest("RUT", ROWS - 1) for each in (panel, mine)]
    assert digests[0] != digests[1]


def test_a_session_in_progress_can_be_made_again_from_what_is_written_down() -> None:
    panel = market()
    at = int(panel.clock.closes[-1]) + 3600
    ticks = {"RUT": trade("RUT", 150.0, at - 60), "SPX": trade("SPX", 90.0, at)}
    live = with_provisional(panel, dt.date(2021, 9, 8), ticks)
    told = replace(event(live, ROWS, QUICK, provisional=True), at=at - 60)
    found = Inputs(live).of(QUICK, told)
    assert (found["rows"], found["ends"]) == (ROWS, at)
    again = trades_of(found["trades"])
    assert (again["RUT"].price, again["RUT"].at, len(again)) == (150.0, at - 60, 1)
    assert found["prices"] == Inputs(panel).of(QUICK, event(panel, ROWS - 1, QUICK))["prices"]


def test_an_event_of_no_row_has_no_inputs() -> None:
    panel = market()
    lost = replace(event(panel, 5), at=int(panel.clock.closes[5]) + 1)
    with pytest.raises(ValueError, match="no row ended"):
        Inputs(panel).of(HIGH, lost)
    with pytest.raises(ValueError, match="no row ended"):
        Inputs(panel).of(HIGH, replace(event(panel, 5), provisional=True))


def test_a_panel_of_one_row_and_an_instrument_without_bars_have_hashes_too() -> None:
    lone = panel_of(RUT=np.array([1.0]))
    assert list(Inputs(lone).of(HIGH, event(lone, 0))["prices"]) == ["RUT"]
    assert len(Inputs(lone).checks("RUT", 0)) == 16


def test_a_rule_is_compiled_again_from_what_is_written_down() -> None:
    rule = compile_rule(Rule("b", "count_if(ALTS, ret(EACH, 5) > 1%) >= 2", "BTC < 3", title="Alts"), SCOPE)
    again = restated(stated(rule, SCOPE))
    assert (again.digest, again.context, again.roots, again.rule.title) == (
        rule.digest, rule.context, rule.roots, "Alts",
    )  # fmt: skip


def test_equal_values_have_equal_digests_in_any_order() -> None:
    assert digest_of({"a": 1, "b": [1.5, None]}) == digest_of({"b": (1.5, None), "a": 1})
    assert digest_of({"a": 1}) != digest_of({"a": 2})


def test_of_a_rule_on_spreads_the_hours_inside_its_rows_count_up_to_its_own() -> None:
    wide = compile_rule(Rule("wide", "spread(BTC) > 1%"), SCOPE)
    hours = bouncing_hours(40)
    rows = weekdays(20, ALWAYS)
    shift = int(rows.closes[-1]) - int(hours.end[-24])
    hours = replace(hours, start=hours.start + shift, end=hours.end + shift)
    panel = Panel(rows, {"BTC": columns_of(np.full(20, 100.0))}, {"BTC": (TAPE,)}, hours={"BTC": hours})
    low = hours.low.copy()
    inside, later = (int(np.searchsorted(hours.end, rows.closes[row])) for row in (5, -1))
    low[inside] -= 1e-6
    other = replace(panel, hours={"BTC": replace(hours, low=low)})
    low_later = hours.low.copy()
    low_later[later + 1] -= 1.0
    beyond = replace(panel, hours={"BTC": replace(hours, low=low_later)})
    of = [Inputs(each).of(wide, event(panel, 19, wide))["prices"] for each in (panel, other, beyond)]
    assert (of[0] != of[1], of[0] == of[2]) == (True, True)
    plain = compile_rule(Rule("plain", "BTC > 1"), SCOPE)
    of = [Inputs(each).of(plain, event(panel, 19, plain))["prices"] for each in (panel, other)]
    assert of[0] == of[1]
    checks = Inputs(panel).checks("BTC", 19)
    assert Inputs(other).change("BTC", 19, checks) == Change("BTC")
