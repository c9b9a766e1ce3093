"""How bars come in: history in steps that survive a restart, what is asked for when, who fills whose gaps."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.market.asking import SLOW
from bot.market.backfill import WINDOW, Depth
from bot.market.history import BEGINNING
from bot.market.sources import RUN_UP
from bot.store import schema
from bot.store.errors import StoreError
from rules.bars import DAY, HOUR, Bars, Interval
from rules.language.compile import CompiledRule
from rules.model import XNYS, Instant
from rules.windows import growth
from tests.bot.market.stations import GRACE, MINUTE, FakeFeed, Station, bars, closes, rule
from tests.bot.markets import BTC, RUT, at

INDEX = [rule("index", "RUT > SPX")]
COIN = [rule("coin", "BTC > 0")]
BOTH = [rule("both", "RUT > 0 and BTC > 0")]

DAYS = closes("2025-11-03", "2025-12-19")
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = closes("2025-12-02", "2025-12-05")
LISTED = at("2025-06-01T00:00Z")
MORNING = at("2025-12-03T12:00Z")
"""Before Wednesday's session; a whole hour."""


def indices(**price: float) -> FakeFeed:
    """A source of both indices, each at one price throughout."""
    feed = FakeFeed()
    for name in ("RUT", "SPX"):
        feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, price.get(name, 100.0)))
    return feed


def coins(venue: str = "first", factor: float = 1.0, since: Instant = 0) -> FakeFeed:
    """A venue of bitcoin, whose price is told by the hour it is."""
    feed = FakeFeed("exchange", venue)
    hours = range(LISTED, at("2025-12-20T00:00Z"), HOUR)
    feed.holds("BTC", Interval.HOUR, {end: factor * price_at(end) for end in hours if end > since})
    feed.holds("BTC", Interval.DAY, {end: factor * price_at(end) for end in hours if end % DAY == 0 and end > since})
    return feed


def price_at(end: Instant) -> float:
    return 100.0 * float(np.exp(0.02 * np.sin(end / 40_000.0) + 0.01 * np.sin(end / 7_000.0)))


def held(station: Station, name: str, interval: Interval = Interval.DAY) -> Bars:
    return station.intake.snapshot(2**40).bars[name][interval]


# History


def test_history_is_asked_for_from_its_beginning_and_told_as_it_comes(tmp_path: Path) -> None:
    feed = coins()
    with Station(tmp_path / "a.db", feed, rules=COIN, depth=Depth(BEGINNING, 200 * DAY)) as station:
        station.starts(MORNING)
        days, *hours = feed.asked
        assert (days.interval, days.after, days.until) == (Interval.DAY, BEGINNING, MORNING - 120)
        goal = (MORNING - 200 * DAY) // DAY * DAY
        assert [each.after for each in hours] == [goal, goal + WINDOW, goal + 2 * WINDOW]
        assert hours[-1].until == MORNING - 120
        shares = [share for _, share in station.told]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0
        assert all(share < 1.0 for share in shares[:-1])
        assert station.intake.ready("BTC")
        assert station.intake.waiting() == {}


def test_history_that_is_complete_is_not_asked_for_again(tmp_path: Path) -> None:
    feed = coins()
    with Station(tmp_path / "a.db", feed, rules=COIN).starts(MORNING) as station:
        asked = len(feed.asked)
        station.fills(MORNING + HOUR)
        station.restarts(MORNING + HOUR)
        assert len(feed.asked) == asked
        assert len(held(station, "BTC", Interval.HOUR)) > 1_000


@pytest.mark.parametrize("answers", [1, 2, 3])
def test_a_fill_that_is_cut_off_goes_on_where_it_stopped(tmp_path: Path, answers: int) -> None:
    feed = coins()
    with Station(tmp_path / "a.db", feed, rules=COIN, depth=Depth(BEGINNING, 200 * DAY)) as station:
        station.starts(MORNING, fill=False)
        station.database.is_full(after=answers)
        with pytest.raises(StoreError):
            station.fills(MORNING)
        assert not station.intake.ready("BTC")
        asked = [(each.interval, each.after) for each in feed.asked]
        feed.asked.clear()
        station.restarts(MORNING + MINUTE)
        assert station.intake.ready("BTC")
        assert (feed.asked[0].interval, feed.asked[0].after) == asked[-1]
        ends = held(station, "BTC", Interval.HOUR).end
        assert (ends[0], ends[-1]) == (LISTED, MORNING - HOUR)
        assert (np.diff(ends) == HOUR).all()


