"""What followed events that fired, as rows: what is known of them, and which of them may lack some."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field

import sqlalchemy as sa

from bot.store.conflict import insert_or_update
from bot.store.database import Connection
from bot.store.schema import events, outcomes
from rules.model import Edge, Instant

KEY = ("event", "instrument", "horizon")

_FIRED = events.c.key.contains(f"/{Edge.FIRED}/", autoescape=True)
_CORRECTED = events.c.key.contains(f"/{Edge.CORRECTED}/", autoescape=True)


@dataclass(frozen=True, slots=True)
class Completed:
    """What followed an event in an instrument over so many rows of its rule's clock, as shares of the close that the
    event is counted from: to the close `at` (`end`), and to the `worst` and the `best` close on the way.
    """

    event: str
    instrument: str
    horizon: int
    end: float
    worst: float
    best: float
    at: Instant


@dataclass(frozen=True, slots=True)
class Fired:
    """An event that fired, its place in the order of recording, what is known of what followed, and whether it was
    corrected since.
    """

    id: int
    key: str
    rule: str
    at: Instant
    known: tuple[Completed, ...] = field(default=())
    is_undone: bool = False


async def outcomes_of(connection: Connection, keys: Collection[str]) -> dict[str, tuple[Completed, ...]]:
    """What is known to have followed events, by key, in the order of instruments and horizons; of others nothing."""
    if not keys:
        return {}
    query = sa.select(outcomes).where(outcomes.c.event.in_(keys)).order_by(*(outcomes.c[name] for name in KEY))
    found: dict[str, list[Completed]] = {}
    for row in await connection.execute(query):
        known = Completed(row.event, row.instrument, row.horizon, row.end, row.worst, row.best, row.at)
        found.setdefault(row.event, []).append(known)
    return {key: tuple(some) for key, some in found.items()}


async def fired_after(connection: Connection, after: int, since: Instant, most: int) -> list[Fired]:
    """The first `most` events that fired, were recorded after the one with the id `after`, and are of a bar that ended
    at `since` or later.
    """
    query = sa.select(events.c.id, events.c.key, events.c.rule, events.c.at)
    query = query.where(_FIRED, events.c.id > after, events.c.at >= since).order_by(events.c.id).limit(most)
    rows = (await connection.execute(query)).all()
    known = await outcomes_of(connection, [row.key for row in rows])
    undone = await _undone(connection, {row.at for row in rows})
    return [Fired(row.id, row.key, row.rule, row.at, known.get(row.key, ()), row.key in undone) for row in rows]


async def save_outcomes(connection: Connection, found: Sequence[Completed], now: Instant) -> None:
    """Write what followed, in place of what was known of it before; of an event that was deleted meanwhile nothing."""
    recorded = sa.select(events.c.key).where(events.c.key.in_({each.event for each in found}))
    there = set((await connection.execute(recorded)).scalars()) if found else set()
    rows = [{**asdict(each), "completed_at": now} for each in found if each.event in there]
    if rows:
        await connection.execute(insert_or_update(outcomes, KEY), rows)


async def drop_outcomes(connection: Connection, gone: Iterable[Completed]) -> None:
    """What is not known any more."""
    for each in gone:
        where = outcomes.c.event == each.event, outcomes.c.instrument == each.instrument
        await connection.execute(sa.delete(outcomes).where(*where, outcomes.c.horizon == each.horizon))


async def _undone(connection: Connection, instants: Collection[Instant]) -> frozenset[str]:
    """The keys of events of the bars that ended at `instants` that were corrected."""
    if not instants:
        return frozenset()
    query = sa.select(events.c.content).where(events.c.at.in_(instants), _CORRECTED)
    return frozenset(row.content["undone_key"] for row in await connection.execute(query))
