"""The watch, tick by tick: what is told live is what a replay would have told, whatever happens in between."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

from bot.feeds.contract import Request
from bot.feeds.simulated import SimulatedFeed
from bot.market.backfill import Depth
from bot.market.history import BEGINNING, History, load_history
from bot.market.live import LiveHistory
from bot.settings import Settings
from bot.store import schema
from bot.store.errors import StoreError
from rules.alerting import Firing, Inactive
from rules.bars import DAY, HOUR, Interval
from rules.engine import evaluate, opened
from rules.model import ALWAYS, AlertEvent, Instant, Instrument
from rules.panel import Panel
from tests.bot.market.stations import GRACE, MINUTE, FakeFeed, Station, closes, rule, told
from tests.bot.markets import BTC, NOW, RUT, SESSIONS, SPX, at, simulated
from tests.bot.watched import (
    BOTH,
    DAYS,
    FRIDAY,
    HIGH,
    MONDAY,
    MORNING,
    QUICK,
    SPREAD,
    THURSDAY,
    TUESDAY,
    WEDNESDAY,
    after,
    alert,
    indices,
)

SETTLED = 45 * MINUTE

# Live is replay


@cache
def story() -> tuple[Settings, dict[str, Instrument], FakeFeed]:
    """The built-in rules, what they need, and a source of a simulated market with 500 days of hours."""
    settings, market, feed = simulated().settings, SimulatedFeed(SESSIONS, NOW), FakeFeed("simulated")
    names = {name for compiled in settings.compiled for name in compiled.instruments}
    needed = {name: each for name, each in settings.instrument_map.items() if name in names}

    async def copy() -> None:
        for name, instrument in needed.items():
            feed.holds(name, Interval.DAY, await market.bars(Request(instrument, Interval.DAY, 0, NOW)))
            if instrument.calendar == ALWAYS:
                hours = Request(instrument, Interval.HOUR, NOW - 500 * DAY, NOW)
                feed.holds(name, Interval.HOUR, await market.bars(hours))

    asyncio.run(copy())
    return settings, needed, feed


@cache
def replayed() -> tuple[AlertEvent, ...]:
    """What one evaluation over the whole story tells."""
    settings, instruments, feed = story()
    feed.now = NOW
    history = asyncio.run(load_history(feed, instruments, SESSIONS, NOW))
    panels = {calendar: history.panel(calendar) for calendar in {each.calendar for each in settings.compiled}}
    return evaluate(settings.compiled, panels, opened(settings.compiled), NOW).events


def told_from(since: Instant, until: Instant = NOW) -> list[AlertEvent]:
    return [event for event in replayed() if since < event.at <= until]


def performance(path: Path) -> Station:
    settings, instruments, feed = story()
    depth = Depth(BEGINNING, 520 * DAY)
    return Station(path, feed, rules=settings.compiled, instruments=instruments, depth=depth)


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2])
def test_session_by_session_with_restarts_in_between_it_tells_what_a_replay_tells(tmp_path: Path, seed: int) -> None:
    """Every tick is done twice: the second time nothing happens. (acceptance/test_live_is_replay.py is longer.)"""
    chance, ends = random.Random(seed), closes("2025-08-15", "2025-12-31")
    with performance(tmp_path / "a.db").starts(ends[0] + SETTLED) as station:
        assert station.tick(ends[0] + SETTLED).events == ()
        happened: list[AlertEvent] = []
        for end in ends[1:]:
            now = end + chance.randint(SETTLED, 20 * HOUR)
            if chance.random() < 0.08:
                station.restarts(now)
            if chance.random() < 0.8:  # else the session is missed, and judged with the next
                happened += station.tick(now).events
                assert station.tick(now + 1).events == ()
        happened += station.tick(NOW).events
        assert happened == told_from(ends[0])
        assert station.recorded() == sorted(happened, key=lambda event: event.at)
        assert {event.edge.value for event in happened} == {"fired", "resolved"}
        assert len(happened) > 10


def test_hour_by_hour_it_tells_what_a_replay_tells(tmp_path: Path) -> None:
    """A weekend between, and a record that ends."""
    start, end = at("2025-12-05T22:00Z"), at("2025-12-11T23:00Z")
    with performance(tmp_path / "a.db").starts(start) as station:
        station.tick(start)
        happened = station.ticks(range(start + 3 * MINUTE, end, HOUR))
        assert happened == told_from(start, end)
        assert told(happened) == ["rut-record-close resolved 2025-12-10"]


# What is told, and to whom


def test_a_first_start_says_nothing_of_the_past_even_of_alerts_that_are_firing(tmp_path: Path) -> None:
    feed = indices(RUT=dict.fromkeys(DAYS[10:], 101.0))
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.chat("early", MORNING - 300 * DAY)
        done = station.tick(MORNING)
        assert (done.events, done.owed) == ((), 0)
        assert station.rows(schema.events) == station.rows(schema.deliveries) == []
        assert isinstance(alert(station, "high"), Firing)
        assert station.watch.judged_at == MORNING


def test_an_alert_is_owed_to_every_chat_once(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.chat("two", MORNING)
        station.tick(MORNING)
        done = station.tick(after(WEDNESDAY))
        assert (told(done.events), done.owed) == (["high fired 2025-12-03"], 2)
        assert station.tick(after(WEDNESDAY, 61)).owed == 0
        assert [row.event for row in station.rows(schema.deliveries)] == [f"high/fired/{WEDNESDAY}"] * 2


def test_a_chat_that_came_after_the_close_is_not_told_of_it(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 90.0, FRIDAY: 102.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.tick(MORNING)
        station.chat("late", WEDNESDAY + 1)
        done = station.tick(after(WEDNESDAY))
        assert (told(done.events), done.owed) == (["high fired 2025-12-03"], 0)
        station.tick(after(THURSDAY))
        assert station.tick(after(FRIDAY)).owed == 1


def test_a_rule_that_was_edited_between_two_starts_is_adopted_without_a_word(tmp_path: Path) -> None:
    feed = indices(RUT=dict.fromkeys(DAYS[10:], 101.0) | {THURSDAY: 90.0, FRIDAY: 101.5})
    edited = rule("high", "RUT > 100.5", "RUT < 95")
    with Station(tmp_path / "a.db", feed, rules=[rule("high", "RUT > 150", "RUT < 95")]).starts(MORNING) as station:
        station.chat("one", MORNING - DAY)
        station.tick(MORNING)
        assert not isinstance(alert(station, "high"), Firing)
        station.restarts(after(WEDNESDAY), [edited])
        done = station.tick(after(WEDNESDAY))
        assert (done.events, done.owed) == ((), 0)
        assert isinstance(alert(station, "high"), Firing)
        assert told(station.ticks([after(THURSDAY), after(FRIDAY)])) == [
            "high resolved 2025-12-04",
            "high fired 2025-12-05",
        ]


def test_a_rule_that_is_gone_ends_without_a_word_and_is_new_when_it_comes_back(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 90.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.tick(MORNING)
        station.tick(after(WEDNESDAY))
        station.restarts(after(WEDNESDAY, 90), [SPREAD])
        assert station.tick(after(WEDNESDAY, 90)).events == ()
        assert {row.id for row in station.rows(schema.rules)} == {"spread"}
        station.restarts(after(FRIDAY), [HIGH, SPREAD])
        assert told(station.tick(after(FRIDAY)).events) == ["spread resolved 2025-12-04"]


def test_when_every_rule_is_gone_none_is_remembered(tmp_path: Path) -> None:
    """Else one that is put back weeks later would tell of all the weeks between."""
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.tick(MORNING)
        station.restarts(MORNING + HOUR, [])
        station.tick(MORNING + HOUR)
        assert station.rows(schema.rules) == []
        station.restarts(after(FRIDAY), [HIGH])
        assert station.tick(after(FRIDAY)).events == ()


def test_a_rule_on_an_instrument_whose_history_is_not_there_waits_while_others_are_judged(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, FRIDAY: 90.0})
    feed.falls_silent("SPX")
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.tick(MORNING + MINUTE)
        assert [each.rule.id for each in station.watch.ready_rules] == ["high"]
        assert told(station.tick(after(WEDNESDAY)).events) == ["high fired 2025-12-03"]
        assert set(station.watch.book.records) == {"high"}
        feed.comes_back()
        station.fills(after(WEDNESDAY, 70))
        assert station.tick(after(WEDNESDAY, 71)).events == ()
        assert isinstance(alert(station, "spread"), Firing)
        assert told(station.tick(after(FRIDAY)).events) == ["high resolved 2025-12-05", "spread resolved 2025-12-05"]


def test_a_rule_that_waits_is_kept_while_others_are_judged(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.tick(MORNING)
        feed.falls_silent("SPX")
        station.depth = Depth(BEGINNING - 30 * DAY, 0)
        station.restarts(after(WEDNESDAY))
        assert [each.rule.id for each in station.watch.ready_rules] == ["high"]
        assert told(station.tick(after(WEDNESDAY)).events) == ["high fired 2025-12-03"]
        assert {row.id for row in station.rows(schema.rules)} == set(station.watch.book.records) == {"high", "spread"}
        assert station.watch.book.records["spread"].through == TUESDAY


def test_a_known_rule_that_waits_is_not_closed_and_goes_on_where_it_was(tmp_path: Path) -> None:
    """History becomes incomplete again where a new instrument, or a deeper past, is asked for."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 90.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.tick(MORNING)
        feed.falls_silent()
        station.depth = Depth(BEGINNING - 30 * DAY, 0)
        station.restarts(after(WEDNESDAY))
        assert station.tick(after(WEDNESDAY)).events == ()
        assert {row.id for row in station.rows(schema.rules)} == {"high", "spread"}
        feed.comes_back()
        station.fills(after(THURSDAY))
        assert told(station.tick(after(THURSDAY)).events) == [
            "high fired 2025-12-03",
            "spread fired 2025-12-03",
            "high resolved 2025-12-04",
            "spread resolved 2025-12-04",
        ]


