"""Bars that should be there and that no source had: how often each was asked for, also after a restart."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from bot.store.conflict import insert_or_update
from bot.store.database import Connection
from bot.store.schema import holes
from rules.bars import Interval
from rules.model import Instant

Key = tuple[str, Interval]

_WRITE = insert_or_update(holes, ["instrument", "interval", "end"])
_FORGET = sa.delete(holes).where(
    holes.c.instrument == sa.bindparam("of"),
    holes.c.interval == sa.bindparam("every"),
    holes.c.end == sa.bindparam("ended"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """When a bar was asked for last, and how often in all."""

    at: Instant
    times: int


async def known_holes(connection: Connection) -> dict[Key, dict[Instant, Asked]]:
    """Every hole, by series and by the end of the bar that lacks."""
    found: dict[Key, dict[Instant, Asked]] = {}
    for row in await connection.execute(sa.select(holes).order_by(holes.c.end)):
        found.setdefault((row.instrument, Interval(row.interval)), {})[row.end] = Asked(row.asked_at, row.times)
    return found


async def save_holes(connection: Connection, key: Key, asked: Mapping[Instant, Asked]) -> None:
    """Write how often bars were asked for."""
    name, interval = key
    rows = [
        {"instrument": name, "interval": interval.value, "end": end, "asked_at": each.at, "times": each.times}
        for end, each in asked.items()
    ]
    if rows:
        await connection.execute(_WRITE, rows)


async def forget_holes(connection: Connection, key: Key, ends: Collection[Instant]) -> None:
    """Forget those that have come."""
    name, interval = key
    rows = [{"of": name, "every": interval.value, "ended": end} for end in ends]
    if rows:
        await connection.execute(_FORGET, rows)
