"""What the store forgets and what it never does; and that forgetting changes nothing of what is said or owed next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.answers.buttons import Button
from bot.answers.personal import PersonalAlert, rule_id
from bot.store.alerts import save_events
from bot.store.bars import Change, save_bars
from bot.store.chats import retire, unsubscribe
from bot.store.database import Database
from bot.store.outbox import Owed, claim, settle
from bot.store.personal import remove_alert, save_alert
from bot.store.retention import Limits, Pruned, prune
from bot.store.schema import chats, deliveries, events, parts, revisions, taps
from bot.store.sizes import rows_by_table
from bot.store.taps import show
from rules.bars import DAY, Interval, Origin
from rules.model import Basis, Edge, Instant
from tests.bot.market.stations import FakeFeed, Station, bars, rule
from tests.bot.store.stores import NOW, Place, event, message, owes, rows, states, stored, subscribes
from tests.bot.watched import DAYS, HIGH, SPREAD, after

ALERT = PersonalAlert(1, "close(SOL) < 120", None, Basis.CLOSE, "sol < 120", "SOL below 120", NOW)
LIMITS = Limits(deliveries=60 * DAY, events=100 * DAY, revisions=80 * DAY, chats=90 * DAY)


async def forgets(database: Database, later: int, most: int = 100, limits: Limits = LIMITS) -> Pruned:
    """So many seconds after `NOW`."""
    async with database.write() as connection:
        return await prune(connection, limits, NOW + later, most)


async def sends(database: Database, now: Instant = NOW, most: int = 99, state: str = "sent") -> list[Owed]:
    """Everything that is due, or closes it otherwise."""
    async with database.write() as connection:
        taken = await claim(connection, "telegram", "me", now, 60, most)
        for each in taken:
            await settle(connection, each, now, state)
        return taken


async def happens(database: Database, *numbers: int, name: str = "rut-record-close") -> None:
    async with database.write() as connection:
        await save_events(connection, [event(number, name) for number in numbers], NOW)


async def shows(database: Database, *labels: str, later: int = 0) -> None:
    async with database.write() as connection:
        await show(connection, "telegram", "1", [Button(label, f"/why {label}") for label in labels], NOW + later)


def test_what_a_button_stands_for_goes_when_it_was_not_shown_for_long(place: Place) -> None:
    async def story(database: Database) -> None:
        await shows(database, "1", "2", "3")
        await shows(database, "3", later=DAY)
        assert await forgets(database, 90 * DAY) == Pruned()
        assert await forgets(database, 90 * DAY + 1, most=1) == Pruned(taps=1)
        assert await forgets(database, 90 * DAY + 1) == Pruned(taps=1)
        assert [each["line"] for each in await rows(database, taps)] == ["/why 3"]

    stored(place, story)


def test_messages_that_are_done_go_when_their_time_is_over_and_those_that_are_owed_never(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "1", "2")
        await owes(database, message(1))
        await sends(database, most=1)
        assert await forgets(database, 60 * DAY) == Pruned()
        assert await forgets(database, 60 * DAY + 1) == Pruned(deliveries=1)
        assert await states(database) == ["2: message 1 owed"]
        assert (await forgets(database, 9_999 * DAY)).deliveries == 0

    stored(place, story)


def test_what_a_summary_is_still_to_list_stays_with_its_events_and_goes_when_nobody_wants_it(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "1")
        await happens(database, 1, 2, 3)
        await owes(database, message(1))
        await sends(database, state="expired")
        assert await forgets(database, 999 * DAY) == Pruned()
        async with database.write() as connection:
            await unsubscribe(connection, "telegram", "1")
        assert await forgets(database, 999 * DAY) == Pruned(deliveries=1, events=2, chats=1)
        assert [row["key"] for row in await rows(database, events)] == [event(3).key]

    stored(place, story)


def test_a_notice_that_was_no_news_any_more_is_in_no_summary_and_goes(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "1")
        await owes(database, replace(message(1), event="notice/the outbox/stopped/1"))
        await sends(database, state="expired")
        assert await forgets(database, 61 * DAY) == Pruned(deliveries=1)

    stored(place, story)


def test_events_stay_that_are_to_be_listed_are_told_by_what_is_owed_or_are_the_newest_of_their_rule(
    place: Place,
) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "1")
        await happens(database, 1, 2, 3, 4, 5)
        await happens(database, 1, name="another")
        owed = replace(message(9), event="away/1", parts=(event(3).key,))
        await owes(database, owed)
        assert await forgets(database, 200 * DAY) == Pruned(events=2)
        await sends(database)
        assert await forgets(database, 200 * DAY) == Pruned(deliveries=1, events=2, parts=1)
        assert [row["key"] for row in await rows(database, events)] == [event(5).key, event(1, "another").key]
        assert await rows(database, parts) == []

    stored(place, story)


def test_the_newest_event_of_an_alert_goes_when_the_alert_was_removed(place: Place) -> None:
    """It stayed for good: nothing newer of it ever comes."""

    async def story(database: Database) -> None:
        await subscribes(database, "1")
        (chat,) = [int(str(row["id"])) for row in await rows(database, chats)]
        await happens(database, 1, 2, name=rule_id(chat, 1))
        await happens(database, 1, 2, name=rule_id(chat, 11))
        async with database.write() as connection:
            await save_alert(connection, chat, replace(ALERT, number=1))
            await save_alert(connection, chat, replace(ALERT, number=11))
        assert await forgets(database, 200 * DAY) == Pruned(events=2)
        async with database.write() as connection:
            await remove_alert(connection, chat, 1)
        assert await forgets(database, 50 * DAY) == Pruned()
        assert await forgets(database, 200 * DAY) == Pruned(events=1)
        assert [row["key"] for row in await rows(database, events)] == [event(2, rule_id(chat, 11)).key]

    stored(place, story)


def test_a_correction_does_not_go_before_what_it_takes_back(place: Place) -> None:
    async def story(database: Database) -> None:
        first = event(1)
        correction = replace(first, edge=Edge.CORRECTED, undone=first.edge, rejudged_at=NOW + 2)
        async with database.write() as connection:
            await save_events(connection, [first, correction], NOW)
        await happens(database, 9)
        left = []
        for _ in range(3):
            await forgets(database, 200 * DAY, most=1)
            left.append([str(row["key"]).split("/")[1] for row in await rows(database, events)])
        assert left == [["corrected", "fired"], ["fired"], ["fired"]]

    stored(place, story)


def test_what_bars_said_before_goes_and_what_they_say_stays(place: Place) -> None:
    async def story(database: Database) -> None:
        origin = Origin("yahoo", "yahoo")
        old, new = (bars(Interval.DAY, {NOW: price}, origin) for price in (1.0, 2.0))
        async with database.write() as connection:
            await save_bars(connection, [Change("RUT", new, old)], NOW)
        assert await forgets(database, 80 * DAY) == Pruned()
        assert await forgets(database, 80 * DAY + 1) == Pruned(revisions=1)
        assert await rows(database, revisions) == []
        async with database.read() as connection:
            assert (await rows_by_table(connection))["bars"] == 1

    stored(place, story)


def test_chats_go_that_are_told_nothing_and_were_not_heard_for_long(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "told", "gone", "left", "spoken to", "owed")
        await owes(database, message(1))
        await sends(database, most=4)
        async with database.write() as connection:
            by = {row["address"]: row["id"] for row in await rows(database, chats)}
            assert await retire(connection, int(str(by["gone"])), "blocked", NOW + 1)
            await unsubscribe(connection, "telegram", "left")
        async with database.write() as connection:
            await connection.exec_driver_sql("delete from subscriptions where chat > 2")
        limits = replace(LIMITS, deliveries=999 * DAY)
        await forgets(database, 90 * DAY, limits=limits)
        assert len(await rows(database, chats)) == 5
        async with database.write() as connection:
            await connection.execute(
                deliveries.update().where(deliveries.c.chat == by["spoken to"]).values(created_at=NOW + DAY)
            )
        pruned = await forgets(database, 90 * DAY + 1, limits=limits)
        left = [row["address"] for row in await rows(database, chats)]
        assert (pruned.chats, left) == (2, ["told", "spoken to", "owed"])

    stored(place, story)


def test_few_rows_go_at_a_time(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "1")
        for number in range(25):
            await owes(database, message(number))
            await sends(database)
        found = [(await forgets(database, 100 * DAY, most=10)).deliveries for _ in range(4)]
        assert found == [10, 10, 5, 0]

    stored(place, story)


# The law: forgetting changes nothing of what is said or owed next


SHORT = Limits(*[16 * DAY] * 4)
"""Just longer than the ten sessions that are judged again."""

FIRST = 3
"""Sessions that a history has before anybody looks."""

PRICES = (90.0, 99.0, 101.0)
RULES = [HIGH, SPREAD, rule("low", "RUT < 95 and SPX < 101")]


@dataclass(frozen=True)
class Session:
    """What happens on a day: prices, how late one comes, what is said anew of an earlier session, what becomes of what
    is owed, and whether the process ends after it."""

    rut: float
    spx: float
    late: bool
    restated: tuple[int, float] | None
    outcome: str
    restarts: bool


SESSION = st.builds(
    Session,
    rut=st.sampled_from(PRICES),
    spx=st.sampled_from(PRICES),
    late=st.booleans(),
    restated=st.none() | st.tuples(st.integers(1, 25), st.sampled_from(PRICES)),
    outcome=st.sampled_from(["sent", "sent", "sent", "expired", "rejected", "kept"]),
    restarts=st.sampled_from([False] * 5 + [True]),
)


def courses(shortest: int, longest: int) -> st.SearchStrategy[list[Session]]:
    """So many sessions."""
    return st.lists(SESSION, min_size=shortest, max_size=longest)


def assert_forgetting_changes_nothing(course: list[Session]) -> None:
    assert played(course, forgetting=True)[0] == played(course, forgetting=False)[0]


@settings(max_examples=5, phases=[Phase.generate])
@given(courses(26, 30))
def test_a_store_that_forgets_says_and_owes_what_one_that_does_not_does(course: list[Session]) -> None:
    assert_forgetting_changes_nothing(course)


@pytest.mark.soak
@settings(max_examples=30, phases=[Phase.generate])
@given(courses(30, len(DAYS) - 1))
def test_through_a_whole_autumn_too(course: list[Session]) -> None:
    assert_forgetting_changes_nothing(course)


def test_a_lively_autumn_is_forgotten_as_it_passes() -> None:
    """Else the law above would say nothing."""
    course = [Session(PRICES[day % 3], PRICES[day % 2], day % 5 == 0, None, "sent", False) for day in range(41)]
    said, forgotten = played(course, forgetting=True)
    assert said == played(course, forgetting=False)[0]
    assert forgotten.deliveries > 5
    assert forgotten.events > 5


def played(course: list[Session], *, forgetting: bool) -> tuple[list[object], Pruned]:
    """After each tick what is owed, and where the rules stand; and what was forgotten in all."""
    said: list[object] = []
    forgotten = Pruned()
    with TemporaryDirectory() as folder:
        feed = FakeFeed()
        for name, prices in (("RUT", "rut"), ("SPX", "spx")):
            feed.holds(name, Interval.DAY, {e: getattr(s, prices) for e, s in zip(DAYS, course, strict=False)})
        with Station(Path(folder) / "a.db", feed, rules=RULES).starts(after(DAYS[FIRST - 1])) as station:
            station.chat("7", after(DAYS[FIRST - 1]))
            for number, (end, next_end) in enumerate(pairwise(DAYS[: len(course)])):
                if number < FIRST:
                    continue
                now = after(end)
                if course[number].late:
                    feed.is_late("RUT", end, 3 * 3600)
                said.append(_told(station, now))
                if course[number].late:
                    said.append(_told(station, after(end, 200)))
                if (again := course[number].restated) is not None and number >= again[0]:
                    feed.restates("RUT", Interval.DAY, DAYS[number - again[0]], close=again[1])
                _ends(station, course[number].outcome, after(end, 210))
                if forgetting:
                    forgotten += _forgotten(station, next_end - 3600)
                if course[number].restarts:
                    station.restarts(next_end - 1800)
                said.append(_told(station, next_end - 900))
    return said, forgotten


def _told(station: Station, now: Instant) -> object:
    """Events that are too long ago to be told are left out: those that were forgotten are recorded anew, in silence,
    when a price of that time is restated.
    """
    station.tick(now)
    owed = sorted((row.event, row.html) for row in station.rows(deliveries) if row.state == "owed")
    return owed, station.watch.book.records


def _ends(station: Station, outcome: str, now: Instant) -> None:
    async def closed() -> None:
        async with station.database.write() as connection:
            while taken := await claim(connection, "console", "me", now, 60, 99):
                for each in taken:
                    await settle(connection, each, now, outcome)

    if outcome != "kept":
        station.runs(closed())


def _forgotten(station: Station, now: Instant) -> Pruned:
    async def done() -> Pruned:
        async with station.database.write() as connection:
            return await prune(connection, SHORT, now, 3)

    pruned: Pruned = station.runs(done())
    return pruned
