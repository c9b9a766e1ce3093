"""Deliveries that wait or were not wanted: owed to nobody yet, lost by nobody, and no failure of anything."""

from __future__ import annotations

from pathlib import Path

from bot.store.alerts import save_events
from bot.store.chats import Subscriber, forget, retire, unsubscribe
from bot.store.database import Connection, Database
from bot.store.handover import move
from bot.store.messages import Fate, Message, owe
from bot.store.outbox import abandon, claim
from bot.store.owed import count_undelivered, debt, held_up
from bot.store.retention import Limits, prune
from bot.store.schema import deliveries, events
from bot.store.states import GATHERED, HELD, LISTED, OWED, WITHHELD
from bot.store.summaries import take_back
from bot.store.untaken import untaken, waits_since
from bot.store.waiting import close_waiting, put_off, send_waiting, waiting
from tests.bot.store.stores import HOUR, NOW, Place, event, message, rows, states, stored, subscribed, subscribes

SEVEN = NOW + 9 * HOUR
OF_EACH = (OWED, HELD, GATHERED, WITHHELD)


def by_number(told: Message, _subscriber: Subscriber) -> Fate | None:
    """The first is sent, the second held, the third gathered, the fourth withheld."""
    state = OF_EACH[int(told.html.split()[-1]) % 4 - 1]
    return Fate(state, NOW if state in (OWED, WITHHELD) else SEVEN, silent=True, reason="" if state == OWED else "why")


async def put(database: Database, *numbers: int) -> int:
    """These happen, and are judged."""
    async with database.write() as connection:
        await save_events(connection, [event(number) for number in numbers], NOW)
    to = await subscribed(database)
    async with database.write() as connection:
        return await owe(connection, list(map(message, numbers)), to, NOW, by_number)


async def all_waiting(connection: Connection, now: int = SEVEN) -> list[tuple[str, tuple[str, ...]]]:
    return [(each.state, each.events) for each in await waiting(connection, "telegram", now)]


def test_a_message_is_written_as_it_was_judged_and_only_what_is_sent_counts(place: Place) -> None:
    async def story(database: Database) -> tuple[int, list[tuple[object, ...]]]:
        await subscribes(database, "7")
        owed = await put(database, 1, 2, 3, 4)
        found = [tuple(row[name] for name in ("state", "due_at", "html")) for row in await rows(database, deliveries)]
        return owed, found

    assert stored(place, story) == (
        1,
        [
            (OWED, NOW, "message 1"),
            (HELD, SEVEN, "message 2"),
            (GATHERED, SEVEN, "message 3"),
            (WITHHELD, NOW, ""),
        ],
    )


def test_what_waits_or_was_not_wanted_is_claimed_by_nobody_and_is_no_debt(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await put(database, 2, 3, 4)
        async with database.write() as connection:
            assert await claim(connection, "telegram", "me", SEVEN + HOUR, 60, 9) == []
            owed = await debt(connection, "telegram", 0)
            assert (owed.owed, owed.failed) == (0, 0)
            assert await held_up(connection, "telegram") is None
            assert await waits_since(connection, "telegram") is None
            assert await untaken(connection, "telegram", Subscriber(9, 0), SEVEN, NOW) == []
            assert await count_undelivered(connection) == 0

    stored(place, story)


def test_what_is_due_is_found_and_what_is_asked_for_by_name(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7", "8")
        await put(database, 2, 3)
        async with database.read() as connection:
            assert await all_waiting(connection, SEVEN - 1) == []
            assert len(await all_waiting(connection)) == 4
            early = await waiting(connection, "telegram", NOW, also=[2])
            assert [(each.chat, each.state, each.why) for each in early] == [(2, GATHERED, "why")]
            assert await waiting(connection, "telegram", SEVEN, admitted=["9"]) == []
            assert await waiting(connection, "apprise", SEVEN) == []

    stored(place, story)


def test_what_is_told_together_is_listed_and_what_is_told_alone_is_owed(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await put(database, 2, 3, 6, 7)
        async with database.write() as connection:
            await close_waiting(connection, {2}, {3}, SEVEN)
            await send_waiting(connection, {1}, SEVEN, HOUR, HOUR)
            await send_waiting(connection, {2}, SEVEN, HOUR, HOUR)  # it was told already
            await put_off(connection, 1, GATHERED, SEVEN + HOUR)
            assert [each.due for each in await waiting(connection, "telegram", SEVEN + HOUR)] == [SEVEN + HOUR]
        return await states(database)

    assert stored(place, story) == [
        "7: message 2 owed", "7: message 3 listed", "7: message 6 withdrawn", "7: message 7 gathered",
    ]  # fmt: skip


def test_what_had_to_wait_is_owed_since_it_may_be_sent_and_is_neither_late_nor_stale(place: Place) -> None:
    """Or a morning would look like a Telegram that takes nothing since the night."""

    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await put(database, 2)
        released = NOW + 30 * HOUR  # its message is news for a day
        async with database.write() as connection:
            await send_waiting(connection, {1}, released, HOUR, 2 * HOUR)
            assert await waits_since(connection, "telegram") == released
            assert (await debt(connection, "telegram", 0)).oldest == released
            (owed,) = await claim(connection, "telegram", "me", released, 60, 9)
        assert (owed.late_after, owed.expires_at) == (released + HOUR, released + 2 * HOUR)

    stored(place, story)


def test_a_correction_takes_back_what_waits_and_is_told_to_nobody(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await put(database, 2, 3, 4)
        async with database.write() as connection:
            for number in (2, 3, 4):
                assert await take_back(connection, event(number).key, NOW) == frozenset()
        return await states(database)

    assert stored(place, story) == ["7: message 2 withdrawn", "7: message 3 withdrawn", "7:  withheld"]


def test_who_leaves_is_gone_or_forgotten_loses_what_waited(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7", "8", "9")
        await put(database, 2)
        async with database.write() as connection:
            await unsubscribe(connection, "telegram", "7")
            await forget(connection, "telegram", "8")
            await retire(connection, 3, "blocked", NOW + 1)
            await abandon(connection, 3, "blocked", NOW + 1)
        return await states(database)

    assert stored(place, story) == ["9: message 2 gone"]


def test_what_waits_moves_with_its_chat(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7", "8")
        await put(database, 2)
        async with database.write() as connection:
            await unsubscribe(connection, "telegram", "8")
            await move(connection, 1, "8")
        return await states(database)

    assert stored(place, story) == ["8: message 2 held"]


def test_what_waits_is_forgotten_by_nobody_and_what_it_tells_of_neither(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await put(database, 2, 3, 4)
        limits, much_later = Limits(0, 0, 0, 0), NOW + 10_000 * HOUR
        async with database.write() as connection:
            await prune(connection, limits, much_later, 100)
        assert len(await rows(database, events)) == 3
        return await states(database)

    assert stored(place, story) == ["7: message 2 held", "7: message 3 gathered"]


def test_a_delivery_that_was_listed_is_done(tmp_path: Path) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await put(database, 2)
        async with database.write() as connection:
            await close_waiting(connection, {1}, (), SEVEN)
        return [(row["state"], row["settled_at"]) for row in await rows(database, deliveries)]

    assert stored(tmp_path, story) == [(LISTED, SEVEN)]
