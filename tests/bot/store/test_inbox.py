"""Lines that people wrote: kept once, answered once, and then forgotten but for their number."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from bot.store.database import Database
from bot.store.inbox import REMEMBERED, Line, answered, keep, unanswered
from bot.store.schema import inbox
from rules.model import Instant
from tests.bot.store.stores import NOW, Place, rows, stored


def line(number: int, text: str = "/start") -> Line:
    return Line(number, "1001", "private", "1001", text, None, NOW)


async def kept(database: Database, *lines: Line, now: Instant = NOW) -> list[int]:
    async with database.write() as connection:
        return [each.id for each in await keep(connection, "telegram", lines, now)]


async def left(database: Database, channel: str = "telegram") -> list[Line]:
    async with database.read() as connection:
        return await unanswered(connection, channel)


async def answers(database: Database, *numbers: int, now: Instant = NOW) -> None:
    async with database.write() as connection:
        await answered(connection, "telegram", numbers, now)


def test_what_was_kept_is_there_until_it_is_answered_in_the_order_it_was_written(place: Place) -> None:
    async def story(database: Database) -> list[Line]:
        topic = Line(7, "-4242", "group", "12", "/corr “RUT” 🟠", 9, NOW)
        assert await kept(database, line(9), topic, line(8)) == [9, 7, 8]
        await answers(database, 8)
        assert await left(database) == [topic, line(9)]
        return await left(database, "console")

    assert stored(place, story) == []


def test_a_line_that_comes_again_is_kept_once_and_never_answered_again(place: Place) -> None:
    async def story(database: Database) -> list[Line]:
        await kept(database, line(1), line(2))
        await answers(database, 1)
        assert await kept(database, line(1), line(2), line(3)) == [2, 3]
        return await left(database)

    assert stored(place, story) == [line(2), line(3)]


def test_of_an_answered_line_only_its_number_stays_and_that_not_for_ever(place: Place) -> None:
    async def story(database: Database) -> list[dict[str, object]]:
        await kept(database, line(1, "my secret position"))
        await answers(database, 1, now=NOW + 5)
        [row] = await rows(database, inbox)
        assert row == {
            "channel": "telegram", "id": 1, "address": "", "kind": "", "user": "", "text": "", "thread": None,
            "tap": None,
            "received_at": NOW, "answered_at": NOW + 5,
        }  # fmt: skip
        await kept(database, line(2), now=NOW + 5 + REMEMBERED)
        assert len(await rows(database, inbox)) == 2
        await kept(database, line(3), now=NOW + 6 + REMEMBERED)
        return await rows(database, inbox)

    assert [row["id"] for row in stored(place, story)] == [2, 3]


def test_what_waits_is_never_forgotten(place: Place) -> None:
    async def story(database: Database) -> list[Line]:
        await kept(database, line(1))
        await kept(database, line(2), now=NOW + 9 * REMEMBERED)
        return await left(database)

    assert stored(place, story) == [line(1), line(2)]


def test_what_is_forgotten_is_found_by_an_index(tmp_path: Path) -> None:
    """A busy bot remembers a hundred thousand numbers, and looks for old ones with each line."""
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, given: tuple[object, ...], *_rest: object) -> None:
        if statement.startswith("DELETE FROM inbox"):
            asked.append((statement, given))

    async def story(database: Database) -> list[str]:
        sa.event.listen(sa.Engine, "before_cursor_execute", note)
        try:
            await kept(database, line(1))
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", note)
        [(statement, given)] = asked
        async with database.read() as connection:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
            return [row.detail for row in plan]

    [step] = stored(tmp_path, story)
    assert "ix_inbox_answered (channel=? AND answered_at<?)" in step


def test_of_a_tap_it_is_kept_how_it_is_answered_until_it_is(place: Place) -> None:
    async def story(database: Database) -> tuple[list[Line], list[object]]:
        tap = Line(7, "1001", "private", "1001", "/why 7", None, NOW, ["77", 5, True, "here"])
        await kept(database, tap, line(8))
        waiting = await left(database)
        await answers(database, 7)
        return waiting, [each["tap"] for each in await rows(database, inbox)]

    tap = Line(7, "1001", "private", "1001", "/why 7", None, NOW, ["77", 5, True, "here"])
    assert stored(place, story) == ([tap, line(8)], [None, None])
