"""Rules that do not wait for the close."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.feeds.contract import TradeRemark, untold
from bot.store import schema
from bot.store.errors import StoreError
from rules.alerting import Firing, Inactive, Pending
from rules.bars import DAY, HOUR, Interval, Tick
from rules.model import AlertEvent, Basis, Instant, Instrument
from tests.bot.market.stations import MINUTE, FakeFeed, Station, rule, told
from tests.bot.markets import at
from tests.bot.watched import DAYS, HIGH, MORNING, QUICK, THURSDAY, TUESDAY, WEDNESDAY, after, alert, indices

# Rules that do not wait for the close


OPEN = at("2025-12-03T14:30Z")
INTRADAY = rule("intraday", "RUT > 100", "RUT < 95", Basis.TICK, confirm=3)
OTHERS = rule("others", "SPX > 100", "SPX < 95", Basis.TICK, confirm=3)


def trading(station: Station, *trades: tuple[int, float]) -> list[AlertEvent]:
    """Polls a minute apart from ten minutes after the open; each trade is (seconds ago, price) of RUT."""
    happened: list[AlertEvent] = []
    for minute, (ago, price) in enumerate(trades, start=10):
        now = OPEN + minute * MINUTE
        station.feeds[0].trades("RUT", price, now - ago)
        happened += station.tick(now).events
    return happened


def test_a_tick_rule_fires_in_the_session_once_and_says_that_it_is_provisional(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 102.0})
    with Station(tmp_path / "a.db", feed, rules=[QUICK, HIGH]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        (fired,) = trading(station, (5, 99.0), (5, 101.0), (5, 101.5), (5, 99.0), (5, 101.0))
        assert (fired.at, fired.provisional, fired.values) == (OPEN + 11 * MINUTE - 5, True, {"RUT": 101.0})
        assert told([fired]) == ["quick fired 2025-12-03"]
        (owed,) = station.rows(schema.deliveries)
        assert "provisional" in owed.html
        assert told(station.tick(after(WEDNESDAY)).events) == ["high fired 2025-12-03"]
        assert [event.provisional for event in station.recorded()] == [True, False]


@pytest.mark.parametrize(
    "why", [StoreError("the connection was cut"), asyncio.CancelledError()], ids=["cut off", "cancelled"]
)
def test_a_commit_of_which_the_answer_is_lost_is_found_out_about_before_anything_is_judged_again(
    tmp_path: Path, why: BaseException
) -> None:
    """The rule fired in the store and not in memory: it went on as if it had not, and what the store held stayed so."""
    with Station(tmp_path / "a.db", indices(), rules=[QUICK]).starts(MORNING) as station:
        station.chat("one", MORNING)
        trading(station, (5, 99.0))
        station.database.loses_an_answer(why)
        with pytest.raises(type(why)):
            trading(station, (4, 101.0))
        assert told(station.recorded()) == ["quick fired 2025-12-03"]
        assert told(trading(station, (3, 90.0))) == ["quick resolved 2025-12-03"]
        last = alert(station, "quick")
        station.restarts(OPEN + HOUR)
        assert alert(station, "quick") == last
        assert len(station.rows(schema.deliveries)) == 1


def test_a_tick_rule_takes_as_many_different_trades_as_it_wants_confirmed(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(), rules=[INTRADAY]).starts(MORNING) as station:
        station.tick(MORNING)
        same_trade = [(5, 101.0), (65, 101.0), (125, 101.0), (185, 101.0)]
        assert trading(station, *same_trade) == []
        assert alert(station, "intraday") == Pending(OPEN + 10 * MINUTE - 5, 1)
        assert trading(station, *[(0, 99.0)] * 5) == []
        (fired,) = trading(station, *[(5, 99.0)] * 6, (4, 101.0), (3, 101.0), (2, 101.0), (1, 101.0))
        assert fired.at == OPEN + 18 * MINUTE - 2


def test_a_tick_rule_that_is_new_does_not_tell_what_was_true_when_it_came(tmp_path: Path) -> None:
    """It was adopted with one trade seen of three, and fired two polls later on a level passed hours before."""
    with Station(tmp_path / "a.db", indices(), rules=[INTRADAY]).starts(OPEN + 9 * MINUTE) as station:
        assert trading(station, *[(5, 101.0)] * 6) == []
        assert alert(station, "intraday") == Firing(OPEN + 15 * MINUTE - 5, OPEN + 10 * MINUTE - 5, age=5)
        assert trading(station, *[(0, 90.0)] * 7, (5, 101.0), (4, 101.0), (3, 101.0)) != []


def test_who_is_not_let_in_any_more_is_told_nothing_until_let_in_again(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(RUT={WEDNESDAY: 102.0}), rules=[HIGH]).starts(MORNING) as station:
        station.chat("71", MORNING)
        station.chat("72", MORNING)
        station.admits("72")
        station.tick(MORNING)
        station.tick(after(WEDNESDAY))
        (owed,) = station.rows(schema.deliveries)
        assert [each.address for each in station.rows(schema.chats) if each.id == owed.chat] == ["72"]


def test_a_trade_of_another_instrument_does_not_count_for_a_rule_that_does_not_read_it(tmp_path: Path) -> None:
    """Each poll has a newer trade of RUT; SPX was traded once."""
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=[OTHERS, QUICK]).starts(MORNING) as station:
        station.tick(MORNING)
        feed.trades("SPX", 101.0, OPEN + 9 * MINUTE)
        assert trading(station, *[(5, 99.0)] * 8) == []
        assert alert(station, "others") == Pending(OPEN + 9 * MINUTE, 1)
        assert alert(station, "quick") == Inactive(OPEN + 17 * MINUTE - 5)


def test_a_stale_trade_of_one_instrument_keeps_no_other_from_being_judged(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=[OTHERS, QUICK]).starts(MORNING) as station:
        station.tick(MORNING)
        feed.trades("SPX", 101.0, TUESDAY + 1)
        assert told(trading(station, (5, 101.0))) == ["quick fired 2025-12-03"]
        assert station.watch.book.records["others"].through == TUESDAY


@pytest.mark.parametrize(
    ("now", "when"),
    [
        pytest.param("2025-12-03T15:00Z", "2025-12-02T20:59:50Z", id="yesterday's last"),
        pytest.param("2025-12-03T15:00Z", "2025-12-02T21:15:00Z", id="after yesterday's close"),
        pytest.param("2025-12-03T15:00Z", "2025-12-03T14:39:59Z", id="twenty minutes old"),
        pytest.param("2025-12-03T14:31Z", "2025-12-03T14:29:59Z", id="before the open"),
        pytest.param("2025-12-03T15:00Z", "2025-12-03T15:20:01Z", id="of the future"),
        pytest.param("2025-12-03T14:29Z", "2025-12-03T14:28:00Z", id="asked before the open"),
        pytest.param("2025-12-03T21:00Z", "2025-12-03T20:59:59Z", id="asked at the close"),
        pytest.param("2025-12-03T22:00Z", "2025-12-03T21:59:00Z", id="asked in the evening"),
        pytest.param("2025-11-28T18:30Z", "2025-11-28T18:29:00Z", id="asked after a half day"),
        pytest.param("2025-11-27T16:00Z", "2025-11-27T15:59:00Z", id="asked on Thanksgiving"),
    ],
)
def test_what_is_no_trade_of_a_session_in_progress_is_not_judged(tmp_path: Path, now: str, when: str) -> None:
    feed, moment = indices(), at(now)
    with Station(tmp_path / "a.db", feed, rules=[QUICK]).starts(moment) as station:
        station.tick(moment - MINUTE)
        feed.trades("RUT", 101.0, at(when))
        assert station.tick(moment).events == ()
        assert station.watch.book.records["quick"].through in DAYS


def test_trades_are_only_asked_for_while_a_session_is_in_progress(tmp_path: Path) -> None:
    class Counts(FakeFeed):
        asked_at: list[Instant]

        async def ticks(self, instruments: Sequence[Instrument], remark: TradeRemark = untold) -> dict[str, Tick]:
            self.asked_at.append(self.now)
            return {}

    feed = Counts().holds("RUT", Interval.DAY, dict.fromkeys(DAYS, 99.0))
    assert isinstance(feed, Counts)
    feed.asked_at = []
    with Station(tmp_path / "a.db", feed, rules=[QUICK, HIGH]).starts(MORNING) as station:
        station.ticks(range(MORNING, MORNING + DAY, 10 * MINUTE))
        assert (feed.asked_at[0], feed.asked_at[-1]) == (OPEN, WEDNESDAY - 10 * MINUTE)


@pytest.mark.parametrize("before", [0, 1, 2])
def test_a_restart_in_the_middle_of_a_session_goes_on_counting(tmp_path: Path, before: int) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=[INTRADAY]).starts(MORNING) as station:
        station.tick(MORNING)
        happened: list[AlertEvent] = []
        for index in range(5):
            now = OPEN + (10 + index) * MINUTE
            feed.trades("RUT", 101.0, now - 1)
            if index == before:
                station.restarts(now)
            happened += station.tick(now).events
        assert [event.at for event in happened] == [OPEN + 12 * MINUTE - 1]


def test_the_close_is_judged_after_the_session_as_any_other_row(tmp_path: Path) -> None:
    """It fires on the second of its two rows: a trade, then the close."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 90.0})
    compiled = rule("twice", "RUT > 100", "RUT < 95", Basis.TICK, confirm=2)
    with Station(tmp_path / "a.db", feed, rules=[compiled]).starts(MORNING) as station:
        station.tick(MORNING)
        assert trading(station, (5, 101.0)) == []
        (fired,) = station.tick(after(WEDNESDAY)).events
        assert (fired.at, fired.provisional) == (WEDNESDAY, False)
        assert told(station.tick(after(THURSDAY)).events) == ["twice resolved 2025-12-04"]


