"""Further channels as chats: told from when they are configured, and closed when they no longer are."""

from __future__ import annotations

from dataclasses import replace

from bot.store.chats import Subscriber
from bot.store.database import Database
from bot.store.further import APPRISE, NOT_CONFIGURED, UNTAKEN, Roll, enrol, enrolled, names
from bot.store.messages import Message, owe
from bot.store.outbox import claim, free_claims
from bot.store.schema import chats, deliveries
from rules.model import Severity
from tests.bot.store.stores import NOW, Place, message, owes, rows, stored, subscribes

LEAST = {"mail": Severity.INFO, "pager": Severity.CRITICAL, "desk": Severity.HIGH}


def roll(*subscribers: str, fallback: tuple[str, ...] = ()) -> Roll:
    return Roll({name: LEAST[name] for name in subscribers}, {name: LEAST[name] for name in fallback})


async def enrols(database: Database, who: Roll, now: int = NOW) -> None:
    async with database.write() as connection:
        await enrol(connection, who, now)


async def told(database: Database, topic: str = "*") -> dict[str, Subscriber]:
    """Those of a topic, by name."""
    async with database.read() as connection:
        return {name: each for name in LEAST for each in await enrolled(connection, {name: LEAST[name]}, topic)}


def test_a_channel_is_told_from_when_it_is_configured_and_a_restart_changes_nothing(place: Place) -> None:
    async def story(database: Database) -> None:
        await enrols(database, roll("mail"))
        await enrols(database, roll("mail", "desk", fallback=("pager",)), NOW + 60)
        assert {name: (each.since, each.least) for name, each in (await told(database)).items()} == {
            "mail": (NOW, Severity.INFO),
            "desk": (NOW + 60, Severity.HIGH),
        }
        assert [each.since for each in (await told(database, UNTAKEN)).values()] == [NOW + 60]
        async with database.read() as connection:
            assert await names(connection) == ["desk", "mail", "pager"]

    stored(place, story)


def test_a_channel_that_is_renamed_is_a_new_one_and_what_the_old_name_is_owed_is_closed(place: Place) -> None:
    async def story(database: Database) -> None:
        await enrols(database, roll("mail"))
        async with database.write() as connection:
            await owe(connection, [message(1)], [*(await told(database)).values()], NOW)
        await enrols(database, roll("desk"), NOW + 60)
        [delivery] = await rows(database, deliveries)
        assert (delivery["state"], delivery["reason"]) == ("gone", NOT_CONFIGURED)
        assert [each.since for each in (await told(database)).values()] == [NOW + 60]
        await enrols(database, roll("mail"), NOW + 120)
        assert [each.since for each in (await told(database)).values()] == [NOW + 120]

    stored(place, story)


def test_another_role_is_another_subscription(place: Place) -> None:
    async def story(database: Database) -> None:
        await enrols(database, roll("desk"))
        await enrols(database, roll(fallback=("desk",)), NOW + 60)
        assert await told(database) == {}
        assert [each.since for each in (await told(database, UNTAKEN)).values()] == [NOW + 60]
        await enrols(database, roll("desk"), NOW + 120)
        assert [each.since for each in (await told(database)).values()] == [NOW + 120]
        assert await told(database, UNTAKEN) == {}

    stored(place, story)


def test_what_is_less_severe_is_not_owed_but_a_correction_and_an_end_are_to_whoever_was_told(place: Place) -> None:
    async def story(database: Database) -> list[tuple[str, str]]:
        await enrols(database, roll("mail", "desk"))
        who = await told(database)
        desk = frozenset({who["desk"].chat})
        news = [
            message(1),  # a notice
            changed(2, severity=Severity.HIGH),
            changed(3, only=desk),
            changed(4, also=desk),
        ]
        only_by_name = Subscriber(who["desk"].chat, NOW, least=None)
        async with database.write() as connection:
            assert await owe(connection, news, [who["mail"]], NOW) == 3
            assert await owe(connection, news, [only_by_name], NOW) == 2
            assert await owe(connection, news, [who["desk"]], NOW) == 1
        by_number = {each["id"]: each["address"] for each in await rows(database, chats)}
        return [(str(each["html"])[-1], str(by_number[each["chat"]])) for each in await rows(database, deliveries)]

    assert stored(place, story) == [
        ("1", "mail"), ("2", "mail"), ("4", "mail"), ("3", "desk"), ("4", "desk"), ("2", "desk"),
    ]  # fmt: skip


def changed(number: int, **changes: object) -> Message:
    return replace(message(number), **changes)  # type: ignore[arg-type]


def test_what_a_worker_of_another_channel_is_sending_is_not_taken_from_it(place: Place) -> None:
    """Each begins anew by itself; what the other had claimed would have gone out twice."""

    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await enrols(database, roll("mail"))
        await owes(database, message(1))
        async with database.write() as connection:
            await owe(connection, [message(1)], await enrolled(connection, LEAST), NOW)
            for channel in ("telegram", APPRISE):
                assert len(await claim(connection, channel, "me", NOW, 300, 9)) == 1
            await free_claims(connection, APPRISE, NOW)
        assert [each["due_at"] for each in await rows(database, deliveries)] == [NOW + 300, NOW]

    stored(place, story)


def test_the_database_holds_names_and_nothing_more_of_a_channel(place: Place) -> None:
    async def story(database: Database) -> None:
        await enrols(database, roll("mail", fallback=("pager",)))
        assert [(each["channel"], each["address"], each["kind"]) for each in await rows(database, chats)] == [
            (APPRISE, "mail", APPRISE),
            (APPRISE, "pager", APPRISE),
        ]

    stored(place, story)
