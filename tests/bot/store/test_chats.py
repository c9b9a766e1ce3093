"""Chats: told from when they ask, nothing left of those that are forgotten, and none lost that moves."""

from __future__ import annotations

import pytest

from bot.delivery.notices import Noticeboard
from bot.store.chats import (
    count_subscribed,
    forget,
    retire,
    subscribe,
    subscribed_since,
    turn_away,
    unsubscribe,
)
from bot.store.database import Database
from bot.store.handover import move
from bot.store.outbox import claim, settle
from bot.store.schema import chats, deliveries, metadata
from tests.bot.store.stores import HOUR, NOW, Place, message, owes, rows, states, stored, subscribed, subscribes


async def since(database: Database, address: str) -> int | None:
    async with database.read() as connection:
        return await subscribed_since(connection, "telegram", address)


async def leaves(database: Database, address: str) -> None:
    async with database.write() as connection:
        await unsubscribe(connection, "telegram", address)


async def is_forgotten(database: Database, address: str) -> None:
    async with database.write() as connection:
        await forget(connection, "telegram", address)


async def is_gone(database: Database, chat: int, known_at: int = NOW + 24 * HOUR) -> None:
    async with database.write() as connection:
        assert await retire(connection, chat, "bot was blocked by the user", known_at)


async def moves(database: Database, chat: int, address: str) -> None:
    async with database.write() as connection:
        await move(connection, chat, address)


async def ids(database: Database) -> dict[str, int]:
    return {str(each["address"]): int(str(each["id"])) for each in await rows(database, chats)}