def test_a_session_in_progress_leaves_no_trace_in_what_is_remembered(tmp_path: Path) -> None:
    """A hundred polls, and the memories of the rules are what they are without them."""
    record = rule("record", "RUT > record(RUT) and ema(RUT, 5) > 0", "drawdown(RUT) > 3%", Basis.TICK, confirm=200)
    prices = {end: 99.0 + index % 7 for index, end in enumerate(DAYS)}
    with (
        Station(tmp_path / "a.db", indices(RUT=prices), rules=[record]).starts(MORNING) as polled,
        Station(tmp_path / "b.db", indices(RUT=prices), rules=[record]).starts(MORNING) as quiet,
    ):
        for station in (polled, quiet):
            station.tick(MORNING)
        trading(polled, *((5, 80.0 + index) for index in range(100)))
        assert polled.rows(schema.checkpoints) == quiet.rows(schema.checkpoints)
        assert polled.rows(schema.bars) == quiet.rows(schema.bars)
        assert len(polled.rows(schema.checkpoints)) > 1
        for station in (polled, quiet):
            station.tick(after(WEDNESDAY))
        assert polled.rows(schema.checkpoints) == quiet.rows(schema.checkpoints)


def test_a_trade_at_another_venue_is_compared_by_its_price_and_has_no_return(tmp_path: Path) -> None:
    """Minutes without a verdict are no sessions without data: nothing is told of them."""
    feed, other = indices(), FakeFeed("other")
    moved = rule("moved", "ret(RUT, 1) > 1%", "ret(RUT, 1) < 0", Basis.TICK)
    with Station(tmp_path / "a.db", feed, other, rules=[QUICK, moved]).starts(MORNING) as station:
        station.tick(MORNING)
        happened: list[AlertEvent] = []
        for minute in range(10, 20):
            other.trades("RUT", 150.0, OPEN + minute * MINUTE - 5)
            happened += station.tick(OPEN + minute * MINUTE).events
        assert told(happened) == ["quick fired 2025-12-03"]
