"""What was missed: days away, bars that are late, bars that never come."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.store import schema
from bot.store.database import Connection
from bot.store.outbox import claim, settle
from rules.bars import HOUR, Interval
from rules.model import AlertEvent, Edge, Instant
from tests.bot.market.stations import CHANNEL, MINUTE, FakeFeed, Station, closes, told
from tests.bot.markets import SESSIONS, at
from tests.bot.watched import DAYS, FRIDAY, HIGH, MONDAY, MORNING, SPREAD, THURSDAY, WEDNESDAY, after, indices

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


def test_a_bar_that_is_later_than_the_grace_leaves_its_session_unknown_until_it_comes(tmp_path: Path) -> None:
    """UNKNOWN fires nothing and clears nothing; with the bar its session is judged once more."""
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 101.0})
    feed.is_late("SPX", WEDNESDAY, 3 * HOUR)
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.tick(MORNING)
        moments = range(WEDNESDAY, WEDNESDAY + 3 * HOUR, MINUTE * 5)
        assert told(station.ticks(moments)) == ["high fired 2025-12-03"]
        moments = range(WEDNESDAY + 3 * HOUR, WEDNESDAY + 5 * HOUR, MINUTE * 5)
        (late,) = station.ticks(moments)
        assert told([late]) == ["spread fired 2025-12-03"]
        assert dict(late.was) == {"RUT": 101.0, "SPX": None}
        assert station.tick(after(THURSDAY)).events == ()


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


def test_that_data_is_back_is_told_where_it_was_told_that_it_was_missing(tmp_path: Path) -> None:
    days = closes("2025-12-03", "2025-12-10")
    feed = indices()
    for end in days[:4]:
        feed.never_has("SPX", end)
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.ticks([MORNING, *(after(end, 3 * 60) for end in days[:3])])
        station.chat("two", after(days[2], 4 * 60))
        assert told(station.ticks(after(end, 3 * 60) for end in days[3:])) == ["spread data_back 2025-12-09"]
        chats = {row.id: row.address for row in station.rows(schema.chats)}
        assert [(chats[row.chat], row.event.split("/")[1]) for row in station.rows(schema.deliveries)] == [
            ("one", "no_data"), ("one", "data_back"),
        ]  # fmt: skip


def test_a_rule_that_is_adopted_while_its_data_is_missing_does_not_say_that_it_is_back(tmp_path: Path) -> None:
    """So it is after a change of venue, or of the rule: nobody had been told that it was missing."""
    days = closes("2025-12-03", "2025-12-10")
    feed = indices()
    for end in days[:4]:
        feed.never_has("SPX", end)
    start = after(days[3], 3 * 60)
    adopted = [start, start + HOUR, start + 2 * HOUR]
    with Station(tmp_path / "a.db", feed, rules=[SPREAD]).starts(start) as station:
        station.chat("one", start)
        assert told(station.ticks([*adopted, after(days[4], 3 * 60)])) == ["spread data_back 2025-12-09"]
        assert station.rows(schema.deliveries) == []


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


# What is no news any more


def sent_to(station: Station) -> list[tuple[int, str]]:
    """Every delivery: to which chat, and its second line or, of an alert, its key."""
    return [
        (row.chat, row.html.split("\n")[1] if row.event.startswith("away/") else row.event.rpartition("/")[0])
        for row in station.rows(schema.deliveries)
    ]


def test_after_ten_days_away_one_summary_lists_what_is_no_news_and_nothing_old_is_sent(tmp_path: Path) -> None:
    feed, tale = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    told_ends = replace(SPREAD, rule=replace(SPREAD.rule, notify_resolved=True))
    with Station(tmp_path / "a.db", feed, rules=[told_ends]).starts(start) as station:
        station.chat("all", start)
        station.tick(start)
        station.chat("late", after(WEDNESDAY))
        station.restarts(back)
        assert told(station.ticks(range(back, back + 2 * HOUR, 10 * MINUTE))) == tale
        assert len(tale) == 8
        assert sent_to(station) == [
            (1, "spread/resolved"),  # of yesterday's close, which is news until the next open
            (2, "spread/resolved"),
            (1, "7 alerts, 2025-11-28 to 2025-12-08,"),
            (2, "3 alerts, 2025-12-04 to 2025-12-08,"),
        ]


def test_the_summary_waits_until_all_that_was_missed_is_judged(tmp_path: Path) -> None:
    feed, tale = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(start) as station:
        station.chat("all", start)
        station.tick(start)
        station.restarts(back)
        feed.falls_silent("SPX")
        station.ticks(range(back, back + HOUR, 10 * MINUTE))
        assert sent_to(station) == []
        feed.comes_back()
        happened = station.ticks(range(back + HOUR, back + 2 * HOUR, 10 * MINUTE))
        assert len(told(happened)) >= len(tale)
        assert [line for _, line in sent_to(station)] == ["8 alerts, 2025-11-28 to 2025-12-08,"]


def test_a_kill_in_the_middle_of_catching_up_loses_no_line_of_the_summary(tmp_path: Path) -> None:
    feed, _ = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(start) as station:
        station.chat("all", start)
        station.tick(start)
        station.restarts(back)
        feed.falls_silent("SPX")
        station.ticks([back, back + 10 * MINUTE])
        station.restarts(back + HOUR)
        feed.comes_back()
        station.ticks(range(back + HOUR, back + 2 * HOUR, 10 * MINUTE))
        assert [line for _, line in sent_to(station)] == ["8 alerts, 2025-11-28 to 2025-12-08,"]
        station.restarts(back + 3 * HOUR).tick(back + 3 * HOUR)
        assert len(sent_to(station)) == 1


def test_who_was_on_time_gets_no_summary(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.chat("all", MORNING)
        station.ticks(range(MORNING, after(THURSDAY), 30 * MINUTE))
        assert not any(row.event.startswith("away/") for row in station.rows(schema.deliveries))


def test_who_was_told_in_a_summary_is_corrected_too(tmp_path: Path) -> None:
    feed, _ = offline()
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    first = closes("2025-11-28", "2025-11-28")[0]
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(start) as station:
        station.chat("all", start)
        station.tick(start)
        station.chat("late", after(THURSDAY))
        station.restarts(back)
        station.ticks(range(back, back + 2 * HOUR, 10 * MINUTE))
        feed.restates("RUT", Interval.DAY, first, close=99.0, low=90.0)
        happened = station.ticks(range(back + 2 * HOUR, back + 12 * HOUR, 30 * MINUTE))
        assert told(happened)[0] == "high corrected 2025-11-28"
        rows = [row for row in station.rows(schema.deliveries) if "/corrected/" in row.event]
        assert [row.chat for row in rows] == [1], "the other one's summary begins later"


def test_what_was_corrected_before_the_summary_is_not_in_it(tmp_path: Path) -> None:
    """The summary waits for SPX, which another source tells of; RUT's is restated meanwhile."""
    feed, _ = offline()
    other = FakeFeed("other").holds("SPX", Interval.DAY, dict.fromkeys(DAYS, 99.0))
    start, back = after(DAYS[DAYS.index(MONDAY) - 2]), at("2025-12-10T03:00Z")
    first = closes("2025-11-28", "2025-11-28")[0]
    order = {"RUT": (feed.id,), "SPX": (other.id,)}
    with Station(tmp_path / "a.db", feed, other, rules=[SPREAD, HIGH], order=order).starts(start) as station:
        station.chat("all", start)
        station.tick(start)
        other.falls_silent()
        station.restarts(back).ticks([back, back + 10 * MINUTE])
        feed.restates("RUT", Interval.DAY, first, close=99.0, low=90.0)
        station.restarts(back + HOUR).ticks(range(back + HOUR, back + 2 * HOUR, 10 * MINUTE))
        assert [row for row in station.rows(schema.deliveries) if row.event.startswith("away/")] == []
        other.comes_back()
        station.ticks(range(back + 2 * HOUR, back + 4 * HOUR, 10 * MINUTE))
        [summary] = [row.html for row in station.rows(schema.deliveries) if row.event.startswith("away/")]
        assert [event.at for event in station.recorded() if event.undone is Edge.FIRED] == [first]
        assert "11-28 🟡 RUT &gt; 100" not in summary
        assert "12-02 🟡 RUT &gt; 100" in summary


