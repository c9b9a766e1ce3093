"""What followed live alerts: written down close by close, to the last bit, whatever happens in between."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bot.following import Closed, Following
from bot.records import Beside
from bot.store import schema
from bot.store.alerts import save_events
from bot.store.database import Database
from bot.store.outcomes import Completed, outcomes_of
from rules.bars import Interval
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, XNYS, AlertEvent, Edge, Instant, Severity
from rules.outcomes import followed
from rules.panel import Panel
from tests.bot.market.stations import FakeFeed, Station, closes
from tests.bot.personal.owners import makes, removes
from tests.bot.store.stores import stored
from tests.bot.watched import HIGH, MORNING, QUICK, WEDNESDAY, after, indices
from tests.rules.markets import INSTRUMENTS
from tests.rules.markets import rule as panel_rule
from tests.rules.markets import written as written_panel

DAYS = closes("2025-11-03", "2026-02-13")
FIRED = DAYS.index(WEDNESDAY)
PRICES = {day: 101.0 + ((7 * row) % 5) / 3 for row, day in enumerate(DAYS) if row >= FIRED}
KEY = f"high/fired/{WEDNESDAY}"


def market(**prices: dict[Instant, float]) -> FakeFeed:
    """RUT at 99, above 100 from Wednesday on; SPX beside it."""
    feed = indices()
    feed.holds("RUT", Interval.DAY, dict.fromkeys(DAYS, 99.0) | PRICES | prices.get("RUT", {}))
    return feed.holds("SPX", Interval.DAY, dict.fromkeys(DAYS, 99.0) | prices.get("SPX", {}))


def station(path: Path, feed: FakeFeed, *rules: CompiledRule, **options: object) -> Station:
    return Station(path / "a.db", feed, rules=rules or [HIGH], **options).starts(MORNING)


def passes(watched: Station, days: Iterable[Instant]) -> None:
    for day in days:
        watched.tick(after(day))


def written(watched: Station) -> list[tuple[str, int]]:
    """`[("RUT", 1), ...]`, of any event."""
    return sorted((row.instrument, row.horizon) for row in watched.rows(schema.outcomes))


def rows(watched: Station) -> dict[tuple[str, int], Completed]:
    """What is written, without when that was."""
    found = [tuple(row)[:-1] for row in watched.rows(schema.outcomes)]
    return {(row[1], row[2]): Completed(*row) for row in found}


def expected(watched: Station, now: Instant, row: int, key: str = KEY) -> list[Completed]:
    """What followed a row, as the engine has it, of what is known at `now`."""
    panel = watched.intake.snapshot(now).panel(XNYS)
    at = panel.clock.closes.tolist()
    row = at.index(DAYS[row])
    known = [each for each in followed(panel, "RUT") if row + each.horizon < len(at)]
    return [
        Completed(
            key, "RUT", each.horizon,
            float(each.end[row]), float(each.worst[row]), float(each.best[row]), at[row + each.horizon],
        )
        for each in known
    ]  # fmt: skip


def test_each_is_written_when_its_last_session_has_closed(tmp_path: Path) -> None:
    """To the last bit; a second look writes nothing."""
    with station(tmp_path, market()) as watched:
        watched.tick(MORNING)
        for ahead in range(24):
            watched.tick(after(DAYS[FIRED + ahead]))
            horizons = [each for each in (1, 5, 20) if each <= ahead]
            assert written(watched) == [("RUT", each) for each in horizons]
        now = after(DAYS[FIRED + 23])
        assert list(rows(watched).values()) == expected(watched, now, FIRED)
        completed = [row.completed_at for row in watched.rows(schema.outcomes)]
        assert completed == [after(DAYS[FIRED + each]) for each in (1, 5, 20)]
        watched.restarts(now + 60)
        watched.tick(now + 60)
        assert [row.completed_at for row in watched.rows(schema.outcomes)] == completed
        found = watched.runs(watched._read(lambda connection: outcomes_of(connection, [KEY, "none/fired/1"])))
        assert found == {KEY: tuple(expected(watched, now, FIRED))}


def test_what_was_missed_while_nobody_watched_is_caught_up_on(tmp_path: Path) -> None:
    feed = market()
    with station(tmp_path, feed) as watched:
        watched.tick(MORNING)
        watched.tick(after(WEDNESDAY))
        watched.stops()
        watched.starts(late := after(DAYS[FIRED + 40]))
        watched.tick(late)
        assert list(rows(watched).values()) == expected(watched, late, FIRED)


def test_a_session_in_progress_is_none(tmp_path: Path) -> None:
    """Nor is one whose bar may still come."""
    feed = market()
    with station(tmp_path, feed, HIGH, QUICK) as watched:
        watched.tick(MORNING)
        watched.tick(after(WEDNESDAY))
        feed.is_late("RUT", DAYS[FIRED + 1], 90 * 60)
        feed.trades("RUT", 120.0, DAYS[FIRED + 1] - 600)
        watched.tick(DAYS[FIRED + 1] - 540)
        watched.tick(after(DAYS[FIRED + 1]))
        assert ("RUT", 1) not in written(watched)
        watched.tick(after(DAYS[FIRED + 1], 91))
        assert rows(watched)["RUT", 1].end == PRICES[DAYS[FIRED + 1]] / PRICES[WEDNESDAY] - 1


def test_one_on_trades_is_counted_from_the_close_of_its_session(tmp_path: Path) -> None:
    feed = market()
    with station(tmp_path, feed, QUICK) as watched:
        watched.tick(MORNING)
        feed.trades("RUT", 150.0, WEDNESDAY - 3_600)
        (event,) = watched.tick(WEDNESDAY - 3_540).events
        assert event.provisional
        passes(watched, DAYS[FIRED : FIRED + 7])
        assert list(rows(watched).values()) == expected(watched, after(DAYS[FIRED + 6]), FIRED, key=event.key)


def test_an_alert_of_ones_own_that_is_done_is_followed_on(tmp_path: Path) -> None:
    """Told once, it is watched no more; one that is removed is gone."""
    with station(tmp_path, market()) as watched:
        for line in ("rut > 100", "rut > 100.5"):
            made = makes(watched, "7", line, MORNING)
            assert made.once
        watched.tick(MORNING)
        watched.feeds[0].trades("RUT", 101.0, WEDNESDAY - 3_600)
        assert len(watched.tick(WEDNESDAY - 3_540).events) == 2
        passes(watched, DAYS[FIRED : FIRED + 2])
        removes(watched, "7", 2, after(DAYS[FIRED + 1]))
        passes(watched, DAYS[FIRED + 2 : FIRED + 7])
        theirs = [(row.event.partition("/")[0], row.horizon) for row in watched.rows(schema.outcomes)]
        assert sorted(each for each in theirs if each[0].startswith("#")) == [("#1.1", 1), ("#1.1", 5), ("#1.2", 1)]


def test_a_full_disk_keeps_no_alert_and_nothing_is_lost(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with station(tmp_path, market()) as watched:
        watched.tick(MORNING)
        watched.tick(after(WEDNESDAY))
        day = after(DAYS[FIRED + 1])
        watched.poll(day)
        watched.database.is_full(after=1)
        assert watched.tick(day).events == ()
        assert written(watched) == []
        assert "what followed alerts was not written down" in caplog.messages
        watched.database.has_room()
        watched.tick(after(DAYS[FIRED + 2]))
        assert written(watched) == [("RUT", 1)]


def test_a_kill_right_after_it_was_written_changes_nothing(tmp_path: Path) -> None:
    with station(tmp_path, market()) as watched:
        watched.tick(MORNING)
        watched.tick(after(WEDNESDAY))
        day = after(DAYS[FIRED + 1])
        watched.poll(day)
        watched.database.loses_an_answer(asyncio.CancelledError(), after=1)
        with suppress(asyncio.CancelledError):
            watched.tick(day)
        watched.database.cut = None
        watched.restarts(day + 60)
        assert watched.tick(day + 60).events == ()
        assert list(rows(watched).values()) == expected(watched, day, FIRED)


# On panels


class Book:
    """A store of what one rule did on a panel, and who follows it."""

    def __init__(self, database: Database, most: int = 500, beside: Beside | None = None) -> None:
        self.database, self._executor = database, ThreadPoolExecutor(1)
        self.following = self._new(most, beside or Beside(INSTRUMENTS))

    def _new(self, most: int, beside: Beside) -> Following:
        return Following(self.database, self._executor, lambda name: RULES.get(name), beside, most)

    async def records(self, *events: AlertEvent) -> None:
        async with self.database.write() as connection:
            await save_events(connection, events, 0)

    async def completes(self, panel: Panel, now: Instant | None = None) -> int:
        at = int(panel.clock.closes[-1]) if now is None else now
        return await self.following.complete(Closed({panel.clock.calendar: panel}, (), 0, at))

    async def has(self, *keys: str) -> dict[str, tuple[Completed, ...]]:
        async with self.database.read() as connection:
            return await outcomes_of(connection, keys)


RULES = {"dips": panel_rule("dips", "ret(RUT, 1) < -1%"), "coins": panel_rule("coins", "ret(BTC, 1) < -1%")}
QUIET = "100 100 90 " + "100 101 102 103 104 105 " * 6


def fired(panel: Panel, row: int, name: str = "dips") -> AlertEvent:
    at, session = int(panel.clock.closes[row]), panel.clock.session(row)
    return AlertEvent(name, Edge.FIRED, at, session, Severity.NOTICE, "A dip", panel.clock.calendar)


def undone(event: AlertEvent, when: Instant) -> AlertEvent:
    return replace(event, edge=Edge.CORRECTED, rejudged_at=when, undone=Edge.FIRED, undone_key=event.key)


def repriced(panel: Panel, row: int, price: float) -> Panel:
    close = panel.columns["RUT"].close.copy()
    close[row] = price
    return replace(panel, columns={**panel.columns, "RUT": replace(panel.columns["RUT"], close=close)})


def test_what_followed_an_alert_that_is_corrected_is_forgotten(tmp_path: Path) -> None:
    panel = written_panel(RUT=QUIET)

    async def story(database: Database) -> None:
        book, event = Book(database), fired(panel, 2)
        await book.records(event)
        assert await book.completes(panel[:9]) == 2
        await book.records(undone(event, 1))
        assert await book.completes(panel[:10]) == 0
        assert await book.has(event.key) == {}
        assert await book.completes(panel) == 0

    stored(tmp_path, story)


@pytest.mark.parametrize(("later", "price"), [(1, 110.0), (9, 110.0), (10, 105.0)])
def test_a_price_that_changes_within_ten_sessions_changes_what_followed(
    tmp_path: Path, later: int, price: float
) -> None:
    panel = written_panel(RUT="100 100 90 " + "100 " * 19 + "105 " + "100 " * 15)

    async def story(database: Database) -> None:
        book, event = Book(database), fired(panel, 2)
        await book.records(event)
        await book.completes(panel[:23])
        assert (await book.has(event.key))[event.key][-1].end == 105.0 / 90.0 - 1.0
        await book.completes(repriced(panel, 22, 110.0)[: 23 + later])
        assert (await book.has(event.key))[event.key][-1].end == pytest.approx(price / 90.0 - 1.0, abs=1e-15)

    stored(tmp_path, story)


def test_a_close_that_is_taken_back_takes_what_followed_with_it(tmp_path: Path) -> None:
    """And a gap that is filled brings it."""
    panel = written_panel(RUT=QUIET)

    async def story(database: Database) -> None:
        book, event = Book(database), fired(panel, 2)
        await book.records(event)
        for last, horizons in ((panel, [1]), (repriced(panel, 3, math.nan), []), (panel, [1])):
            await book.completes(last[:5])
            found = await book.has(event.key)
            assert [each.horizon for each in found.get(event.key, ())] == horizons

    stored(tmp_path, story)


def test_of_a_gap_nothing_is_known_and_all_else_is(tmp_path: Path) -> None:
    panel = repriced(written_panel(RUT=QUIET), 7, math.nan)

    async def story(database: Database) -> None:
        book, event = Book(database), fired(panel, 2)
        await book.records(event)
        assert await book.completes(panel) == 2
        assert [each.horizon for each in (await book.has(event.key))[event.key]] == [1, 20]

    stored(tmp_path, story)


def test_a_round_is_bounded_and_the_next_goes_on(tmp_path: Path) -> None:
    """Though prices come in between, and a rule is gone whose events are many."""
    panel = written_panel(RUT=QUIET)

    async def story(database: Database) -> list[int]:
        book = Book(database, most=3)
        await book.records(*(fired(panel, row, "gone") for row in range(2, 6)))
        await book.records(*(fired(panel, row) for row in range(2, 10)))
        return [await book.completes(panel[:40]) for _ in range(6)]

    assert stored(tmp_path, story) == [0, 6, 9, 9, 0, 0]


def test_a_rule_on_another_clock_waits_for_it(tmp_path: Path) -> None:
    """Its sessions may be there only later, when others are done."""
    panel, days = written_panel(RUT=QUIET), written_panel(ALWAYS, BTC=QUIET)

    async def story(database: Database) -> dict[str, tuple[Completed, ...]]:
        book, event = Book(database), fired(days, 2, "coins")
        await book.records(event)
        assert await book.completes(panel) == 0
        assert await book.completes(days) == 3
        return await book.has(event.key)

    (found,) = stored(tmp_path, story).values()
    assert [each.end for each in found] == [float(each.end[2]) for each in followed(days, "BTC")]


def test_of_an_empty_market_nothing_is_known(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """No rows, one, no bars of it, an event after all of them, and an instrument that nobody knows any more."""
    panel = written_panel(RUT=QUIET)

    async def story(database: Database) -> list[int]:
        book = Book(database)
        await book.records(fired(panel, 2), replace(fired(panel, 2), at=2**40))
        panels = [panel[:0], panel[:1], panel[:3], written_panel(SPX=QUIET)]
        found = [await book.completes(each, now=2**41) for each in panels]
        assert await book.following.complete(Closed({}, (), 0, 0)) == 0
        return [*found, await Book(database, beside=Beside({})).completes(panel)]

    assert stored(tmp_path, story) == [0] * 5
    assert caplog.messages == []


def test_others_are_looked_at_beside_its_own(tmp_path: Path) -> None:
    panel = written_panel(RUT=QUIET, SPX=QUIET)

    async def story(database: Database) -> set[str]:
        book, event = Book(database, beside=Beside(INSTRUMENTS, ("SPX",))), fired(panel, 2)
        await book.records(event)
        assert await book.completes(panel) == 6
        return {each.instrument for each in (await book.has(event.key))[event.key]}

    assert stored(tmp_path, story) == {"RUT", "SPX"}


def test_what_is_waited_for_however_long_is_written_when_it_comes(tmp_path: Path) -> None:
    """A source that is down for more sessions than an alert is followed; no restart is needed."""
    panel = written_panel(RUT=QUIET)
    close = panel.columns["RUT"].close.copy()
    close[5:] = math.nan
    down = replace(panel, columns={"RUT": replace(panel.columns["RUT"], close=close)})

    async def story(database: Database) -> list[int]:
        book = Book(database)
        await book.records(fired(panel, 2))
        found = []
        for known, awaited in ((down[:38], ["RUT"]), (down[:39], ["RUT"]), (panel, [])):
            at = int(known.clock.closes[-1])
            found.append(await book.following.complete(Closed({XNYS: known}, awaited, 0, at)))
        return found

    assert stored(tmp_path, story) == [1, 0, 2]


def test_of_an_alert_of_before_all_sessions_nothing_is_known(tmp_path: Path) -> None:
    """Its rule is about something else now, which is younger than it."""
    panel = written_panel(RUT=QUIET)

    async def story(database: Database) -> int:
        book = Book(database)
        await book.records(replace(fired(panel, 0), at=int(panel.clock.closes[0]) - 400 * 86_400), fired(panel, 0))
        return await book.completes(panel)

    assert stored(tmp_path, story) == 3