def test_a_rule_that_knew_no_history_does_not_take_the_first_prices_for_records(tmp_path: Path) -> None:
    """A source that had no such bars at the first start and has decades of them at the next."""
    feed = indices(RUT={DAYS[5]: 500.0} | {end: 99.0 + index for index, end in enumerate(DAYS[20:])})
    record = rule("record", "RUT > record(RUT)", "drawdown(RUT) > 3%")
    feed.knows_nothing_of("RUT")
    with Station(tmp_path / "a.db", feed, rules=[record, rule("spx", "SPX > 100")]).starts(MORNING) as station:
        station.tick(MORNING + GRACE)
        assert set(station.watch.book.records) == {"record", "spx"}
        feed.comes_back()
        station.restarts(after(WEDNESDAY))
        moments = [after(end, minutes) for end in closes("2025-12-03", "2025-12-31") for minutes in (60, 240)]
        assert station.ticks(moments) == []
        feed.holds("RUT", Interval.DAY, {closes("2026-01-02", "2026-01-02")[0]: 501.0})
        assert told(station.tick(at("2026-01-03T00:00Z")).events) == ["record fired 2026-01-02"]


# Holes in history


def test_a_hole_in_old_history_stops_no_adoption(tmp_path: Path) -> None:
    """VIX lacks four sessions of the nineties: a first start waited at the first of them, and later told of decades."""
    feed = indices(RUT={DAYS[8]: 101.0, DAYS[12]: 90.0, DAYS[14]: 101.0, WEDNESDAY: 90.0})
    feed.never_has("SPX", DAYS[5])
    with Station(tmp_path / "a.db", feed, rules=[BOTH, SPREAD]).starts(MORNING) as station:
        moments = [MORNING, MORNING + HOUR, MORNING + GRACE, MORNING + 2 * GRACE]
        assert station.ticks(moments) == []
        assert {record.through for record in station.watch.book.records.values()} == {TUESDAY}
        assert isinstance(alert(station, "both"), Firing)
        assert station.rows(schema.events) == []


