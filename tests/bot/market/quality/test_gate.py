"""One poll after the other: what is believed at once, what waits, for whom, and what never is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.answers.quality import Fault, Ruling
from rules.bars import Bars
from rules.model import Instant
from tests.bot.market.quality.desk import COINBASE, DAY, ENDS, HOURS, KRAKEN, Desk, hours_until, together, told, walk

NOTHING: list[str] = []


def test_what_nothing_is_wrong_with_is_believed_as_it_stands() -> None:
    desk = Desk("RUT", "IWM", "BTC")
    truth = {name: desk.truth(name) for name in ("RUT", "IWM", "BTC")}
    judged = desk.poll(**truth)
    assert judged.findings == ()
    assert {name for name, _ in judged.arrivals} == {"RUT", "IWM", "BTC"}
    assert desk.believes("RUT") == truth["RUT"].close[-1]
    assert desk.gate.waiting() == frozenset()


@pytest.mark.parametrize(
    ("close", "fault"),
    [(math.nan, "no price"), (0.0, "not a price"), (-1.0, "not a price"), (math.inf, "not a price")],
)
def test_what_is_no_price_is_rejected(close: float, fault: str) -> None:
    desk = Desk("RUT")
    judged = desk.poll(RUT=desk.lies("RUT", close=close))
    assert told(judged) == [f"RUT {fault}: rejected"]
    assert math.isnan(desk.believes("RUT"))


def test_an_absurd_high_is_taken_away_and_the_close_is_kept() -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    judged = desk.poll(RUT=desk.lies("RUT", high=0.0))
    assert told(judged) == ["RUT not a price: trimmed"]
    ((_, arrival),) = judged.arrivals
    assert (arrival.written.close[-1], arrival.written.open[-1]) == (truth.close[-1], truth.open[-1])
    assert math.isnan(arrival.written.high[-1])


@pytest.mark.parametrize("wrong", [{"open": 1.04}, {"high": 0.97}, {"low": 1.03}])
def test_a_bar_outside_its_own_range_keeps_its_close_alone(wrong: dict[str, float]) -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    judged = desk.poll(RUT=desk.lies("RUT", **wrong))
    assert set(told(judged)) == {"RUT outside its own range: trimmed"}
    ((_, arrival),) = judged.arrivals
    bar = arrival.written.take(slice(-1, None))
    assert bar.close[0] == truth.close[-1]
    assert np.isnan([bar.open[0], bar.high[0], bar.low[0]]).all()


def test_what_was_trimmed_is_neither_written_nor_told_again() -> None:
    desk = Desk("RUT")
    lie = desk.lies("RUT", open=1.04)
    desk.poll(RUT=lie)
    desk.waits()
    judged = desk.poll(RUT=lie)
    assert (judged.arrivals, judged.findings) == ((), ())


def test_rounding_is_no_fault() -> None:
    desk = Desk("RUT")
    bar = desk.truth("RUT")
    high = np.append(bar.high[:-1], max(bar.open[-1], bar.close[-1]) * (1 - 4e-6))
    assert desk.poll(RUT=replace(bar, high=high)).findings == ()


def test_rows_outside_the_calendar_and_off_the_grid_are_rejected() -> None:
    desk = Desk("RUT", "BTC")
    rut, btc = desk.truth("RUT"), desk.truth("BTC")
    judged = desk.poll(RUT=replace(rut, end=rut.end - 60), BTC=replace(btc, end=btc.end - 60))
    assert {text.split(": ")[0] for text in told(judged)} == {"RUT off the calendar", "BTC off the grid"}
    assert judged.arrivals == ()


def test_a_bar_in_progress_is_rejected_whatever_it_says() -> None:
    desk = Desk("RUT")
    early = desk.truth("RUT")
    desk.now = ENDS[desk.today] + 60
    assert told(desk.poll(RUT=early)) == ["RUT still in progress: rejected"]
    desk.waits(3_600)
    assert desk.poll(RUT=desk.truth("RUT")).findings == ()


def test_of_two_rows_of_one_end_the_later_counts() -> None:
    desk = Desk("RUT")
    truth, first = desk.truth("RUT"), desk.lies("RUT", close=0.999)
    twice: Any = {name: np.append(getattr(first, name), getattr(truth, name)[-1]) for name in columns()}
    judged = desk.poll(RUT=replace(truth, **twice))
    assert told(judged) == ["RUT told twice: kept"]
    assert desk.believes("RUT") == truth.close[-1]


def test_rows_out_of_order_are_put_in_order() -> None:
    desk = Desk("RUT")
    desk.today += 1
    desk.now = ENDS[desk.today] + 3_600
    truth = desk.truth("RUT")
    order = np.array([0, 1, 2, 3, 5, 4])
    judged = desk.poll(RUT=truth.take(order))
    assert told(judged) == ["RUT out of order: kept"]
    assert [desk.believes("RUT", end) for end in truth.end.tolist()] == truth.close.tolist()


def columns() -> tuple[str, ...]:
    return ("start", "end", "open", "high", "low", "close", "volume", "known_at", "origin")


# What repeats itself


def copied(bars: Bars) -> Bars:
    """The last row says what the one before it says."""
    names: Any = {}
    for name in ("open", "high", "low", "close", "volume"):
        names[name] = getattr(bars, name).copy()
        names[name][-1] = names[name][-2]
    return replace(bars, **names)


def test_a_copy_of_the_bar_before_waits_until_it_is_restated() -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    assert told(desk.poll(RUT=copied(truth))) == ["RUT repeats the bar before: held"]
    assert desk.gate.waiting() == {("RUT", DAY)}
    for _ in range(3):
        desk.waits()
        assert desk.poll(RUT=copied(truth)).arrivals == ()
    desk.waits()
    desk.poll(RUT=truth)
    assert desk.believes("RUT") == truth.close[-1]
    assert desk.gate.waiting() == frozenset()


def test_a_coins_copy_is_believed_when_another_venue_did_not_move_either() -> None:
    desk = Desk("BTC")
    truth = desk.truth("BTC")
    lie = copied(truth)
    assert told(desk.poll(BTC=lie)) == ["BTC repeats the bar before: held"]
    other = replace(lie, origins=(COINBASE,), close=lie.close * 1.0004)
    desk.poll(("BTC", other))
    assert desk.believes("BTC", int(truth.end[-1])) == lie.close[-1]


def test_a_day_that_stands_still_at_the_close_before_is_frozen() -> None:
    desk = Desk("VIX")
    bars = desk.truth("VIX")
    flat: Any = {}
    for name in ("open", "high", "low", "close"):
        flat[name] = getattr(bars, name).copy()
        flat[name][-1] = bars.close[-2]
    assert told(desk.poll(VIX=replace(bars, **flat))) == ["VIX frozen: held"]


def test_a_source_that_tells_of_closes_alone_is_not_frozen_when_nothing_moves() -> None:
    desk = Desk()
    bars = walk("VIX", ENDS, DAY, KRAKEN)
    price = np.round(bars.close, 0)
    desk.knows("VIX", replace(bars, open=price, high=price, low=price, close=price))
    truth = desk.truth("VIX")
    same: Any = {}
    for name in ("open", "high", "low", "close"):
        same[name] = getattr(truth, name).copy()
        same[name][-1] = truth.close[-2]
    assert desk.poll(VIX=replace(truth, **same)).findings == ()


def test_two_of_the_day_befores_prices_beside_another_close_are_trimmed() -> None:
    desk = Desk("RUT")
    bars = desk.truth("RUT")
    stale: Any = {}
    for name in ("open", "high"):
        stale[name] = getattr(bars, name).copy()
        stale[name][-1] = stale[name][-2] = max(bars.high[-2:]) * 1.001
    low = np.minimum(bars.low, bars.close) * 0.999
    judged = desk.poll(RUT=replace(bars, **stale, low=low))
    assert "RUT repeats the bar before: trimmed" in told(judged)
    assert desk.believes("RUT") == bars.close[-1]


# What moves too far


def test_a_print_that_nobody_shares_waits_and_the_truth_is_believed_when_it_comes() -> None:
    desk = Desk("RUT", "IWM", "SPX")
    lie = desk.lies("RUT", open=0.85, high=0.85, low=0.85, close=0.85)
    judged = desk.poll(RUT=lie, IWM=desk.truth("IWM"), SPX=desk.truth("SPX"))
    assert told(judged) == ["RUT far from the price before: held"]
    assert "usual moves" in judged.findings[0].detail
    desk.waits()
    assert desk.poll(RUT=lie).arrivals == ()
    desk.waits()
    assert desk.poll(RUT=desk.truth("RUT")).findings == ()
    assert desk.believes("RUT") == desk.truth("RUT").close[-1]


def test_two_that_crash_together_speak_for_each_other() -> None:
    desk = Desk("RUT", "IWM")
    for name in ("RUT", "IWM"):
        desk.shocks(name, 0.91)
    judged = desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
    assert judged.findings == ()
    assert desk.believes("RUT") == desk.truth("RUT").close[-1]


def test_volatility_jumps_when_stocks_fall_and_not_when_they_rise() -> None:
    for factor, believed in ((0.96, True), (1.04, False)):
        desk = Desk("VIX", "SPX")
        desk.shocks("VIX", 1.7)
        desk.shocks("SPX", factor)
        desk.poll(VIX=desk.truth("VIX"), SPX=desk.truth("SPX"))
        assert (not math.isnan(desk.believes("VIX"))) is believed


def test_a_proxy_that_moved_a_little_does_not_speak_for_a_crash() -> None:
    desk = Desk("RUT", "IWM")
    desk.shocks("RUT", 0.80)
    desk.shocks("IWM", 0.985)
    assert told(desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))) == ["RUT far from the price before: held"]


def test_a_proxy_that_answers_later_speaks_from_what_is_held() -> None:
    desk = Desk("RUT", "IWM")
    for name in ("RUT", "IWM"):
        desk.shocks(name, 0.91)
    assert told(desk.poll(RUT=desk.truth("RUT"))) == ["RUT far from the price before: held"]
    judged = desk.poll(IWM=desk.truth("IWM"))
    assert {name for name, _ in judged.arrivals} == {"RUT", "IWM"}


def test_where_nobody_can_speak_the_next_poll_does() -> None:
    desk = Desk("HYG")
    desk.shocks("HYG", 0.93)
    truth = desk.truth("HYG")
    assert told(desk.poll(HYG=truth)) == ["HYG far from the price before: held"]
    desk.waits(30)
    assert desk.poll(HYG=truth).arrivals == (), "half a minute later it is the same cached answer"
    desk.waits(30)
    desk.poll(HYG=truth)
    assert desk.believes("HYG") == truth.close[-1]


def test_a_print_that_changes_from_poll_to_poll_is_never_told_twice() -> None:
    desk = Desk("HYG")
    for factor in (0.90, 0.88, 0.86):
        assert desk.poll(HYG=desk.lies("HYG", close=factor, low=0.85)).arrivals == ()
        desk.waits()


def test_a_level_that_a_proxy_speaks_against_is_believed_when_the_next_bar_stays_there() -> None:
    desk = Desk("RUT", "IWM")
    desk.shocks("RUT", 0.88)
    desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
    first = desk.today
    assert math.isnan(desk.believes("RUT"))
    desk.next_session()
    desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
    assert not math.isnan(desk.believes("RUT", ENDS[first]))
    assert not math.isnan(desk.believes("RUT"))


def test_a_print_that_the_next_bar_takes_back_is_rejected_for_good() -> None:
    desk = Desk("RUT", "IWM")
    lie = desk.lies("RUT", open=0.85, high=0.85, low=0.85, close=0.85)
    desk.poll(RUT=lie, IWM=desk.truth("IWM"))
    first = desk.today
    desk.next_session()
    truth = desk.truth("RUT")
    rows = truth.end == ENDS[first]
    both = replace(
        truth, **{name: np.where(rows, getattr(truth, name) * 0.85, getattr(truth, name)) for name in prices()}
    )
    assert told(desk.poll(RUT=both, IWM=desk.truth("IWM"))) == ["RUT far from the price before: rejected"]
    assert math.isnan(desk.believes("RUT", ENDS[first]))
    assert desk.believes("RUT") == truth.close[-1]
    assert desk.gate.waiting() == frozenset()


def prices() -> tuple[str, ...]:
    return ("open", "high", "low", "close")


def test_a_second_venue_settles_a_coins_move_from_memory() -> None:
    desk = Desk("SOL")
    lie = desk.lies("SOL", open=1, high=1.2, low=1, close=1.2)
    assert told(desk.poll(SOL=lie)) == ["SOL far from the price before: held"]
    agrees = replace(lie, origins=(COINBASE,), close=lie.close * 1.004)
    judged = desk.poll(("SOL", agrees))
    assert [name for name, _ in judged.arrivals] == ["SOL"]
    assert desk.believes("SOL", int(lie.end[-1]), KRAKEN) == lie.close[-1]


def test_a_second_venue_that_disagrees_keeps_it_waiting() -> None:
    desk = Desk("SOL")
    lie = desk.lies("SOL", open=1, high=1.2, low=1, close=1.2)
    other = "SOL", replace(desk.truth("SOL"), origins=(COINBASE,))
    for _ in range(3):
        assert desk.poll(other, SOL=lie).arrivals == ()
        desk.waits()


def test_little_is_known_of_a_young_instrument_and_little_is_asked() -> None:
    desk = Desk()
    young = walk("SOL", hours_until(ENDS[desk.today], 30), HOURS, KRAKEN)
    desk.knows("SOL", young)
    assert desk.poll(SOL=desk.lies("SOL", open=1, high=1.4, low=1, close=1.4)).findings == ()


# Units


@pytest.mark.parametrize("factor", [10, 100, 1000, 0.1, 0.01, 0.001])
def test_a_power_of_ten_is_rejected_however_often_it_is_told(factor: float) -> None:
    desk = Desk("RUT")
    lie = desk.lies("RUT", open=factor, high=factor, low=factor, close=factor)
    judged = desk.poll(RUT=lie)
    assert told(judged) == ["RUT off by a power of ten: rejected"]
    times = round(max(factor, 1 / factor))
    assert judged.findings[0].detail.endswith(f"is {times} times {'more' if factor > 1 else 'less'}")
    desk.waits()
    assert desk.poll(RUT=lie).arrivals == ()


def test_a_power_of_ten_is_seen_where_little_is_known() -> None:
    desk = Desk()
    desk.knows("SOL", walk("SOL", hours_until(ENDS[desk.today], 10), HOURS, KRAKEN))
    lie = desk.lies("SOL", open=100, high=100, low=100, close=100)
    assert told(desk.poll(SOL=lie)) == ["SOL off by a power of ten: rejected"]


def test_a_funds_split_without_its_past_waits_however_long_it_lasts() -> None:
    desk = Desk("HYG")
    desk.shocks("HYG", 0.5)
    truth = desk.truth("HYG")
    for _ in range(3):
        desk.poll(HYG=truth)
        desk.waits()
    desk.next_session()
    desk.poll(HYG=desk.truth("HYG"))
    assert math.isnan(desk.believes("HYG"))


def test_a_split_with_its_past_asks_for_the_past_anew_when_it_is_told_twice() -> None:
    desk = Desk("HYG")
    half = dict.fromkeys(prices(), 0.5)
    after = desk.truth("HYG")
    for row in range(len(after)):
        after = desk.lies("HYG", (row, after), **half)
    first = desk.poll(HYG=after)
    assert told(first) == ["HYG rewrites the past: held"]
    assert first.rebased == frozenset()
    assert desk.gate.waiting() == {("HYG", DAY)}
    desk.waits()
    second = desk.poll(HYG=after)
    assert second.rebased == {("HYG", DAY)}
    assert second.arrivals == ()


def test_an_index_does_not_split() -> None:
    desk = Desk("RUT")
    after = desk.truth("RUT")
    for row in range(len(after)):
        after = desk.lies("RUT", (row, after), **dict.fromkeys(prices(), 0.5))
    for _ in range(3):
        judged = desk.poll(RUT=after)
        assert (judged.rebased, judged.arrivals) == (frozenset(), ())
        desk.waits()


# What is told of the past


def test_a_dividend_taken_out_of_the_past_is_no_news() -> None:
    desk = Desk("HYG")
    after = desk.truth("HYG")
    for row in range(len(after) - 1):
        after = desk.lies("HYG", (row, after), **dict.fromkeys(prices(), 0.9953))
    judged = desk.poll(HYG=after)
    assert told(judged) == ["HYG rewrites the past: rejected"]
    assert "0.9953 times" in judged.findings[0].detail
    assert judged.arrivals == ()


def test_a_row_late_is_rejected_whole() -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT", back=6)
    late: Any = {name: getattr(truth, name)[:-1] for name in prices()}
    judged = desk.poll(RUT=replace(truth.take(slice(1, None)), **late))
    assert told(judged) == ["RUT rewrites the past: rejected"]
    assert "a row late or early" in judged.findings[0].detail


def test_another_instruments_prices_are_rejected_whole() -> None:
    desk = Desk("RUT", "SPX")
    judged = desk.poll(RUT=desk.truth("SPX"))
    assert told(judged) == ["RUT rewrites the past: rejected"]
    assert judged.arrivals == ()


def test_one_restated_close_is_believed_when_two_polls_say_it() -> None:
    desk = Desk("RUT")
    desk.poll(RUT=desk.truth("RUT"))
    was = desk.believes("RUT")
    restated = desk.lies("RUT", close=1.0013, high=1.002)
    judged = desk.poll(RUT=restated)
    assert told(judged) == ["RUT restated: held"]
    assert desk.believes("RUT") == was
    desk.waits()
    ((_, arrival),) = desk.poll(RUT=restated).arrivals
    assert arrival.replaced.close.tolist() == [was]
    assert desk.believes("RUT") == restated.close[-1]


def test_servers_that_disagree_restate_nothing() -> None:
    desk = Desk("RUT")
    one, other = desk.truth("RUT"), desk.lies("RUT", close=1.0013, high=1.002)
    desk.poll(RUT=one)
    for answer in (other, one, other, one):
        desk.waits()
        assert desk.poll(RUT=answer).arrivals == ()


def test_a_bar_that_is_only_completed_is_believed_at_once() -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    unknown = np.full(len(truth), np.nan)
    bare = truth.take(slice(-1, None))
    desk.poll(RUT=replace(bare, open=unknown[:1], high=unknown[:1], low=unknown[:1]))
    judged = desk.poll(RUT=truth)
    assert judged.findings == ()
    assert len(judged.arrivals) == 1


def test_a_bar_that_says_less_than_before_takes_nothing_back() -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    desk.poll(RUT=truth)
    judged = desk.poll(RUT=replace(truth, open=np.full(len(truth), np.nan)))
    assert (judged.arrivals, judged.findings) == ((), ())


def test_a_restatement_that_nobody_shares_stays_held() -> None:
    desk = Desk("RUT", "IWM")
    desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
    was = desk.believes("RUT")
    lie = desk.lies("RUT", close=0.87, low=0.86)
    for _ in range(3):
        desk.poll(RUT=lie)
        desk.waits()
    assert desk.believes("RUT") == was


# The clock, and other oddities


def test_a_clock_that_is_set_back_makes_nothing_old() -> None:
    desk = Desk("HYG")
    desk.shocks("HYG", 0.93)
    truth = desk.truth("HYG")
    desk.poll(HYG=truth)
    desk.now -= 30
    assert desk.poll(HYG=truth).arrivals == ()
    desk.waits(60)
    desk.poll(HYG=truth)
    assert desk.believes("HYG") == truth.close[-1]


def test_ten_days_at_once_are_judged_in_order() -> None:
    desk = Desk("RUT", "IWM")
    desk.today += 2
    desk.now = ENDS[desk.today] + 3_600
    truth = desk.truth("RUT", back=8)
    desk.poll(RUT=truth, IWM=desk.truth("IWM", back=8))
    assert [desk.believes("RUT", end) for end in truth.end.tolist()] == truth.close.tolist()


def test_a_held_row_is_a_reason_to_ask_again_for_a_day() -> None:
    desk = Desk("RUT", "IWM")
    lie = desk.lies("RUT", open=0.85, high=0.85, low=0.85, close=0.85)
    desk.poll(RUT=lie, IWM=desk.truth("IWM"))
    assert desk.gate.held("RUT", DAY) == {ENDS[desk.today]}
    desk.waits(86_399)
    desk.poll()
    assert desk.gate.waiting() == {("RUT", DAY)}
    desk.waits(1)
    desk.poll()
    assert desk.gate.waiting() == frozenset()


def test_a_finding_is_told_once_as_long_as_the_source_goes_on_saying_it() -> None:
    desk = Desk("RUT")
    lie = desk.lies("RUT", open=100, high=100, low=100, close=100)
    assert len(desk.poll(RUT=lie).findings) == 1
    desk.waits()
    assert desk.poll(RUT=lie).findings == ()
    desk.waits()
    desk.poll(RUT=desk.truth("RUT").take(slice(0, -1)))
    desk.waits()
    assert len(desk.poll(RUT=lie).findings) == 1


def test_a_finding_names_instrument_source_and_end() -> None:
    desk = Desk("RUT")
    (found,) = desk.poll(RUT=desk.lies("RUT", close=0.0)).findings
    end: Instant = ENDS[desk.today]
    assert (found.instrument, found.interval, found.end, found.source) == ("RUT", DAY, end, "yahoo")
    assert (found.fault, found.ruling) == (Fault.NOT_A_PRICE, Ruling.REJECTED)


def test_a_venue_that_stands_in_brings_its_own_past() -> None:
    desk = Desk("BTC")
    near = desk.truth("BTC", back=120)
    stand_in = replace(near, origins=(COINBASE,), close=near.close * 1.001, high=near.high * 1.001)
    judged = desk.poll(BTC=stand_in)
    assert judged.findings == ()
    assert sum(len(each.written) for _, each in judged.arrivals) == len(near)


def test_rows_joined_keep_the_later_part() -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    assert together(desk.lies("RUT", close=2.0), truth).close.tolist() == truth.close.tolist()
