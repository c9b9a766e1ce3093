"""PostgreSQL finds every delivery by an index, however many were sent before; test_outbox holds SQLite to the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa

from bot.store.chats import subscribers, turn_away, unsubscribe
from bot.store.database import Database
from bot.store.handover import move
from bot.store.messages import owe
from bot.store.outbox import abandon, claim, free_claims, next_due, postpone, settle
from bot.store.owed import debt, held_up
from bot.store.summaries import lapsed, take_back
from tests.bot.store.postgres import Postgres
from tests.bot.store.stores import NOW, message, stored, subscribes

_OLD = f"""
insert into deliveries (event, chat, html, at, late_after, expires_at, at_most_once, silent, created_at, state, reason,
    due_at, attempts, plain, repeat, aside, message)
select 'old/' || n, 1 + n % 50, '', {NOW}, {NOW}, {NOW}, false, false, {NOW},
    case when n % 4 = 0 then 'owed' else 'sent' end, '', {NOW}, 0, false, false, false, ''
from generate_series(1, 20000) as n;
analyze deliveries
"""
"""Twenty thousand, of which a quarter is still owed."""

Asked = dict[str, dict[str, Any]]


@contextmanager
def noted() -> Iterator[Asked]:
    """What is asked about deliveries, each with one set of parameters."""
    asked: Asked = {}

    def note(_connection: object, _cursor: object, statement: str, parameters: dict[str, Any], *_rest: object) -> None:
        if "deliveries" in statement and statement.startswith(("SELECT", "UPDATE", "DELETE")):
            asked.setdefault(statement, dict(parameters))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


async def everything(database: Database) -> None:
    """Each question once."""
    async with database.write() as connection:
        first, second, third = await claim(connection, "telegram", "me", NOW, 300, 3)
        await next_due(connection, "telegram", (first.id,))
        await settle(connection, first, NOW, "sent")
        await postpone(connection, second, NOW + 9, "flood")
        await lapsed(connection, "telegram", ("7", "8"))
        await debt(connection, "telegram", NOW)
        await held_up(connection, "telegram")
        await free_claims(connection, "telegram", NOW)
        await owe(connection, [message(3)], (await subscribers(connection, "telegram"))[:3], NOW)
        await take_back(connection, message(3).event, NOW)
        await abandon(connection, second.chat, "gone", NOW)
        await unsubscribe(connection, "telegram", "7")
        await turn_away(connection, "telegram", {"8"}, NOW)
        await move(connection, third.chat, "1")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps."""
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


def test_no_question_searches_the_outbox_from_end_to_end(postgres: Postgres) -> None:
    url = postgres.database()

    async def story(database: Database) -> Asked:
        await subscribes(database, *map(str, range(1, 51)))
        postgres.execute(_OLD, url)
        with noted() as asked:
            await everything(database)
        return asked

    asked = stored(url, story)
    assert len(asked) >= 12
    with psycopg.connect(url) as connection:
        for statement, parameters in asked.items():
            ((plan,),) = connection.execute(f"explain (format json) {statement}", parameters).fetchall()
            steps = list(nodes((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]))
            through = [each for each in steps if each["Node Type"] == "Seq Scan"]
            assert not [each for each in through if each["Relation Name"] == "deliveries"], statement
            claims = "LIMIT" in statement
            assert not (claims and any("Sort" in each["Node Type"] for each in steps)), statement
