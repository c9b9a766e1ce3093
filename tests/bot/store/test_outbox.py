"""Messages are owed once, claimed by one, in line by chat, settled by who holds them, and found without a search."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.store.chats import forget, turn_away, unsubscribe
from bot.store.database import Database
from bot.store.messages import owe
from bot.store.outbox import Owed, abandon, claim, free_claims, give_back, next_due, postpone, settle
from bot.store.owed import Debt, debt, held_up, held_up_each
from bot.store.schema import deliveries
from bot.store.summaries import take_back
from rules.model import Delivery, Instant
from tests.bot.store.stores import NOW, Place, message, owes, rows, states, stored, subscribed, subscribes

LEASE = 300


async def take(
    database: Database, most: int = 8, owner: str = "me", now: Instant = NOW, without: tuple[int, ...] = ()
) -> list[Owed]:
    async with database.write() as connection:
        return await claim(connection, "telegram", owner, now, LEASE, most, without)


async def close(database: Database, *taken: Owed, state: str = "sent", reason: str = "") -> None:
    async with database.write() as connection:
        for owed in taken:
            await settle(connection, owed, NOW, state, reason, "m1")


async def due(database: Database, without: tuple[int, ...] = ()) -> Instant | None:
    async with database.read() as connection:
        return await next_due(connection, "telegram", without)


def said(taken: list[Owed]) -> list[str]:
    return [f"{owed.address}: {owed.html}" for owed in taken]


# Owing


def test_a_message_comes_back_as_it_was_written(place: Place) -> None:
    told = message(1, Delivery.AT_MOST_ONCE, silent=True)

    async def story(database: Database) -> list[Owed]:
        await subscribes(database, "7")
        await owes(database, told)
        return await take(database)

    assert stored(place, story) == [
        Owed(
            id=1, chat=1, address="7", html="message 1", policy=Delivery.AT_MOST_ONCE, silent=True, digest=False,
            plain=False, repeat=False, attempts=1, owner="me", claimed_at=NOW, at=told.at, late_after=told.late_after,
            expires_at=told.expires_at, event=told.event,
        )
    ]  # fmt: skip


# Claiming


def test_what_one_has_claimed_no_other_gets(place: Place) -> None:
    async def story(database: Database) -> list[list[str]]:
        await subscribes(database, "7", "8", "9")
        await owes(database, message(1))
        taken = [await take(database, 2), await take(database, 2, "other"), await take(database, 2)]
        return [said(each) for each in taken]

    assert stored(place, story) == [["7: message 1", "8: message 1"], ["9: message 1"], []]


def test_only_the_first_in_the_line_of_a_chat_is_sent(place: Place) -> None:
    async def story(database: Database) -> list[list[str]]:
        await subscribes(database, "7", "8")
        await owes(database, message(1), message(2))
        first = await take(database)
        nothing = await take(database)
        await close(database, first[0])
        return [said(first), said(nothing), said(await take(database))]

    assert stored(place, story) == [["7: message 1", "8: message 1"], [], ["7: message 2"]]


def test_the_next_in_line_waits_while_the_first_is_postponed(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await owes(database, message(1), message(2))
        (first,) = await take(database)
        async with database.write() as connection:
            await postpone(connection, first, NOW + 60, "flood")
        then = [await take(database, now=NOW + 59), await due(database), said(await take(database, now=NOW + 60))]
        return [*then, await due(database)]

    assert stored(place, story) == [[], NOW + 60, ["7: message 1"], NOW + 60 + LEASE]


def test_the_next_in_line_passes_one_that_was_put_aside(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await owes(database, message(1), message(2))
        (first,) = await take(database)
        async with database.write() as connection:
            await postpone(connection, first, NOW + 60, "a fault", aside=True)
        return [said(await take(database)), said(await take(database, now=NOW + 60))]

    assert stored(place, story) == [["7: message 2"], ["7: message 1"]]


def test_a_channel_gets_its_own(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "terminal", channel="console")
        await owes(database, message(1), channel="console")
        return [await take(database), await due(database)]

    assert stored(place, story) == [[], None]


def test_a_lease_that_ended_may_mean_a_repeat(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await owes(database, message(1))
        await take(database)
        assert await take(database, now=NOW + LEASE - 1, owner="other") == []
        (again,) = await take(database, now=NOW + LEASE, owner="other")
        return [again.repeat, again.attempts, (await rows(database, deliveries))[0]["repeat"]]

    repeat, attempts, _ = stored(place, story)
    assert (repeat, attempts) == (True, 2)


def test_a_possible_repeat_stays_one(place: Place) -> None:
    async def story(database: Database) -> bool:
        await subscribes(database, "7")
        await owes(database, message(1))
        await take(database)
        (again,) = await take(database, now=NOW + LEASE)
        async with database.write() as connection:
            await postpone(connection, again, NOW + LEASE + 1, "flood")
        (third,) = await take(database, now=NOW + LEASE + 1)
        return third.repeat

    assert stored(place, story) is True


def test_what_is_being_sent_is_not_claimed_though_the_clock_has_jumped(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await owes(database, message(1), message(2))
        (taken,) = await take(database)
        later = NOW + 10 * LEASE
        return [await take(database, now=later, without=(taken.id,)), await due(database, without=(taken.id,))]

    assert stored(place, story) == [[], None]


def test_a_new_process_frees_what_the_last_one_had_claimed(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7", "8")
        await owes(database, message(1))
        await take(database, 1)
        async with database.write() as connection:
            await free_claims(connection, "telegram", NOW + 5)
        return [(owed.address, owed.repeat) for owed in await take(database, now=NOW + 5, owner="new")]

    assert stored(place, story) == [("8", False), ("7", True)]


# Settling


def test_a_settled_delivery_keeps_how_it_ended(place: Place) -> None:
    async def story(database: Database) -> dict[str, object]:
        await subscribes(database, "7")
        await owes(database, message(1))
        await close(database, *await take(database), state="rejected", reason="x" * 500)
        return (await rows(database, deliveries))[0]

    row = stored(place, story)
    assert (row["state"], row["reason"], row["message"]) == ("rejected", "x" * 200, "m1")
    assert (row["settled_at"], row["owner"]) == (NOW, None)


@pytest.mark.parametrize("owner", ["me", "other"])
def test_who_held_it_before_settles_nothing(place: Place, owner: str) -> None:
    """By another process or by the same one: the claim counts, not the name."""

    async def story(database: Database) -> list[object]:
        await subscribes(database, "7")
        await owes(database, message(1))
        (former,) = await take(database)
        (holder,) = await take(database, now=NOW + LEASE, owner=owner)
        await close(database, former)
        async with database.write() as connection:
            await postpone(connection, former, NOW, "too late")
            await give_back(connection, former, NOW)
        before = (await states(database), (await rows(database, deliveries))[0]["owner"])
        await close(database, holder)
        return [*before, await states(database)]

    assert stored(place, story) == [["7: message 1 owed"], owner, ["7: message 1 sent"]]


def test_a_settled_delivery_is_not_settled_again(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await owes(database, message(1))
        (taken,) = await take(database)
        await close(database, taken)
        await close(database, taken, state="rejected")
        return await states(database)

    assert stored(place, story) == ["7: message 1 sent"]


def test_what_is_given_back_was_never_tried(place: Place) -> None:
    async def story(database: Database) -> tuple[list[Owed], list[Owed]]:
        await subscribes(database, "7")
        await owes(database, message(1))
        first = await take(database)
        async with database.write() as connection:
            await give_back(connection, first[0], NOW)
        return first, await take(database)

    first, second = stored(place, story)
    assert first == second


def test_what_expires_while_it_waits_is_not_due_later_than_that(place: Place) -> None:
    async def story(database: Database) -> Instant | None:
        await subscribes(database, "7")
        await owes(database, message(1, lasts=600))
        (taken,) = await take(database)
        async with database.write() as connection:
            await postpone(connection, taken, NOW + 86_400, "wait a day")
        return await due(database)

    assert stored(place, story) == NOW + 1 + 600


def test_what_is_owed_to_a_chat_that_is_gone_is_closed_with_the_reason(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        await subscribes(database, "7", "8")
        await owes(database, message(1), message(2))
        first = (await take(database, 1))[0]
        async with database.write() as connection:
            await abandon(connection, first.chat, "blocked", NOW)
        await close(database, first)
        reasons = {str(each["reason"]) for each in await rows(database, deliveries) if each["state"] == "gone"}
        return [await states(database), reasons]

    assert stored(place, story) == [
        ["7: message 1 gone", "8: message 1 owed", "7: message 2 gone", "8: message 2 owed"],
        {"blocked"},
    ]


@pytest.mark.parametrize("leave", [unsubscribe, forget])
def test_who_left_while_a_message_was_under_way_leaves_nothing_to_settle(place: Place, leave: object) -> None:
    """And the number of the delivery is not given to another: that one would be settled in its place."""

    async def story(database: Database) -> list[str]:
        await subscribes(database, "7")
        await owes(database, message(1))
        (under_way,) = await take(database)
        async with database.write() as connection:
            await leave(connection, "telegram", "7")  # type: ignore[operator]
        await subscribes(database, "7", now=NOW + 1)
        await owes(database, message(2))
        (other,) = await take(database)
        assert other.id != under_way.id
        await close(database, replace(under_way, attempts=other.attempts))
        return await states(database)

    assert stored(place, story) == ["7: message 2 owed"]


# Looking


def test_the_next_is_due_at_once_after_a_pause_or_when_a_lease_ends(place: Place) -> None:
    async def story(database: Database) -> list[object]:
        moments = [await due(database)]
        await subscribes(database, "7")
        await owes(database, message(1), now=NOW)
        moments.append(await due(database))
        (taken,) = await take(database)
        moments.append(await due(database))
        async with database.write() as connection:
            await postpone(connection, taken, NOW + 7, "flood")
        moments.append(await due(database))
        (taken,) = await take(database, now=NOW + 7)
        await close(database, taken)
        return [*moments, await due(database)]

    assert stored(place, story) == [None, NOW, NOW + LEASE, NOW + 7, None]


def test_what_is_owed_and_what_was_given_up_is_counted(place: Place) -> None:
    async def counted(database: Database, since: Instant) -> Debt:
        async with database.read() as connection:
            return await debt(connection, "telegram", since)

    async def story(database: Database) -> list[Debt]:
        await subscribes(database, "terminal", channel="console")
        await owes(database, message(2), channel="console")
        debts = [await counted(database, NOW)]
        await subscribes(database, *"12345")
        await owes(database, message(1), now=NOW + 3)
        taken = await take(database, 5, now=NOW + 3)
        for owed, state in zip(taken, ("sent", "rejected", "unsure", "expired"), strict=False):
            await close(database, owed, state=state)
        return [*debts, await counted(database, NOW), await counted(database, NOW + 1)]

    assert stored(place, story) == [Debt(0, None, 0), Debt(1, NOW + 3, 2), Debt(1, NOW + 3, 0)]


def test_it_is_told_why_what_has_been_owed_for_longest_is_not_there_yet(place: Place) -> None:
    """What a fault of ours keeps back says nothing of the channel, nor what another channel is owed."""

    async def why(database: Database) -> str | None:
        async with database.read() as connection:
            return await held_up(connection, "telegram")

    async def story(database: Database) -> list[str | None]:
        await subscribes(database, "terminal", channel="console")
        await owes(database, message(9), channel="console")
        told = [await why(database)]
        await subscribes(database, "7")
        await owes(database, message(1), now=NOW)
        told.append(await why(database))
        (first,) = await take(database)
        async with database.write() as connection:
            await postpone(connection, first, NOW + 300, "no connection")
        await subscribes(database, "8")
        await owes(database, message(2), now=NOW + 5)
        told.append(await why(database))
        (first,) = [each for each in await take(database, 5, now=NOW + 300) if each.id == first.id]
        async with database.write() as connection:
            await postpone(connection, first, NOW + 600, "a fault of ours", aside=True)
        return [*told, await why(database)]

    assert stored(place, story) == [None, "", "no connection", ""]


def test_it_is_told_of_each_address_why_what_it_has_been_owed_for_longest_is_not_there_yet(place: Place) -> None:
    async def why(database: Database) -> dict[str, str]:
        async with database.read() as connection:
            return await held_up_each(connection, "telegram")

    async def story(database: Database) -> list[dict[str, str]]:
        await subscribes(database, "terminal", channel="console")
        await owes(database, message(9), channel="console")
        told = [await why(database)]
        await subscribes(database, "7", "8", "9")
        await owes(database, message(1), message(2))
        for owed in await take(database, 3):
            async with database.write() as connection:
                if owed.address == "9":
                    await postpone(connection, owed, NOW + 600, "a fault of ours", aside=True)
                else:
                    await postpone(connection, owed, NOW + 300, f"{owed.address} is full")
        return [*told, await why(database)]

    assert stored(place, story) == [{}, {"7": "7 is full", "8": "8 is full", "9": ""}]


# What is taken back


def test_an_event_that_is_taken_back_is_not_sent_to_who_waits_for_it_and_told_to_who_has_it(place: Place) -> None:
    """Of five one has it, one may have it, one is being sent it, one waits for it, and for one it was too late."""
    told = message(1)

    async def story(database: Database) -> tuple[frozenset[int], list[tuple[int, str]]]:
        await subscribes(database, "1", "2", "3", "4", "5")
        await owes(database, told)
        taken = {each.address: each for each in await take(database, most=5)}
        async with database.write() as connection:
            for address, state in (("1", "sent"), ("2", "unsure"), ("5", "expired")):
                await settle(connection, taken[address], NOW, state)
            await give_back(connection, taken["4"], NOW)
            back = await take_back(connection, told.event, NOW)
            rows = await connection.execute(sa.select(deliveries.c.chat, deliveries.c.state).order_by(deliveries.c.id))
            return back, [(row.chat, row.state) for row in rows]

    back, rows = stored(place, story)
    assert back == {1, 2, 3}
    assert rows == [(1, "sent"), (2, "unsure"), (3, "owed"), (4, "withdrawn"), (5, "expired")]


@pytest.mark.parametrize("which", ["head", "part"])
def test_what_tells_of_something_else_too_is_sent_all_the_same(place: Place, which: str) -> None:
    part = message(1)
    head = replace(message(1), event="change/fired/1", parts=(part.event,))

    async def story(database: Database) -> tuple[frozenset[int], list[str]]:
        await subscribes(database, "1")
        await owes(database, head)
        async with database.write() as connection:
            back = await take_back(connection, head.event if which == "head" else part.event, NOW)
            return back, [row.state for row in await connection.execute(sa.select(deliveries.c.state))]

    assert stored(place, story) == (frozenset({1}), ["owed"])


def test_no_question_searches_the_outbox_from_end_to_end(tmp_path: Path) -> None:
    """Each finds its rows by an index, and none sorts what is owed to find one delivery."""
    asked: list[tuple[str, tuple[str | int, ...]]] = []

    def note(
        _connection: object, _cursor: object, statement: str, parameters: tuple[str | int, ...], *_rest: object
    ) -> None:
        if "deliveries" in statement and statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.append((statement, parameters))

    async def story(database: Database) -> None:
        await subscribes(database, "7", "8")
        await owes(database, message(1), message(2))
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        try:
            (first, second) = await take(database)
            await due(database)
            await close(database, first)
            async with database.write() as connection:
                await debt(connection, "telegram", NOW)
                await held_up(connection, "telegram")
                await held_up_each(connection, "telegram")
                await free_claims(connection, "telegram", NOW)
                await abandon(connection, second.chat, "gone", NOW)
                await unsubscribe(connection, "telegram", "7")
                await turn_away(connection, "telegram", {"7", "8"}, NOW)
                await owe(connection, [message(3)], await subscribed(database), NOW)
                await take_back(connection, message(3).event, NOW)
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note)

    stored(tmp_path, story)
    with sqlite3.connect(tmp_path / "bellwether.db") as connection:
        plans = {
            sql: [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)]
            for sql, parameters in asked
        }
    connection.close()
    assert len(plans) >= 8
    for sql, plan in plans.items():
        assert not any("TEMP B-TREE" in step or step in ("SCAN deliveries", "SCAN deliveries_1") for step in plan), sql
