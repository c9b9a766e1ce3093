"""Alerts that people have made for themselves, as rows of their chats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa

from bot.answers.personal import PERSONAL, PersonalAlert, dump, load
from bot.store.conflict import insert_or_update
from bot.store.database import Connection
from bot.store.schema import alerts, chats, events
from rules.model import Instant

AlertRow = tuple[int, int, str]
"""The chat, the number there, and the document as text."""

_IN_ORDER = alerts.c.chat, alerts.c.number


async def alerts_of(connection: Connection, chat: int) -> tuple[PersonalAlert, ...]:
    """Those of one chat, by number."""
    rows = await connection.execute(sa.select(alerts).where(alerts.c.chat == chat).order_by(alerts.c.number))
    return tuple(load(row.number, row.content) for row in rows)


async def all_alerts(connection: Connection) -> list[tuple[int, PersonalAlert]]:
    """Every chat's, with the number of the chat."""
    rows = await connection.execute(sa.select(alerts).order_by(*_IN_ORDER))
    return [(row.chat, load(row.number, row.content)) for row in rows]


async def alert_rows(connection: Connection) -> list[AlertRow]:
    """Every chat's as they lie there: who looks again and again reads only those that are not what they were."""
    text = sa.type_coerce(alerts.c.content, sa.Text())
    rows = await connection.execute(sa.select(alerts.c.chat, alerts.c.number, text).order_by(*_IN_ORDER))
    return [(chat, number, content) for chat, number, content in rows]


def read_row(row: AlertRow) -> PersonalAlert:
    """An alert from its row."""
    return load(row[1], json.loads(row[2]))


async def save_alert(connection: Connection, chat: int, alert: PersonalAlert) -> None:
    """Write one down, new or in place of the one of its number, which is used from now on.

    One that has fired since it was read is done all the same, unless it begins anew.
    """
    known = sa.select(alerts).where(alerts.c.chat == chat, alerts.c.number == alert.number)
    before = (await connection.execute(known)).first()
    if before is not None and alert.fired_at is None:
        stands = load(alert.number, before.content)
        if stands.made_at == alert.made_at:
            alert = replace(alert, fired_at=stands.fired_at)
    row = {"chat": chat, "number": alert.number, "content": dump(alert)}
    await connection.execute(insert_or_update(alerts, ["chat", "number"]), row)
    used = sa.update(chats).where(chats.c.id == chat, chats.c.alerts_made < alert.number)
    await connection.execute(used.values(alerts_made=alert.number))


async def remove_alert(connection: Connection, chat: int, number: int) -> None:
    """Forget one; what it is owed for is still told."""
    await connection.execute(sa.delete(alerts).where(alerts.c.chat == chat, alerts.c.number == number))


async def mark_fired(connection: Connection, fired: Mapping[tuple[int, int], Instant]) -> None:
    """Alerts, by chat and number, have fired at an instant: those that are told once are done."""
    for (chat, number), at in fired.items():
        where = alerts.c.chat == chat, alerts.c.number == number
        row = (await connection.execute(sa.select(alerts).where(*where))).first()
        if row is not None:
            content = dump(replace(load(number, row.content), fired_at=at))
            await connection.execute(sa.update(alerts).where(*where).values(content=content))


async def forget_events(connection: Connection, chat: int) -> None:
    """Delete what has happened to the alerts of a chat."""
    theirs = events.c.rule.startswith(f"{PERSONAL}{chat}.", autoescape=True)
    await connection.execute(sa.delete(events).where(theirs))


async def count_alerts(connection: Connection) -> int:
    """How many there are, of all chats."""
    return int((await connection.execute(sa.select(sa.func.count()).select_from(alerts))).scalar_one())