def test_history_waits_for_a_source_that_does_not_answer_and_says_so(tmp_path: Path) -> None:
    feed = indices()
    feed.falls_silent("SPX")
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        assert not station.intake.ready("SPX")
        assert station.intake.waiting()["SPX"] == "fake did not answer"
        feed.comes_back()
        station.fills(MORNING + HOUR)
        assert station.intake.waiting() == {}


def test_a_disk_that_is_full_is_told_when_all_the_work_has_ended(tmp_path: Path) -> None:
    """Else the next call would write the same bars beside the one before."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING, fill=False) as station:
        station.database.is_full()
        with pytest.raises(StoreError, match="full"):
            station.fills(MORNING)

        async def left() -> int:
            return len(asyncio.all_tasks()) - 1

        assert station.runs(left()) == 0
        assert station.intake.version == 0
        station.database.has_room()
        station.fills(MORNING)
        assert station.intake.ready("RUT")
        assert station.intake.ready("SPX")


def test_an_instrument_that_no_source_has_is_no_reason_to_wait_and_is_asked_for_at_the_next_start(
    tmp_path: Path,
) -> None:
    feed = FakeFeed().holds("RUT", Interval.DAY, dict.fromkeys(DAYS, 100.0))
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        assert station.intake.ready("SPX")
        feed.asked.clear()
        assert station.poll(WEDNESDAY + HOUR) == 1
        assert {each.instrument.id for each in feed.asked} == {"RUT"}
        feed.holds("SPX", Interval.DAY, dict.fromkeys(DAYS, 90.0))
        station.restarts(WEDNESDAY + 2 * HOUR)
        assert held(station, "SPX").close[-1] == 90.0
        assert held(station, "SPX").end[0] == DAYS[0]


def test_deeper_history_is_filled_from_its_new_beginning(tmp_path: Path) -> None:
    feed = coins()
    with Station(tmp_path / "a.db", feed, rules=COIN, depth=Depth(BEGINNING, 30 * DAY)).starts(MORNING) as station:
        first = int(held(station, "BTC", Interval.HOUR).end[0])
        station.depth = Depth(BEGINNING, 60 * DAY)
        station.restarts(MORNING)
        assert int(held(station, "BTC", Interval.HOUR).end[0]) == first - 30 * DAY
        assert len(np.unique(held(station, "BTC", Interval.HOUR).end)) == len(held(station, "BTC", Interval.HOUR))


def test_history_from_a_stand_in_is_history(tmp_path: Path) -> None:
    first, second = coins("first"), coins("second", 1.5)
    first.falls_silent()
    with Station(tmp_path / "a.db", first, second, rules=COIN).starts(MORNING) as station:
        assert station.intake.ready("BTC")
        assert {origin.venue for origin in held(station, "BTC", Interval.HOUR).origins} == {"second"}


# The present


def test_a_bar_is_asked_for_once_it_has_settled_and_not_again_when_it_is_there(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY - 7 * HOUR)  # before trading starts, what came the day before is looked at again
        feed.asked.clear()
        assert station.poll(WEDNESDAY + 30 * MINUTE - 1) == 0
        assert feed.asked == []
        assert station.poll(WEDNESDAY + 30 * MINUTE) == 2
        assert {(each.instrument.id, each.until) for each in feed.asked} == {("RUT", WEDNESDAY), ("SPX", WEDNESDAY)}
        feed.asked.clear()
        assert station.poll(WEDNESDAY + 31 * MINUTE) == 0
        assert feed.asked == []


def test_a_bar_that_is_late_is_asked_for_at_every_poll_within_the_grace_and_then_every_quarter_of_an_hour(
    tmp_path: Path,
) -> None:
    feed = indices()
    feed.is_late("RUT", WEDNESDAY, 5 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        asked = []
        for minute in range(30, 6 * 60):
            now = WEDNESDAY + minute * MINUTE
            before = len(feed.asked)
            station.poll(now)
            asked += [minute for each in feed.asked[before:] if each.instrument is RUT]
        soon, late = [each for each in asked if each < 150], [each for each in asked if each >= 150]
        assert soon == list(range(30, 150))
        assert SLOW == 15 * MINUTE
        assert late[0] < 165
        assert {b - a for a, b in pairwise(late)} == {15}
        assert late[-1] <= 5 * 60 + 15
        assert held(station, "RUT").end[-1] == WEDNESDAY


def test_a_clock_that_was_an_hour_ahead_does_not_keep_a_late_bar_from_being_asked_for(tmp_path: Path) -> None:
    feed = indices()
    feed.is_late("RUT", WEDNESDAY, 4 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + 4 * HOUR - 1)
        feed.asked.clear()
        station.poll(WEDNESDAY + 3 * HOUR)
        assert "RUT" in {each.instrument.id for each in feed.asked}


def test_bars_of_several_instruments_come_in_together_or_not_at_all(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        version, rows = station.intake.version, len(station.rows(schema.bars))
        station.database.is_full()
        with pytest.raises(StoreError):
            station.poll(WEDNESDAY + HOUR)
        assert (station.intake.version, len(station.rows(schema.bars))) == (version, rows)
        assert held(station, "RUT").end[-1] == held(station, "SPX").end[-1] == TUESDAY
        station.database.has_room()
        assert station.poll(WEDNESDAY + HOUR + MINUTE) == 2
        assert station.intake.version == version + 1


def test_a_late_bar_that_could_not_be_written_is_asked_for_again_at_once(tmp_path: Path) -> None:
    feed = indices()
    feed.is_late("RUT", WEDNESDAY, 4 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        station.database.is_full()
        with pytest.raises(StoreError):
            station.poll(WEDNESDAY + 4 * HOUR)
        station.database.has_room()
        assert station.poll(WEDNESDAY + 4 * HOUR + MINUTE) == 1


def test_nothing_is_polled_while_history_is_being_loaded(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING, fill=False) as station:
        assert station.poll(WEDNESDAY + HOUR) == 0
        assert feed.asked == []


def test_what_a_source_restates_within_days_is_a_revision_and_what_it_said_is_kept(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=101.3)
        assert station.poll(THURSDAY + HOUR) == 3
        assert held(station, "RUT").close[-2] == 101.3
        (kept,) = station.rows(schema.revisions)
        assert (kept.instrument, kept.end, kept.close) == ("RUT", WEDNESDAY, 100.0)
        assert (kept.known_at, kept.replaced_at) == (WEDNESDAY + HOUR, THURSDAY + HOUR)
        station.restarts(THURSDAY + 2 * HOUR)
        assert held(station, "RUT").close[-2] == 101.3


def test_what_two_tasks_compared_at_once_is_held_once_and_a_revision_says_what_was_held(tmp_path: Path) -> None:
    """A fill and a poll at a restart with a deeper history."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        archive, now = station.intake._archive, WEDNESDAY + HOUR
        said = [bars(Interval.DAY, {TUESDAY: price, WEDNESDAY: price}, feed.origin) for price in (101.0, 102.0, 102.0)]
        arrivals = [("RUT", station.history.compare("RUT", each, now)) for each in said]

        async def at_once() -> list[int]:
            return await asyncio.gather(*(archive.keep([each], now) for each in arrivals))

        assert station.runs(at_once()) == [2, 2, 0]
        assert held(station, "RUT").close[-2:].tolist() == [102.0, 102.0]
        assert len(np.unique(held(station, "RUT").end)) == len(held(station, "RUT").end)
        said_before = [(row.end, row.close) for row in station.rows(schema.revisions)]
        assert said_before == [(TUESDAY, 100.0), (TUESDAY, 101.0), (WEDNESDAY, 101.0)]
        station.restarts(now)
        assert held(station, "RUT").close[-2:].tolist() == [102.0, 102.0]


