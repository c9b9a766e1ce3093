"""The watch, tick by tick: what is told live is what a replay would have told, whatever happens in between."""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from bot.delivery.grouping import COMPONENT
from bot.feeds.contract import Request
from bot.feeds.simulated import SimulatedFeed
from bot.market.history import BEGINNING, History, load_history
from bot.market.intake import Depth
from bot.market.live import LiveHistory
from bot.render.alerts import MARKS, REGIME
from bot.settings import Settings
from bot.store import schema
from bot.store.errors import StoreError
from rules.alerting import AlertState, Firing, Inactive, Pending
from rules.bars import DAY, HOUR, Interval
from rules.engine import evaluate, opened
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, AlertEvent, Basis, Instant, Instrument
from rules.panel import Panel
from tests.bot.market.stations import GRACE, MINUTE, FakeFeed, Station, closes, rule, told
from tests.bot.markets import BTC, NOW, RUT, SESSIONS, SPX, at, simulated

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


@pytest.mark.parametrize("seed", [1, 2])
def test_session_by_session_with_restarts_in_between_it_tells_what_a_replay_tells(tmp_path: Path, seed: int) -> None:
    """Every tick is done twice: the second time nothing happens."""
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


DAYS = closes("2025-11-03", "2025-12-31")
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = closes("2025-12-01", "2025-12-05")
MORNING = at("2025-12-03T12:00Z")

HIGH = rule("high", "RUT > 100", "RUT < 95")
BOTH = rule("both", "RUT > 100 or SPX > 100", "RUT < 95 and SPX < 95")
SPREAD = rule("spread", "RUT > SPX", "RUT < SPX")


def indices(**prices: dict[Instant, float]) -> FakeFeed:
    """A source of both indices: 99 but where another price is given."""
    feed = FakeFeed()
    for name in ("RUT", "SPX"):
        feed.holds(name, Interval.DAY, dict.fromkeys(DAYS, 99.0) | prices.get(name, {}))
    return feed


def after(end: Instant, minutes: int = 60) -> Instant:
    return end + minutes * MINUTE


def alert(station: Station, name: str) -> AlertState:
    """Where the alert of a rule stands."""
    return station.watch.book.records[name].alert


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


# Away, late, never


def offline(*, spx: dict[Instant, float] | None = None) -> tuple[FakeFeed, list[str]]:
    """Indices that cross each other every session from Thanksgiving on, and what there is to tell of two weeks."""
    days = closes("2025-11-26", "2025-12-09")
    feed = indices(RUT={end: 101.0 if index % 2 else 90.0 for index, end in enumerate(days)}, SPX=spx or {})
    tale = [f"{SESSIONS.in_progress('XNYS', end - 1)}" for end in days[1:]]
    return feed, [f"spread {'resolved' if index % 2 else 'fired'} {day}" for index, day in enumerate(tale)]


@pytest.mark.parametrize("hours_later", [0, 1])
def test_after_ten_days_away_every_session_is_judged_in_order_also_when_one_source_comes_back_later(
    tmp_path: Path, hours_later: int
) -> None:
    feed, tale = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(start) as station:
        station.tick(start)
        station.restarts(back)
        feed.falls_silent("SPX")
        happened = station.ticks(range(back, back + hours_later * HOUR, 10 * MINUTE))
        feed.comes_back()
        happened += station.ticks(range(back + hours_later * HOUR, back + 4 * HOUR, 10 * MINUTE))
        assert told(event for event in happened if event.rule == "spread") == tale
        assert [event.at for event in happened if event.rule == "spread"] == closes("2025-11-28", "2025-12-09")


def test_after_ten_days_with_the_lid_shut_the_process_goes_on_and_skips_nothing(tmp_path: Path) -> None:
    """The network takes a while to come up; the process is as old as before."""
    feed, tale = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    with Station(tmp_path / "a.db", feed, rules=[SPREAD]).starts(start) as station:
        station.tick(start)
        feed.falls_silent()
        assert station.ticks(range(back, back + 30 * MINUTE, MINUTE)) == []
        feed.comes_back()
        assert told(station.ticks(range(back + 30 * MINUTE, back + 50 * MINUTE, MINUTE))) == tale


