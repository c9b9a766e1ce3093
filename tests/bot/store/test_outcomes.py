"""What followed events, as rows: on both databases, to the last bit, and gone with its event."""

from __future__ import annotations

from dataclasses import replace

from bot.store.alerts import save_events
from bot.store.database import Database
from bot.store.outcomes import Completed, Fired, drop_outcomes, fired_after, outcomes_of, save_outcomes
from bot.store.personal import forget_events
from rules.model import AlertEvent, Edge
from tests.bot.store.stores import NOW, Place, event, stored

THIRD = 1.0 / 3.0


def known(of: AlertEvent, horizon: int = 1, end: float = THIRD) -> Completed:
    return Completed(of.key, "RUT", horizon, end, -THIRD, 5e-324, NOW + 7)


async def happened(database: Database, *events: AlertEvent) -> None:
    async with database.write() as connection:
        await save_events(connection, events, NOW)


async def followed(database: Database, *rows: Completed) -> None:
    async with database.write() as connection:
        await save_outcomes(connection, rows, NOW)


async def found(database: Database, *keys: str) -> dict[str, tuple[Completed, ...]]:
    async with database.read() as connection:
        return await outcomes_of(connection, keys)


async def fired(database: Database, after: int = 0, since: int = 0, most: int = 9) -> list[Fired]:
    async with database.read() as connection:
        return await fired_after(connection, after, since, most)


def test_it_comes_back_as_it_was_written_and_is_written_over(place: Place) -> None:
    one, other = event(1), event(2)

    async def story(database: Database) -> None:
        await happened(database, one, other)
        assert await found(database, one.key) == await found(database) == {}
        await followed(database)
        await followed(database, known(one, 20), known(one, 1), known(other))
        await followed(database, known(one, 1, -0.25))
        assert await found(database, one.key, "nobody's") == {one.key: (known(one, 1, -0.25), known(one, 20))}
        async with database.write() as connection:
            await drop_outcomes(connection, [known(one, 20)])
        assert await found(database, one.key, other.key) == {
            one.key: (known(one, 1, -0.25),),
            other.key: (known(other),),
        }

    stored(place, story)


def test_events_that_fired_come_in_the_order_of_recording(place: Place) -> None:
    """With what is known of them; neither ends nor corrections are among them."""
    first, second, third = event(1), event(2, when=NOW - 90), event(3)
    over = replace(event(4), edge=Edge.RESOLVED)
    taken_back = replace(first, edge=Edge.CORRECTED, rejudged_at=NOW + 5, undone=Edge.FIRED, undone_key=first.key)

    async def story(database: Database) -> None:
        await happened(database, first, second, over, taken_back, third)
        await followed(database, known(second))
        some = await fired(database)
        assert [(each.key, each.known, each.is_undone) for each in some] == [
            (first.key, (), True),
            (second.key, (known(second),), False),
            (third.key, (), False),
        ]
        assert await fired(database, most=2) == some[:2]
        assert await fired(database, after=some[0].id) == some[1:]
        assert await fired(database, since=second.at + 1) == [some[0], some[2]]
        assert await fired(database, after=some[2].id) == []

    stored(place, story)


def test_it_goes_with_its_event(place: Place) -> None:
    own = event(1, rule="#1.1")

    async def story(database: Database) -> None:
        await happened(database, own)
        await followed(database, known(own))
        async with database.write() as connection:
            await forget_events(connection, 1)
        assert await found(database, own.key) == {}

    stored(place, story)


def test_an_event_that_is_deleted_meanwhile_costs_no_other_what_followed_it(place: Place) -> None:
    one, gone = event(1), event(2, rule="#1.1")

    async def story(database: Database) -> None:
        await happened(database, one)
        await followed(database, known(gone), known(one), known(gone, 5))
        assert await found(database, one.key, gone.key) == {one.key: (known(one),)}
        await followed(database, known(gone))

    stored(place, story)
