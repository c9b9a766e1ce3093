"""The engine's book and its events come back equal, and only what has changed is written."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from bot.store.alerts import (
    all_said,
    events_at,
    load_book,
    recorded_events,
    save_book,
    save_events,
    unsaid_events,
)
from bot.store.database import Database
from rules.alerting import AlertState, Coverage, Firing, Inactive, Pending
from rules.book import Book, Past, Record
from rules.model import ALWAYS, XNYS, AlertEvent, Edge, Severity
from rules.scan import Checkpoint
from tests.bot.store.stores import NOW, Place, event, stored

whole = st.integers(min_value=0, max_value=2**40)
alerts: st.SearchStrategy[AlertState] = st.one_of(
    st.builds(Inactive, st.integers(-1, 2**40), whole, st.booleans()),
    st.builds(Pending, whole, whole),
    st.builds(Firing, whole, whole, whole, whole),
)
coverages = st.builds(Coverage, st.integers(-1, 2**40), st.booleans(), whole, st.booleans())
instants = st.integers(-1, 2**40)
records = st.builds(
    Record, st.text("0123456789abcdef", max_size=32), alerts, coverages, instants, instants, alerts, instants
)
hashes = st.integers(0, 2**64 - 1)
pasts = st.builds(Past, instants, hashes, instants, hashes)
numbers = st.one_of(st.just(math.nan), st.floats(allow_nan=False))
arrays: Any = st.one_of(
    st.lists(numbers, min_size=1, max_size=4).map(np.array),
    st.lists(st.lists(numbers, min_size=2, max_size=2), min_size=1, max_size=3).map(np.array),
)
checkpoints = st.builds(Checkpoint, whole, st.dictionaries(st.sampled_from(["mean", "p", "x"]), arrays, max_size=3))
names = st.sampled_from(["rut-record-close", "vol-break", "ünïcode", "a"])
books = st.builds(
    Book,
    st.dictionaries(names, records, max_size=4),
    st.dictionaries(
        st.sampled_from([XNYS, ALWAYS, "XNYS/tick"]), st.dictionaries(names, checkpoints, min_size=1, max_size=3)
    ),
    st.dictionaries(st.sampled_from([XNYS, ALWAYS, "XNYS/tick"]), pasts, max_size=3),
)


def exact(book: Book) -> object:
    """A book with every float as its bits."""
    return (
        book.records,
        book.pasts,
        {
            (track, node): (each.at, {name: (array.shape, array.tobytes()) for name, array in each.state.items()})
            for track, of_one in book.checkpoints.items()
            for node, each in of_one.items()
        },
    )


async def keep(database: Database, before: Book, after: Book) -> Book:
    async with database.write() as connection:
        await save_book(connection, before, after)
    async with database.read() as connection:
        return await load_book(connection)


@contextmanager
def watched() -> Iterator[list[str]]:
    """The statements that write, as they come."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            seen.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_an_empty_database_holds_an_empty_book(place: Place) -> None:
    assert stored(place, lambda database: keep(database, Book(), Book())) == Book()


def test_any_book_comes_back_to_the_last_bit_whatever_was_there_before(
    new_place: Callable[[], Place],
) -> None:
    @given(st.lists(books, min_size=1, max_size=3))
    def holds(some: list[Book]) -> None:
        async def story(database: Database) -> None:
            before = Book()
            for book in some:
                found = await keep(database, before, book)
                assert exact(found) == exact(book)
                before = book

        stored(new_place(), story)

    holds()


def test_nan_and_the_infinities_come_back(place: Place) -> None:
    odd = Checkpoint(NOW, {"x": np.array([[math.nan, math.inf, -math.inf, -0.0, 0.1 + 0.2]])})
    book = Book({}, {XNYS: {"node": odd}})
    assert exact(stored(place, lambda database: keep(database, Book(), book))) == exact(book)


def test_only_what_has_changed_is_written_and_what_is_gone_is_deleted(place: Place) -> None:
    nan = np.array([math.nan])
    calm, loud = Record("d1"), Record("d2", Firing(NOW, NOW))
    before = Book({"calm": calm, "loud": loud, "gone": calm}, {XNYS: {"kept": Checkpoint(1, {"x": nan})}})
    after = Book(
        {"calm": replace(calm), "loud": replace(loud, through=NOW)},
        {XNYS: {"kept": Checkpoint(1, {"x": nan.copy()})}},
    )

    async def story(database: Database) -> tuple[Book, list[str]]:
        await keep(database, Book(), before)
        with watched() as seen:
            found = await keep(database, before, after)
            await keep(database, after, after)
        return found, [" ".join(each.split()[:3]) for each in seen]

    found, written = stored(place, story)
    assert exact(found) == exact(after)
    assert written == ["INSERT INTO rules", "DELETE FROM rules"]


def test_a_rule_that_is_gone_takes_its_row_along_and_no_other(place: Place) -> None:
    point = Checkpoint(1, {"x": np.ones(1)})
    before = Book({}, {XNYS: {"a": point, "b": point}, ALWAYS: {"a": point}})
    after = Book({}, {XNYS: {"b": point}, ALWAYS: {"a": point}})

    async def story(database: Database) -> Book:
        await keep(database, Book(), before)
        return await keep(database, before, after)

    assert exact(stored(place, story)) == exact(after)