def test_a_chat_is_told_from_when_it_asks(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        before = await since(database, "7")
        await subscribes(database, "7")
        await subscribes(database, "7", now=NOW + 60)
        return [before, await since(database, "7"), await since(database, "8")]

    assert stored(place, story) == [None, NOW, None]


def test_one_address_in_two_channels_is_two_chats(place: Place) -> None:
    async def story(database: Database) -> list[int]:
        await subscribes(database, "7")
        await subscribes(database, "7", channel="console")
        await leaves(database, "7")
        async with database.read() as connection:
            counts = [await count_subscribed(connection, channel) for channel in ("telegram", "console")]
            return [*counts, len(await subscribed(database, "console"))]

    assert stored(place, story) == [0, 1, 1]


def test_who_leaves_is_owed_nothing_more_and_keeps_what_was_sent(place: Place) -> None:
    async def story(database: Database) -> tuple[list[str], int]:
        await subscribes(database, "7", "8")
        await owes(database, message(1))
        async with database.write() as connection:
            for owed in await claim(connection, "telegram", "me", NOW, 300, 2):
                await settle(connection, owed, NOW, "sent")
        await owes(database, message(2))
        await leaves(database, "7")
        return await states(database), await owes(database, message(3))

    left, owed = stored(place, story)
    assert left == ["7: message 1 sent", "8: message 1 sent", "8: message 2 owed"]
    assert owed == 1


def test_who_is_not_let_in_any_more_is_not_sent_what_was_owed_before(place: Place) -> None:
    """Only what was not owed yet was held back: after an outage of a day, a day of alerts went to who was taken off the
    list. His wish stands, for when he is let in again; a group is let in by who is in it, another channel by nobody.
    """

    async def story(database: Database) -> None:
        await subscribes(database, "7", "8")
        async with database.write() as connection:
            await subscribe(connection, "telegram", "-9", "group", NOW)
        await owes(database, message(1))
        await subscribes(database, "7", channel="console")
        await owes(database, message(1), channel="console")
        async with database.write() as connection:
            await claim(connection, "telegram", "who was killed", NOW, 300, 1)
            await turn_away(connection, "telegram", {"8"}, NOW + 60)
            taken = await claim(connection, "telegram", "me", NOW + HOUR, 300, 9)
        assert [each.address for each in taken] == ["8", "-9"]
        assert await states(database) == [
            "7: message 1 withdrawn", "8: message 1 owed", "-9: message 1 owed", "7: message 1 owed",
        ]  # fmt: skip
        closed = (await rows(database, deliveries))[0]
        assert (closed["reason"], closed["settled_at"], closed["owner"]) == ("not let in any more", NOW + 60, None)
        assert await since(database, "7") == NOW

    stored(place, story)


def test_a_notice_to_who_runs_the_service_stays_owed_and_to_who_did_does_not(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        board = Noticeboard(database, "telegram", ("7", "8"), lambda: NOW, lambda: None)
        await board.post("service/stopped", "Bellwether was stopped")
        async with database.write() as connection:
            await turn_away(connection, "telegram", {"8"}, NOW)
        return [each["state"] for each in await rows(database, deliveries)]

    assert stored(place, story) == ["withdrawn", "owed"]


def test_nothing_of_a_forgotten_chat_is_left_in_any_table_or_in_the_file_s_tables(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "712345", "8")
        await owes(database, message(1), message(2))
        chat = (await ids(database))["712345"]
        await is_forgotten(database, "712345")
        left = [
            (table.name, row)
            for table in metadata.sorted_tables
            for row in await rows(database, table)
            if "712345" in map(str, row.values()) or row.get("chat") == chat
        ]
        return [left, await ids(database), len(await states(database)), await since(database, "712345")]

    left, known, owed, told = stored(place, story)
    assert (left, owed, told) == ([], 2, None)
    assert list(known) == ["8"]  # type: ignore[call-overload]


def test_the_number_of_a_forgotten_chat_is_nobody_else_s(place: Place) -> None:
    """What was under way to a chat that was forgotten meanwhile must not hit the next one that comes."""

    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        forgotten = (await ids(database))["7"]
        await is_forgotten(database, "7")
        await subscribes(database, "8")
        await is_gone(database, forgotten)
        await moves(database, forgotten, "9")
        return [await since(database, "8"), list(await ids(database))]

    assert stored(place, story) == [NOW, ["8"]]


def test_a_chat_that_is_gone_is_told_nothing_until_it_comes_back(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await is_gone(database, (await ids(database))["7"])
        missed = [len(await subscribed(database)), await owes(database, message(1))]
        await subscribes(database, "7", now=NOW + 60)
        back = [len(await ids(database)), len(await subscribed(database)), await since(database, "7")]
        return [*missed, *back, (await rows(database, chats))[0]["gone"]]

    assert stored(place, story) == [0, 0, 1, 1, NOW + 60, None]


def test_a_chat_may_change_its_kind(place: Place) -> None:
    async def story(database: Database) -> object:
        await subscribes(database, "-7")
        async with database.write() as connection:
            await subscribe(connection, "telegram", "-7", "supergroup", NOW)
        return (await rows(database, chats))[0]["kind"]

    assert stored(place, story) == "supergroup"


# Moving


def test_a_chat_that_moves_to_a_new_address_takes_everything_along(place: Place) -> None:
    async def story(database: Database) -> tuple[list[str], object, object]:
        await subscribes(database, "-7")
        await owes(database, message(1))
        await moves(database, (await ids(database))["-7"], "-1007")
        return await states(database), await since(database, "-1007"), await since(database, "-7")

    assert stored(place, story) == (["-1007: message 1 owed"], NOW, None)


def test_a_chat_that_moves_to_one_we_know_loses_nothing_and_doubles_nothing(place: Place) -> None:
    async def story(database: Database) -> tuple[list[str], list[str]]:
        await subscribes(database, "-7")
        await owes(database, message(1), message(2))
        await subscribes(database, "-1007")
        await owes(database, message(2), message(3))
        await moves(database, (await ids(database))["-7"], "-1007")
        return await states(database), list(await ids(database))

    left, known = stored(place, story)
    assert left == ["-1007: message 1 owed", "-1007: message 2 owed", "-1007: message 3 owed"]
    assert known == ["-1007"]


def test_what_the_other_was_told_already_it_is_not_told_again(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "-7", "-1007")
        await owes(database, message(1))
        known = await ids(database)
        async with database.write() as connection:
            for owed in await claim(connection, "telegram", "me", NOW, 300, 2):
                if owed.chat == known["-1007"]:
                    await settle(connection, owed, NOW, "sent")
        await moves(database, known["-7"], "-1007")
        return await states(database)

    assert stored(place, story) == ["-1007: message 1 sent"]


@pytest.mark.parametrize(("gone", "told"), [(True, NOW), (False, None)])
def test_the_wish_moves_along_only_where_the_other_chat_was_given_up(
    place: Place, gone: bool, told: int | None
) -> None:
    """One that left by itself is not made to listen again; one that we gave up is back."""

    async def story(database: Database) -> list[object]:
        await subscribes(database, "-7", "-1007")
        known = await ids(database)
        await (is_gone(database, known["-1007"]) if gone else leaves(database, "-1007"))
        await moves(database, known["-7"], "-1007")
        return [await since(database, "-1007"), (await rows(database, chats))[0]["gone"]]

    assert stored(place, story) == [told, None]


def test_a_chat_that_moves_to_where_it_is_stays(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "-7")
        await owes(database, message(1))
        await moves(database, (await ids(database))["-7"], "-7")
        return await states(database)

    assert stored(place, story) == ["-7: message 1 owed"]
