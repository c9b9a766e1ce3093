"""Alerts that people made, on the market: told once to who made them, to nobody else, and none in another's way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot import own_judging
from bot.store import schema
from bot.store.errors import StoreError
from bot.store.further import Roll
from rules.bars import DAY, HOUR, Interval
from rules.book import Book
from rules.engine import Outcome
from rules.language.compile import CompiledRule
from rules.model import Edge, Instant, Rule, Severity
from tests.bot.market.stations import MINUTE, FakeFeed, Station, closes, told
from tests.bot.markets import RUT, at
from tests.bot.personal.owners import has, makes, removes
from tests.bot.watched import BOTH, DAYS, FRIDAY, HIGH, MORNING, QUICK, THURSDAY, TUESDAY, WEDNESDAY, after, indices

OPEN = at("2025-12-03T14:30Z")


def station(path: Path, feed: FakeFeed | None = None, *rules: CompiledRule, **options: object) -> Station:
    return Station(path / "a.db", feed or indices(), rules=rules or [HIGH], **options).starts(MORNING)


def trades(watched: Station, *prices: float, name: str = "RUT", start: Instant = OPEN) -> list[str]:
    """Polls a minute apart, from ten minutes after the open on, each with a newer trade; what happened."""
    happened = []
    for minute, price in enumerate(prices, start=10):
        now = start + minute * MINUTE
        watched.feeds[0].trades(name, price, now - 5)
        happened += told(watched.tick(now).events)
    return happened


def messages(watched: Station) -> dict[str, list[str]]:
    """Of everybody what they were ever owed, by the first line."""
    names = {row.id: row.address for row in watched.rows(schema.chats)}
    found: dict[str, list[str]] = {}
    for row in watched.rows(schema.deliveries):
        found.setdefault(names[row.chat], []).append(row.html.split("\n")[0])
    return found


# When it is told


def test_an_alert_on_trades_is_told_to_who_made_it_once_and_is_done(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        made = makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        assert trades(watched, 99.0, 89.0, 95.0, 88.0, 120.0, 80.0) == ["#1.1 fired 2025-12-03"]
        assert messages(watched) == {"7": ["🟠 <b>Russell 2000 below 90</b>"]}
        (kept,) = has(watched, "7")
        assert kept == replace(made, fired_at=OPEN + 11 * MINUTE - 5)
        assert "#1.1" not in watched.watch.book.records


def test_one_that_is_always_told_is_told_again_when_the_price_has_left_its_band(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90 always", MORNING)
        watched.tick(MORNING)
        happened = trades(watched, 99.0, 89.0, 90.5, 89.0, 95.0, 89.0)
        assert happened == ["#1.1 fired 2025-12-03", "#1.1 resolved 2025-12-03", "#1.1 fired 2025-12-03"]
        assert len(watched.rows(schema.deliveries)) == 2


def test_what_is_so_when_it_is_made_is_no_news_until_it_is_so_again(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 100 live", MORNING, held=True)
        watched.tick(MORNING)
        assert trades(watched, 99.0, 98.0, 97.0) == []
        assert trades(watched, 110.0, 98.0, start=OPEN + HOUR) == ["#1.1 resolved 2025-12-03", "#1.1 fired 2025-12-03"]


def test_a_price_that_was_there_last_week_does_not_keep_it_from_being_told_today(tmp_path: Path) -> None:
    """Folded over history it stood inside its band, as if it had fired already, and was silent."""
    past = dict.fromkeys(DAYS[:15], 85.0) | {TUESDAY: 90.5}
    with station(tmp_path, indices(RUT=past)) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        assert trades(watched, 90.6, 89.9) == ["#1.1 fired 2025-12-03"]


def test_one_on_closes_waits_for_the_close_and_says_nothing_of_those_before_it_was_made(tmp_path: Path) -> None:
    prices = {TUESDAY: 120.0, WEDNESDAY: 121.0, THURSDAY: 122.0}
    with station(tmp_path, indices(RUT=prices)) as watched:
        made_at = WEDNESDAY + 10 * MINUTE  # its bar is not there yet
        watched.tick(MORNING)
        makes(watched, "7", "RUT record", made_at)
        assert told(watched.tick(made_at).events) == []
        assert told(watched.tick(after(WEDNESDAY)).events) == []
        watched.restarts(after(WEDNESDAY, 90))
        assert told(watched.tick(after(WEDNESDAY, 100)).events) == []
        assert has(watched, "7")[0].fired_at is None


def test_a_record_after_it_was_made_is_told_although_there_was_one_just_before(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={TUESDAY: 100.0, WEDNESDAY: 99.5, THURSDAY: 101.0})) as watched:
        watched.tick(MORNING)
        makes(watched, "7", "RUT record", after(WEDNESDAY))
        happened = watched.ticks([after(WEDNESDAY), after(WEDNESDAY, 70), after(THURSDAY)])
        assert "#1.1 fired 2025-12-04" in told(happened)


def test_one_that_is_paused_is_silent_and_begins_anew_when_it_goes_on(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        made = makes(watched, "7", "rut < 90 always", MORNING, paused=True)
        watched.tick(MORNING)
        assert trades(watched, 99.0, 89.0) == []
        resumed = OPEN + HOUR
        makes(watched, "7", "rut < 90 always", resumed, number=made.number, held=True)
        assert trades(watched, 89.0, 88.0, 99.0, 88.0, start=resumed)[-1:] == ["#1.1 fired 2025-12-03"]
        assert len(watched.rows(schema.deliveries)) == 1


def test_one_that_is_changed_is_judged_by_its_new_line_from_then_on(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0)
        makes(watched, "7", "rut < 95", OPEN + HOUR, number=1)
        assert trades(watched, 99.0, 94.0, start=OPEN + HOUR) == ["#1.1 fired 2025-12-03"]
        assert messages(watched) == {"7": ["🟠 <b>Russell 2000 below 95</b>"]}


def test_one_that_is_removed_ends_without_a_word(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90 always", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0, 89.0)
        removes(watched, "7", 1, OPEN + 30 * MINUTE)
        assert trades(watched, 120.0, 80.0, start=OPEN + HOUR) == []
        assert "#1.1" not in watched.watch.book.records
        assert len(watched.rows(schema.deliveries)) == 1


def test_one_whose_time_is_over_says_so_once_and_is_watched_no_more(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90 for 1d", MORNING)
        watched.ticks([MORNING, MORNING + DAY - 1])
        assert messages(watched) == {}
        watched.ticks([MORNING + DAY, MORNING + DAY + MINUTE, MORNING + DAY + HOUR])
        (row,) = watched.rows(schema.deliveries)
        assert (row.html.split("\n")[0], row.silent) == ("<b>#1</b>: its time is over", True)
        assert has(watched, "7")[0].paused
        assert trades(watched, 99.0, 80.0, start=OPEN + DAY) == []


def test_what_is_over_by_a_clock_that_was_wrong_is_not_over_by_the_right_one(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90 for 1d", MORNING)
        watched.tick(MORNING)
        commit = watched.watch._commit

        async def is_cut_off(_done: object, _seen: object) -> object:
            raise StoreError("cut off")

        watched.watch._commit = is_cut_off  # type: ignore[assignment, method-assign]
        with pytest.raises(StoreError):
            watched.tick(MORNING + DAY + HOUR)
        watched.watch._commit = commit  # type: ignore[method-assign]
        assert trades(watched, 99.0, 89.0) == ["#1.1 fired 2025-12-03"]
        assert not has(watched, "7")[0].paused


def test_it_is_polled_for_though_no_other_rule_needs_trades_of_it(tmp_path: Path) -> None:
    with station(tmp_path, None, HIGH) as watched:
        watched.tick(OPEN + MINUTE)
        assert watched.feeds[0].ticked == []
        makes(watched, "7", "rut < 90", OPEN + MINUTE)
        watched.tick(OPEN + 2 * MINUTE)
        assert watched.feeds[0].ticked == [("RUT",)]


def test_it_is_judged_where_no_rule_for_everybody_is(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(), rules=[], instruments={"RUT": RUT}).starts(MORNING) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        assert trades(watched, 99.0, 89.0) == ["#1.1 fired 2025-12-03"]


def test_one_that_was_made_just_before_the_process_was_killed_is_told_by_the_next_one(tmp_path: Path) -> None:
    """Its first look at the market was after the price had got there: it took that for what was so at its making."""
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.restarts(OPEN)
        assert trades(watched, 89.0) == ["#1.1 fired 2025-12-03"]
    (tmp_path / "closes").mkdir()
    with station(tmp_path / "closes", indices(RUT={WEDNESDAY: 89.0})) as watched:
        makes(watched, "7", "rut < 90 close", MORNING)
        watched.restarts(after(WEDNESDAY, 300))
        assert told(watched.tick(after(WEDNESDAY, 300)).events) == ["#1.1 fired 2025-12-03"]
        (row,) = watched.rows(schema.deliveries)
        assert row.late_after < after(WEDNESDAY, 300)


def test_one_that_is_told_once_is_told_once_though_it_fired_twice_while_nobody_watched(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={WEDNESDAY: 89.0, THURSDAY: 99.0, FRIDAY: 88.0})) as watched:
        makes(watched, "7", "rut < 90 close once", MORNING)
        watched.tick(MORNING)
        watched.restarts(after(FRIDAY))
        assert told(watched.tick(after(FRIDAY)).events) == ["#1.1 fired 2025-12-03"]
        assert len(watched.rows(schema.deliveries)) == 1


def test_a_close_before_its_time_was_over_is_told_by_who_comes_back_after_it(tmp_path: Path) -> None:
    with station(tmp_path, indices(RUT={WEDNESDAY: 89.0, THURSDAY: 99.0, FRIDAY: 88.0})) as watched:
        makes(watched, "7", "rut < 90 close always until 2025-12-03", MORNING)
        watched.tick(MORNING)
        watched.restarts(after(WEDNESDAY, 6 * 60))
        happened = watched.ticks([after(WEDNESDAY, 6 * 60), after(WEDNESDAY, 6 * 60 + 1), after(FRIDAY)])
        assert told(happened) == ["#1.1 fired 2025-12-03"]
        assert has(watched, "7")[0].paused
        assert messages(watched) == {"7": ["🟠 <b>Russell 2000 below 90</b>", "<b>#1</b>: its time is over"]}


# Whose it is


def test_nobody_else_is_told_of_it_by_any_way(tmp_path: Path) -> None:
    """Neither another chat, nor a further channel, nor who stands in for one."""
    roll = Roll({"mail": Severity.INFO}, {"pager": Severity.INFO})
    with station(tmp_path, None, BOTH, roll=roll) as watched:
        watched.chat("8", MORNING)
        makes(watched, "7", "rut < 90", MORNING)
        makes(watched, "9", "spx > 200", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0, 89.0)
        assert messages(watched) == {"7": ["🟠 <b>Russell 2000 below 90</b>"]}
        assert watched.recorded() == []


def test_who_hears_everything_hears_their_own_too(tmp_path: Path) -> None:
    with station(tmp_path, None, QUICK) as watched:
        watched.chat("7", MORNING)
        watched.chat("8", MORNING)
        makes(watched, "7", "rut > 105", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0, 110.0)
        assert messages(watched)["7"] == ["🟡 <b>RUT &gt; 100</b>", "🟠 <b>Russell 2000 above 105</b>"]
        assert messages(watched)["8"] == ["🟡 <b>RUT &gt; 100</b>"]


def test_what_was_missed_of_it_is_listed_for_who_made_it_alone(tmp_path: Path) -> None:
    """The process was away for longer than an alert is news."""
    with station(tmp_path, indices(RUT={WEDNESDAY: 89.0})) as watched:
        watched.chat("8", MORNING)
        makes(watched, "7", "rut < 90 close", MORNING)
        watched.tick(MORNING)
        watched.restarts(after(FRIDAY, 3 * 24 * 60))
        watched.tick(after(FRIDAY, 3 * 24 * 60))
        rows = [row for row in watched.rows(schema.deliveries) if "Russell 2000 below 90" in row.html]
        names = {row.id: row.address for row in watched.rows(schema.chats)}
        assert {names[row.chat] for row in rows} == {"7"}


def test_lost_data_of_alerts_of_two_chats_is_told_to_each_of_their_own(tmp_path: Path) -> None:
    """Of the rules for everybody one message lists all: here it would have shown to each what the other watches."""
    feed = indices()
    for end in DAYS[DAYS.index(WEDNESDAY) : DAYS.index(WEDNESDAY) + 5]:
        feed.never_has("RUT", end)
    with station(tmp_path, feed) as watched:
        makes(watched, "7", "rut < 90 close", MORNING)
        makes(watched, "8", "rut < 80 close", MORNING)
        watched.tick(MORNING)
        for end in DAYS[DAYS.index(WEDNESDAY) : DAYS.index(WEDNESDAY) + 5]:
            watched.tick(after(end, 180))
        found = {row.chat: row.html for row in watched.rows(schema.deliveries)}
        assert len(found) == 2
        assert all(("below 90" in html) is not ("below 80" in html) for html in found.values())


def test_who_is_not_let_in_any_more_has_none_judged(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.runs(watched._write(lambda connection: connection.execute(schema.subscriptions.delete())))
        watched.tick(MORNING)
        assert trades(watched, 99.0, 89.0) == []
        assert watched.watch.book.records.keys() == {"high"}


# While it rests


def test_one_at_rest_is_not_written_down_again_and_goes_on_from_there_in_another_process(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0)
        rested = watched.watch.book.records["#1.1"]
        trades(watched, 98.0, 97.0, start=OPEN + HOUR)
        assert watched.watch.book.records["#1.1"] is rested
        watched.restarts(OPEN + 2 * HOUR)
        assert trades(watched, 96.0, 89.0, 88.0, start=OPEN + 2 * HOUR) == ["#1.1 fired 2025-12-03"]


def test_one_that_is_changed_while_it_rests_is_judged_as_it_is_now(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        makes(watched, "8", "rut < 80", MORNING)
        watched.tick(MORNING)
        assert trades(watched, 99.0, 98.0) == []
        makes(watched, "7", "rut < 95", OPEN + HOUR, number=1)
        removes(watched, "8", 1, OPEN + HOUR)
        assert trades(watched, 97.0, 94.0, 79.0, start=OPEN + HOUR) == ["#1.1 fired 2025-12-03"]


# What must not go wrong


class Poison:
    """Judges as the engine does, until it comes to a rule of this name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, rules: Sequence[CompiledRule], book: Book) -> Outcome:
        if any(rule.rule.id == self.name for rule in rules):
            raise FloatingPointError("no number")
        return Outcome(book, ())


