"""Holes on disk: how often each was asked for, also after a restart."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.store.database import Connection, Database
from bot.store.holes import Asked, forget_holes, known_holes, save_holes
from rules.bars import Interval

DAYS, HOURS = ("RUT", Interval.DAY), ("BTC", Interval.HOUR)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "holes.db"


def told(path: Path, *changes: Callable[[Connection], Awaitable[None]]) -> dict[tuple[str, Interval], dict[int, Asked]]:
    """What is known after changes, each of a process of its own."""

    async def run() -> dict[tuple[str, Interval], dict[int, Asked]]:
        for change in changes:
            database = Database(path, durable=False)
            await database.migrate()
            async with database.write() as connection:
                await change(connection)
            await database.close()
        database = Database(path, durable=False)
        async with database.read() as connection:
            known = await known_holes(connection)
        await database.close()
        return known

    return asyncio.run(run())


def test_what_was_asked_for_is_known_again(path: Path) -> None:
    asked = {1_000: Asked(5_000, 2), 2_000: Asked(5_000, 3)}
    known = told(
        path,
        lambda connection: save_holes(connection, DAYS, asked),
        lambda connection: save_holes(connection, HOURS, {1_000: Asked(6_000, 1)}),
    )
    assert known == {DAYS: asked, HOURS: {1_000: Asked(6_000, 1)}}


def test_the_last_question_counts(path: Path) -> None:
    known = told(
        path,
        lambda connection: save_holes(connection, DAYS, {1_000: Asked(5_000, 2), 2_000: Asked(5_000, 2)}),
        lambda connection: save_holes(connection, DAYS, {1_000: Asked(9_000, 3)}),
    )
    assert known == {DAYS: {1_000: Asked(9_000, 3), 2_000: Asked(5_000, 2)}}


def test_what_has_come_is_forgotten_and_nothing_else(path: Path) -> None:
    known = told(
        path,
        lambda connection: save_holes(connection, DAYS, {1_000: Asked(5_000, 2), 2_000: Asked(5_000, 2)}),
        lambda connection: save_holes(connection, HOURS, {1_000: Asked(5_000, 2)}),
        lambda connection: forget_holes(connection, DAYS, {1_000, 77}),
    )
    assert known == {DAYS: {2_000: Asked(5_000, 2)}, HOURS: {1_000: Asked(5_000, 2)}}


def test_nothing_to_write_is_no_question_to_the_database(path: Path) -> None:
    assert told(path, lambda connection: save_holes(connection, DAYS, {}), lambda c: forget_holes(c, DAYS, ())) == {}
