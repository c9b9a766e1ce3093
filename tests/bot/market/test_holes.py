"""Bars that lack though they should be there: noticed, asked for a few times of one source after another, recorded."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bot.market.backfill import Depth
from bot.market.holes import FIRST_PAUSE, LAST, LONGEST_PAUSE, RECENT, SPAN, Holes
from bot.store import schema
from bot.store.holes import Asked
from rules.bars import DAY, HOUR, Interval
from rules.model import Instant
from tests.bot.market.stations import MINUTE, FakeFeed, Station, closes, rule
from tests.bot.markets import BTC, at

NOW = at("2025-12-03T12:00Z")
RUT_DAYS, BTC_HOURS = ("RUT", Interval.DAY), ("BTC", Interval.HOUR)
HOLE = NOW - 2 * DAY
OLD = NOW - RECENT - DAY


def asked_at(
    holes: Holes, key: tuple[str, Interval], moments: Iterable[Instant], *, answered: bool = True
) -> list[int]:
    """When a hole is asked for, in seconds since now."""
    found = []
    for now in moments:
        if ends := holes.due(key, now):
            holes.asked(key, ends, now, answered=answered)
            found.append(now - NOW)
    return found


# The bookkeeping


def test_a_hole_is_asked_for_with_pauses_that_double_and_then_left_alone() -> None:
    holes = Holes()
    holes.found(RUT_DAYS, [HOLE], NOW)
    times = asked_at(holes, RUT_DAYS, range(NOW, NOW + 20 * DAY, 60))
    pauses = [later - earlier for earlier, later in pairwise([0, *times])]
    assert pauses == [FIRST_PAUSE * 2**n for n in range(LAST - 1)]
    assert max(pauses) <= LONGEST_PAUSE
    assert holes.open(RUT_DAYS, NOW + 20 * DAY) == ()


def test_a_question_that_nobody_answers_is_put_again_after_the_same_pause() -> None:
    holes = Holes()
    holes.found(RUT_DAYS, [HOLE], NOW)
    times = asked_at(holes, RUT_DAYS, range(NOW, NOW + DAY, 60), answered=False)
    assert {later - earlier for earlier, later in pairwise(times)} == {FIRST_PAUSE}


def test_what_is_old_is_asked_for_once_more_and_then_left_alone() -> None:
    holes = Holes()
    holes.found(RUT_DAYS, [OLD, OLD + HOUR], NOW)
    assert asked_at(holes, RUT_DAYS, range(NOW, NOW + 20 * DAY, 60)) == [FIRST_PAUSE]


def test_holes_are_asked_for_together_and_hours_in_stretches() -> None:
    holes, later = Holes(), NOW + FIRST_PAUSE
    old = [NOW - 300 * DAY, NOW - 250 * DAY, NOW - 300 * DAY + SPAN]
    holes.found(BTC_HOURS, sorted(old), NOW)
    holes.found(RUT_DAYS, sorted(old), NOW)
    assert holes.due(RUT_DAYS, later) == tuple(sorted(old))
    assert holes.due(BTC_HOURS, later) == (old[0], old[1])
    holes.asked(BTC_HOURS, old[:2], later, answered=True)
    assert holes.due(BTC_HOURS, later) == (old[2],)


def test_a_hole_that_is_filled_is_forgotten_and_a_new_one_begins_anew() -> None:
    holes = Holes({RUT_DAYS: {HOLE: Asked(NOW - DAY, 5)}})
    holes.found(RUT_DAYS, [HOLE + DAY], NOW)
    assert holes.news() == ({}, {RUT_DAYS: {HOLE}})
    assert holes.news() == ({}, {})
    assert holes.open(RUT_DAYS, NOW) == (HOLE + DAY,)
    holes.found(RUT_DAYS, [HOLE, HOLE + DAY], NOW)
    assert holes.known[RUT_DAYS][HOLE] == Asked(NOW, 1)


def test_what_is_asked_for_again_and_what_comes_is_news_for_the_store() -> None:
    holes = Holes()
    holes.found(RUT_DAYS, [HOLE, HOLE + DAY], NOW)
    assert holes.news() == ({}, {})
    holes.asked(RUT_DAYS, [HOLE, HOLE + DAY], NOW + HOUR, answered=True)
    holes.found(RUT_DAYS, [HOLE], NOW + HOUR)
    assert holes.news() == ({RUT_DAYS: {HOLE: Asked(NOW + HOUR, 2)}}, {RUT_DAYS: {HOLE + DAY}})


def test_a_clock_that_was_set_back_makes_no_hole_wait() -> None:
    holes = Holes({RUT_DAYS: {HOLE: Asked(NOW + DAY, 7)}})
    assert holes.due(RUT_DAYS, NOW) == (HOLE,)


# In the intake

DAYS = closes("2025-10-01", "2025-12-19")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = closes("2025-12-01", "2025-12-05")
HOURS = range(at("2025-09-01T00:00Z"), at("2025-12-20T00:00Z"), HOUR)
OUTAGE = NOW - 6 * HOUR


def coins(venue: str, *lacking: Instant, price: float = 100.0) -> FakeFeed:
    feed = FakeFeed("exchange", venue)
    feed.holds("BTC", Interval.HOUR, {end: price for end in HOURS if end not in lacking})
    return feed.holds("BTC", Interval.DAY, {end: price for end in HOURS if end % DAY == 0})


def coin_station(path: Path, *feeds: FakeFeed) -> Station:
    return Station(path / "a.db", *feeds, rules=[rule("coin", "BTC > 0")], instruments={"BTC": BTC}).starts(NOW)


def index_station(path: Path, feed: FakeFeed) -> Station:
    return Station(path / "a.db", feed, rules=[rule("index", "RUT > 0")]).starts(NOW)


def hours_of(station: Station) -> list[Instant]:
    ends: list[Instant] = station.intake.snapshot(2**40).bars["BTC"][Interval.HOUR].end.tolist()
    return ends


def polled(station: Station, moments: Iterable[Instant], *feeds: FakeFeed) -> list[tuple[int, str]]:
    """Which source was asked for the hour of the outage as the newest, and after how many minutes."""
    found = []
    for now in moments:
        for feed in feeds:
            feed.asked.clear()
        station.poll(now)
        found += [
            ((now - NOW) // MINUTE, feed.origin.venue)
            for feed in feeds
            for each in feed.asked
            if each.until == OUTAGE and each.interval is Interval.HOUR
        ]
    return found


def test_an_hour_that_the_preferred_source_lacks_is_taken_from_the_first_that_has_it(tmp_path: Path) -> None:
    first, second, third = coins("first", OUTAGE), coins("second", OUTAGE), coins("third", price=150.0)
    with coin_station(tmp_path, first, second, third) as station:
        assert OUTAGE not in hours_of(station)
        asks = polled(station, range(NOW, NOW + 4 * HOUR, MINUTE), first, second, third)
        assert [venue for _, venue in asks] == ["second", "third"], "the first one has just answered without it"
        hours = station.intake.snapshot(2**40).bars["BTC"][Interval.HOUR]
        theirs = hours.take(np.array([hours.origins[each].venue == "third" for each in hours.origin]))
        assert theirs.end.tolist() == [OUTAGE - HOUR, OUTAGE], "with the close that its return starts from"
        assert station.faults == []


def test_a_hole_is_named_while_it_is_asked_for(tmp_path: Path) -> None:
    feed = coins("first", OUTAGE)
    with coin_station(tmp_path, feed) as station:
        station.poll(NOW + HOUR + 2 * MINUTE)
        assert station.faults == ["BTC's hour to Wed 2025-12-03 06:00Z is missing; asked for again"]
        polled(station, range(NOW + HOUR, NOW + 40 * HOUR, 10 * MINUTE), feed)
        assert station.faults == []


def test_a_hole_that_no_source_has_is_recorded_and_not_asked_for_again_not_even_after_a_restart(tmp_path: Path) -> None:
    feeds = [coins("first", OUTAGE), coins("second", OUTAGE)]
    with coin_station(tmp_path, *feeds) as station:
        first_day = polled(station, range(NOW, NOW + DAY, 5 * MINUTE), *feeds)
        station.restarts(NOW + DAY)
        days = polled(station, range(NOW + DAY, NOW + 12 * DAY, 5 * MINUTE), *feeds)
        assert {venue for _, venue in first_day + days} == {"first", "second"}
        assert len(first_day + days) == LAST - 1
        [hole] = station.rows(schema.holes)
        assert (hole.instrument, hole.interval, hole.end, hole.times) == ("BTC", "1h", OUTAGE, LAST)
        station.restarts(NOW + 13 * DAY)
        assert polled(station, range(NOW + 13 * DAY, NOW + 14 * DAY, 5 * MINUTE), *feeds) == []


def test_a_hole_that_is_filled_is_no_longer_recorded(tmp_path: Path) -> None:
    feed = coins("first", OUTAGE)
    with coin_station(tmp_path, feed) as station:
        polled(station, range(NOW, NOW + HOUR, 5 * MINUTE), feed)
        assert len(station.rows(schema.holes)) == 1
        feed.holds("BTC", Interval.HOUR, {OUTAGE: 100.0})
        polled(station, range(NOW + HOUR, NOW + 4 * HOUR, 5 * MINUTE), feed)
        assert OUTAGE in hours_of(station)
        assert station.rows(schema.holes) == []


def test_however_many_hours_lack_it_is_one_question_a_poll(tmp_path: Path) -> None:
    gone = range(OUTAGE - 40 * HOUR, OUTAGE + HOUR, 2 * HOUR)
    feed = coins("first", *gone)
    with coin_station(tmp_path, feed) as station:
        for now in range(NOW, NOW + 3 * HOUR, 5 * MINUTE):
            feed.asked.clear()
            station.poll(now)
            assert len([each for each in feed.asked if each.interval is Interval.HOUR]) <= 1


def test_a_hole_far_back_is_asked_for_once_of_another_source_than_the_one_that_lacked_it(tmp_path: Path) -> None:
    old = NOW - 50 * DAY
    first, second = coins("first", old), coins("second")
    station = Station(
        tmp_path / "a.db", first, second, rules=[rule("coin", "BTC > 0")], instruments={"BTC": BTC},
        depth=Depth(HOURS[0], 80 * DAY),
    )  # fmt: skip
    with station.starts(NOW):
        for now in range(NOW, NOW + 2 * HOUR, 5 * MINUTE):
            station.poll(now)
        assert old in hours_of(station)
        assert [each.until for each in second.asked] == [old]


def test_a_session_that_an_exchange_did_not_have_is_no_open_question_for_ever(tmp_path: Path) -> None:
    """The VIX lacks some sessions of New York."""
    feed = FakeFeed().holds("RUT", Interval.DAY, {end: 100.0 for end in DAYS if end != DAYS[2]})
    with index_station(tmp_path, feed) as station:
        for hour in range(48):
            station.poll(NOW + hour * HOUR)
        feed.asked.clear()
        for now in range(THURSDAY + 5 * HOUR, THURSDAY + 10 * HOUR, 10 * MINUTE):
            station.poll(now)
        assert feed.asked == []
        assert station.faults == []


def test_what_is_before_the_first_bar_or_after_the_newest_is_no_hole(tmp_path: Path) -> None:
    feed = FakeFeed().holds("RUT", Interval.DAY, {end: 100.0 for end in DAYS[10:] if end <= MONDAY})
    with index_station(tmp_path, feed) as station:
        station.poll(NOW)
        assert station.intake._archive.holes.known["RUT", Interval.DAY] == {}


@pytest.mark.parametrize("days", [3, 10])
def test_after_days_offline_every_bar_that_was_missed_comes_in_one_question_a_series(tmp_path: Path, days: int) -> None:
    feed = FakeFeed().holds("RUT", Interval.DAY, dict.fromkeys(DAYS, 100.0))
    feed.holds("BTC", Interval.HOUR, dict.fromkeys(HOURS, 100.0))
    feed.holds("BTC", Interval.DAY, {end: 100.0 for end in HOURS if end % DAY == 0})
    with Station(tmp_path / "a.db", feed, rules=[rule("both", "RUT > 0 and BTC > 0")]).starts(NOW) as station:
        station.restarts(NOW + days * DAY)
        feed.asked.clear()
        station.poll(NOW + days * DAY)
        assert sorted(f"{each.instrument.id} {each.interval}" for each in feed.asked) == ["BTC 1d", "BTC 1h", "RUT 1d"]
        for name, interval in (("RUT", Interval.DAY), ("BTC", Interval.DAY), ("BTC", Interval.HOUR)):
            assert station.intake._archive.holes.open((name, interval), NOW + days * DAY) == ()
            assert station.history.last_end(name, interval) is not None
        assert hours_of(station)[-1] == NOW + days * DAY - HOUR