def test_one_that_cannot_be_judged_is_found_and_the_others_are_judged(caplog: pytest.LogCaptureFixture) -> None:
    rules = [replace(HIGH, rule=replace(HIGH.rule, id=f"#1.{number}", personal=True)) for number in range(1, 21)]
    with caplog.at_level(logging.CRITICAL):
        done = own_judging.judged(rules, Book(), Poison("#1.13"))
    assert done.broken == {"#1.13"}


def test_where_none_is_found_that_it_fails_on_nothing_is_said_of_any(caplog: pytest.LogCaptureFixture) -> None:
    """Neither of them nor, by what was known before, of the rules for everybody that were judged beside them."""
    rules = [replace(HIGH, rule=replace(HIGH.rule, id=f"#1.{number}", personal=True)) for number in (1, 2)]
    known = Book(checkpoints={HIGH.track: {}})

    def fails_together(some: Sequence[CompiledRule], book: Book) -> Outcome:
        if len(some) > 1:
            raise FloatingPointError("no number")
        return Outcome(book, ())

    with caplog.at_level(logging.CRITICAL):
        done = own_judging.judged(rules, known, fails_together)
    assert (done.is_judged, done.rules, done.outcome.book) == (False, (), Book())


def test_one_that_cannot_be_judged_is_paused_and_its_owner_told_while_all_else_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with station(tmp_path, None, QUICK) as watched, caplog.at_level(logging.CRITICAL):
        makes(watched, "7", "rut > 105", MORNING)
        makes(watched, "8", "rut > 104", MORNING)
        compiled = watched.watch._own._compile

        def poisoned(rule: Rule) -> CompiledRule | None:
            found = compiled(rule)
            return replace(found, when=object()) if found is not None and rule.id == "#1.1" else found  # type: ignore[arg-type]

        watched.watch._own._compile = poisoned  # type: ignore[method-assign]
        watched.tick(MORNING)
        assert trades(watched, 99.0, 110.0) == ["quick fired 2025-12-03", "#2.1 fired 2025-12-03"]
        assert messages(watched)["7"] == ["<b>#1</b> is paused"]
        assert has(watched, "7")[0].paused
        assert not has(watched, "8")[0].paused


