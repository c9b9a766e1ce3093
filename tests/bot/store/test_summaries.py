"""What lapsed is listed once, for whom it may be told; what will be in no summary stays as it is, and costs nothing."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bot.store.alerts import save_events
from bot.store.chats import subscribe, subscribers, unsubscribe
from bot.store.database import Database
from bot.store.messages import owe
from bot.store.outbox import claim, settle
from bot.store.owed import count_undelivered
from bot.store.summaries import Lapsed, close_lapsed, lapsed
from tests.bot.store.stores import HOUR, NOW, Place, event, message, owes, states, stored, subscribes


async def lapse(database: Database, *numbers: int) -> None:
    """These happen, and cannot be sent as long as they are news."""
    async with database.write() as connection:
        await save_events(connection, [event(number) for number in numbers], NOW)
    await owes(database, *map(message, numbers))
    await closes(database, "expired")


async def closes(database: Database, state: str) -> None:
    """Everything that is owed comes to an end."""
    async with database.write() as connection:
        while due := await claim(connection, "telegram", "me", NOW + HOUR, 60, 9):
            for each in due:
                await settle(connection, each, NOW + HOUR, state, "no longer news")


async def found(database: Database, *admitted: str) -> list[Lapsed]:
    async with database.read() as connection:
        return await lapsed(connection, "telegram", admitted or None)


async def sums_up(database: Database, *admitted: str, undone: tuple[int, ...] = ()) -> int:
    """A summary lists what lapsed; how many deliveries that were."""
    async with database.write() as connection:
        late = await lapsed(connection, "telegram", admitted or None)
        await close_lapsed(connection, late, {event(number).key for number in undone}, NOW + HOUR)
        return len(late)


def test_what_lapsed_is_listed_once_and_is_undelivered_until_then(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7", "8")
        await lapse(database, 1, 2)
        assert [(each.chat, each.events) for each in await found(database)] == [
            (chat, (event(number).key,)) for number in (1, 2) for chat in (1, 2)
        ]
        async with database.read() as connection:
            assert await count_undelivered(connection) == 4
        assert [await sums_up(database), await sums_up(database)] == [4, 0]
        async with database.read() as connection:
            assert await count_undelivered(connection) == 0

    stored(place, story)


def test_what_is_still_news_comes_first(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7", "8")
        await lapse(database, 1)
        async with database.write() as connection:
            await owe(connection, [message(2)], (await subscribers(connection, "telegram"))[:1], NOW)
        assert [each.chat for each in await found(database)] == [2]
        await closes(database, "sent")
        assert [each.chat for each in await found(database)] == [1, 2]

    stored(place, story)


def test_who_is_not_let_in_any_more_is_listed_nothing_until_they_are_again(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7", "8")
        async with database.write() as connection:
            await subscribe(connection, "telegram", "-9", "group", NOW)
        await lapse(database, 1)
        assert await sums_up(database, "8") == 2
        assert await states(database) == [
            "7: message 1 expired", "8: message 1 listed", "-9: message 1 listed",
        ]  # fmt: skip
        assert await found(database, "8") == []
        await sums_up(database, "7", "8")
        return await states(database)

    assert stored(place, story)[0] == "7: message 1 listed"


def test_what_lapsed_before_somebody_asked_anew_is_nothing_to_them(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7", "8")
        await lapse(database, 1)
        async with database.write() as connection:
            await unsubscribe(connection, "telegram", "7")
        await subscribes(database, "7", now=NOW + HOUR)
        assert [each.chat for each in await found(database)] == [2]
        await sums_up(database)
        return await states(database)

    assert stored(place, story) == ["7: message 1 expired", "8: message 1 listed"]


def test_a_notice_that_lapsed_is_in_no_summary_and_stays_undelivered(place: Place) -> None:
    """It was said to be listed, and was seen nowhere."""

    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await owes(database, message(1))  # nothing that is recorded happened
        await closes(database, "expired")
        assert await sums_up(database) == 0
        async with database.read() as connection:
            assert await count_undelivered(connection) == 1
        return await states(database)

    assert stored(place, story) == ["7: message 1 expired"]


def test_what_turned_out_not_to_be_so_is_withdrawn_and_not_listed(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await lapse(database, 1, 2)
        await sums_up(database, undone=(1,))
        assert await found(database) == []
        return await states(database)

    assert stored(place, story) == ["7: message 1 withdrawn", "7: message 2 listed"]


def test_a_summary_that_lapsed_itself_is_listed_with_what_it_listed(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7")
        async with database.write() as connection:
            await save_events(connection, [event(1), event(2)], NOW)
        away = message(3)
        async with database.write() as connection:
            readers = await subscribers(connection, "telegram")
            digest = type(away)(
                "away/1", away.at, "While I was away", away.policy, False, away.late_after, away.expires_at,
                (event(1).key, event(2).key), digest=True,
            )  # fmt: skip
            await owe(connection, [digest], readers, NOW)
        await closes(database, "expired")
        assert [each.events for each in await found(database)] == [(event(1).key, event(2).key)]

    stored(place, story)


def test_only_what_lapsed_is_looked_at(tmp_path: Path) -> None:
    """At every tick: what was sent is in the millions, and what will be in no summary stays there."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, given: tuple[object, ...], *_rest: object) -> None:
        asked.append((statement, given))

    async def story(database: Database) -> list[str]:
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        try:
            assert await found(database, "7") == []
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note)
        statement, given = asked[-1]
        async with database.read() as connection:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            return [row.detail for row in plan if row.detail.startswith("SCAN")]

    assert stored(tmp_path, story) == ["SCAN deliveries USING INDEX ix_deliveries_lapsed"]
