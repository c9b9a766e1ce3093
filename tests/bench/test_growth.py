"""What is timed as work grows does happen: a delivery is sent, a tick is committed, alerts rest, rules fire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.store import schema
from bot.store.database import Connection, Database
from rules.engine import evaluate, opened
from rules.model import XNYS
from tests.bench.drawn import market
from tests.bench.growth_computed import rules_of
from tests.bench.growth_stored import READERS, at_rest, commits_one, happened, owing, priced, sends_one

Step = Callable[[Connection], Awaitable[object]]


def counted(path: Path, *steps: Step) -> dict[str, int]:
    """How many rows of what there are after some transactions."""

    async def run() -> dict[str, int]:
        database = Database(path / "a.db", durable=False)
        await database.migrate()
        for step in steps:
            async with database.write() as connection:
                await step(connection)
        async with database.read() as connection:
            found = {
                "bars": await _count(connection, schema.bars),
                "events": await _count(connection, schema.events),
                "owed": await _count(connection, schema.deliveries, schema.deliveries.c.state == "owed"),
                "sent": await _count(connection, schema.deliveries, schema.deliveries.c.state == "sent"),
            }
        await database.close()
        return found

    return asyncio.run(run())


async def _count(connection: Connection, table: sa.Table, *where: Any) -> int:
    return int((await connection.execute(sa.select(sa.func.count()).select_from(table).where(*where))).scalar_one())


def test_a_lane_sends_one_delivery_of_those_that_are_owed(tmp_path: Path) -> None:
    found = counted(tmp_path, lambda connection: owing(connection, 2_000), sends_one, sends_one)
    assert found == {"bars": 0, "events": 0, "owed": 1_998, "sent": 2}


def test_a_tick_commits_a_bar_an_event_and_what_its_readers_are_owed(tmp_path: Path) -> None:
    found = counted(tmp_path, lambda connection: happened(connection, 30), commits_one, commits_one)
    assert found == {"bars": 2, "events": 32, "owed": 2 * READERS, "sent": 0}


def test_it_does_so_beside_the_bars_that_are_there(tmp_path: Path) -> None:
    found = counted(tmp_path, lambda connection: priced(connection, 50), commits_one)
    assert found == {"bars": 51, "events": 1, "owed": READERS, "sent": 0}


def test_alerts_of_people_are_watched_and_none_of_them_fires() -> None:
    with at_rest(40) as (station, polls):
        assert not station.ticks(polls)
        assert len(station.watch._own.by_id) == 40


def test_the_rules_that_are_replayed_fire() -> None:
    panel = market()
    rules = rules_of(panel, 8)
    found = evaluate(rules, {XNYS: panel}, opened(rules), int(panel.clock.closes[-1]), grace=0)
    assert len({event.rule for event in found.events}) > 5
