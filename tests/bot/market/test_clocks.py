"""Calendars and clocks, played through the watch: half days, holidays, summer time, years, a wall clock that is set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from bot.market.backfill import Depth
from rules.bars import DAY, HOUR, Interval
from rules.model import ALWAYS, XNYS, Instant
from tests.bot.market.stations import MINUTE, FakeFeed, Station, closes, rule
from tests.bot.markets import SESSIONS, at

RUT_RULE, BTC_RULE = rule("high", "RUT > 100"), rule("coin", "BTC > 100")


def market(first: str, last: str, **price: float) -> FakeFeed:
    """An index and a coin whose every bar is at one price, and has come when it is due."""
    feed, hours = FakeFeed(), range(at(f"{first}T00:00Z"), at(f"{last}T00:00Z"), HOUR)
    feed.holds("RUT", Interval.DAY, dict.fromkeys(closes(first, last), price.get("RUT", 100.0)))
    feed.holds("BTC", Interval.HOUR, dict.fromkeys(hours, price.get("BTC", 100.0)))
    return feed.holds("BTC", Interval.DAY, {end: price.get("BTC", 100.0) for end in hours if end % DAY == 0})


def station_of(path: Path, feed: FakeFeed, first: str) -> Station:
    depth = Depth(at(f"{first}T00:00Z"), 20 * DAY)
    return Station(path / "a.db", feed, rules=[RUT_RULE, BTC_RULE], depth=depth)


def ends_of(station: Station, name: str, interval: Interval) -> list[Instant]:
    """The ends of the bars that are held: none lost, none twice."""
    ends: list[Instant] = station.history.ends(name, interval).tolist()
    return ends


def arrivals(station: Station, moments: Iterable[Instant], name: str, interval: Interval) -> dict[Instant, Instant]:
    """When the bars came that came during these ticks, by their ends."""
    came: dict[Instant, Instant] = {}
    known = set(ends_of(station, name, interval))
    for now in moments:
        station.tick(now)
        came |= {end: now for end in ends_of(station, name, interval) if end not in known}
        known |= set(came)
    return came


# Sessions


@pytest.mark.parametrize(
    ("first", "last", "due"),
    [
        pytest.param("2026-11-25", "2026-11-28", {"2026-11-25T21:00Z": 30, "2026-11-27T18:00Z": 30}, id="Thanksgiving"),
        pytest.param("2026-12-23", "2026-12-27", {"2026-12-23T21:00Z": 30, "2026-12-24T18:00Z": 30}, id="Christmas"),
        pytest.param("2025-12-31", "2026-01-03", {"2025-12-31T21:00Z": 30, "2026-01-02T21:00Z": 30}, id="year end"),
        pytest.param("2026-03-06", "2026-03-10", {"2026-03-06T21:00Z": 30, "2026-03-09T20:00Z": 30}, id="summer 2026"),
        pytest.param("2026-10-30", "2026-11-03", {"2026-10-30T20:00Z": 30, "2026-11-02T21:00Z": 30}, id="winter 2026"),
        pytest.param("2027-03-12", "2027-03-16", {"2027-03-12T21:00Z": 30, "2027-03-15T20:00Z": 30}, id="summer 2027"),
    ],
)
def test_a_session_s_bar_comes_when_it_has_settled_and_coins_trade_on(
    tmp_path: Path, first: str, last: str, due: dict[str, int]
) -> None:
    """Half days close at one in New York, and half an hour later their bar is there: 2026-11-27 at 18:30Z. The clock
    goes by hours, and by ten minutes about a close.
    """
    start, end, beginning = at(f"{first}T12:00Z"), at(f"{last}T00:00Z"), "2025-10-01"
    feed = market(beginning, "2027-04-01")
    with station_of(tmp_path, feed, beginning).starts(start) as station:
        about = [range(at(close) - HOUR, at(close) + HOUR, 10 * MINUTE) for close in due]
        moments = set(range(start + 50 * MINUTE, end, HOUR)).union(*about)
        came = arrivals(station, sorted(moments), "RUT", Interval.DAY)
        assert came == {at(close): at(close) + minutes * MINUTE for close, minutes in due.items()}
        hours = ends_of(station, "BTC", Interval.HOUR)
        assert hours[0] < start
        assert (np.diff(hours) == HOUR).all()
        assert hours[-1] == end - HOUR
        assert station.faults == []


def test_on_a_holiday_rules_on_coins_are_judged_and_nobody_waits_for_the_exchange(tmp_path: Path) -> None:
    first, holiday = "2026-10-01", at("2026-11-26T00:00Z")
    feed = market(first, "2026-12-01")
    with station_of(tmp_path, feed, first).starts(at("2026-11-25T12:00Z")) as station:
        station.tick(at("2026-11-25T22:00Z"))
        feed.holds("BTC", Interval.DAY, {holiday + DAY: 120.0})
        feed.asked.clear()
        events = station.ticks(range(holiday + HOUR, holiday + DAY + HOUR, 10 * MINUTE))
        assert [event.rule for event in events] == ["coin"]
        assert {each.until for each in feed.asked if each.instrument.id == "RUT"} <= {at("2026-11-25T21:00Z")}
        assert station.intake.awaited(holiday + 23 * HOUR, holiday) == frozenset()


@pytest.mark.parametrize(
    ("date", "opens", "closed"),
    [
        ("2026-03-06", "14:30", "21:00"),
        ("2026-03-09", "13:30", "20:00"),
        ("2026-10-30", "13:30", "20:00"),
        ("2026-11-02", "14:30", "21:00"),
        ("2026-11-27", "14:30", "18:00"),
        ("2027-03-12", "14:30", "21:00"),
        ("2027-03-15", "13:30", "20:00"),
    ],
)
def test_new_york_s_hours_shift_with_its_clocks(date: str, opens: str, closed: str) -> None:
    day = np.array([date], dtype="datetime64[D]")
    assert SESSIONS.opens_of(XNYS, day).tolist() == [at(f"{date}T{opens}Z")]
    assert SESSIONS.closes_of(XNYS, day).tolist() == [at(f"{date}T{closed}Z")]


# Years


@pytest.mark.parametrize("months", [14, pytest.param(30, marks=pytest.mark.soak)])
def test_a_process_that_lives_for_years_sees_every_session_once_and_judges_the_last_as_the_first(
    tmp_path: Path, months: int
) -> None:
    first, start = "2025-10-01", at("2025-12-03T22:30Z")
    end = start + months * 30 * DAY
    days = closes(first, str(np.datetime64(end, "s"))[:10])
    feed = FakeFeed().holds("RUT", Interval.DAY, {day: 100.0 + (day in days[-2:]) for day in days})
    with Station(tmp_path / "a.db", feed, rules=[RUT_RULE], depth=Depth(at(f"{first}T00:00Z"), DAY)) as station:
        station.starts(start)
        events = station.ticks(range(start, end, DAY))
        assert ends_of(station, "RUT", Interval.DAY) == [day for day in days if day < end - DAY]
        assert len(events) == 1
        assert station.faults == []
        assert SESSIONS.next_open(XNYS, end) is not None
        assert SESSIONS.next_open(ALWAYS, end) is None


# A wall clock that is set

WEDNESDAY, THURSDAY = closes("2025-12-03", "2025-12-04")
FROM, TO = WEDNESDAY - 3 * HOUR, THURSDAY + 3 * HOUR
STEPS = {"back half a minute": -30, "on an hour": HOUR, "back an hour": -HOUR, "on a day": DAY}
MOMENTS = {
    "during the session": WEDNESDAY - 90 * MINUTE,
    "a minute before the close": WEDNESDAY - MINUTE,
    "at the close": WEDNESDAY,
    "while it settles": WEDNESDAY + 10 * MINUTE,
    "when it is due": WEDNESDAY + 30 * MINUTE,
    "overnight": WEDNESDAY + 8 * HOUR,
}


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_when_the_clock_is_set_no_bar_is_lost_none_comes_twice_and_none_before_it_has_ended(
    tmp_path: Path, step: int, moment: Instant
) -> None:
    """The clock is wrong for two hours, and then put right. Sources go by their own."""
    feed = market("2025-10-01", "2025-12-10")
    with station_of(tmp_path, feed, "2025-10-01").starts(FROM) as station:
        for true in range(FROM, TO, 6 * MINUTE):
            ahead = step if moment <= true < moment + 2 * HOUR else 0
            station.clock_is_ahead(ahead)
            station.poll(true + ahead)
            for name, interval in (("RUT", Interval.DAY), ("BTC", Interval.DAY), ("BTC", Interval.HOUR)):
                assert (station.history.last_end(name, interval) or 0) <= true
        assert ends_of(station, "RUT", Interval.DAY)[-2:] == [WEDNESDAY, THURSDAY]
        hours = ends_of(station, "BTC", Interval.HOUR)
        assert (np.diff(hours) == HOUR).all()
        assert hours[-1] == (TO - 6 * MINUTE) // HOUR * HOUR
        assert station.faults == []


def test_rules_see_nothing_that_ends_later_than_a_clock_that_was_set_back(tmp_path: Path) -> None:
    feed = market("2025-10-01", "2025-12-10", RUT=120.0)
    feed.restates("RUT", Interval.DAY, WEDNESDAY, close=99.0)
    with station_of(tmp_path, feed, "2025-10-01").starts(FROM) as station:
        station.tick(FROM)
        station.tick(WEDNESDAY + HOUR)
        panel = station.intake.snapshot(WEDNESDAY - HOUR).panel(XNYS)
        assert int(panel.clock.closes[-1]) < WEDNESDAY


def test_what_came_while_the_clock_was_ahead_is_asked_for_again_when_it_has_truly_settled(tmp_path: Path) -> None:
    """At ten past nine the session was said to have settled, an hour ahead of time; its close was not yet final."""
    feed = market("2025-10-01", "2025-12-10")
    feed.restates("RUT", Interval.DAY, WEDNESDAY, close=99.0)
    with station_of(tmp_path, feed, "2025-10-01").starts(FROM) as station:
        station.clock_is_ahead(HOUR)
        station.tick(WEDNESDAY + 10 * MINUTE + HOUR)
        assert station.history.last_end("RUT", Interval.DAY) == WEDNESDAY
        station.clock_is_ahead(0)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=100.0)
        station.tick(WEDNESDAY + 15 * MINUTE)
        assert station.intake.awaited(WEDNESDAY + 15 * MINUTE, FROM) == frozenset()
        feed.asked.clear()
        for minute in range(30, 60):
            station.tick(WEDNESDAY + minute * MINUTE)
        assert [each.until for each in feed.asked if each.instrument.id == "RUT"] == [WEDNESDAY]
        assert station.history.held["RUT"][Interval.DAY].close[-1] == 100.0
