"""What comes in is judged before it is held: second opinions, stand-ins for what lacks, pasts in another unit, and what
`faults` says meanwhile."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.answers.quality import Fault, Ruling
from bot.market.asking import OVERLAP, SLOW
from bot.market.hearing import PATIENCE
from bot.market.schedule import BEFORE_THE_OPEN
from bot.market.sources import RUN_UP
from bot.store import schema
from bot.store.errors import StoreError
from rules.bars import DAY, HOUR, Bars, Interval
from rules.model import Instant
from tests.bot.market.stations import MINUTE, FakeFeed, FakeGate, Station, closes, rule
from tests.bot.markets import BTC, at

INDEX = [rule("index", "RUT > SPX")]
COIN = [rule("coin", "BTC > 0")]

DAYS = closes("2025-10-01", "2025-12-19")
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = closes("2025-12-02", "2025-12-05")
MORNING = at("2025-12-03T12:00Z")
NOON = MORNING + 2 * MINUTE
"""The hour that ends at noon has settled; it is the newest one once history is filled."""

ONE = MORNING + HOUR
"""The end of the first hour that is polled for."""

OPENING = at("2025-12-04T14:30Z")


def indices(**price: float) -> FakeFeed:
    feed = FakeFeed()
    for name in ("RUT", "SPX"):
        feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, price.get(name, 100.0)))
    return feed


def coins(venue: str, price: float = 100.0) -> FakeFeed:
    feed, hours = FakeFeed("exchange", venue), range(at("2025-09-01T00:00Z"), at("2025-12-20T00:00Z"), HOUR)
    feed.holds("BTC", Interval.HOUR, dict.fromkeys(hours, price))
    return feed.holds("BTC", Interval.DAY, {end: price for end in hours if end % DAY == 0})


def coin_station(path: Path, *feeds: FakeFeed, gate: FakeGate | None = None) -> Station:
    station = Station(path / "a.db", *feeds, rules=COIN, instruments={"BTC": BTC}, gate=gate)
    return station.starts(NOON)


def held(station: Station, name: str, interval: Interval = Interval.DAY) -> Bars:
    return station.intake.snapshot(2**40).bars[name][interval]


def hour_of(station: Station, end: Instant) -> dict[str, float]:
    """The closes that are held of an hour, by venue."""
    hours = held(station, "BTC", Interval.HOUR)
    rows = np.flatnonzero(hours.end == end)
    return {hours.origins[hours.origin[row]].venue: float(hours.close[row]) for row in rows}


def asked(feed: FakeFeed, interval: Interval = Interval.HOUR) -> int:
    """How often a source was asked since the last time."""
    count = len([each for each in feed.asked if each.interval is interval])
    feed.asked.clear()
    return count


# Second opinions


def test_a_row_that_is_held_is_believed_in_the_same_poll_when_another_source_says_the_same(tmp_path: Path) -> None:
    first, second, gate = coins("first"), coins("second", 100.4), FakeGate().holds("BTC", ONE)
    with coin_station(tmp_path, first, second, gate=gate) as station:
        asked(second)
        station.poll(ONE + 2 * MINUTE)
        assert hour_of(station, ONE) == {"first": 100.0}
        assert asked(second) == 1
        assert station.faults == []
        assert station.rulings == {Ruling.HELD: 1}


def test_a_row_that_is_held_is_asked_for_again_at_every_poll_and_named_until_it_is_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    first, second, gate = coins("first"), coins("second", 150.0), FakeGate().holds("BTC", ONE)
    with coin_station(tmp_path, first, second, gate=gate) as station:
        named = "first: BTC's hour to Wed 2025-12-03 13:00Z held, far from the price before (much more)"
        for minute in range(2, 6):
            asked(first)
            station.poll(ONE + minute * MINUTE)
            assert station.faults == [named]
            assert asked(first) == 1
            assert hour_of(station, ONE) == {}
        gate.believes_everything()
        station.poll(ONE + 6 * MINUTE)
        assert hour_of(station, ONE) == {"first": 100.0}
        assert station.faults == []
        assert station.rulings == {Ruling.HELD: 1}
        assert [each for each in caplog.messages if named in each] == [named, f"over: {named}"]


def test_a_row_that_is_held_though_it_is_not_the_newest_is_asked_for_again_too(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate().holds("RUT", WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        station.poll(THURSDAY + HOUR)
        assert held(station, "RUT").end[-2:].tolist() == [TUESDAY, THURSDAY]
        asked(feed, Interval.DAY)
        station.poll(THURSDAY + HOUR + MINUTE)
        assert asked(feed, Interval.DAY) == 1
        gate.believes_everything()
        station.poll(THURSDAY + HOUR + 2 * MINUTE)
        assert held(station, "RUT").end[-3:].tolist() == [TUESDAY, WEDNESDAY, THURSDAY]
        asked(feed, Interval.DAY)
        station.poll(THURSDAY + HOUR + 3 * MINUTE)
        assert asked(feed, Interval.DAY) == 0


def test_a_row_that_is_held_for_longer_than_the_grace_is_asked_for_seldom(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate().holds("RUT", WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        for minute in range(60, 60 + 180):
            station.poll(THURSDAY + minute * MINUTE)
        asked(feed, Interval.DAY)
        for minute in range(240, 300):
            station.poll(THURSDAY + minute * MINUTE)
        assert asked(feed, Interval.DAY) == 3600 // SLOW


def test_a_row_that_is_rejected_is_no_bar_and_its_session_stays_owed(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate().rejects("RUT", WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        assert station.poll(WEDNESDAY + HOUR) == 1
        assert held(station, "RUT").end[-1] == TUESDAY
        assert station.intake.awaited(WEDNESDAY + HOUR, MORNING + 12 * HOUR) == {"RUT"}
        assert station.faults == ["fake: RUT's close of 2025-12-03 rejected, far from the price before (much more)"]
        gate.believes_everything()
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=101.0)
        assert station.poll(WEDNESDAY + HOUR + MINUTE) == 1
        assert station.faults == []


def test_a_fault_stands_until_its_source_tells_another_story_however_often_other_bars_come(tmp_path: Path) -> None:
    """The gate tells each finding once."""
    feed, gate = indices(), FakeGate()
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        gate.rejects("RUT", TUESDAY)
        feed.restates("RUT", Interval.DAY, TUESDAY, close=1.0)
        for end in (THURSDAY, FRIDAY):
            station.poll(end + HOUR)
            assert station.faults == ["fake: RUT's close of 2025-12-02 rejected, far from the price before (much more)"]
        assert station.rulings == {Ruling.REJECTED: 1}
        feed.restates("RUT", Interval.DAY, TUESDAY, close=100.0)
        station.poll(closes("2025-12-08", "2025-12-08")[0] + HOUR)
        assert station.faults == []


def test_what_is_wrong_with_a_past_that_is_filled_is_counted_and_not_stored(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate().rejects("RUT", *DAYS[3:6])
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        assert not np.isin(DAYS[3:6], held(station, "RUT").end).any()
        assert station.rulings == {Ruling.REJECTED: 3}
        assert station.intake.ledger.tallies["fake", Fault.OUTLIER, Ruling.REJECTED] == 3


def test_what_is_wrong_is_named_also_while_the_disk_is_full(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate().rejects("RUT", WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        station.database.is_full()
        with pytest.raises(StoreError):
            station.poll(WEDNESDAY + HOUR)
        assert station.faults == ["fake: RUT's close of 2025-12-03 rejected, far from the price before (much more)"]


# What the preferred source lacks


def test_an_answer_without_the_bar_is_named_and_after_a_while_the_next_source_has_it(tmp_path: Path) -> None:
    first, second = coins("first"), coins("second", 150.0)
    first.never_has("BTC", ONE)
    with coin_station(tmp_path, first, second) as station:
        patient = ONE + 2 * MINUTE + PATIENCE
        asked(second)
        for now in range(ONE + 2 * MINUTE, patient, MINUTE):
            station.poll(now)
            assert station.faults == ["first answered without BTC's hour to Wed 2025-12-03 13:00Z"]
        assert asked(second) == 0
        station.poll(patient)
        assert hour_of(station, ONE) == {"second": 150.0}
        assert station.faults == ["first answered without BTC's hour to Wed 2025-12-03 13:00Z; second stands in"]
        hours = held(station, "BTC", Interval.HOUR)
        theirs = hours.end[np.array([hours.origins[each].venue == "second" for each in hours.origin])]
        assert theirs[0] <= ONE - RUN_UP
        first._late.clear()
        station.poll(ONE + HOUR + 2 * MINUTE)
        assert hour_of(station, ONE) == {"first": 100.0, "second": 150.0}
        assert station.faults == []


def test_the_next_source_is_asked_until_one_has_it(tmp_path: Path) -> None:
    feeds = [coins(name) for name in ("first", "second", "third", "fourth")]
    for feed in feeds[:2]:
        feed.never_has("BTC", ONE)
    with coin_station(tmp_path, *feeds) as station:
        for feed in feeds:
            feed.asked.clear()
        station.poll(ONE + 2 * MINUTE + PATIENCE)
        assert list(hour_of(station, ONE)) == ["third"]
        assert [asked(feed) for feed in feeds] == [1, 1, 1, 0]


def test_a_bar_that_is_rejected_is_taken_from_the_next_source_as_well(tmp_path: Path) -> None:
    class Picky(FakeGate):
        """Doubts one source."""

        def _finding(self, offer: Any, end: Instant) -> Any:
            return super()._finding(offer, end) if offer.source == "first" else None

    first, second, gate = coins("first", 1.0), coins("second"), Picky().rejects("BTC", ONE)
    with coin_station(tmp_path, first, second, gate=gate) as station:
        station.poll(ONE + 2 * MINUTE)
        assert hour_of(station, ONE) == {}
        station.poll(ONE + 2 * MINUTE + PATIENCE)
        assert hour_of(station, ONE) == {"second": 100.0}
        assert station.faults == [
            "first: BTC's hour to Wed 2025-12-03 13:00Z rejected, far from the price before (much more)"
        ]


def test_who_has_no_other_source_waits(tmp_path: Path) -> None:
    feed = indices()
    feed.is_late("RUT", WEDNESDAY, 2 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        assert station.faults == ["fake answered without RUT's close of 2025-12-03"]
        station.poll(WEDNESDAY + 2 * HOUR)
        assert station.faults == []


def test_an_instrument_that_its_source_no_longer_has_is_named(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.knows_nothing_of("RUT")
        station.poll(WEDNESDAY + HOUR)
        assert station.faults == ["fake has no RUT"]
        feed.comes_back()
        station.poll(WEDNESDAY + 9 * HOUR)
        assert station.faults == []


def test_a_question_that_is_refused_is_named_and_a_source_that_is_down_is_not_named_for_each_instrument(
    tmp_path: Path,
) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.refuses("RUT")
        station.poll(WEDNESDAY + HOUR)
        assert station.faults == ["no prices of RUT: fake refused the question"]
        feed.comes_back()
        feed.falls_silent()
        station.poll(WEDNESDAY + HOUR + MINUTE)
        assert station.faults == []
        assert station.intake.health[feed.id].reason == "fake did not answer"


def test_what_a_feed_leaves_out_is_named_and_counted_once(tmp_path: Path) -> None:
    class Forgetful(FakeFeed):
        """Leaves a row out of each answer."""

        async def bars(self, request: Any) -> Bars:
            request.remark(Fault.NO_PRICE, 1)
            return await super().bars(request)

    feed = Forgetful()
    for name in ("RUT", "SPX"):
        feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, 100.0))
    feed.never_has("RUT", WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        for minute in range(5):
            station.poll(WEDNESDAY + HOUR + minute * MINUTE)
            assert sorted(station.faults) == [
                "fake answered without RUT's close of 2025-12-03",
                "fake: 1 close of RUT left out, no price",
                "fake: 1 close of SPX left out, no price",
            ]
        assert station.rulings == {Ruling.LEFT_OUT: 2}


# What may have been restated


def test_days_are_asked_from_a_month_before_what_is_held(tmp_path: Path) -> None:
    """A wrong bar once stood for three weeks."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(MORNING + HOUR)
        feed.restates("RUT", Interval.DAY, closes("2025-11-10", "2025-11-10")[0], close=101.3)
        feed.asked.clear()
        assert station.poll(WEDNESDAY + HOUR) == 3
        assert {each.after for each in feed.asked} == {TUESDAY - OVERLAP[Interval.DAY]}