def test_one_that_does_not_come_back_is_unknown_after_a_grace(tmp_path: Path) -> None:
    feed, _ = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    with Station(tmp_path / "a.db", feed, rules=[SPREAD]).starts(start) as station:
        station.tick(start)
        station.restarts(back)
        feed.falls_silent("SPX")
        happened = station.ticks(range(back, back + 3 * HOUR, 10 * MINUTE))
        assert told(happened) == ["spread no_data 2025-12-02"]


@pytest.mark.parametrize("minutes", [50, 110])
def test_a_bar_that_is_late_within_the_grace_is_waited_for(tmp_path: Path, minutes: int) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0})
    feed.is_late("SPX", WEDNESDAY, minutes * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=[SPREAD]).starts(MORNING) as station:
        station.tick(MORNING)
        moments = range(WEDNESDAY, WEDNESDAY + 4 * HOUR, MINUTE * 5)
        seen = {now: told(station.tick(now).events) for now in moments}
        assert {now: each for now, each in seen.items() if each} == {
            after(WEDNESDAY, minutes): ["spread fired 2025-12-03"]
        }


def test_a_bar_that_is_later_than_the_grace_leaves_its_session_unknown(tmp_path: Path) -> None:
    """UNKNOWN fires nothing and clears nothing; the bar is kept when it comes, and the next session is judged."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 101.0})
    feed.is_late("SPX", WEDNESDAY, 3 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.tick(MORNING)
        moments = range(WEDNESDAY, WEDNESDAY + 5 * HOUR, MINUTE * 5)
        assert told(station.ticks(moments)) == ["high fired 2025-12-03"]
        assert station.intake.snapshot(NOW).bars["SPX"][Interval.DAY].end[-1] == WEDNESDAY
        assert told(station.tick(after(THURSDAY)).events) == ["spread fired 2025-12-04"]


def test_a_bar_that_never_comes_is_told_after_three_sessions_and_its_return_too(tmp_path: Path) -> None:
    days = closes("2025-12-03", "2025-12-10")
    feed = indices()
    for end in days[:4]:
        feed.never_has("SPX", end)
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.tick(MORNING)
        assert told(station.ticks(range(MORNING, days[-1] + 3 * HOUR, 30 * MINUTE))) == [
            "spread no_data 2025-12-05",
            "spread data_back 2025-12-09",
        ]


def test_when_no_source_answers_nothing_false_is_told(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(MORNING) as station:
        station.tick(MORNING)
        feed.falls_silent()
        assert station.ticks(range(MORNING, WEDNESDAY + 80 * MINUTE, 10 * MINUTE)) == []
        assert "did not answer" in station.intake.health[feed.id].reason
        feed.comes_back()
        assert told(station.ticks(range(WEDNESDAY + 80 * MINUTE, WEDNESDAY + 3 * HOUR, 10 * MINUTE))) == [
            "high fired 2025-12-03"
        ]


@pytest.mark.parametrize("ahead", [-30, HOUR])
def test_a_clock_that_is_set_in_between_changes_nothing(tmp_path: Path, ahead: int) -> None:
    """Its sources keep the right time."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 90.0})
    with Station(tmp_path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING) as station:
        station.tick(MORNING)
        happened: list[AlertEvent] = []
        for step, moment in enumerate(range(WEDNESDAY - HOUR, THURSDAY + 2 * HOUR, 11 * MINUTE)):
            feed.now = moment
            now = moment + (ahead if step % 2 else 0)
            happened += station.runs(station.watch.tick(now)).events
        assert told(happened) == [
            "high fired 2025-12-03",
            "spread fired 2025-12-03",
            "high resolved 2025-12-04",
            "spread resolved 2025-12-04",
        ]


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


