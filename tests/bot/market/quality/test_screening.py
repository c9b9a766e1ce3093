"""History at once: what stands alone is left out, what lasts stays."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.market.quality import Gate, examine, screened
from bot.market.quality.checkup import expected_ends
from rules.bars import HOUR, Bars, Interval
from rules.model import Instrument, Kind
from tests.bot.market.quality.desk import (
    COINBASE,
    DAY,
    ENDS,
    HOURS,
    INSTRUMENTS,
    KRAKEN,
    YAHOO,
    hours_until,
    told,
    walk,
)
from tests.bot.market.stations import SETTLE
from tests.bot.markets import SESSIONS

GATE = Gate(INSTRUMENTS, SESSIONS, SETTLE)
PRICES = ("open", "high", "low", "close")
RUT, BTC = INSTRUMENTS["RUT"], INSTRUMENTS["BTC"]
MIDDLE = 150


def days(name: str = "RUT") -> Bars:
    return walk(name, ENDS, DAY, YAHOO)


def hours(name: str = "BTC") -> Bars:
    return walk(name, hours_until(ENDS[-1], 400), HOURS, KRAKEN)


def times(bars: Bars, factor: float, rows: Any = MIDDLE, columns: tuple[str, ...] = PRICES) -> Bars:
    """Some rows are so many times the truth."""
    changed: Any = {}
    for name in columns:
        changed[name] = getattr(bars, name).copy()
        changed[name][rows] *= factor
    return replace(bars, **changed)


def kept(instrument: Instrument, bars: Bars, **beside: Bars) -> tuple[set[int], list[str]]:
    """The rows that are left out, and what was told."""
    left, findings = GATE.screen(instrument, bars, {name: {each.interval: each} for name, each in beside.items()})
    return set(np.flatnonzero(~np.isin(bars.end, left.end)).tolist()), told(findings)


@pytest.mark.parametrize("factor", [0.8, 1.25, 0.1, 100.0, 1000.0])
def test_a_day_that_stands_alone_is_left_out(factor: float) -> None:
    rows, _ = kept(RUT, times(days(), factor))
    assert rows == {MIDDLE}


def test_a_new_level_stays() -> None:
    assert kept(RUT, times(days(), 0.8, slice(MIDDLE, None))) == (set(), [])


def test_a_day_that_a_proxy_shares_stays() -> None:
    both = times(days("RUT"), 0.85), times(days("IWM"), 0.85)
    assert kept(RUT, both[0], IWM=both[1]) == (set(), [])
    assert kept(RUT, both[0], IWM=days("IWM"))[0] == {MIDDLE}


def test_where_nobody_can_speak_a_lonely_day_must_be_farther() -> None:
    assert kept(RUT, times(days(), 0.91)) == (set(), [])
    assert kept(RUT, times(days(), 0.91), IWM=days("IWM"))[0] == {MIDDLE}


def test_two_lies_side_by_side_are_both_left_out_where_a_proxy_can_speak() -> None:
    lies = times(times(days(), 0.8), 1.3, MIDDLE + 1)
    assert kept(RUT, lies, IWM=days("IWM"))[0] == {MIDDLE, MIDDLE + 1}


def test_a_run_in_another_unit_is_left_out_whole() -> None:
    rows, faults = kept(RUT, times(days(), 100.0, slice(MIDDLE, MIDDLE + 4)))
    assert rows == {MIDDLE, MIDDLE + 1, MIDDLE + 2, MIDDLE + 3}
    assert set(faults) == {"RUT off by a power of ten: rejected"}


def test_the_last_bar_of_a_file_stays_though_it_is_doubted() -> None:
    lie = times(days(), 0.8, -1)
    left, findings = screened(RUT, lie, {}, SESSIONS, INSTRUMENTS)
    assert (len(left), told(findings)) == (len(lie), ["RUT far from the price before: held"])


def test_the_last_bar_of_a_source_waits_to_be_asked_for_again() -> None:
    lie = times(days(), 0.8, -1)
    assert kept(RUT, lie) == ({len(lie) - 1}, ["RUT far from the price before: held"])


def test_a_last_bar_in_another_unit_is_left_out_of_a_file_too() -> None:
    lie = times(days(), 100.0, -1)
    left, findings = screened(RUT, lie, {}, SESSIONS, INSTRUMENTS)
    assert (len(left), told(findings)) == (len(lie) - 1, ["RUT off by a power of ten: rejected"])


def test_a_stretch_goes_on_from_what_is_held_before_it() -> None:
    bars = times(days(), 0.8)
    window, before = bars.take(slice(MIDDLE, None)), bars.take(slice(0, MIDDLE))
    assert kept(RUT, window)[0] == set()
    assert kept(RUT, window, RUT=before)[0] == {0}


def test_a_spike_that_the_next_bar_reaches_back_to_is_true() -> None:
    bars = times(hours(), 1.2, columns=("high", "close"))
    after = np.arange(len(bars)) == MIDDLE + 1
    opened, high = (np.where(after, bars.close[MIDDLE], each) for each in (bars.open, bars.high))
    assert kept(BTC, replace(bars, open=opened, high=high)) == (set(), [])
    assert kept(BTC, bars)[0] == {MIDDLE}


def test_an_hour_that_opens_away_from_the_hour_before_is_left_out_in_any_storm() -> None:
    bars = hours()
    wild = bars.close[0] * np.exp(np.cumsum(np.where(np.arange(len(bars)) % 2 == 0, 0.05, -0.05)))
    opened = np.append(wild[0], wild[:-1])
    bars = replace(bars, close=wild, open=opened, high=np.fmax(opened, wild), low=np.fmin(opened, wild))
    assert kept(BTC, bars) == (set(), [])
    assert kept(BTC, times(bars, 1.2))[0] == {MIDDLE}


def test_a_day_that_is_apart_from_its_twin_is_left_out_though_it_is_not_far() -> None:
    moved = days("RUT")
    twin = replace(moved, **{name: getattr(moved, name) / 10 for name in PRICES})
    assert kept(RUT, moved, IWM=twin) == (set(), [])
    assert kept(RUT, times(moved, 1.045), IWM=twin)[0] == {MIDDLE}
    assert kept(RUT, times(moved, 1.045)) == (set(), [])


def test_of_two_bars_that_say_the_same_both_are_left_out() -> None:
    bars = days()
    same: Any = {name: getattr(bars, name).copy() for name in (*PRICES, "volume")}
    for column in same.values():
        column[MIDDLE + 1] = column[MIDDLE]
    assert kept(RUT, replace(bars, **same))[0] == {MIDDLE, MIDDLE + 1}


def test_a_fund_that_traded_another_volume_may_close_as_before() -> None:
    bars = days("IWM")
    same: Any = {name: getattr(bars, name).copy() for name in PRICES}
    for column in same.values():
        column[MIDDLE + 1] = column[MIDDLE]
    assert kept(INSTRUMENTS["IWM"], replace(bars, **same)) == (set(), [])


def test_an_hour_without_a_trade_is_left_out() -> None:
    bars = hours()
    still: Any = {name: getattr(bars, name).copy() for name in (*PRICES, "volume")}
    for name, column in still.items():
        column[MIDDLE] = 0.0 if name == "volume" else bars.close[MIDDLE - 1]
    assert kept(BTC, replace(bars, **still)) == ({MIDDLE}, ["BTC frozen: rejected"])


def test_a_close_far_from_its_own_range_is_left_out() -> None:
    assert kept(RUT, times(days(), 1.03, columns=("close",)))[0] == {MIDDLE}


@pytest.mark.parametrize(("number", "fault"), [(math.nan, "no price"), (0.0, "not a price"), (-4.0, "not a price")])
def test_what_is_no_price_is_left_out(number: float, fault: str) -> None:
    close = days().close.copy()
    close[MIDDLE] = number
    assert kept(RUT, replace(days(), close=close)) == ({MIDDLE}, [f"RUT {fault}: rejected"])


def test_swapped_high_and_low_leave_the_close() -> None:
    bars = days()
    high, low = bars.high.copy(), bars.low.copy()
    high[MIDDLE], low[MIDDLE] = low[MIDDLE], high[MIDDLE]
    left, _ = GATE.screen(RUT, replace(bars, high=high, low=low), {})
    assert left.close.tolist() == bars.close.tolist()
    assert np.isnan([left.open[MIDDLE], left.high[MIDDLE], left.low[MIDDLE]]).all()


def test_each_origin_is_looked_through_by_itself() -> None:
    one, other = hours(), replace(times(hours(), 0.7), origins=(COINBASE,))
    columns: Any = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])
        for name in ("start", "end", *PRICES, "volume", "known_at")
    }
    origin = np.repeat([0, 1], len(one))
    both = replace(one, **columns, origin=origin, origins=(KRAKEN, COINBASE))
    left, findings = GATE.screen(BTC, both.take(np.lexsort((origin, both.end))), {})
    assert [(each.source, each.end) for each in findings] == [("coinbase", int(one.end[MIDDLE]))]
    assert len(left) == len(both) - 1


def test_a_tick_of_yesterday_in_a_five_minute_bar_is_trimmed() -> None:
    bars = walk("RUT", ENDS[-2:], DAY, YAHOO)
    ends = [ENDS[-1] - 300 * back for back in reversed(range(78))]
    inner = walk("RUT", ends, Interval.FIVE_MINUTES, YAHOO)
    close = bars.close[0] * (1.01 + 1e-5 * np.arange(78))
    low = np.where(np.arange(78) == 40, bars.close[0], close * 0.9999)
    inner = replace(inner, open=close, close=close, high=close * 1.0001, low=low)
    assert kept(RUT, inner, RUT=bars) == (set(), ["RUT outside its own range: trimmed"])


def test_little_history_is_not_doubted() -> None:
    assert kept(RUT, times(days().take(slice(0, 40)), 0.8, 20)) == (set(), [])


def test_of_no_bars_nothing_is_said() -> None:
    nothing = days().take(slice(0))
    assert GATE.screen(RUT, nothing, {}) == (nothing, ())
    assert expected_ends(RUT, nothing, SESSIONS).tolist() == []


# What is not there


def test_a_checkup_names_the_sessions_that_are_not_there() -> None:
    bars = days()
    there = np.arange(len(bars)) % 100 != 99
    found = examine(RUT, bars.take(there), {}, SESSIONS, INSTRUMENTS)
    assert found.missing.tolist() == bars.end[~there].tolist()
    assert (found.rejected, found.findings) == (0, ())


def test_a_checkup_names_the_hours_that_are_not_there() -> None:
    bars = hours()
    found = examine(BTC, bars.take(np.arange(len(bars)) != MIDDLE), {}, SESSIONS, INSTRUMENTS)
    assert found.missing.tolist() == [int(bars.end[MIDDLE])]


def test_an_index_has_short_first_hours_and_short_days() -> None:
    half_day = SESSIONS.closes_of("XNYS", np.array(["2025-11-28"], dtype="datetime64[D]"))[0]
    ends = [half_day - 86_400 * 2 + 3 * HOUR, half_day]
    bars = walk("RUT", ends, HOURS, YAHOO)
    found = expected_ends(RUT, bars, SESSIONS)
    assert [int(each - half_day) // HOUR for each in found] == [-45, -3, -2, -1, 0]


def test_an_instrument_of_no_configuration_is_looked_through_too() -> None:
    stranger = Instrument("US10Y", "US10Y", Kind.INDEX)
    assert examine(stranger, days(), {}, SESSIONS, INSTRUMENTS).findings == ()


# What is common is no fault


def screen(bars: Bars) -> tuple[Bars, list[str]]:
    kept, findings = GATE.screen(RUT, bars, {})
    return kept, told(findings)


def test_a_source_whose_ranges_are_no_ranges_keeps_its_closes() -> None:
    bars = days()
    ones = np.full(len(bars), float(bars.close[0]))
    kept, findings = screen(replace(bars, open=ones, high=ones, low=ones))
    assert kept.close.tolist() == bars.close.tolist()
    assert set(findings) == {"RUT outside its own range: trimmed"}
    assert np.isnan(kept.high).mean() > 0.9


def test_the_only_row_of_a_source_is_held_against_nothing() -> None:
    one = days().take(slice(0, 1))
    kept, _ = screen(replace(one, close=one.close * 10))
    assert kept.close.tolist() == (one.close * 10).tolist()


def test_a_market_that_stands_still_for_months_is_no_copy_of_a_bar() -> None:
    bars = days()
    late = np.arange(len(bars)) > MIDDLE
    still = {name: np.where(late, getattr(bars, name)[MIDDLE], getattr(bars, name)) for name in PRICES}
    kept, findings = screen(replace(bars, **still))
    assert (len(kept), findings) == (len(bars), [])
