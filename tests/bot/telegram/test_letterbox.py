"""Lines in a database come back as they were written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.people import Standing
from bot.store.chats import Subscriber, subscribe, unsubscribe
from bot.store.database import Database
from bot.store.guests import Guests
from bot.store.people import decide, everybody
from bot.store.people import decided as decided_so
from bot.telegram.incoming import Incoming, Move
from bot.telegram.letterbox import StoredLetters
from tests.bot.store.stores import NOW, stored, subscribed

PRIVATE = Incoming("1001", "private", 1001, "/start", number=880_001)
TOPIC = Incoming("-4242", "group", 12, "/corr “RUT” 🟠", 9, 880_002)


def test_another_process_finds_what_was_kept_and_not_answered(tmp_path: Path) -> None:
    async def first(database: Database) -> Sequence[Incoming]:
        letters = StoredLetters(database, lambda: NOW)
        assert await letters.keep([PRIVATE, TOPIC]) == [PRIVATE, TOPIC]
        await letters.answered(PRIVATE)
        return await letters.keep([PRIVATE, TOPIC])

    assert stored(tmp_path, first) == [TOPIC]

    async def second(database: Database) -> Sequence[Incoming]:
        return await StoredLetters(database, lambda: NOW).unanswered()

    assert stored(tmp_path, second) == [TOPIC]


def test_a_line_that_another_process_left_says_for_how_long(tmp_path: Path) -> None:
    async def first(database: Database) -> None:
        await StoredLetters(database, lambda: NOW).keep([PRIVATE])

    async def second(database: Database) -> Sequence[Incoming]:
        return await StoredLetters(database, lambda: NOW + 500).unanswered()

    stored(tmp_path, first)
    assert stored(tmp_path, second) == [replace(PRIVATE, waited=500)]


def test_a_wish_to_hear_no_more_that_is_written_in_the_new_supergroup_holds(tmp_path: Path) -> None:
    """The group's alerts would follow it there with the next message."""

    async def story(database: Database) -> list[Subscriber]:
        async with database.write() as connection:
            await subscribe(connection, "telegram", "-5", "group", NOW)
        letters = StoredLetters(database, lambda: NOW)
        await letters.keep([replace(TOPIC, address="-1005")], [Move("-5", "-1005"), Move("-9", "-1009")])
        async with database.write() as connection:
            await unsubscribe(connection, "telegram", "-1005")
        return await subscribed(database)

    assert stored(tmp_path, story) == []


def test_what_another_process_left_of_a_group_that_moved_is_answered_where_it_is_now(tmp_path: Path) -> None:
    async def story(database: Database) -> Sequence[Incoming]:
        letters = StoredLetters(database, lambda: NOW)
        await letters.keep([TOPIC])
        await letters.keep([], [Move("-4242", "-1007")])
        return await letters.unanswered()

    assert stored(tmp_path, story) == [replace(TOPIC, address="-1007")]


@pytest.mark.parametrize(("known", "decided", "standing"), [
    (("-5",), (), "allowed"), ((), (), None), (("-5",), ("-1005",), "denied"), ((), ("-5",), "denied"),
])  # fmt: skip
def test_a_group_that_was_let_in_or_refused_is_so_where_it_has_moved_to(
    tmp_path: Path, known: Sequence[str], decided: Sequence[str], standing: str | None
) -> None:
    async def story(database: Database) -> dict[str, str]:
        guests = Guests(database, "telegram")
        async with database.write() as connection:
            for each in decided:
                await decide(connection, "telegram", each, Standing.DENIED, "7", NOW)
        letters = StoredLetters(database, lambda: NOW, map(int, known), guests.look)
        for _ in range(2):  # Telegram says it in both chats
            await letters.keep([], [Move("-5", "-1005")])
        async with database.read() as connection:
            assert guests.allowed == set(map(int, await decided_so(connection, "telegram", Standing.ALLOWED)))
            return {each.user: each.standing.value for each in await everybody(connection, "telegram")}

    assert stored(tmp_path, story).get("-1005") == standing
