"""Alerts that people made, in the store: each with its chat, its number never used twice, and gone when the chat is."""

from __future__ import annotations

from dataclasses import replace

from bot.answers.personal import PersonalAlert
from bot.store import schema
from bot.store.alerts import events_of_rules, save_events
from bot.store.chats import OWN, forget, known_chat, subscribe
from bot.store.database import Connection, Database
from bot.store.personal import (
    alert_rows,
    alerts_of,
    all_alerts,
    count_alerts,
    forget_events,
    mark_fired,
    read_row,
    remove_alert,
    save_alert,
)
from rules.model import Basis, Timing
from tests.bot.store.stores import NOW, Place, event, stored

ALERT = PersonalAlert(
    1, "price(SOL) < 120", "price(SOL) > 125", Basis.TICK, "sol < 120", "Solana below 120", NOW, Timing(2, 3, 4, 5),
    once=True, expires_at=NOW + 60, anchor=("SOL", -0.05, 126.3), held=True,
)  # fmt: skip


async def a_chat(connection: Connection, address: str = "71") -> int:
    return await subscribe(connection, "telegram", address, "private", NOW, OWN)


def test_an_alert_is_kept_as_it_is(place: Place) -> None:
    async def use(database: Database) -> None:
        async with database.write() as connection:
            chat, other = await a_chat(connection), await a_chat(connection, "72")
            second = replace(ALERT, number=2, expires_at=None, anchor=None, paused=True, fired_at=NOW)
            for alert in (second, ALERT):
                await save_alert(connection, chat, alert)
            await save_alert(connection, other, ALERT)
        async with database.read() as connection:
            assert await alerts_of(connection, chat) == (ALERT, second)
            assert await all_alerts(connection) == [(chat, ALERT), (chat, second), (other, ALERT)]
            assert await count_alerts(connection) == 3

    stored(place, use)


def test_one_that_has_not_changed_is_the_same_row(place: Place) -> None:
    """So that who looks again and again reads none twice."""

    async def use(database: Database) -> None:
        async with database.write() as connection:
            chat = await a_chat(connection)
            await save_alert(connection, chat, ALERT)
            await save_alert(connection, chat, replace(ALERT, number=2, title="Solana unter 120 €"))
            before = await alert_rows(connection)
            await mark_fired(connection, {(chat, 2): NOW + 5})
        async with database.read() as connection:
            after = await alert_rows(connection)
        assert [read_row(row).fired_at for row in after] == [None, NOW + 5]
        assert [row in set(before) for row in after] == [True, False]

    stored(place, use)


def test_a_number_is_never_used_twice(place: Place) -> None:
    async def use(database: Database) -> None:
        async with database.write() as connection:
            chat = await a_chat(connection)
            await save_alert(connection, chat, replace(ALERT, number=3))
            await save_alert(connection, chat, replace(ALERT, number=2))
            await remove_alert(connection, chat, 3)
            known = await known_chat(connection, "telegram", "71")
            assert known is not None
            assert known.alerts_made == 3

    stored(place, use)


def test_firings_are_written_to_those_that_are_there(place: Place) -> None:
    async def use(database: Database) -> None:
        async with database.write() as connection:
            chat = await a_chat(connection)
            await save_alert(connection, chat, ALERT)
            await mark_fired(connection, {(chat, 1): NOW + 5, (chat, 9): NOW + 6})
            assert await alerts_of(connection, chat) == (replace(ALERT, fired_at=NOW + 5),)

    stored(place, use)


def test_what_is_saved_as_it_was_read_before_it_fired_is_done_all_the_same(place: Place) -> None:
    """Somebody pauses it in the moment in which a tick writes that it has fired."""

    async def use(database: Database) -> None:
        async with database.write() as connection:
            chat = await a_chat(connection)
            await save_alert(connection, chat, ALERT)
            await mark_fired(connection, {(chat, 1): NOW + 30})
            await save_alert(connection, chat, replace(ALERT, paused=True))
            assert await alerts_of(connection, chat) == (replace(ALERT, paused=True, fired_at=NOW + 30),)
            again = replace(ALERT, made_at=NOW + 60)
            await save_alert(connection, chat, again)
            assert await alerts_of(connection, chat) == (again,)

    stored(place, use)


def test_with_a_chat_go_its_alerts_and_what_happened_to_them_and_to_nobody_elses(place: Place) -> None:
    async def use(database: Database) -> None:
        async with database.write() as connection:
            chat, other = await a_chat(connection), await a_chat(connection, "72")
            await save_alert(connection, chat, ALERT)
            await save_alert(connection, other, ALERT)
            names = [f"#{chat}.1", f"#{other}.1", f"#{chat}1.1"]
            happened = [event(rule=name) for name in names]
            await save_events(connection, happened, NOW)
            await forget_events(connection, chat)
            await forget(connection, "telegram", "71")
            assert await all_alerts(connection) == [(other, ALERT)]
            left = await events_of_rules(connection, names, 9)
            assert [each.rule for each in left] == names[1:]
            assert len((await connection.execute(schema.chats.select())).all()) == 1

    stored(place, use)