def settles(station: Station, now: Instant, state: str, count: int) -> None:
    """The next so many that are owed come to an end."""

    async def of(connection: Connection) -> None:
        for _ in range(count):
            [owed] = await claim(connection, CHANNEL, "me", now, 60, 1)
            await settle(connection, owed, now, state)

    station.runs(station._write(of))


def test_what_could_not_be_sent_as_long_as_it_was_news_is_listed_once_the_line_is_free(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 90.0, FRIDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.chat("all", MORNING)
        station.ticks([MORNING, after(WEDNESDAY), after(THURSDAY), after(FRIDAY)])
        settles(station, after(FRIDAY, 61), "expired", 2)
        station.ticks([after(FRIDAY, 70)])
        assert len(sent_to(station)) == 4, "the news of Friday is owed: nothing is listed beside it"
        settles(station, after(FRIDAY, 71), "sent", 2)
        station.ticks([after(FRIDAY, 80), after(FRIDAY, 90)])
        assert sent_to(station)[4:] == [(1, "2 alerts, 2025-12-03,")]
        settles(station, after(FRIDAY, 91), "sent", 1)
        station.ticks([after(FRIDAY, 100)])
        assert len(sent_to(station)) == 5


def test_what_could_not_be_sent_and_turned_out_not_to_be_so_is_in_no_summary(tmp_path: Path) -> None:
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 99.0})
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.chat("all", MORNING)
        station.ticks([MORNING, after(WEDNESDAY)])
        settles(station, after(WEDNESDAY, 61), "expired", 1)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        happened = station.ticks(range(after(WEDNESDAY, 62), THURSDAY, 30 * MINUTE))
        assert "high corrected 2025-12-03" in told(happened)
        assert [row.state for row in station.rows(schema.deliveries)][:2] == ["withdrawn", "withdrawn"]
        assert not [row for row in station.rows(schema.deliveries) if row.event.startswith("away/")]


def test_who_is_not_let_in_any_more_is_listed_nothing_until_they_are_again(tmp_path: Path) -> None:
    """What had lapsed for them was called listed, and nobody was told."""
    feed = indices(RUT={WEDNESDAY: 101.0})
    with Station(tmp_path / "a.db", feed, rules=[SPREAD, HIGH]).starts(MORNING) as station:
        station.chat("7", MORNING)
        station.ticks([MORNING, after(WEDNESDAY)])
        settles(station, after(WEDNESDAY, 61), "expired", 2)
        station.admits("8")
        station.ticks([after(WEDNESDAY, 70)])
        assert [row.state for row in station.rows(schema.deliveries)] == ["expired", "expired"]
        station.admits("7", "8")
        station.ticks([after(WEDNESDAY, 80)])
        assert [row.state for row in station.rows(schema.deliveries)] == ["listed", "listed", "owed"]
