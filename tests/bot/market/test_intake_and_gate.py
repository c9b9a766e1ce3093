"""The intake with the gate itself: what the two promise together, on prices that move."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bot.answers.quality import Ruling
from bot.market.quality import Gate
from bot.store import schema
from rules.bars import DAY, HOUR, Bars, Interval
from rules.model import Instant, Instrument, Kind
from tests.bot.market.stations import MINUTE, SETTLE, FakeFeed, Station, closes, rule
from tests.bot.markets import BTC, RUT, SESSIONS, at

DAYS = closes("2025-06-02", "2025-12-19")
TUESDAY, WEDNESDAY, THURSDAY = closes("2025-12-02", "2025-12-04")
MORNING = at("2025-12-03T12:00Z")
HOURS = range(at("2025-10-01T00:00Z"), at("2025-12-20T00:00Z"), HOUR)
ONE = MORNING + HOUR


def walk(ends: list[Instant], sigma: float, start: float) -> dict[Instant, float]:
    """Prices that move by a share of `sigma` a bar, the same at every run."""
    moves = np.random.default_rng(5).normal(0.0, sigma, len(ends))
    return dict(zip(ends, (start * np.exp(np.cumsum(moves))).tolist(), strict=True))


RUT_PRICES = walk(DAYS, 0.01, 2_400.0)
BTC_PRICES = walk(list(HOURS), 0.003, 90_000.0)


def index_station(path: Path, feed: FakeFeed, instrument: Instrument = RUT) -> Station:
    market = {"instruments": {"RUT": instrument}, "gate": Gate({"RUT": instrument}, SESSIONS, SETTLE)}
    return Station(path / "a.db", feed, rules=[rule("index", "RUT > 0")], **market).starts(MORNING)


def indices(prices: Mapping[Instant, float] = RUT_PRICES) -> FakeFeed:
    return FakeFeed().holds("RUT", Interval.DAY, prices)


def coins(venue: str, prices: Mapping[Instant, float] = BTC_PRICES) -> FakeFeed:
    feed = FakeFeed("exchange", venue).holds("BTC", Interval.HOUR, prices)
    return feed.holds("BTC", Interval.DAY, {end: price for end, price in prices.items() if end % DAY == 0})


def coin_station(path: Path, *feeds: FakeFeed) -> Station:
    gate = Gate({"BTC": BTC}, SESSIONS, SETTLE)
    market = {"instruments": {"BTC": BTC}, "gate": gate}
    return Station(path / "a.db", *feeds, rules=[rule("coin", "BTC > 0")], **market).starts(MORNING)


def held(station: Station, name: str, interval: Interval = Interval.DAY) -> Bars:
    return station.intake.snapshot(2**40).bars[name][interval]


def fallen(by: float, since: Instant = ONE) -> dict[Instant, float]:
    """Bitcoin's prices after a crash."""
    return {end: price * (1 - by * (end >= since)) for end, price in BTC_PRICES.items()}


def test_a_crash_that_two_venues_tell_of_is_believed_at_once(tmp_path: Path) -> None:
    first, second = coins("first", fallen(0.2)), coins("second", fallen(0.2005))
    with coin_station(tmp_path, first, second) as station:
        station.poll(ONE + 2 * MINUTE)
        assert held(station, "BTC", Interval.HOUR).end[-1] == ONE
        assert station.faults == []
        assert station.rulings[Ruling.HELD] == 1


def test_a_crash_that_only_one_venue_tells_of_waits(tmp_path: Path) -> None:
    first, second = coins("first", fallen(0.2)), coins("second")
    with coin_station(tmp_path, first, second) as station:
        station.poll(ONE + 2 * MINUTE)
        assert held(station, "BTC", Interval.HOUR).end[-1] == MORNING
        [fault] = station.intake.faults
        assert fault.sentence.startswith("first: BTC's hour to Wed 2025-12-03 13:00Z")


def test_a_hundredfold_price_is_named_within_its_poll_and_the_true_one_comes_in_when_it_is_told(tmp_path: Path) -> None:
    feed = indices()
    hundredth = dict.fromkeys(("open", "high", "low", "close"), RUT_PRICES[WEDNESDAY] / 100)
    feed.restates("RUT", Interval.DAY, WEDNESDAY, **hundredth)
    with index_station(tmp_path, feed) as station:
        station.poll(WEDNESDAY + 30 * MINUTE)
        [fault] = station.intake.faults
        assert fault.sentence.startswith("fake: RUT's close of 2025-12-03 rejected, off by a power of ten")
        for minute in range(31, 60):
            station.poll(WEDNESDAY + minute * MINUTE)
            assert len(station.faults) == 1
        assert held(station, "RUT").end[-1] == TUESDAY
        feed.holds("RUT", Interval.DAY, RUT_PRICES)
        assert station.poll(WEDNESDAY + HOUR) == 1
        assert station.faults == []
        assert held(station, "RUT").close[-1] == RUT_PRICES[WEDNESDAY]
        assert station.rulings == {Ruling.REJECTED: 1}


