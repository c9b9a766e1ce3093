"""Whatever a chat chooses and whenever it is looked at: of every event it is told once, or by its wish not at all."""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.changes import Prefer
from bot.answers.preferences import NEW_CHAT, Mode, Preferences
from bot.chats import Where, carry_out
from bot.delivery.announce import News
from bot.delivery.briefs import Later, rearrange
from bot.delivery.owing import Owing, Readers
from bot.settings import load_settings
from bot.store.alerts import save_events
from bot.store.chats import prefer, subscribe
from bot.store.database import Database
from bot.store.schema import chats, deliveries, parts
from bot.store.states import EXPIRED, LISTED, OWED, WITHHELD
from rules.bars import DAY, HOUR
from rules.model import XNYS, AlertEvent, Edge, Instant, Severity
from tests.bot.delivery.test_quiet import CHATS, MORNING, NOW, SATURDAY
from tests.bot.markets import SESSIONS
from tests.bot.store.stores import Place, rows, stored

PACK = {each.rule.id: each for each in load_settings().compiled}
OWING = Owing(Readers("telegram"), PACK, News(SESSIONS.next_open, 2 * HOUR, DAY))
LATER = Later(OWING.readers)
RULES = ("rut-record-close", "rut-lags-spx", "vix-25", "regime-risk-off", "rut-sol-coupled-50")


@dataclass(frozen=True)
class Moment:
    """A tick: how long after the one before, which rules fire, and whether it can be committed."""

    later: int
    rules: tuple[str, ...]
    committed: bool


MOMENTS = st.lists(
    st.builds(
        Moment,
        st.sampled_from([60, HOUR, 5 * HOUR, 11 * HOUR, DAY, 3 * DAY]),
        st.lists(st.sampled_from(RULES), unique=True, max_size=4).map(tuple),
        st.sampled_from([True, True, True, False]),
    ),
    min_size=1,
    max_size=8,
)


class Lost(Exception):
    """The process is killed before its transaction is committed."""


def fired(rule: str, at: Instant) -> AlertEvent:
    of = PACK[rule].rule
    return AlertEvent(rule, Edge.FIRED, at, dt.date(2025, 12, 4), of.severity, of.title, XNYS)


async def tick(database: Database, events: Sequence[AlertEvent], now: Instant, *, committed: bool = True) -> None:
    async with database.write() as connection:
        fresh = await save_events(connection, events, now)
        await OWING.tell(connection, fresh, now)
        await LATER.tell(connection, {}, now)
        if not committed:
            raise Lost


async def play(database: Database, chosen: Preferences, moments: Sequence[Moment]) -> list[AlertEvent]:
    """Tick after tick; one that was lost happens again. At the end, long enough for everything to be due."""
    await database.migrate()
    async with database.write() as connection:
        chat = await subscribe(connection, "telegram", "7", "private", NOW - DAY)
        await prefer(connection, chat, chosen)
    now, happened = NOW, []
    for moment in moments:
        now += moment.later
        events = [fired(rule, now) for rule in moment.rules]
        if not moment.committed:
            try:
                await tick(database, events, now, committed=False)
            except Lost:
                now += 60
        await tick(database, events, now)
        happened += events
    for ahead in range(0, 11 * DAY, 6 * HOUR):
        await tick(database, [], now + ahead)
    return happened


async def told(database: Database) -> Counter[str]:
    """How often a chat was told of each event: by itself, beneath another, in a summary; what it did not want, once."""
    found: Counter[str] = Counter()
    under: dict[str, list[str]] = {}
    for part in await rows(database, parts):
        under.setdefault(str(part["head"]), []).append(str(part["event"]))
    for row in await rows(database, deliveries):
        assert row["state"] in (OWED, LISTED, WITHHELD)
        if row["state"] != LISTED:
            found.update([str(row["event"]), *under.get(str(row["event"]), ())])
    return found