def test_one_about_what_is_not_configured_any_more_waits(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING, when="price(DOGE) < 90", clear="price(DOGE) > 91")
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        assert trades(watched, 99.0, 89.0) == ["#1.2 fired 2025-12-03"]
        assert has(watched, "7")[0].is_watched


def test_an_alert_that_is_removed_while_it_is_judged_says_nothing(tmp_path: Path) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0)
        commit = watched.watch._commit

        async def after_removal(done: object, seen: object) -> object:
            async with watched.database.write() as connection:
                await connection.execute(schema.alerts.delete())
            return await commit(done, seen)  # type: ignore[arg-type]

        watched.watch._commit = after_removal  # type: ignore[assignment, method-assign]
        assert trades(watched, 89.0, start=OPEN + HOUR) == []
        assert watched.rows(schema.deliveries) == []


@pytest.mark.parametrize("committed", [True, False], ids=["after the commit", "before it"])
def test_a_tick_that_is_cut_off_tells_it_once_all_the_same(tmp_path: Path, *, committed: bool) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", "rut < 90", MORNING)
        watched.tick(MORNING)
        trades(watched, 99.0)
        if committed:
            watched.database.loses_an_answer(StoreError("cut off"))
        else:
            watched.database.is_full()
        with pytest.raises(StoreError):
            trades(watched, 89.0, start=OPEN + HOUR)
        watched.restarts(OPEN + HOUR + 20 * MINUTE)
        trades(watched, 88.0, 87.0, start=OPEN + HOUR + 20 * MINUTE)
        assert messages(watched) == {"7": ["🟠 <b>Russell 2000 below 90</b>"]}
        assert has(watched, "7")[0].fired_at is not None


