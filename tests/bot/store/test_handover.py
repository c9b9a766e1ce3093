"""A group that becomes a supergroup keeps what it chose, made and showed, whichever of the two we know."""

from __future__ import annotations

from dataclasses import replace

from bot.answers.buttons import Button
from bot.answers.personal import PersonalAlert
from bot.answers.preferences import Preferences
from bot.store.chats import known_chat, prefer, settle_in
from bot.store.database import Database
from bot.store.handover import move, readdress
from bot.store.personal import alerts_of, save_alert
from bot.store.schema import chats, taps
from bot.store.taps import show
from rules.model import Basis
from tests.bot.store.stores import NOW, Place, message, owes, rows, stored, subscribed, subscribes


async def moves(database: Database, chat: int, address: str) -> None:
    async with database.write() as connection:
        await move(connection, chat, address)


async def chooses(database: Database, address: str, zone: str, *numbers: int, thread: int | None = None) -> int:
    """A chat sets its clock, and makes alerts of its own."""
    async with database.write() as connection:
        chat = await settle_in(connection, "telegram", address, "group", NOW, thread)
        await prefer(connection, chat, Preferences(zone))
        for number in numbers:
            alert = PersonalAlert(number, f"close(SOL) < {number}", None, Basis.CLOSE, f"sol < {number}", "Solana", NOW)
            await save_alert(connection, chat, alert)
        return chat


async def chosen(database: Database, address: str) -> tuple[str, int, list[tuple[int, str]]]:
    """The clock of a chat, how many alerts it has made, and those that it has."""
    async with database.read() as connection:
        known = await known_chat(connection, "telegram", address)
        assert known is not None
        own = await alerts_of(connection, known.chat)
        return known.preferences.zone, known.alerts_made, [(each.number, each.when) for each in own]


async def buttons_of(database: Database) -> list[object]:
    return [each["address"] for each in await rows(database, taps)]


async def shows(database: Database, address: str) -> None:
    async with database.write() as connection:
        await show(connection, "telegram", address, [Button("Why", "/why 7")], NOW)


def test_a_chat_that_moves_to_a_new_address_keeps_what_it_chose_made_and_showed(place: Place) -> None:
    async def story(database: Database) -> tuple[object, object, list[object]]:
        await chooses(database, "-7", "Europe/Berlin", 1, 2, thread=9)
        await shows(database, "-7")
        async with database.write() as connection:
            await readdress(connection, "telegram", "-7", "-1007")
        return await chosen(database, "-1007"), (await rows(database, chats))[0]["thread"], await buttons_of(database)

    own = [(1, "close(SOL) < 1"), (2, "close(SOL) < 2")]
    assert stored(place, story) == (("Europe/Berlin", 2, own), 9, ["-1007"])


def test_a_chat_that_moves_to_one_we_know_brings_its_alerts_under_new_numbers(place: Place) -> None:
    """None of them takes a number that was used there: somebody reads it in an old message."""

    async def story(database: Database) -> object:
        old = await chooses(database, "-7", "Europe/Berlin", 1, 3)
        await chooses(database, "-1007", "Asia/Tokyo", 2)
        await moves(database, old, "-1007")
        return await chosen(database, "-1007")

    own = [(2, "close(SOL) < 2"), (3, "close(SOL) < 1"), (5, "close(SOL) < 3")]
    assert stored(place, story) == ("Asia/Tokyo", 5, own)


def test_a_chat_that_has_chosen_nothing_takes_over_what_the_other_chose(place: Place) -> None:
    async def story(database: Database) -> tuple[object, object]:
        old = await chooses(database, "-7", "Europe/Berlin", thread=9)
        await subscribes(database, "-1007")
        await moves(database, old, "-1007")
        return await chosen(database, "-1007"), (await rows(database, chats))[0]["thread"]

    assert stored(place, story) == (("Europe/Berlin", 0, []), 9)


def test_a_group_that_is_told_everything_is_so_where_somebody_has_only_set_a_clock(place: Place) -> None:
    async def story(database: Database) -> list[int]:
        await subscribes(database, "-7")
        there = await chooses(database, "-1007", "Asia/Tokyo")
        await moves(database, 1, "-1007")
        assert [each.chat for each in await subscribed(database)] == [there]
        return [each.chat for each in await subscribed(database)]

    assert stored(place, story) == [2]


def test_a_brief_that_a_group_was_told_is_not_due_again_where_it_lives_now(place: Place) -> None:
    brief = replace(message(1), event=f"digest/1/{NOW}")

    async def story(database: Database) -> int:
        await subscribes(database, "-7")
        async with database.write() as connection:
            await prefer(connection, 1, Preferences(digests=(480,), digests_since=NOW - 9))
        await owes(database, brief)
        await subscribes(database, "-1007")
        await moves(database, 1, "-1007")
        async with database.read() as connection:
            known = await known_chat(connection, "telegram", "-1007")
        assert known is not None
        return known.preferences.digests_since

    assert stored(place, story) == NOW + 1


def test_the_buttons_of_a_chat_that_nobody_knows_move_too(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await shows(database, "-7")
        async with database.write() as connection:
            await readdress(connection, "telegram", "-7", "-1007")
        return await buttons_of(database)

    assert stored(place, story) == ["-1007"]