def test_a_new_rule_is_adopted_when_its_bars_have_caught_up_and_not_before(tmp_path: Path) -> None:
    """Adopted up to the last bar that is there, it would tell of the days that are still to come in."""
    feed = indices(RUT={MONDAY: 101.0, TUESDAY: 90.0})
    start = closes("2025-11-26", "2025-11-26")[0]
    with Station(tmp_path / "a.db", feed, rules=[SPREAD]).starts(after(start)) as station:
        station.tick(after(start))
        feed.falls_silent()
        station.restarts(MORNING, [SPREAD, HIGH])
        assert station.tick(MORNING).events == ()
        assert set(station.watch.book.records) == {"spread"}
        feed.comes_back()
        assert told(station.tick(MORNING + HOUR).events) == ["spread fired 2025-12-01", "spread resolved 2025-12-02"]
        assert alert(station, "high") == Inactive(TUESDAY)


# A tick that is cut off


@pytest.mark.parametrize("commits", [0, 1])
def test_a_tick_that_cannot_be_committed_has_not_been_and_the_next_one_does_its_work(
    tmp_path: Path, commits: int
) -> None:
    """Of its two transactions the first keeps the bars; the second fails on its own too."""
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        book, judged = station.watch.book, station.watch.judged_at
        before = [station.rows(table) for table in (schema.rules, schema.checkpoints, schema.events, schema.deliveries)]
        station.database.is_full(after=commits)
        with pytest.raises(StoreError):
            station.tick(after(WEDNESDAY))
        assert (station.watch.book, station.watch.judged_at) == (book, judged)
        assert before == [
            station.rows(table) for table in (schema.rules, schema.checkpoints, schema.events, schema.deliveries)
        ]
        station.database.has_room()
        done = station.tick(after(WEDNESDAY, 61))
        assert (told(done.events), done.owed) == (["high fired 2025-12-03", "spread fired 2025-12-03"], 2)


