"""Sessions as the exchanges keep them: half days, holidays, clocks that change, and what never stops."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest

from bot.market.sessions import HISTORY_STARTS, Sessions, UnknownCalendar
from rules.bars import DAY
from rules.model import ALWAYS, XNYS
from tests.bot.markets import NOW, SESSIONS, at


def close_of(date: str, calendar: str = XNYS) -> int:
    return int(SESSIONS.closes_of(calendar, np.array([date], dtype="datetime64[D]"))[0])


@pytest.mark.parametrize(
    ("date", "close"),
    [
        pytest.param("1990-01-02", "1990-01-02T21:00Z", id="the first session of history"),
        pytest.param("2025-03-07", "2025-03-07T21:00Z", id="the last winter close"),
        pytest.param("2025-03-10", "2025-03-10T20:00Z", id="the first summer close"),
        pytest.param("2025-07-03", "2025-07-03T17:00Z", id="the eve of Independence Day"),
        pytest.param("2025-11-28", "2025-11-28T18:00Z", id="the day after Thanksgiving"),
        pytest.param("2025-12-24", "2025-12-24T18:00Z", id="Christmas Eve"),
        pytest.param("2025-12-31", "2025-12-31T21:00Z", id="New Year's Eve is whole"),
    ],
)
def test_a_session_closes_when_new_york_does(date: str, close: str) -> None:
    assert close_of(date) == at(close)


@pytest.mark.parametrize(
    "date",
    [
        pytest.param("2025-12-06", id="a Saturday"),
        pytest.param("2025-11-27", id="Thanksgiving"),
        pytest.param("2025-01-09", id="a day of mourning"),
        pytest.param("2001-09-11", id="the exchange did not open"),
        pytest.param("2012-10-29", id="a hurricane"),
        pytest.param("1989-12-29", id="before history"),
        pytest.param("0001-01-01", id="the first date there is"),
        pytest.param("9999-12-31", id="the last date there is"),
    ],
)
def test_a_date_without_a_session_has_no_close(date: str) -> None:
    assert close_of(date) == -1


def test_closes_keep_the_order_of_the_dates_they_were_asked_for() -> None:
    dates = np.array(["2025-12-31", "2025-12-06", "2025-11-28"], dtype="datetime64[D]")
    assert SESSIONS.closes_of(XNYS, dates).tolist() == [at("2025-12-31T21:00Z"), -1, at("2025-11-28T18:00Z")]


def test_what_never_stops_closes_every_midnight() -> None:
    assert close_of("2025-12-06", ALWAYS) == at("2025-12-07T00:00Z")
    assert close_of("2025-12-25", ALWAYS) == at("2025-12-26T00:00Z")


def test_the_clock_ends_with_the_last_close_by_then() -> None:
    for until, last in [
        ("2025-11-28T18:00:00Z", dt.date(2025, 11, 28)),
        ("2025-11-28T17:59:59Z", dt.date(2025, 11, 26)),
        ("2025-11-30T12:00:00Z", dt.date(2025, 11, 28)),
    ]:
        clock = SESSIONS.clock(XNYS, at(until))
        assert (clock.session(0), clock.session(len(clock) - 1)) == (HISTORY_STARTS, last)


def test_the_clock_knows_its_half_days() -> None:
    clock = SESSIONS.clock(XNYS, NOW, dt.date(2025, 1, 1))
    half = [clock.session(int(row)).isoformat() for row in np.flatnonzero(clock.half_day)]
    assert half == ["2025-07-03", "2025-11-28", "2025-12-24"]
    assert len(clock) == 250


def test_the_clock_of_utc_days_has_every_day_up_to_the_midnight_that_has_passed() -> None:
    clock = SESSIONS.clock(ALWAYS, at("2025-12-07T00:00Z"), dt.date(2025, 12, 5))
    assert [clock.session(row).isoformat() for row in range(len(clock))] == ["2025-12-05", "2025-12-06"]
    assert clock.closes.tolist() == [at("2025-12-06T00:00Z"), at("2025-12-07T00:00Z")]
    assert not clock.half_day.any()


@pytest.mark.parametrize(
    ("session", "cutoff"),
    [
        pytest.param("2025-12-10", "2025-12-10T21:00:00Z", id="a session"),
        pytest.param("2025-11-28", "2025-11-28T18:00:00Z", id="a half day"),
        pytest.param("2025-12-13", "2025-12-12T21:00:00Z", id="a Saturday is the Friday before"),
        pytest.param("2025-12-14", "2025-12-12T21:00:00Z", id="a Sunday too"),
        pytest.param("2025-11-27", "2025-11-26T21:00:00Z", id="a holiday is the session before"),
        pytest.param("1990-01-01", "1990-01-02T20:59:59Z", id="before history nothing has closed"),
        pytest.param("0001-01-01", "1990-01-02T20:59:59Z", id="long before history"),
    ],
)
def test_as_of_a_date_means_the_last_close_that_belongs_to_it_or_an_earlier_one(session: str, cutoff: str) -> None:
    assert SESSIONS.cutoff(XNYS, dt.date.fromisoformat(session)) == at(cutoff)


def test_as_of_a_utc_day_means_the_midnight_that_ends_it() -> None:
    assert SESSIONS.cutoff(ALWAYS, dt.date(2025, 12, 13)) == at("2025-12-14T00:00Z")


def test_as_of_a_date_beyond_the_calendar_means_its_last_close() -> None:
    assert SESSIONS.cutoff(XNYS, dt.date(9999, 12, 31)) > NOW + 700 * DAY


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        pytest.param("2025-12-10T21:00Z", "2025-12-11T14:30Z", id="overnight"),
        pytest.param("2025-12-10T14:29:59Z", "2025-12-10T14:30Z", id="a second before the open"),
        pytest.param("2025-12-10T14:30Z", "2025-12-11T14:30Z", id="at the open it is the next one"),
        pytest.param("2025-12-31T21:00Z", "2026-01-02T14:30Z", id="over New Year"),
        pytest.param("2025-03-07T21:00Z", "2025-03-10T13:30Z", id="over the change of clocks"),
    ],
)
def test_the_next_open_is_after_now(now: str, opens: str) -> None:
    assert SESSIONS.next_open(XNYS, at(now)) == at(opens)


def test_what_never_stops_has_no_next_open() -> None:
    assert SESSIONS.next_open(ALWAYS, NOW) is None


def test_another_exchange_keeps_its_own_hours() -> None:
    assert close_of("2025-12-02", "XLON") == at("2025-12-02T16:30Z")
    assert close_of("2025-12-26", "XLON") == -1
    assert close_of("2025-07-04", "XLON") == at("2025-07-04T15:30Z")


@pytest.mark.parametrize("name", ["MARS", "", "xnys ", "NYSE/MARS", "24-7"])
def test_an_unknown_calendar_is_told_in_one_sentence(name: str) -> None:
    with pytest.raises(UnknownCalendar) as told:
        SESSIONS.check(name)
    assert str(told.value) == f"unknown calendar {name}; use XNYS, 24/7 or another exchange's code"


@pytest.mark.parametrize("name", [XNYS, ALWAYS, "XLON", "XETR"])
def test_a_calendar_that_exists_passes(name: str) -> None:
    SESSIONS.check(name)


def test_the_calendar_reaches_beyond_now_for_the_next_open() -> None:
    for now in ("2025-12-31T23:59:59Z", "2024-02-29T12:00Z"):
        opens = Sessions(at(now)).next_open(XNYS, at(now))
        assert opens is not None
        assert opens > at(now)


@pytest.mark.parametrize("calendar", ["XBEL", "NYSF"])
def test_a_calendar_that_cannot_be_used_is_told_in_one_sentence(calendar: str) -> None:
    with pytest.raises(UnknownCalendar, match=rf"^(unknown calendar|calendar) {calendar}\b[^\n]*$"):
        SESSIONS.check(calendar)


def test_an_exchange_that_is_known_only_from_later_on_starts_there() -> None:
    clock = SESSIONS.clock("XTKS", NOW)
    assert 1990 < clock.session(0).year < 2000
    assert len(clock) > 5_000


@pytest.mark.parametrize(
    ("until", "close"),
    [
        pytest.param("2025-12-10T21:00:00Z", "2025-12-10T21:00Z", id="at the close"),
        pytest.param("2025-12-10T20:59:59Z", "2025-12-09T21:00Z", id="a second before it"),
        pytest.param("2025-11-28T18:00:00Z", "2025-11-28T18:00Z", id="a half day"),
        pytest.param("2025-11-30T12:00:00Z", "2025-11-28T18:00Z", id="a Sunday"),
        pytest.param("2026-03-09T20:00:00Z", "2026-03-09T20:00Z", id="the first summer close"),
        pytest.param("2026-11-02T20:59:59Z", "2026-10-30T20:00Z", id="the first winter close is an hour later"),
    ],
)
def test_the_last_close_is_the_one_that_has_been(until: str, close: str) -> None:
    assert SESSIONS.last_close(XNYS, at(until)) == at(close)


def test_before_the_first_session_nothing_has_closed() -> None:
    assert SESSIONS.last_close(XNYS, at("1990-01-02T20:59:59Z")) is None
    assert SESSIONS.last_close(ALWAYS, at("1990-01-03T00:00:00Z")) == at("1990-01-03T00:00:00Z")


@pytest.mark.parametrize(
    ("now", "session"),
    [
        pytest.param("2025-12-10T14:29:59Z", None, id="before the open"),
        pytest.param("2025-12-10T14:30:00Z", "2025-12-10", id="at the open"),
        pytest.param("2025-12-10T20:59:59Z", "2025-12-10", id="a second before the close"),
        pytest.param("2025-12-10T21:00:00Z", None, id="at the close"),
        pytest.param("2025-11-28T17:59:59Z", "2025-11-28", id="a half day's last second"),
        pytest.param("2025-11-28T18:00:00Z", None, id="a half day's afternoon"),
        pytest.param("2025-11-27T16:00:00Z", None, id="a holiday"),
        pytest.param("2025-12-13T16:00:00Z", None, id="a Saturday"),
        pytest.param("2026-03-09T13:30:00Z", "2026-03-09", id="the first summer open"),
        pytest.param("2026-11-02T13:30:00Z", None, id="the first winter open is an hour later"),
    ],
)
def test_a_session_is_in_progress_from_its_open_until_before_its_close(now: str, session: str | None) -> None:
    assert SESSIONS.in_progress(XNYS, at(now)) == (session and dt.date.fromisoformat(session))


def test_what_never_stops_is_always_in_progress() -> None:
    assert SESSIONS.in_progress(ALWAYS, at("2025-12-13T23:59:59Z")) == dt.date(2025, 12, 13)
    assert SESSIONS.in_progress(ALWAYS, at("2025-12-14T00:00:00Z")) == dt.date(2025, 12, 14)


# A process that lives for years


def test_what_is_known_of_the_future_moves_on_with_time() -> None:
    sessions = Sessions(NOW)
    for month in range(1, 60):
        now = NOW + month * 30 * DAY
        opens, closed = sessions.next_open(XNYS, now), sessions.last_close(XNYS, now)
        assert opens is not None
        assert closed is not None
        assert now < opens < now + 5 * DAY
        assert now - 5 * DAY < closed <= now
        assert sessions.cutoff(ALWAYS, dt.date(9999, 12, 31)) > now + 360 * DAY


@pytest.mark.parametrize(
    "asks",
    [
        lambda sessions, at: sessions.last_close(XNYS, at),
        lambda sessions, at: sessions.next_open(XNYS, at),
        lambda sessions, at: sessions.in_progress(XNYS, at),
        lambda sessions, at: sessions.clock(XNYS, at),
        lambda sessions, at: sessions.closes_between(XNYS, at - DAY, at),
        lambda sessions, at: sessions.closes_of(XNYS, np.array([at], dtype="datetime64[s]")),
        lambda sessions, at: sessions.opens_of(XNYS, np.array([at], dtype="datetime64[s]")),
    ],
)
def test_whoever_asks_moves_it_on(asks: Callable[[Sessions, int], object]) -> None:
    sessions = Sessions(NOW)
    asks(sessions, NOW + 1_000 * DAY)
    assert sessions.cutoff(XNYS, dt.date(9999, 12, 31)) > NOW + 1_700 * DAY


def test_it_never_moves_back_and_what_was_known_stays_as_it_is() -> None:
    sessions, days = Sessions(NOW), np.arange(np.datetime64("2024-01-01"), np.datetime64("2027-01-01"))
    before = sessions.closes_of(XNYS, days), sessions.opens_of(XNYS, days)
    sessions.last_close(XNYS, NOW + 1_200 * DAY)
    reach = sessions.cutoff(XNYS, dt.date(9999, 12, 31))
    sessions.last_close(XNYS, NOW)
    sessions.last_close(XNYS, NOW - 5_000 * DAY)
    assert sessions.cutoff(XNYS, dt.date(9999, 12, 31)) == reach
    np.testing.assert_array_equal(sessions.closes_of(XNYS, days), before[0])
    np.testing.assert_array_equal(sessions.opens_of(XNYS, days), before[1])


def test_for_ever_is_no_moment_to_move_on_to() -> None:
    sessions = Sessions(NOW)
    assert sessions.last_close(XNYS, 2**40) == sessions.cutoff(XNYS, dt.date(9999, 12, 31))
    assert sessions.next_open(XNYS, 2**40) is None
    assert sessions.in_progress(XNYS, 2**40) is None
    assert sessions.cutoff(XNYS, dt.date(9999, 12, 31)) < NOW + 800 * DAY


def test_the_closes_between_two_instants_are_those_of_the_sessions_that_closed() -> None:
    first, last = at("2025-11-26T21:00Z"), at("2025-12-01T21:00Z")
    closes = [first, at("2025-11-28T18:00Z"), last]
    assert SESSIONS.closes_between(XNYS, first, last).tolist() == closes
    assert SESSIONS.closes_between(XNYS, first + 1, last - 1).tolist() == closes[1:2]
    assert SESSIONS.closes_between(XNYS, last, first).tolist() == []
