"""The outbox as people look at it: how many messages are owed, for which reasons, and what ended without being sent."""

from __future__ import annotations

from bot.answers.outbox import BEHIND, NOT_TRIED, UNDER_WAY, Delivery, Outbox
from bot.store.alerts import save_events
from bot.store.chats import retire
from bot.store.database import Database
from bot.store.outbox import abandon, claim, postpone, settle
from bot.store.owed import count_owed, count_undelivered, outbox, owed_deliveries, undelivered
from tests.bot.store.stores import HOUR, NOW, Place, event, message, owes, stored, subscribes

DAY = 24 * HOUR


async def told(database: Database, since: int = NOW - DAY) -> Outbox:
    async with database.read() as connection:
        return await outbox(connection, "telegram", since)


def test_nothing_is_owed_at_first(place: Place) -> None:
    assert stored(place, told) == Outbox(0, None, None, (), 0, ())


def test_every_reason_is_counted_the_most_frequent_first(place: Place) -> None:
    async def story(database: Database) -> Outbox:
        await subscribes(database, "1", "2", "3", "4", "5")
        await subscribes(database, "terminal", channel="console")
        await owes(database, message(1), message(2), now=NOW + 5)
        await owes(database, message(1), now=NOW, channel="console")
        async with database.write() as connection:
            first, second, third = await claim(connection, "telegram", "me", NOW + 9, 60, 3)
            await postpone(connection, first, NOW + 40, "Too many requests")
            await postpone(connection, second, NOW + 30, "Too many requests")
            assert third.address == "3"
        return await told(database)

    reasons = ((BEHIND, 5), ("Too many requests", 2), (NOT_TRIED, 2), (UNDER_WAY, 1))
    assert stored(place, story) == Outbox(10, NOW + 5, NOW + 5, reasons, 0, ())


def test_what_was_given_up_and_what_lapsed_is_told_for_a_while(place: Place) -> None:
    async def story(database: Database) -> list[Outbox]:
        await subscribes(database, "1", "2", "3")
        await owes(database, message(1))
        async with database.write() as connection:
            await save_events(connection, [event(1)], NOW)
            first, second, third = await claim(connection, "telegram", "me", NOW, 60, 3)
            await settle(connection, first, NOW, "rejected", "Bad Request: too long")
            await settle(connection, second, NOW + 1, "rejected", "Bad Request: too long")
            await settle(connection, third, NOW, "expired", "no longer news")
        return [await told(database), await told(database, NOW + 1), await told(database, NOW + 2)]

    why = "Bad Request: too long"
    assert stored(place, story) == [
        Outbox(0, None, None, (), 1, ((why, 2),)),
        Outbox(0, None, None, (), 0, ((why, 1),)),
        Outbox(0, None, None, (), 0, ()),
    ]


def test_each_message_is_listed_with_its_chat_and_its_reason_in_the_order_it_falls_due(place: Place) -> None:
    async def story(database: Database) -> tuple[int, list[Delivery]]:
        await subscribes(database, "1", "2")
        await owes(database, message(1), now=NOW)
        async with database.write() as connection:
            (first,) = await claim(connection, "telegram", "me", NOW, 60, 1)
            await postpone(connection, first, NOW + 30, "Timed out", repeat=True)
        async with database.read() as connection:
            assert len(await owed_deliveries(connection, 1)) == 1
            return await count_owed(connection), await owed_deliveries(connection, 9)

    count, (second, first) = stored(place, story)
    assert count == 2
    assert (second.address, second.why, second.attempts, second.repeat, second.due) == ("2", NOT_TRIED, 0, False, NOW)
    expires = message(1).expires_at
    assert first == Delivery(
        first.id, "telegram", "1", event(1).key, "owed", "Timed out", 1, True, NOW, NOW + 30, expires
    )  # fmt: skip


def test_what_ended_without_being_sent_is_listed_the_newest_first(place: Place) -> None:
    async def story(database: Database) -> tuple[int, list[Delivery]]:
        await subscribes(database, "1", "2", "3")
        await owes(database, message(1))
        async with database.write() as connection:
            first, second, third = await claim(connection, "telegram", "me", NOW, 60, 3)
            await settle(connection, first, NOW, "sent")
            await settle(connection, second, NOW, "rejected", "Bad Request")
            await abandon(connection, third.chat, "Forbidden: bot was blocked", NOW)
            await retire(connection, third.chat, "Forbidden: bot was blocked", NOW)
        async with database.read() as connection:
            return await count_undelivered(connection), await undelivered(connection, 9)

    count, found = stored(place, story)
    assert count == 2
    assert [(each.address, each.state, each.why, each.due) for each in found] == [
        ("3", "gone", "Forbidden: bot was blocked", None),
        ("2", "rejected", "Bad Request", None),
    ]
