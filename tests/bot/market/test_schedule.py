"""Which bars should be there by now: half days, holidays, clocks that change, weekends, and what never stops."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bot.market.schedule import Due, Schedule
from bot.market.sessions import Sessions
from rules.bars import DAY, HOUR, Interval
from rules.model import Instant, Instrument, Kind
from tests.bot.market.stations import SETTLE
from tests.bot.markets import BTC, RUT, SESSIONS, at

VIX = Instrument("VIX", "Volatility", Kind.VOLATILITY)
FTSE = Instrument("FTSE", "FTSE 100", Kind.INDEX, "XLON", "GBP")


def due(instrument: Instrument, now: Instant, sessions: Sessions = SESSIONS) -> dict[Interval, Instant]:
    """The ends of the newest bars that should be there."""
    return {each.interval: each.end for each in Schedule([instrument], sessions, SETTLE).due(now)}


@pytest.mark.parametrize(
    ("now", "end"),
    [
        pytest.param("2025-12-10T21:29:59Z", "2025-12-09T21:00Z", id="a second before it has settled"),
        pytest.param("2025-12-10T21:30:00Z", "2025-12-10T21:00Z", id="half an hour after the close"),
        pytest.param("2025-12-11T14:00:00Z", "2025-12-10T21:00Z", id="the next morning"),
        pytest.param("2025-11-28T18:29:59Z", "2025-11-26T21:00Z", id="a half day, and Thanksgiving before it"),
        pytest.param("2025-11-28T18:30:00Z", "2025-11-28T18:00Z", id="a half day closes at one"),
        pytest.param("2025-11-27T23:00:00Z", "2025-11-26T21:00Z", id="Thanksgiving has no close"),
        pytest.param("2025-12-14T12:00:00Z", "2025-12-12T21:00Z", id="a Sunday"),
        pytest.param("2025-12-25T21:30:00Z", "2025-12-24T18:00Z", id="Christmas after its half eve"),
        pytest.param("2026-03-08T21:30:00Z", "2026-03-06T21:00Z", id="the Sunday on which summer time begins"),
        pytest.param("2026-03-09T20:30:00Z", "2026-03-09T20:00Z", id="the first summer close"),
        pytest.param("2026-03-09T20:29:59Z", "2026-03-06T21:00Z", id="and not before it has settled"),
        pytest.param("2026-11-02T20:30:00Z", "2026-10-30T20:00Z", id="where summer would have closed"),
        pytest.param("2026-11-02T21:30:00Z", "2026-11-02T21:00Z", id="the first winter close"),
    ],
)
def test_an_index_is_due_half_an_hour_after_new_york_closes(now: str, end: str) -> None:
    assert due(RUT, at(now)) == {Interval.DAY: at(end)}


def test_each_kind_takes_its_own_time_to_settle() -> None:
    now = at("2025-12-10T21:30Z")
    assert due(RUT, now)[Interval.DAY] == at("2025-12-10T21:00Z")
    assert due(VIX, now)[Interval.DAY] == at("2025-12-09T21:00Z")
    assert due(VIX, now + 900)[Interval.DAY] == at("2025-12-10T21:00Z")


def test_an_instrument_is_due_by_its_own_exchange() -> None:
    assert due(FTSE, at("2025-12-26T18:00Z"))[Interval.DAY] == at("2025-12-24T12:30Z")


@pytest.mark.parametrize(
    ("now", "hour", "day"),
    [
        pytest.param(
            "2025-12-13T15:01:59Z", "2025-12-13T14:00Z", "2025-12-13T00:00Z", id="a Saturday, not yet settled"
        ),
        pytest.param("2025-12-13T15:02:00Z", "2025-12-13T15:00Z", "2025-12-13T00:00Z", id="two minutes past the hour"),
        pytest.param("2025-12-14T00:02:00Z", "2025-12-14T00:00Z", "2025-12-14T00:00Z", id="two minutes past midnight"),
        pytest.param("2026-03-08T07:02:00Z", "2026-03-08T07:00Z", "2026-03-08T00:00Z", id="New York skips an hour"),
        pytest.param("2026-11-01T06:02:00Z", "2026-11-01T06:00Z", "2026-11-01T00:00Z", id="New York repeats an hour"),
    ],
)
def test_a_coin_is_due_every_hour_and_every_midnight(now: str, hour: str, day: str) -> None:
    assert due(BTC, at(now)) == {Interval.HOUR: at(hour), Interval.DAY: at(day)}


@pytest.mark.parametrize("first", ["2026-03-07T00:02Z", "2026-10-31T00:02Z"])
def test_over_a_change_of_clocks_no_hour_is_due_twice_and_none_is_left_out(first: str) -> None:
    hours = [due(BTC, at(first) + hour * HOUR)[Interval.HOUR] for hour in range(72)]
    assert [later - earlier for earlier, later in pairwise(hours)] == [HOUR] * 71


def test_a_clock_that_is_set_changes_what_is_due_and_nothing_else() -> None:
    """State, not timers: the answer depends on the moment alone."""
    schedule = Schedule([RUT, BTC], SESSIONS, SETTLE)
    moment = at("2025-12-10T21:30Z")
    wanted = schedule.due(moment)
    for other in (moment - 30, moment + HOUR, moment - DAY):
        schedule.due(other)
        assert schedule.due(moment) == wanted


def test_what_is_due_never_lies_ahead_and_never_goes_back() -> None:
    schedule = Schedule([RUT, VIX, BTC], SESSIONS, SETTLE)
    before: dict[tuple[str, Interval], Instant] = {}
    for now in range(at("2025-11-24T00:00Z"), at("2025-12-01T00:00Z"), 17 * 60):
        for each in schedule.due(now):
            key = each.instrument.id, each.interval
            assert each.end + schedule.settle(each.instrument) <= now
            assert each.end >= before.get(key, 0)
            before[key] = each.end


def schedule_of(instrument: Instrument) -> tuple[Schedule, dict[Interval, Due]]:
    """A schedule, and what is due on the evening of 2025-12-10."""
    schedule = Schedule([instrument], SESSIONS, SETTLE)
    return schedule, {each.interval: each for each in schedule.due(at("2025-12-10T21:45Z"))}


def test_a_day_is_looked_at_again_before_trading_starts() -> None:
    schedule, rut = schedule_of(RUT)
    assert schedule.look_again(rut[Interval.DAY]) == at("2025-12-11T12:30Z")
    friday = Due(RUT, Interval.DAY, at("2025-12-12T21:00Z"))
    assert schedule.look_again(friday) == at("2025-12-15T12:30Z")


def test_a_day_around_the_clock_is_looked_at_again_at_noon_and_an_hour_never() -> None:
    schedule, btc = schedule_of(BTC)
    assert schedule.look_again(btc[Interval.DAY]) == at("2025-12-10T12:00Z")
    assert schedule.look_again(btc[Interval.HOUR]) is None


def test_the_bars_that_should_be_there_are_sessions_and_whole_hours() -> None:
    schedule, first, last = Schedule([RUT, BTC], SESSIONS, SETTLE), at("2025-11-26T21:00Z"), at("2025-11-29T00:00Z")
    assert schedule.ends_between(RUT, Interval.DAY, first, last).tolist() == [first, at("2025-11-28T18:00Z")]
    assert schedule.ends_between(BTC, Interval.DAY, first, last).tolist() == [last - 2 * DAY, last - DAY, last]
    assert schedule.ends_between(BTC, Interval.HOUR, first, last).tolist() == list(range(first, last + 1, HOUR))
    assert schedule.ends_between(BTC, Interval.HOUR, first + 1, first + 2).tolist() == []


def test_before_history_no_session_is_due() -> None:
    assert due(RUT, at("1989-12-29T12:00Z")) == {}


def test_all_instruments_are_named() -> None:
    schedule = Schedule([RUT, BTC], SESSIONS, SETTLE)
    now = at("2025-12-10T21:30Z")
    assert schedule.due(now) == [
        Due(RUT, Interval.DAY, at("2025-12-10T21:00Z")),
        Due(BTC, Interval.DAY, at("2025-12-10T00:00Z")),
        Due(BTC, Interval.HOUR, at("2025-12-10T21:00Z")),
    ]
    assert (schedule.settle(BTC), schedule.closed(BTC, now)) == (120, now - 120)