def test_what_waited_for_its_turn_to_be_written_is_known_later_than_what_was_looked_at_meanwhile(
    tmp_path: Path,
) -> None:
    """A fill that began before a poll, and is written after the rules have looked at what that brought."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        archive, now = station.intake._archive, WEDNESDAY + HOUR
        said = [bars(Interval.DAY, {day: 101.0}, feed.origin) for day in (WEDNESDAY, TUESDAY)]
        polled, filled = ([("RUT", station.history.compare("RUT", each, now))] for each in said)

        async def beside() -> Instant:
            poll, fill = (asyncio.create_task(archive.keep(*each)) for each in ((polled, now), (filled, now - 60)))
            await poll
            seen = station.intake.snapshot(now).bars["RUT"][Interval.DAY]
            assert seen.close[-2:].tolist() == [100.0, 101.0]
            await fill
            return int(seen.known_at.max())

        looked_at = station.runs(beside())
        assert held(station, "RUT").close[-2:].tolist() == [101.0, 101.0]
        assert held(station, "RUT").known_at[-2] > looked_at == now


def test_a_past_is_counted_when_it_is_filled_to_its_end_and_not_when_a_restart_finds_it_so(tmp_path: Path) -> None:
    first = coins()
    with Station(tmp_path / "a.db", first, rules=COIN, depth=Depth(BEGINNING, 200 * DAY)) as station:
        station.starts(MORNING, fill=False)
        station.database.is_full(after=2)
        with pytest.raises(StoreError):
            station.fills(MORNING)
        assert station.intake.fills == {}
        station.database.has_room()
        station.fills(MORNING)
        assert station.intake.fills == {"BTC": 1}
        station.fills(MORNING + HOUR)
        assert station.intake.fills == {"BTC": 1}
        station.restarts(MORNING + HOUR)
        assert station.intake.fills == {}


def test_a_hole_is_filled_with_the_bar_that_comes_after_it(tmp_path: Path) -> None:
    feed = indices()
    feed.is_late("RUT", WEDNESDAY, 20 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        station.poll(THURSDAY + HOUR)
        assert held(station, "RUT").end[-3:].tolist() == [TUESDAY, WEDNESDAY, THURSDAY]


def test_whoever_comes_after_a_failing_instrument_in_line_has_its_turn(tmp_path: Path) -> None:
    """A source that fails on one instrument is left alone for a while, in which the others ask in vain."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        for name in ("RUT", "SPX"):
            feed.comes_back()
            feed.falls_silent(name)
            other = {"RUT": "SPX", "SPX": "RUT"}[name]
            day = WEDNESDAY if name == "RUT" else THURSDAY
            for minute in (60, 61, 62, 63):
                station.poll(day + minute * MINUTE)
            assert held(station, other).end[-1] == day
            feed.comes_back()
            station.poll(day + 3 * HOUR)