def test_a_past_that_was_split_is_told_twice_and_then_filled_anew(tmp_path: Path) -> None:
    fund, feed = Instrument("RUT", "A fund of small caps", Kind.ETF), indices()
    with index_station(tmp_path, feed, fund) as station:
        feed.holds("RUT", Interval.DAY, {end: price / 4 for end, price in RUT_PRICES.items()})
        station.poll(WEDNESDAY + 30 * MINUTE)
        assert held(station, "RUT").close[-1] == RUT_PRICES[TUESDAY]
        assert len(station.faults) == 1
        station.poll(WEDNESDAY + 32 * MINUTE)
        ends = [end for end in DAYS if end <= WEDNESDAY]
        assert held(station, "RUT").close.tolist() == [RUT_PRICES[end] / 4 for end in ends]
        assert station.faults == []
        kept = [row.close for row in station.rows(schema.revisions) if row.close is not None]
        assert kept == [RUT_PRICES[end] for end in ends[:-1]]


def test_ordinary_days_are_believed_as_they_come(tmp_path: Path) -> None:
    with index_station(tmp_path, indices()) as station:
        for end in closes("2025-12-03", "2025-12-18"):
            station.poll(end + 30 * MINUTE)
        assert held(station, "RUT").close.tolist() == [RUT_PRICES[end] for end in DAYS[:-1]]
        assert station.rulings == {}


def test_ordinary_hours_are_believed_as_they_come(tmp_path: Path) -> None:
    with coin_station(tmp_path, coins("first")) as station:
        for hour in range(1, 24):
            station.poll(MORNING + hour * HOUR + 2 * MINUTE)
        assert held(station, "BTC", Interval.HOUR).end[-1] == MORNING + 23 * HOUR
        assert station.rulings == {}


def trade(station: Station, now: Instant) -> dict[str, float]:
    found = station.runs(station.intake.ticks({"BTC"}, now))
    return {name: tick.price for name, tick in found.items()}


def test_a_trade_far_from_the_last_close_is_asked_of_another_venue_too_and_only_then(tmp_path: Path) -> None:
    first, second = coins("first"), coins("second")
    price = BTC_PRICES[MORNING]
    with coin_station(tmp_path, first, second) as station:
        first.trades("BTC", price * 1.001, MORNING + MINUTE)
        second.trades("BTC", price, MORNING + MINUTE)
        assert trade(station, MORNING + MINUTE) == {"BTC": price * 1.001}
        for minute in (2, 3, 4):
            first.trades("BTC", price * 0.8, MORNING + minute * MINUTE)
            second.trades("BTC", price, MORNING + minute * MINUTE)
            assert trade(station, MORNING + minute * MINUTE) == {}
        second.trades("BTC", price * 0.803, MORNING + 5 * MINUTE)
        assert trade(station, MORNING + 5 * MINUTE) == {"BTC": price * 0.8}


def test_a_trade_far_from_the_last_close_that_no_other_venue_can_speak_of_is_believed_at_the_next(
    tmp_path: Path,
) -> None:
    first, second = coins("first"), coins("second")
    with coin_station(tmp_path, first, second) as station:
        for minute, seen in ((1, 0), (2, 1)):
            first.trades("BTC", BTC_PRICES[MORNING] * 0.8, MORNING + minute * MINUTE)
            assert len(trade(station, MORNING + minute * MINUTE)) == seen


def test_hours_that_go_astray_for_good_wait_for_good_and_the_other_venue_stands_in(tmp_path: Path) -> None:
    first, second = coins("first", fallen(0.12)), coins("second")
    with coin_station(tmp_path, first, second) as station:
        for hour in range(1, 9):
            for minute in (2, 3, 13):
                station.poll(MORNING + hour * HOUR + minute * MINUTE)
        bars = held(station, "BTC", Interval.HOUR)
        late = bars.take(bars.end > MORNING)
        assert {late.origins[row].venue for row in late.origin} == {"second"}
        assert late.end.tolist() == [MORNING + hour * HOUR for hour in range(1, 9)]