# Events

FULL = AlertEvent(
    rule="rut-record-close",
    edge=Edge.RESOLVED,
    at=NOW,
    session=dt.date(2025, 12, 4),
    severity=Severity.CRITICAL,
    title="Größer als <b> & 'alles'",
    clock=XNYS,
    values={"close(RUT)": 2531.16, "record(RUT)": None, "a": 0.1 + 0.2},
    context={"drawdown(RUT)": -0.0, "p": math.inf},
    origins=("yahoo USD", "coinbase USD"),
    provisional=True,
)


async def record(database: Database, *happened: AlertEvent, now: int = NOW) -> list[AlertEvent]:
    async with database.write() as connection:
        return await save_events(connection, happened, now)


async def recorded(database: Database, rule: str | None = None, count: int = 10) -> list[AlertEvent]:
    async with database.read() as connection:
        return await recorded_events(connection, rule, count)


def test_an_event_comes_back_equal(place: Place) -> None:
    async def story(database: Database) -> list[AlertEvent]:
        await record(database, FULL, event(1))
        return await recorded(database)

    assert stored(place, story) == [FULL, event(1)]


def test_an_event_is_new_once(place: Place) -> None:
    async def story(database: Database) -> list[list[AlertEvent]]:
        return [
            await record(database, FULL, event(1)),
            await record(database, FULL, event(1), now=NOW + 60),
            await record(database, event(2), FULL, event(2)),
        ]

    assert stored(place, story) == [[FULL, event(1)], [], [event(2)]]


def test_the_last_events_come_oldest_first_and_those_of_one_bar_as_they_were_judged(place: Place) -> None:
    of_one_bar = [event(5, rule) for rule in ("zebra", "ant", "moose")]

    async def story(database: Database) -> list[list[AlertEvent]]:
        await record(database, event(9), *of_one_bar)
        await record(database, event(1), now=NOW + 60)
        return [await recorded(database), await recorded(database, count=2), await recorded(database, "ant")]

    everything, last, of_ant = stored(place, story)
    assert everything == [event(1), *of_one_bar, event(9)]
    assert last == everything[-2:]
    assert of_ant == [event(5, "ant")]


def test_events_of_some_bars_come_as_they_were_recorded_and_without_a_bar_nothing_is_asked(place: Place) -> None:
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    async def story(database: Database) -> list[list[AlertEvent]]:
        await record(database, event(5, "zebra"), event(9), event(5, "ant"))
        await record(database, event(7), event(5, "moose"), now=NOW + 60)
        async with database.read() as connection:
            found = [await events_at(connection, {NOW + 5}), await events_at(connection, [NOW + 9, NOW + 7, NOW + 1])]
            sa.event.listen(sa.Engine, "before_cursor_execute", note)
            try:
                return [*found, await events_at(connection, ())]
            finally:
                sa.event.remove(sa.Engine, "before_cursor_execute", note)

    of_one, of_some, of_none = stored(place, story)
    assert of_one == [event(5, "zebra"), event(5, "ant"), event(5, "moose")]
    assert of_some == [event(9), event(7)]
    assert (of_none, asked) == ([], [])


def test_what_a_transaction_has_recorded_it_finds(place: Place) -> None:
    async def story(database: Database) -> list[AlertEvent]:
        async with database.write() as connection:
            await save_events(connection, [event(1)], NOW)
            return await events_at(connection, {NOW + 1})

    assert stored(place, story) == [event(1)]


# What stands on record


def test_the_book_comes_back_with_what_stands_since_each_rules_adoption(place: Place) -> None:
    """Not what was corrected, not what was said before the adoption, not that data was lacking."""
    old, first, second = (event(number, "a") for number in (1, 10, 20))
    lacking = replace(event(15, "a"), edge=Edge.NO_DATA)
    undone = replace(first, edge=Edge.CORRECTED, rejudged_at=NOW + 30, undone=Edge.FIRED, undone_key=first.key)
    again = replace(first, rejudged_at=NOW + 40, was={"RUT": None, "SPX": 1.5})
    book = Book({"a": Record("d", adopted=NOW + 5), "b": Record("d")}, events={"a": (again, second)})

    async def story(database: Database) -> Book:
        async with database.write() as connection:
            await save_events(connection, [old, first, lacking, second, event(1, "gone")], NOW)
            await save_events(connection, [undone, again], NOW + 40)
        return await keep(database, Book(), book)

    assert stored(place, story) == book


def test_what_is_to_be_listed_is_listed_once_and_the_oldest_first(place: Place) -> None:
    late, early, told = event(20), event(10), event(30)

    async def story(database: Database) -> list[list[str]]:
        async with database.write() as connection:
            await save_events(connection, [late, early, told], NOW, unsaid={late.key, early.key})
            before = await unsaid_events(connection)
            await all_said(connection)
            return [[each.key for each in some] for some in (before, await unsaid_events(connection))]

    assert stored(place, story) == [[early.key, late.key], []]