# A change of the regime, and what fired at its close


def tagged(compiled: CompiledRule, *tags: str) -> CompiledRule:
    return replace(compiled, rule=replace(compiled.rule, tags=tags))


CHANGE = tagged(rule("change", "SPX > 100", "SPX < 95"), REGIME)
PART = tagged(HIGH, COMPONENT)
SHOCK = {WEDNESDAY: 101.0}


def owed(station: Station) -> list[tuple[str, int]]:
    """Of every delivery what leads it, and how many lines with a mark it has."""
    return [
        (row.event.partition("/")[0], sum(line[:1] in MARKS.values() for line in row.html.split("\n")))
        for row in station.rows(schema.deliveries)
    ]


def test_a_change_takes_along_what_fired_at_its_close_and_everything_is_recorded(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(RUT=SHOCK, SPX=SHOCK), rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.chat("late", WEDNESDAY + 1)
        station.tick(MORNING)
        done = station.tick(after(WEDNESDAY))
        assert (told(done.events), done.owed) == (["high fired 2025-12-03", "change fired 2025-12-03"], 1)
        assert owed(station) == [("change", 2)]
        assert station.tick(after(WEDNESDAY, 61)).owed == 0
        station.restarts(after(WEDNESDAY, 62))
        assert station.tick(after(WEDNESDAY, 62)).owed == 0
        assert told(station.recorded()) == ["high fired 2025-12-03", "change fired 2025-12-03"]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_change_recalls_what_was_told_of_its_close_already(tmp_path: Path, restarted: bool) -> None:
    """Prices of one index come an hour after the other's, and nothing waits for them."""
    feed = indices(RUT=SHOCK, SPX=SHOCK)
    feed.is_late("SPX", WEDNESDAY, 90 * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        assert (station.tick(after(WEDNESDAY)).owed, owed(station)) == (1, [("high", 1)])
        if restarted:
            station.restarts(after(WEDNESDAY, 80))
        assert (station.tick(after(WEDNESDAY, 95)).owed, owed(station)) == (1, [("high", 1), ("change", 2)])
        assert "Told before:\n🟡 RUT" in station.rows(schema.deliveries)[-1].html


def test_what_fires_after_its_change_was_told_goes_on_its_own(tmp_path: Path) -> None:
    feed = indices(RUT=SHOCK, SPX=SHOCK)
    feed.is_late("RUT", WEDNESDAY, 90 * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        station.ticks([after(WEDNESDAY), after(WEDNESDAY, 95)])
        assert owed(station) == [("change", 1), ("high", 1)]


def test_a_change_that_cannot_be_committed_takes_nothing_with_it(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(RUT=SHOCK, SPX=SHOCK), rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        station.database.is_full(after=1)
        with pytest.raises(StoreError):
            station.tick(after(WEDNESDAY))
        assert (station.recorded(), owed(station)) == ([], [])
        station.database.has_room()
        station.restarts(after(WEDNESDAY, 61))
        station.tick(after(WEDNESDAY, 61))
        assert (len(station.recorded()), owed(station)) == (2, [("change", 2)])


def test_tags_that_are_new_adopt_no_rule_anew(tmp_path: Path) -> None:
    """They say how it is told, not when: it goes on where it was."""
    feed = indices(RUT=SHOCK, SPX=SHOCK)
    with Station(tmp_path / "a.db", feed, rules=[HIGH, tagged(CHANGE)]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        station.restarts(after(WEDNESDAY), [PART, CHANGE])
        station.tick(after(WEDNESDAY))
        assert owed(station) == [("change", 2)]


# Rules that do not wait for the close


OPEN = at("2025-12-03T14:30Z")
INTRADAY = rule("intraday", "RUT > 100", "RUT < 95", Basis.TICK, confirm=3)
QUICK = rule("quick", "RUT > 100", "RUT < 95", Basis.TICK)
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

        async def tick(self, instrument: Instrument) -> None:
            self.asked_at.append(self.now)

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
