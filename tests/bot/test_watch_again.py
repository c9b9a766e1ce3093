"""A price that a source takes back: who was told is told, once; who was not hears nothing; a kill loses none of it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store import schema
from bot.store.database import Connection
from bot.store.errors import StoreError
from bot.store.outbox import claim, settle
from rules.bars import DAY, HOUR, Interval
from rules.model import AlertEvent, Edge, Instant
from tests.bot.market.gates import FakeGate
from tests.bot.market.stations import CHANNEL, MINUTE, FakeFeed, Station, bars, rule, told
from tests.bot.watched import DAYS, FRIDAY, HIGH, MORNING, SPREAD, THURSDAY, WEDNESDAY, after, indices, owed

SHOCK = {WEDNESDAY: 101.0, THURSDAY: 99.0}


def a_record(path: Path, *chats: str) -> tuple[Station, FakeFeed]:
    """A station that has told on Wednesday evening that RUT is high."""
    feed = indices(RUT=SHOCK)
    station = Station(path / "a.db", feed, rules=[HIGH, SPREAD]).starts(MORNING)
    for chat in chats:
        station.chat(chat, MORNING)
    assert told(station.ticks([MORNING, after(WEDNESDAY)])) == ["high fired 2025-12-03", "spread fired 2025-12-03"]
    return station, feed


def sends(station: Station, end: Instant = WEDNESDAY) -> None:
    """Everything that is owed an hour after a close is sent."""
    now = after(end)

    async def of(connection: Connection) -> None:
        while due := await claim(connection, CHANNEL, "me", now, 60, 10):
            for each in due:
                await settle(connection, each, now, "sent")

    station.runs(station._write(of))


def night(station: Station, minutes: int = 30) -> list[AlertEvent]:
    """What happens until the next close."""
    return station.ticks(range(after(WEDNESDAY, 61), THURSDAY, minutes * MINUTE))


def states(station: Station) -> list[tuple[str, str]]:
    return [(row.event.partition("/")[0], row.state) for row in station.rows(schema.deliveries)]


def test_who_was_told_of_a_close_that_is_restated_is_told_once_with_both_numbers(tmp_path: Path) -> None:
    station, feed = a_record(tmp_path, "told")
    with station:
        sends(station)
        station.chat("new", after(WEDNESDAY))
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        assert told(night(station)) == ["high corrected 2025-12-03", "spread corrected 2025-12-03"]
        assert station.ticks([after(THURSDAY)]) == []
        rows = [row for row in station.rows(schema.deliveries) if "/corrected/" in row.event]
        assert [(row.chat, row.state) for row in rows] == [(1, "owed"), (1, "owed")]
        assert "RUT: <b>97.50</b>\n   was 101.00\n" in rows[0].html


def test_what_was_not_sent_yet_is_taken_back_and_needs_no_correction(tmp_path: Path) -> None:
    station, feed = a_record(tmp_path, "told")
    with station:
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        assert told(night(station)) == ["high corrected 2025-12-03", "spread corrected 2025-12-03"]
        assert states(station) == [("high", "withdrawn"), ("spread", "withdrawn")]


def test_a_number_that_changes_nothing_is_kept_and_not_told(tmp_path: Path) -> None:
    station, feed = a_record(tmp_path, "told")
    with station:
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=100.5, low=100.5)
        assert night(station) == []
        (revision,) = station.rows(schema.revisions)
        assert (revision.close, revision.end) == (101.0, WEDNESDAY)


def test_one_poll_alone_takes_nothing_back(tmp_path: Path) -> None:
    """Two servers of one source disagree: what only one of two answers says is not so yet."""
    station, feed = a_record(tmp_path, "told")
    with station:
        sends(station)
        for now in range(after(WEDNESDAY, 61), THURSDAY, 10 * MINUTE):
            feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5 if len(feed.asked) % 2 else 101.0, low=97.5)
            assert station.tick(now).events == ()


@pytest.mark.parametrize("cut_off", [False, True], ids=["a restart", "a kill between the bar and its judgement"])
def test_a_restart_does_not_lose_a_correction(tmp_path: Path, cut_off: bool) -> None:
    station, feed = a_record(tmp_path, "told")
    with station:
        sends(station)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        happened: list[AlertEvent] = []
        for now in range(after(WEDNESDAY, 61), THURSDAY, 20 * MINUTE):
            if cut_off:
                revised = len(station.rows(schema.revisions))
                station.database.is_full(after=1)  # the bar is written, what follows from it is not
                with contextlib.suppress(StoreError):
                    happened += station.tick(now).events
                station.database.has_room()
                if len(station.rows(schema.revisions)) > revised:
                    station.restarts(now)
                    cut_off = False
            else:
                happened += station.restarts(now).tick(now).events
        assert told(happened) == ["high corrected 2025-12-03", "spread corrected 2025-12-03"]
        assert [each[0] for each in owed(station)] == ["high", "spread", "high", "spread"]


def test_a_book_whose_fingerprints_are_of_fewer_columns_is_taken_up_without_a_word(tmp_path: Path) -> None:
    """To a version that reads one column more all of the past is another one: nothing is told again, or lost."""
    top = rule("top", "close(RUT) > record(RUT)", "drawdown(RUT) > 3%")
    feed = indices(RUT={**SHOCK, THURSDAY: 102.0, FRIDAY: 90.0})

    async def are_of_another_version(connection: Connection) -> None:
        for row in (await connection.execute(sa.select(schema.tracks))).all():
            other = {**row.content, "settled": row.content["settled"] ^ 1, "judged": row.content["judged"] ^ 1}
            its = schema.tracks.c.track == row.track
            await connection.execute(sa.update(schema.tracks).where(its).values(content=other))

    with Station(tmp_path / "a.db", feed, rules=[HIGH, top]).starts(MORNING) as station:
        station.chat("told", MORNING)
        assert told(station.ticks([MORNING, after(WEDNESDAY)])) == ["high fired 2025-12-03", "top fired 2025-12-03"]
        station.runs(station._write(are_of_another_version))
        station.restarts(after(WEDNESDAY, 61))
        assert told(night(station)) == []
        assert told(station.ticks([after(THURSDAY), after(FRIDAY)])) == [
            "high resolved 2025-12-05",
            "top resolved 2025-12-05",
        ]
        assert owed(station) == [("high", 1), ("top", 1)]


def test_what_was_corrected_and_is_restated_back_is_told_again(tmp_path: Path) -> None:
    station, feed = a_record(tmp_path, "told")
    with station:
        sends(station)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=97.5, low=97.5)
        assert told(night(station))[0] == "high corrected 2025-12-03"
        sends(station, THURSDAY - HOUR)
        feed.restates("RUT", Interval.DAY, WEDNESDAY, close=101.0, low=97.5)
        again = station.ticks(range(THURSDAY, FRIDAY, 30 * MINUTE))
        assert told(again)[:2] == ["high fired 2025-12-03", "spread fired 2025-12-03"]
        fired = [row for row in station.rows(schema.deliveries) if row.event.startswith("high/fired")]
        assert [row.state for row in fired] == ["sent", "owed"]
        assert fired[1].expires_at > after(THURSDAY)


def test_a_restated_close_of_last_month_is_kept_and_not_told(tmp_path: Path) -> None:
    end = DAYS[DAYS.index(WEDNESDAY) - 14]
    feed = indices(RUT={end: 101.0})
    start = after(DAYS[DAYS.index(end) - 1])
    with Station(tmp_path / "a.db", feed, rules=[rule("high", "RUT > 100")]).starts(start) as station:
        station.chat("told", start)
        happened = station.ticks(range(start, MORNING, DAY // 4))
        assert [event.edge for event in happened] == [Edge.FIRED, Edge.RESOLVED]
        feed.restates("RUT", Interval.DAY, end, close=99.0, low=99.0)
        happened = station.ticks(range(MORNING, after(THURSDAY), 30 * MINUTE))
        assert {event.edge for event in happened} == {Edge.CORRECTED}
        assert [row for row in states(station) if row[1] == "owed"] == [("high", "owed")]
        assert [event.edge for event in station.recorded()] == [
            Edge.FIRED,
            Edge.CORRECTED,
            Edge.RESOLVED,
            Edge.CORRECTED,
        ]


def test_a_split_is_no_news_of_what_was_true_in_the_unit_of_then(tmp_path: Path) -> None:
    """The process that filled the past at first fills it anew: twice in one life."""
    feed, gate = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 102.0}), FakeGate()
    with Station(tmp_path / "a.db", feed, rules=[HIGH], gate=gate).starts(MORNING) as station:
        station.chat("told", MORNING)
        assert told(station.ticks([MORNING, after(WEDNESDAY)])) == ["high fired 2025-12-03"]
        feed.holds("RUT", Interval.DAY, bars(Interval.DAY, dict.fromkeys(DAYS, 49.5), feed.origin))
        gate.sees_a_split("RUT")
        happened = station.ticks(range(after(THURSDAY), after(THURSDAY) + HOUR, 10 * MINUTE))
        assert {event.edge for event in happened} <= {Edge.RESOLVED}
        assert [event.at for event in happened if event.at < THURSDAY] == []