# A price that goes back and forth


def swings(count: int, low: float, high: float) -> list[float]:
    return [price for _ in range(count) for price in (high, low)]


@pytest.mark.parametrize("line", ["rut < 90", "rut < 90 always"], ids=["once", "always"])
@pytest.mark.parametrize(("low", "high"), [(89.9, 90.1), (80.0, 120.0)], ids=["small", "large"])
def test_a_level_crossed_a_hundred_times_in_a_day_is_told_twice_at_most(
    tmp_path: Path, line: str, low: float, high: float
) -> None:
    with station(tmp_path) as watched:
        makes(watched, "7", line, MORNING)
        watched.tick(MORNING)
        trades(watched, *swings(100, low, high))
        assert 1 <= sent(watched) <= 2


@pytest.mark.parametrize("line", ["rut < 90 close", "rut < 90 close always"], ids=["once", "always"])
@pytest.mark.parametrize(("low", "high"), [(89.9, 90.1), (80.0, 120.0)], ids=["small", "large"])
def test_a_level_crossed_at_a_hundred_closes_is_told_twice_at_most(
    tmp_path: Path, line: str, low: float, high: float
) -> None:
    ends = closes("2025-07-01", "2025-12-31")
    began, swinging = ends[:20], ends[20:120]
    priced = dict.fromkeys(began, 99.0) | dict(zip(swinging, swings(50, low, high), strict=True))
    feed = FakeFeed().holds("RUT", Interval.DAY, priced)
    with Station(tmp_path / "a.db", feed, rules=[HIGH]).starts(after(began[-1])) as watched:
        makes(watched, "7", line, after(began[-1]))
        happened = watched.ticks(after(end) for end in (began[-1], *swinging))
        assert 1 <= sent(watched) <= 2
        fired = [event for event in happened if event.edge is Edge.FIRED and event.rule == "#1.1"]
        assert len(fired) == (50 if low == 80.0 and "always" in line else 1)


def test_a_rule_for_everybody_that_swings_is_told_twice_as_well(tmp_path: Path) -> None:
    with station(tmp_path, None, QUICK) as watched:
        watched.chat("7", MORNING)
        watched.tick(MORNING)
        trades(watched, *swings(100, 120.0, 80.0))
        assert 1 <= sent(watched) <= 2


def sent(watched: Station) -> int:
    """How many alerts go out as they happen: what waits for a digest does not, and is one line there."""
    return sum(row.state == "owed" and not row.digest for row in watched.rows(schema.deliveries))
