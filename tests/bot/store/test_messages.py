"""Messages are owed once, to whom they are for, and say so where they may have been sent before."""

from __future__ import annotations

from dataclasses import replace

from bot.delivery.announce import summaries
from bot.store.conflict import insert_new
from bot.store.database import Database
from bot.store.messages import RESTORED, owe
from bot.store.schema import deliveries, services
from tests.bot.store.stores import NOW, Place, event, message, owes, rows, states, stored, subscribed, subscribes


def test_what_is_owed_is_owed_once(place: Place) -> None:
    async def story(database: Database) -> list[int]:
        await subscribes(database, "7", "8")
        return [
            await owes(database, message(1)),
            await owes(database, message(1), message(2)),
            await owes(database, message(1), message(2)),
            await owes(database),
        ]

    assert stored(place, story) == [2, 2, 0, 0]


def test_nobody_is_told_what_is_older_than_its_wish(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7", now=NOW)
        await subscribes(database, "8", now=NOW + 2)
        await owes(database, message(1), message(2), message(3))
        return await states(database)

    assert stored(place, story) == [
        "7: message 1 owed", "7: message 2 owed", "8: message 2 owed", "7: message 3 owed", "8: message 3 owed",
    ]  # fmt: skip


def test_a_message_for_some_chats_goes_to_no_other(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "1", "2", "3")
        await owes(database, replace(message(1), only=frozenset({1, 3})))
        return await states(database)

    assert stored(place, story) == ["1: message 1 owed", "3: message 1 owed"]


def test_what_may_have_been_sent_before_a_restoration_says_so_also_where_a_summary_lists_it(place: Place) -> None:
    """A summary is new, so it said nothing; the alerts in it had been sent after the backup was made."""

    async def story(database: Database) -> dict[str, bool]:
        await subscribes(database, "7", now=NOW - 10)
        async with database.write() as connection:
            restored = {"name": RESTORED, "host": "", "pid": 0, "started_at": NOW + 5, "version": ""}
            await connection.execute(insert_new(services), restored)
            to = await subscribed(database)
            missed = {60: [event(9), event(2)], 70: [event(8), event(9)]}
            for later, events in missed.items():
                await owe(connection, summaries({to[0].chat: events}, NOW + later), to, NOW + later)
            await owe(connection, [message(1), message(6)], to, NOW + 60)
        return {str(row["event"]): bool(row["repeat"]) for row in await rows(database, deliveries)}

    assert stored(place, story) == {
        f"away/{NOW + 60}": True,
        f"away/{NOW + 70}": False,
        event(1).key: True,
        event(6).key: False,
    }
