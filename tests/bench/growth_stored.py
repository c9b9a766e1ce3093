"""How what is stored grows: the outbox with what is owed, a commit and a start with what has happened, a poll with the
alerts of people. On files, as the service has them; the middle of several runs, for a disk has its moods.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from bot.answers.personal import PersonalAlert
from bot.store.alerts import load_book, save_book, save_events
from bot.store.bars import Change, load_bars, save_bars
from bot.store.chats import subscribe, subscribers
from bot.store.database import Connection, Database
from bot.store.messages import Message, owe
from bot.store.outbox import claim, settle
from bot.store.personal import save_alert
from rules.bars import DAY, Bars, Interval
from rules.book import Book, Record
from rules.model import XNYS, AlertEvent, Basis, Delivery, Edge, Instant, Severity
from tests.bench.figures import Figure
from tests.bench.tables import Growth
from tests.bench.timing import seconds_of
from tests.bot.market.stations import CHANNEL, MINUTE, FakeFeed, Station, bars
from tests.bot.markets import at
from tests.bot.watched import DAYS, HIGH, indices
from tests.rules.markets import TAPE

OWED, BARS = (1_000, 10_000, 100_000), (2_000, 20_000, 200_000)
EVENTS, ALERTS = (100, 1_000, 10_000), (100, 1_000, 10_000)
CHATS, READERS, RULES, TRIES, WARM = 1_000, 20, 82, 9, 3
_NUMBERS = itertools.count(10_000_000)
"""Of bars and events that are committed: beyond those that are there."""

NOW = at("2025-12-03T15:00Z")
"""A Wednesday, in a session."""

Job = Callable[[Connection], Awaitable[object]]


def outboxes() -> list[Growth]:
    """One delivery claimed and settled, as a lane of the worker does, while others are owed."""
    return [_grown("claim and settle one delivery: deliveries owed", OWED, owing, sends_one)]


def commits() -> list[Growth]:
    """A bar, where a rule stands, an event and its deliveries, as a tick commits them; and what a start reads."""
    return [
        _grown("commit a tick: events recorded before", EVENTS, happened, commits_one),
        _grown("commit a tick: bars stored before", BARS, priced, commits_one),
        _grown("start again, the book: events recorded", EVENTS, happened, load_book),
        _grown("start again, the bars: bars stored", BARS, priced, reads_bars),
    ]


def polls() -> list[Growth]:
    """A tick with a trade that reaches no level of anybody's."""
    costs = tuple(Figure.once(_polled(count)) for count in ALERTS)
    return [Growth("a poll: alerts of people at rest", ALERTS, costs)]


STORED: Sequence[Callable[[], list[Growth]]] = (outboxes, commits, polls)


def _grown(what: str, work: Sequence[int], fill: Callable[[Connection, int], Awaitable[object]], job: Job) -> Growth:
    return Growth(what, tuple(work), tuple(Figure.once(asyncio.run(_cost(count, fill, job))) for count in work))


async def _cost(count: int, fill: Callable[[Connection, int], Awaitable[object]], job: Job) -> float:
    """Seconds of a job in a transaction of its own, on a database that was filled."""
    with TemporaryDirectory(prefix="bellwether-bench-") as home:
        database = Database(Path(home) / "bellwether.db")
        await database.migrate()
        async with database.write() as connection:
            await fill(connection, count)
        times = []
        for _ in range(TRIES):
            start = time.perf_counter()
            async with database.write() as connection:
                await job(connection)
            times.append(time.perf_counter() - start)
        await database.close()
    return median(times)


# The outbox


async def owing(connection: Connection, count: int) -> None:
    """The same number of messages to each of a thousand chats."""
    for address in range(CHATS):
        await subscribe(connection, CHANNEL, str(address), "private", NOW)
    to = await subscribers(connection, CHANNEL)
    for number in range(count // CHATS):
        await owe(connection, [_message(f"load/{number}")], to, NOW)


def _message(event: str) -> Message:
    return Message(event, NOW, "<b>alert</b>", Delivery.AT_LEAST_ONCE, False, NOW + DAY, NOW + DAY)


async def sends_one(connection: Connection) -> None:
    (owed,) = await claim(connection, CHANNEL, "bench", NOW, 300, 1)
    await settle(connection, owed, NOW, "sent", message="1")


# A commit


async def happened(connection: Connection, count: int) -> None:
    """Rules with their readers, and what has happened."""
    await _watched(connection)
    await save_events(connection, [_event(number) for number in range(count)], NOW)


async def _watched(connection: Connection) -> None:
    await save_book(connection, Book(), Book(_records(0)))
    for address in range(READERS):
        await subscribe(connection, CHANNEL, str(address), "private", 0)


def _records(through: Instant) -> dict[str, Record]:
    return {f"rule-{number}": Record("digest", through=through, adopted=0) for number in range(RULES)}


def _event(number: int) -> AlertEvent:
    end = DAYS[0] + number
    edge = (Edge.FIRED, Edge.RESOLVED)[number // RULES % 2]
    values = {"RUT": 2_431.5, "sma(RUT, 200)": 2_219.25}
    session = np.datetime64(end, "s").astype("datetime64[D]").item()
    return AlertEvent(f"rule-{number % RULES}", edge, end, session, Severity.NOTICE, "RUT above", XNYS, values, values)


async def priced(connection: Connection, count: int) -> None:
    """The same with bars of one instrument, an hour each."""
    await _watched(connection)
    await save_bars(connection, [_hours(range(count))], NOW)


def _hours(numbers: range) -> Change:
    found = bars(Interval.HOUR, {3600 * number: 99.0 for number in numbers}, TAPE)
    return Change("RUT", found, found.take(slice(0)))


async def commits_one(connection: Connection) -> None:
    """All rules have come to another row, and one has fired."""
    number = next(_NUMBERS)
    await save_bars(connection, [_hours(range(number, number + 1))], NOW)
    await save_book(connection, Book(_records(0)), Book(_records(number)))
    fired = replace(_event(0), at=number)
    await save_events(connection, [fired], NOW)
    await owe(connection, [_message(fired.key)], await subscribers(connection, CHANNEL), NOW)


async def reads_bars(connection: Connection) -> Bars:
    return await load_bars(connection, "RUT", Interval.HOUR)


# Alerts of people


def _polled(count: int) -> float:
    """Seconds of a tick once all are at rest, the middle of several."""
    with at_rest(count) as (station, polls):
        return median([seconds_of(partial(station.tick, now)) for now in polls][WARM:])


@contextmanager
def at_rest(count: int) -> Iterator[tuple[Station, Iterator[Instant]]]:
    """A watch that has so many alerts to look at, and the instants of its polls: at each there is another trade."""
    feed = indices()
    with TemporaryDirectory() as home, Station(Path(home) / "a.db", feed, rules=[HIGH]) as station:
        station.starts(NOW)
        station.runs(station._write(lambda connection: _made(connection, count)))
        yield station, _polls(feed)


def _polls(feed: FakeFeed) -> Iterator[Instant]:
    for number in range(1, 1 + WARM + TRIES):
        now = NOW + number * MINUTE
        feed.trades("RUT", 99.0 + number / 100, now - 5)
        yield now


async def _made(connection: Connection, count: int) -> None:
    """Ten alerts each, on levels that are far away."""
    chats = [await subscribe(connection, CHANNEL, str(number), "private", NOW) for number in range(count // 10)]
    for number in range(count):
        line = f"price(RUT) < {10 + number * 80 / count:.4f}"
        alert = PersonalAlert(number % 10 + 1, line, None, Basis.TICK, line, line, NOW)
        await save_alert(connection, chats[number // 10], alert)
