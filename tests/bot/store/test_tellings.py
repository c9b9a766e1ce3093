"""What became of the message of an event in one chat, for whoever asks there."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.answers.why import Telling, Told
from bot.store.database import Database
from bot.store.schema import deliveries
from bot.store.states import EXPIRED, GATHERED, HELD, LISTED, UNSURE, WITHHELD
from bot.store.tellings import tellings_of
from tests.bot.store.stores import NOW, Place, message, owes, stored, subscribed, subscribes

FIRST, SECOND = message(1), message(2)


async def tellings(database: Database, who: int = 0) -> dict[str, Telling]:
    chats = await subscribed(database)
    async with database.read() as connection:
        return await tellings_of(connection, chats[who].chat)


async def stands(database: Database, state: str, reason: str = "", settled_at: int | None = NOW + 5) -> None:
    async with database.write() as connection:
        settled = {"state": state, "reason": reason, "settled_at": settled_at}
        await connection.execute(sa.update(deliveries).values(settled))


def test_what_is_owed_is_still_to_be_told(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "71")
        await owes(database, FIRST)
        assert await tellings(database) == {FIRST.event: Telling(Told.OWED)}

    stored(place, story)


def test_an_event_that_is_told_with_another_stands_as_that_does(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "71")
        await owes(database, replace(FIRST, parts=(SECOND.event,)))
        await stands(database, "sent")
        told = Telling(Told.SENT, NOW + 5)
        assert await tellings(database) == {FIRST.event: told, SECOND.event: told}

    stored(place, story)


def test_a_chat_is_told_of_its_own_messages_alone(place: Place) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "71", "72")
        first, _ = await subscribed(database)
        await owes(database, replace(FIRST, only=frozenset({first.chat})))
        assert [await tellings(database, who) for who in (0, 1)] == [{FIRST.event: Telling(Told.OWED)}, {}]

    stored(place, story)


@pytest.mark.parametrize(
    ("state", "reason", "told", "why"),
    [
        ("sent", "", Told.SENT, ""),
        (UNSURE, "no answer", Told.PERHAPS, "no answer"),
        (HELD, "", Told.HELD, ""),
        (GATHERED, "", Told.GATHERED, ""),
        (WITHHELD, "muted", Told.WITHHELD, "muted"),
        ("rejected", "400", Told.NOT, "400"),
        (EXPIRED, "", Told.NOT, "it was no news any more"),
        (LISTED, "", Told.NOT, "it was no news any more, and was listed in a summary"),
    ],
)
def test_every_state_has_a_word(place: Place, state: str, reason: str, told: Told, why: str) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "71")
        await owes(database, FIRST)
        await stands(database, state, reason)
        assert await tellings(database) == {FIRST.event: Telling(told, NOW + 5, why)}

    stored(place, story)


def test_what_a_summary_has_listed_stands_as_the_summary_does(place: Place) -> None:
    """Held at night, and read in the morning: nobody is told that it was no news any more."""

    async def story(database: Database) -> None:
        await subscribes(database, "71")
        await owes(database, FIRST)
        await stands(database, LISTED, "quiet hours")
        await owes(database, replace(SECOND, event="quiet/1/7", parts=(FIRST.event,)))
        assert (await tellings(database))[FIRST.event] == Telling(Told.OWED)

    stored(place, story)