@settings(max_examples=settings().max_examples // 4)
@given(chosen=CHATS, moments=MOMENTS)
def test_of_every_event_a_chat_is_told_once_or_wants_nothing_of_it(chosen: Preferences, moments: list[Moment]) -> None:
    async def story() -> None:
        with tempfile.TemporaryDirectory() as folder:
            database = Database(Path(folder) / "a.db", durable=False)
            try:
                happened = await play(database, replace(chosen, digests_since=NOW - DAY), moments)
                found = await told(database)
            finally:
                await database.close()
        assert {key: count for key, count in found.items() if "/fired/" in key} == {each.key: 1 for each in happened}

    asyncio.run(story())


def test_what_waits_is_due_by_what_is_chosen_since(place: Place) -> None:
    """Who ends their quiet hours at night is told at once what was held, and not in the morning."""
    night = NOW + 2 * HOUR

    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            chat = await subscribe(connection, "telegram", "7", "private", NOW - DAY)
            await prefer(connection, chat, Preferences(quiet=(22 * 60, 7 * 60)))
        await tick(database, [fired("vix-25", night), fired("rut-sol-coupled-50", night)], night)
        states = [row["state"] for row in await rows(database, deliveries)]
        async with database.write() as connection:
            await prefer(connection, chat, NEW_CHAT)
            await rearrange(connection, chat, NEW_CHAT, night + 60)
        await tick(database, [], night + 60)
        return [*states, *(row["state"] for row in await rows(database, deliveries))]

    assert stored(place, story) == ["held", "gathered", "owed", "gathered"]


def test_what_is_held_waits_on_for_the_end_of_the_quiet_hours_that_were_chosen_since(place: Place) -> None:
    night, longer = NOW + 2 * HOUR, Preferences(quiet=(22 * 60, 8 * 60))

    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            chat = await subscribe(connection, "telegram", "7", "private", NOW - DAY)
            await prefer(connection, chat, Preferences(quiet=(22 * 60, 7 * 60)))
        await tick(database, [fired("vix-25", night)], night)
        async with database.write() as connection:
            await prefer(connection, chat, longer)
            await rearrange(connection, chat, longer, night + 60)
        return [row["due_at"] for row in await rows(database, deliveries)]

    assert stored(place, story) == [MORNING + HOUR]


def test_a_tap_between_a_digest_that_is_due_and_its_tick_puts_nothing_off_for_a_week(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            chat = await subscribe(connection, "telegram", "7", "private", NOW - DAY)
        await tick(database, [fired("rut-sol-coupled-50", NOW)], NOW)
        async with database.write() as connection:
            await rearrange(connection, chat, NEW_CHAT, SATURDAY + 20)
        await tick(database, [], SATURDAY + 60)
        return [row["state"] for row in await rows(database, deliveries)]

    assert stored(place, story) == ["listed", "owed"]


def test_who_changes_their_clock_reads_no_second_brief_that_day(place: Place) -> None:
    """By the new clock eight o'clock was an hour ago, as it was by the old one just now."""
    where = Where("telegram", "7", "private")
    chosen = Preferences("Europe/Berlin", digests=(8 * 60,), digests_since=NOW - DAY)

    async def story(database: Database) -> frozenset[int] | None:
        async with database.write() as connection:
            chat = await subscribe(connection, "telegram", "7", "private", NOW - DAY)
            await prefer(connection, chat, chosen)
            assert await LATER.due(connection, MORNING + 60) == frozenset({chat})
            await carry_out(connection, [Prefer(replace(chosen, zone="Europe/Athens"))], where, MORNING + 120)
            return await LATER.due(connection, MORNING + 180)

    assert stored(place, story) is None


def test_what_was_missed_and_listed_in_a_summary_has_its_end_told(place: Place) -> None:
    """Who read that it began in a message does not wait for the week's digest to read that it is over."""
    began, later = fired("rut-sol-coupled", NOW), NOW + 2 * DAY
    end = replace(began, edge=Edge.RESOLVED, at=later, since=NOW)

    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            await subscribe(connection, "telegram", "7", "private", NOW - DAY)
        await tick(database, [began], NOW)
        async with database.write() as connection:
            lapsed = {"state": EXPIRED, "reason": "no longer news", "settled_at": later}
            await connection.execute(sa.update(deliveries).values(lapsed))
            await OWING.summarise(connection, later)
        await tick(database, [end], later)
        return [row["state"] for row in await rows(database, deliveries)]

    assert stored(place, story) == ["listed", "owed", "owed"]


@pytest.mark.parametrize(("beginning", "end"), [("rejected", "owed"), ("withheld", "withheld")])
def test_the_end_of_what_could_not_be_delivered_is_told_and_of_what_was_not_wanted_it_is_not(
    place: Place, beginning: str, end: str
) -> None:
    began, later = fired("rut-sol-coupled", NOW), NOW + HOUR
    over = replace(began, edge=Edge.RESOLVED, at=later, since=NOW)

    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            await subscribe(connection, "telegram", "7", "private", NOW - DAY)
        await tick(database, [began], NOW)
        async with database.write() as connection:
            settled = {"state": beginning, "reason": "because", "settled_at": NOW + 1}
            await connection.execute(sa.update(deliveries).values(settled))
        await tick(database, [over], later)
        return [row["state"] for row in await rows(database, deliveries)]

    assert stored(place, story) == [beginning, end]


def test_that_the_day_is_spent_is_said_to_nobody_at_night(place: Place) -> None:
    night = NOW + 2 * HOUR
    chosen = Preferences(quiet=(22 * 60, 7 * 60), budget=1, severities=dict.fromkeys(Severity, Mode.ON))

    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            chat = await subscribe(connection, "telegram", "7", "private", NOW - DAY)
            await prefer(connection, chat, chosen)
        await tick(database, [fired("rut-sol-coupled-50", NOW)], NOW)
        await tick(database, [fired("rut-lags-spx", night)], night)
        return [row["state"] for row in await rows(database, deliveries)]

    assert stored(place, story) == ["owed", "gathered"]


def test_a_chat_that_is_not_let_in_any_more_is_told_nothing_that_waited(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        async with database.write() as connection:
            await subscribe(connection, "telegram", "7", "private", NOW - DAY)
        await tick(database, [fired("rut-sol-coupled-50", NOW)], NOW)
        later = Later(Readers("telegram", frozenset({"8"})))
        async with database.write() as connection:
            owed = await later.tell(connection, {}, NOW + 9 * DAY)
        return [owed, *(row["state"] for row in await rows(database, deliveries))]

    assert stored(place, story) == [0, "gathered"]


def test_what_two_chats_read_together_is_nothing_to_one_another(place: Place) -> None:
    """A correction goes by the message that told: it must not reach who was told of something else."""

    async def story(database: Database) -> list[tuple[object, object]]:
        async with database.write() as connection:
            for address, since in (("7", NOW - DAY), ("8", NOW + 60)):
                await subscribe(connection, "telegram", address, "private", since)
        await tick(database, [fired("rut-sol-coupled-50", NOW)], NOW)
        await tick(database, [fired("rut-sol-coupled-50", NOW + HOUR)], NOW + HOUR)
        await tick(database, [], NOW + 9 * DAY)
        async with database.read() as connection:
            query = sa.select(chats.c.address, deliveries.c.event).join(chats, chats.c.id == deliveries.c.chat)
            digests = await connection.execute(query.where(deliveries.c.event.startswith("digest/")))
            found = {row.event: row.address for row in digests}
        return [(found[str(each["head"])], each["event"]) for each in await rows(database, parts)]

    first, second = (fired("rut-sol-coupled-50", NOW + later).key for later in (0, HOUR))
    assert sorted(stored(place, story)) == sorted([("7", first), ("7", second), ("8", second)])
