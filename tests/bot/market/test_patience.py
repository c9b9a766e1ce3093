"""A poll waits for nobody without end: what came in time is judged and kept, and who had no turn is first at the
next."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from bot.feeds.contract import Request, SourceDown
from bot.market.hearing import ASKING_LIMIT
from bot.service import Bounds
from rules.bars import DAY, HOUR, Bars, Interval
from tests.bot.market.stations import MINUTE, FakeFeed, FakeGate, Station, closes, rule
from tests.bot.markets import at

ALL = [rule("all", "RUT > 0 and SPX > 0"), rule("coins", "BTC > 0 and ETH > 0")]
INDEX = [rule("index", "RUT > SPX")]
COIN = [rule("coin", "BTC > 0")]

DAYS = closes("2025-10-01", "2025-12-19")
HOURS = range(at("2025-09-01T00:00Z"), at("2025-12-20T00:00Z"), HOUR)
MORNING = at("2025-12-03T12:02Z")
[WEDNESDAY] = closes("2025-12-03", "2025-12-03")
MIDNIGHT = at("2025-12-04T00:00Z")
ONE = at("2025-12-03T13:00Z")
OWED = {(name, Interval.DAY) for name in ("RUT", "SPX", "BTC", "ETH")} | {
    (name, Interval.HOUR) for name in ("BTC", "ETH")
}
"""What has a new bar just after midnight."""

LIMIT = 0.3
"""Seconds that a poll here waits for a source that answers at once or not at all."""


class SlowFeed(FakeFeed):
    """A source that answers so many questions in the time that a poll has, and then keeps everybody waiting."""

    def __init__(self, name: str = "fake", venue: str | None = None) -> None:
        super().__init__(name, venue)
        self._left = 2**20
        self._stuck: set[str] = set()
        self.was_waited_for = False

    def answers(self, questions: int) -> None:
        """So many more, and then none."""
        self._left = questions

    def gets_stuck_on(self, *names: str) -> None:
        """Questions on these instruments are never answered."""
        self._stuck = set(names)

    async def bars(self, request: Request) -> Bars:
        if self._left <= 0 or request.instrument.id in self._stuck:
            await asyncio.sleep(20)
            self.was_waited_for = True
            raise SourceDown("far too late")
        self._left -= 1
        return await super().bars(request)


def everything(feed: SlowFeed) -> SlowFeed:
    """A source of two indices and two coins."""
    for name in ("RUT", "SPX"):
        feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, 100.0))
    for name in ("BTC", "ETH"):
        feed.holds(name, Interval.HOUR, dict.fromkeys(HOURS, 100.0))
        feed.holds(name, Interval.DAY, {end: 100.0 for end in HOURS if end % DAY == 0})
    return feed


def came(station: Station) -> set[tuple[str, Interval]]:
    """The series whose newest bar has come."""
    return {key for key in OWED if (station.history.last_end(*key) or 0) > MORNING + 8 * HOUR}


def test_a_slow_source_is_believed_in_what_it_says_in_time_and_the_rest_comes_first_at_the_next_poll(
    tmp_path: Path,
) -> None:
    """Twelve series at twenty seconds each took longer than a tick may, and every tick was given up with all it had."""
    feed = everything(SlowFeed())
    with Station(tmp_path / "a.db", feed, rules=ALL, asking_limit=LIMIT).starts(MORNING) as station:
        counts = []
        for minute in range(3):
            feed.answers(2)
            station.poll(MIDNIGHT + (5 + minute) * MINUTE)
            counts.append(len(came(station)))
        assert counts == [2, 4, 6]


def test_what_no_answer_came_of_in_time_is_named_until_it_comes(tmp_path: Path) -> None:
    feed = everything(SlowFeed())
    with Station(tmp_path / "a.db", feed, rules=INDEX, asking_limit=LIMIT).starts(MORNING) as station:
        feed.gets_stuck_on("RUT")
        station.poll(WEDNESDAY + HOUR)
        assert "no prices of RUT: no answer came in time" in station.faults
        feed.gets_stuck_on()
        station.poll(WEDNESDAY + HOUR + MINUTE)
        assert station.faults == []


def lacks_what_is_owed(feed: FakeFeed) -> None:
    """It answers, but has no newest bar, so that each is asked for at every poll."""
    for name, end in ((name, end) for name in ("RUT", "SPX", "BTC", "ETH") for end in (WEDNESDAY, MIDNIGHT)):
        feed.never_has(name, end)


def test_a_question_that_is_never_answered_keeps_no_other_from_its_turn(tmp_path: Path) -> None:
    feed = everything(SlowFeed())
    with Station(tmp_path / "a.db", feed, rules=ALL, asking_limit=LIMIT, grace=DAY).starts(MORNING) as station:
        lacks_what_is_owed(feed)
        feed.gets_stuck_on("RUT")
        for minute in range(2):
            station.poll(MIDNIGHT + (5 + minute) * MINUTE)
        feed.asked.clear()
        for minute in range(2):
            station.poll(MIDNIGHT + (7 + minute) * MINUTE)
        assert {(each.instrument.id, each.interval) for each in feed.asked} == OWED - {("RUT", Interval.DAY)}


def test_however_few_are_answered_in_a_poll_each_has_its_turn(tmp_path: Path) -> None:
    feed = everything(SlowFeed())
    with Station(tmp_path / "a.db", feed, rules=ALL, asking_limit=LIMIT, grace=DAY).starts(MORNING) as station:
        lacks_what_is_owed(feed)
        feed.asked.clear()
        for minute in range(4):
            feed.answers(2)
            station.poll(MIDNIGHT + (5 + minute) * MINUTE)
        assert {(each.instrument.id, each.interval) for each in feed.asked} == OWED


def test_while_other_sources_keep_a_second_opinion_waiting_what_is_held_is_named_and_the_rest_is_kept(
    tmp_path: Path,
) -> None:
    first, second = (everything(SlowFeed("exchange", name)) for name in ("first", "second"))
    gate = FakeGate().holds("BTC", ONE)
    with Station(tmp_path / "a.db", first, second, rules=ALL, gate=gate, asking_limit=LIMIT) as station:
        station.starts(MORNING)
        second.gets_stuck_on("BTC")
        assert station.poll(ONE + 2 * MINUTE) == 1
        assert not second.was_waited_for
        assert station.history.last_end("ETH", Interval.HOUR) == ONE
        named = "first: BTC's hour to Wed 2025-12-03 13:00Z held, far from the price before (much more)"
        assert station.faults == [named]
        second.gets_stuck_on()
        assert station.poll(ONE + 3 * MINUTE) == 1
        assert station.faults == []


def test_of_stand_ins_what_came_before_one_that_keeps_us_waiting_is_kept(tmp_path: Path) -> None:
    feeds = [everything(SlowFeed("exchange", name)) for name in ("first", "second", "third")]
    with Station(tmp_path / "a.db", *feeds, rules=COIN, asking_limit=LIMIT).starts(MORNING) as station:
        for feed in feeds[:2]:
            feed.never_has("BTC", ONE)
        feeds[2].gets_stuck_on("BTC")
        assert station.poll(ONE + 20 * MINUTE) > 0
        assert not feeds[2].was_waited_for
        hours = station.intake.snapshot(2**40).bars["BTC"][Interval.HOUR]
        assert {origin.venue for origin in hours.origins} == {"first", "second"}


def test_what_was_found_reaches_the_ledger_though_the_poll_is_given_up_over_the_opinions(tmp_path: Path) -> None:
    """The gate tells each finding once: it was told to nobody."""
    first, second = (everything(SlowFeed("exchange", name)) for name in ("first", "second"))
    gate = FakeGate().holds("BTC", ONE)
    with Station(tmp_path / "a.db", first, second, rules=COIN, gate=gate).starts(MORNING) as station:
        second.gets_stuck_on("BTC")

        async def given_up() -> None:
            first.now = second.now = ONE + 2 * MINUTE
            async with asyncio.timeout(LIMIT):
                await station.intake.poll(ONE + 2 * MINUTE)

        with pytest.raises(TimeoutError):
            station.runs(given_up())
        assert station.runs(tasks()) == 0
        assert station.faults == [
            "first: BTC's hour to Wed 2025-12-03 13:00Z held, far from the price before (much more)"
        ]


def test_a_past_that_is_filled_anew_from_a_slow_source_holds_up_no_poll(tmp_path: Path) -> None:
    feed, gate = everything(SlowFeed()), FakeGate()
    with Station(tmp_path / "a.db", feed, rules=INDEX, gate=gate, asking_limit=LIMIT).starts(MORNING) as station:
        gate.sees_a_split("RUT")
        feed.answers(2)
        station.poll(WEDNESDAY + HOUR)
        assert station.history.last_end("SPX", Interval.DAY) == WEDNESDAY
        assert station.intake.waiting() == {"RUT": "history is being loaded"}
        feed.answers(9)
        station.poll(WEDNESDAY + HOUR + MINUTE)
        assert station.intake.ready("RUT")


def test_all_that_a_poll_waits_for_is_less_than_a_tick_may_take() -> None:
    assert Bounds().tick > 3 * ASKING_LIMIT


async def tasks() -> int:
    """How many go on beside the one that asks."""
    return len(asyncio.all_tasks()) - 1