def test_a_day_is_looked_at_again_before_trading_starts_and_only_once(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        feed.asked.clear()
        moments = range(WEDNESDAY + HOUR, THURSDAY, 10 * MINUTE)
        looks = []
        for now in moments:
            station.poll(now)
            looks += [(now, each.instrument.id) for each in feed.asked]
            feed.asked.clear()
        assert [name for _, name in looks] in (["RUT", "SPX"], ["SPX", "RUT"])
        assert {now for now, _ in looks} == {OPENING - BEFORE_THE_OPEN}


def test_a_restatement_of_the_evening_is_seen_before_the_next_close(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=99.0)
        assert station.poll(OPENING) == 1
        assert held(station, "RUT").close[-1] == 99.0


def test_at_a_start_every_day_is_looked_at_and_a_source_that_fails_is_asked_again_seldom(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        station.poll(WEDNESDAY + HOUR)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=99.0)
        station.restarts(WEDNESDAY + 2 * HOUR)
        feed.refuses("SPX")
        feed.asked.clear()
        for minute in range(60):
            station.poll(WEDNESDAY + 2 * HOUR + minute * MINUTE)
        assert held(station, "RUT").close[-1] == 99.0
        assert [each.instrument.id for each in feed.asked].count("RUT") == 1
        assert [each.instrument.id for each in feed.asked].count("SPX") == 3600 // SLOW


def test_a_past_that_was_just_filled_is_not_asked_for_again_at_once(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        feed.asked.clear()
        station.poll(MORNING + MINUTE)
        assert feed.asked == []


# A past in another unit


def test_a_past_in_another_unit_is_filled_anew_and_what_it_said_is_kept(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate()
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        version, days = station.intake.version, [end for end in DAYS if end <= WEDNESDAY]
        assert station.intake.fills == {"RUT": 1, "SPX": 1}
        feed.holds("RUT", Interval.DAY, {end: 50.0 for end in DAYS if end != days[7]})
        feed._held["RUT", Interval.DAY] = feed._held["RUT", Interval.DAY].take(
            feed._held["RUT", Interval.DAY].end != days[7]
        )
        gate.sees_a_split("RUT")
        station.poll(WEDNESDAY + HOUR)
        told = held(station, "RUT")
        assert station.intake.ready("RUT")
        assert station.intake.version > version
        assert station.intake.fills == {"RUT": 2, "SPX": 1}
        assert told.end.tolist() == days
        assert np.isnan(told.close[7])
        assert set(np.delete(told.close, 7).tolist()) == {50.0}
        kept = [row for row in station.rows(schema.revisions) if row.close is not None]
        assert {(row.instrument, row.close) for row in kept} == {("RUT", 100.0)}
        assert len(kept) == len(days) - 1
        station.restarts(WEDNESDAY + 2 * HOUR)
        assert held(station, "RUT").close[0] == 50.0


def test_until_the_new_past_has_come_rules_on_it_wait_and_a_restart_goes_on_with_it(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate()
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        gate.sees_a_split("RUT")
        station.poll_while_the_second_answer_fails(feed, WEDNESDAY + HOUR)
        assert not station.intake.ready("RUT")
        assert station.intake.waiting() == {"RUT": "fake did not answer"}
        assert np.isnan(held(station, "RUT").close).all()
        feed.comes_back()
        station.restarts(WEDNESDAY + 2 * HOUR)
        assert station.intake.ready("RUT")
        assert not np.isnan(held(station, "RUT").close).any()


def test_the_new_past_is_asked_for_at_every_poll_until_it_comes(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate()
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        gate.sees_a_split("RUT")
        station.poll_while_the_second_answer_fails(feed, WEDNESDAY + HOUR)
        feed.comes_back()
        station.poll(WEDNESDAY + HOUR + 2 * MINUTE)
        assert station.intake.ready("RUT")
        assert station.intake.waiting() == {}


# Latest trades


def trades(station: Station, now: Instant) -> Mapping[str, float]:
    found = station.runs(station.intake.ticks({"RUT", "SPX"}, now))
    return {name: tick.price for name, tick in found.items()}


def test_a_latest_trade_that_is_not_believed_is_told_to_nobody_and_named(tmp_path: Path) -> None:
    feed, gate = indices(), FakeGate().holds("RUT", MORNING)
    feed.trades("RUT", 900.0, MORNING)
    feed.trades("SPX", 101.0, MORNING)
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate).starts(MORNING) as station:
        assert trades(station, MORNING) == {"SPX": 101.0}
        assert station.faults == ["fake: RUT's latest trade held, far from the price before (much more)"]
        feed.trades("RUT", 101.0, MORNING + MINUTE)
        assert trades(station, MORNING + MINUTE) == {"RUT": 101.0, "SPX": 101.0}
        assert station.faults == []


def test_a_trade_that_has_come_to_a_stop_is_named_while_trading_goes_on(tmp_path: Path) -> None:
    feed, opened = indices(), at("2025-12-03T14:30Z")
    feed.trades("RUT", 101.0, opened + MINUTE)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        trades(station, opened + 10 * MINUTE)
        assert station.faults == []
        trades(station, opened + 40 * MINUTE)
        assert station.faults == ["fake: RUT's latest trade is frozen since Wed 2025-12-03 14:31Z"]
        station.poll(WEDNESDAY + HOUR)
        assert station.faults == []


def test_a_trade_that_is_not_told_any_more_is_named_and_one_that_never_was_is_not(tmp_path: Path) -> None:
    feed, opened = indices(), at("2025-12-03T14:30Z")
    feed.trades("RUT", 101.0, opened + 40 * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        trades(station, opened + 40 * MINUTE)
        feed.trades_no_more("RUT")
        trades(station, opened + 41 * MINUTE)
        assert station.faults == ["fake told no trade of RUT"]
        feed.falls_silent()
        trades(station, opened + 42 * MINUTE)
        assert station.faults == []


def test_a_trade_at_a_price_that_is_none_is_named_though_another_source_has_one(tmp_path: Path) -> None:
    feed, other, opened = indices(), FakeFeed("other"), at("2025-12-03T14:30Z")
    for each in (feed, other):
        each.trades("RUT", 101.0, opened + 40 * MINUTE)
    feed.trades_no_more("RUT", absurdly=True)
    with Station(tmp_path / "a.db", feed, other, rules=INDEX).starts(MORNING) as station:
        assert trades(station, opened + 40 * MINUTE) == {"RUT": 101.0}
        assert station.faults == ["fake told no trade of RUT, but what is not a price; other stands in"]


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_while_our_clock_is_wrong_no_trade_is_taken_for_an_old_one(tmp_path: Path, ahead: int) -> None:
    feed, opened = indices(), at("2025-12-03T14:30Z")
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        for true in (opened + 90 * MINUTE, WEDNESDAY + 30 * MINUTE):
            feed.told_at = true
            feed.trades("RUT", 101.0, min(true, WEDNESDAY))
            trades(station, true + ahead)
            assert station.faults == []


def test_yesterday_s_trade_is_no_fault_when_trading_has_just_begun(tmp_path: Path) -> None:
    feed, opened = indices(), at("2025-12-03T14:30Z")
    feed.trades("RUT", 101.0, TUESDAY)
    with Station(tmp_path / "a.db", feed, rules=INDEX).starts(MORNING) as station:
        trades(station, opened + 10 * MINUTE)
        assert station.faults == []