def returns(station: Station, now: Instant) -> tuple[np.ndarray, np.ndarray]:
    """Closing instants of New York and bitcoin's return to each."""
    panel = station.intake.snapshot(now).panel(XNYS)
    return panel.clock.closes, growth(panel.field("BTC", "close"), panel.field("BTC", "link"), 1)


@pytest.mark.parametrize("hours_away", [5, 40, 24 * 4, 24 * 9])
def test_a_stand_in_takes_over_and_the_preferred_source_fills_its_own_gap_when_it_is_back(
    tmp_path: Path, hours_away: int
) -> None:
    """The second venue is half as dear again: a return from one to the other would be one of 50 %."""
    first, second = coins("first"), coins("second", 1.5)
    with Station(tmp_path / "a.db", first, second, rules=BOTH, instruments={"BTC": BTC}).starts(MORNING) as station:
        gone, back = MORNING + 3 * HOUR, MORNING + (3 + hours_away) * HOUR
        end = back + 3 * DAY
        for now in range(MORNING + 2 * MINUTE, end, HOUR):
            if now >= gone:
                first.falls_silent()
            if now >= back:
                first.comes_back()
            station.poll(now)
            if now % (12 * HOUR) == 2 * MINUTE:
                closed, growths = returns(station, now)
                true = [price_at(int(b)) / price_at(int(a)) for a, b in pairwise(closed)]
                known = ~np.isnan(growths[1:])
                np.testing.assert_allclose(growths[1:][known], np.array(true)[known])
                assert (~known[-20:]).sum() <= (hours_away > RUN_UP // HOUR)  # where the fill of a long gap begins
        hours = held(station, "BTC", Interval.HOUR)
        own = hours.end[np.array([hours.origins[each].venue == "first" for each in hours.origin])]
        within = own[own > back - RUN_UP]
        assert (np.diff(within) == HOUR).all()


def test_a_stand_in_that_has_no_bars_before_the_gap_gives_a_return_of_nothing_and_not_of_two_venues(
    tmp_path: Path,
) -> None:
    first, second = coins("first"), coins("second", 1.5, since=MORNING + 4 * HOUR)
    with Station(tmp_path / "a.db", first, second, rules=BOTH, instruments={"BTC": BTC}).starts(MORNING) as station:
        first.falls_silent()
        station.poll(WEDNESDAY + 2 * MINUTE)
        station.poll(THURSDAY + 2 * MINUTE)
        _, growths = returns(station, THURSDAY + HOUR)
        assert np.isnan(growths[-2])
        assert growths[-1] == pytest.approx(price_at(THURSDAY) / price_at(WEDNESDAY))


# What may still come


def awaited(station: Station, now: Instant, since: Instant) -> set[str]:
    return set(station.intake.awaited(now, since))


def test_within_a_grace_of_the_start_every_bar_that_lacks_is_awaited(tmp_path: Path) -> None:
    feed = indices()
    feed.never_has("SPX", WEDNESDAY)
    start = WEDNESDAY + 5 * HOUR
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(start)
        assert awaited(station, start, since=start) == {"SPX"}
        assert awaited(station, start + GRACE - 1, since=start) == {"SPX"}
        assert awaited(station, start + GRACE, since=start) == set()


def test_later_only_those_are_awaited_of_which_nobody_answers_and_for_a_grace(tmp_path: Path) -> None:
    feed, asks = indices(), range(WEDNESDAY + HOUR, WEDNESDAY + 6 * HOUR, 10 * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.falls_silent()
        for now in asks:
            station.poll(now)
            assert awaited(station, now, since=MORNING) == ({"RUT", "SPX"} if now < asks[0] + GRACE else set())


def test_a_source_that_answers_without_the_bar_has_said_that_there_is_none_yet(tmp_path: Path) -> None:
    feed = indices()
    feed.never_has("SPX", WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.falls_silent()
        station.poll(WEDNESDAY + HOUR)
        feed.comes_back()
        station.poll(WEDNESDAY + HOUR + MINUTE)
        assert awaited(station, WEDNESDAY + HOUR + MINUTE, since=MORNING) == set()


def test_a_lid_that_was_shut_is_a_start(tmp_path: Path) -> None:
    """The network was down before and is after: what was asked in vain days ago says nothing of now."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.falls_silent()
        station.poll(WEDNESDAY + HOUR)
        woken = THURSDAY + 20 * HOUR
        station.poll(woken)
        assert awaited(station, woken, since=MORNING) == {"RUT", "SPX"}
        for minutes in range(10, 130, 10):
            station.poll(woken + minutes * MINUTE)
        assert awaited(station, woken + GRACE, since=MORNING) == set()


def test_what_has_come_or_never_was_is_not_awaited(tmp_path: Path) -> None:
    feed = FakeFeed().holds("RUT", Interval.DAY, dict.fromkeys(DAYS, 100.0))
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        assert awaited(station, WEDNESDAY + HOUR, since=WEDNESDAY) == set()


def test_a_poll_that_brings_nothing_leaves_everything_as_it_is(tmp_path: Path) -> None:
    """No array is copied, no version counted: whoever made something of history keeps it."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.is_late("RUT", WEDNESDAY, DAY)
        station.poll(WEDNESDAY + HOUR)
        version, before = station.intake.version, held(station, "RUT")
        assert station.poll(WEDNESDAY + HOUR + MINUTE) == 0
        assert station.intake.version == version
        assert held(station, "RUT") is before


def test_trades_are_those_of_instruments_that_have_one(tmp_path: Path) -> None:
    feed = indices()
    feed.trades("RUT", 101.0, MORNING)

    async def of(station: Station) -> Any:
        return await station.intake.ticks({"RUT", "SPX"}, MORNING)

    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        assert {name: tick.price for name, tick in station.runs(of(station)).items()} == {"RUT": 101.0}


def test_the_rules_here_read_what_they_say() -> None:
    packs: list[list[CompiledRule]] = [INDEX, COIN, BOTH]
    assert [pack[0].instruments for pack in packs] == [("RUT", "SPX"), ("BTC",), ("RUT", "BTC")]
    assert FRIDAY > THURSDAY