def test_a_tick_that_is_given_up_is_made_good_by_the_next(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0})
    feed.now = after(WEDNESDAY)
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.tick(MORNING)

        async def given_up(steps: int) -> None:
            feed.now = after(WEDNESDAY)
            task = asyncio.create_task(station.watch.tick(after(WEDNESDAY)))
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        for steps in range(0, 40, 3):
            station.runs(given_up(steps))
        station.tick(after(WEDNESDAY, 61))
        assert told(station.recorded()) == ["high fired 2025-12-03"]


# What is held in memory


class Counting(LiveHistory):
    """A history that counts the panels that are made of it."""

    made: int = 0

    def snapshot(self, until: Instant) -> History:
        seen, parent = super().snapshot(until), self

        class Counted(History):
            def panel(self, *words: object, **more: object) -> Panel:
                parent.made += 1
                return super().panel(*words, **more)  # type: ignore[arg-type]

        return Counted(seen.instruments, seen.bars, seen.sessions, seen.until)


def panels_made(station: Station, moments: Iterable[Instant]) -> int:
    assert isinstance(station.history, Counting)
    before = station.history.made
    station.ticks(moments)
    return station.history.made - before


def test_panels_are_made_anew_only_when_something_came(tmp_path: Path) -> None:
    feed = indices()
    with Station(tmp_path / "a.db", feed, rules=[HIGH, QUICK], holding=Counting).starts(MORNING) as station:
        assert panels_made(station, [MORNING]) == 1
        assert panels_made(station, range(MORNING + MINUTE, WEDNESDAY, 10 * MINUTE)) == 0
        assert panels_made(station, [WEDNESDAY]) == 1  # a row that no bar has yet
        assert panels_made(station, range(WEDNESDAY + MINUTE, WEDNESDAY + 30 * MINUTE, MINUTE)) == 0
        assert panels_made(station, [after(WEDNESDAY)]) == 1  # its bar
        assert panels_made(station, range(after(WEDNESDAY, 61), after(WEDNESDAY, 600), 10 * MINUTE)) == 0


def test_no_more_than_one_set_of_panels_is_held(tmp_path: Path) -> None:
    def alive() -> int:
        gc.collect()
        return sum(isinstance(each, Panel) for each in gc.get_objects())

    feed, before = indices(), alive()
    with Station(tmp_path / "a.db", feed, rules=[HIGH, QUICK, SPREAD]).starts(MORNING) as station:
        for end in (WEDNESDAY, THURSDAY, FRIDAY):
            feed.trades("RUT", 99.0, end - HOUR)
            station.ticks([end - HOUR, after(end)])
            assert alive() - before <= 1


def test_the_instruments_of_these_tests_are_those_of_the_markets() -> None:
    assert (HIGH.instruments, SPREAD.instruments) == (("RUT",), ("RUT", "SPX"))
    assert {RUT.calendar, SPX.calendar} != {BTC.calendar}
