"""Bars and what they said before: written a batch at a time, read an instrument at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa

from bot.store.conflict import insert_or_update
from bot.store.database import Connection
from bot.store.schema import backfills, bars, origins, revisions
from rules.bars import Bars, Floats, Interval, Ints, Origin
from rules.model import Instant

BATCH = 4_000
"""Rows handed to the database, or taken from it, at a time: memory does not grow with history."""

NOT_YET = 2**40
"""An instant after every other."""

PRICES = ("open", "high", "low", "close", "volume")
_INTS = ("start", "end", "known_at")

_COLUMNS = tuple(bars.c[name] for name in ("end", "known_at", "origin", *PRICES))
_KEEP = sa.insert(revisions)
_WRITE = insert_or_update(bars, ["instrument", "interval", "end", "origin"])


@dataclass(frozen=True, slots=True)
class Change:
    """Bars of an instrument to be written, and what those of them that were there said before."""

    instrument: str
    new: Bars
    replaced: Bars


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that bars have said, `bars`, each of it until `replaced_at`: `NOT_YET` is what they say today."""

    bars: Bars
    replaced_at: Ints

    def at(self, instant: Instant) -> Bars:
        """What they said at an instant."""
        return self.bars.take((self.bars.known_at <= instant) & (self.replaced_at > instant))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an instrument's history was asked for: every bar that ends in (first, through]."""

    first: Instant
    through: Instant
    complete: bool


async def save_bars(connection: Connection, changes: Sequence[Change], now: Instant) -> None:
    """Write every change's `new` over what is there; what bars said before is kept as revisions."""
    tables = [table for each in changes for table in (each.replaced, each.new) if len(table)]
    if not tables:
        return
    ids = await _origin_ids(connection, dict.fromkeys(origin for table in tables for origin in table.origins))
    old = (row for each in changes for row in _rows(each.instrument, each.replaced, ids))
    await _execute(connection, _KEEP, ({**_without_start(row), "replaced_at": now} for row in old))
    await _execute(connection, _WRITE, (row for each in changes for row in _rows(each.instrument, each.new, ids)))


def _without_start(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if name != "start"}


async def _execute(connection: Connection, statement: sa.Insert, rows: Iterable[dict[str, object]]) -> None:
    rows = iter(rows)
    while batch := list(islice(rows, BATCH)):
        await connection.execute(statement, batch)


async def load_bars(
    connection: Connection, instrument: str, interval: Interval, known_at: Instant | None = None
) -> Bars:
    """Every bar of an instrument, sorted by end; of one end in the order of `origins`, which is the order of entry.

    `known_at`: as they were known at that instant, before what was restated or came after it.
    """
    known = {row.id: _origin(row) for row in await connection.execute(sa.select(origins).order_by(origins.c.id))}
    key = bars.c.instrument == instrument, bars.c.interval == interval.value
    held = sa.select(bars.c.start, *_COLUMNS).where(*key)
    query: sa.Select[Any] | sa.CompoundSelect[Any] = held
    if known_at is not None:
        query = sa.union_all(held.where(bars.c.known_at <= known_at), _said_at(known_at).where(*key))
    return _bars_of(interval, await _table_of(connection, query, 9), known)


async def load_words(connection: Connection, instrument: str, interval: Interval) -> Words:
    """Everything that the bars of an instrument have ever said, as far as it is kept."""
    known = {row.id: _origin(row) for row in await connection.execute(sa.select(origins).order_by(origins.c.id))}
    key = bars.c.instrument == instrument, bars.c.interval == interval.value
    held = sa.select(bars.c.start, *_COLUMNS, sa.literal(NOT_YET, sa.BigInteger).label("replaced_at")).where(*key)
    query: sa.CompoundSelect[Any] = sa.union_all(held, _said(revisions.c.replaced_at).where(*key))
    table = await _table_of(connection, query, 10)
    return Words(_bars_of(interval, table, known), table[:, 9].astype(np.int64))


async def _table_of(connection: Connection, query: sa.Select[Any] | sa.CompoundSelect[Any], width: int) -> Floats:
    """The rows of a query for bars, sorted by end and then by origin; NULL is NaN."""
    async with connection.stream(query.order_by(sa.column("end"), sa.column("origin"))) as rows:
        parts = [np.array([tuple(row) for row in part], dtype=np.float64) async for part in rows.partitions(BATCH)]
    return np.concatenate(parts) if parts else np.empty((0, width))


def _bars_of(interval: Interval, table: Floats, known: Mapping[int, Origin]) -> Bars:
    used = np.unique(table[:, 3]).astype(np.int64)
    return Bars(
        interval,
        start=table[:, 0].astype(np.int64),
        end=table[:, 1].astype(np.int64),
        known_at=table[:, 2].astype(np.int64),
        origin=np.searchsorted(used, table[:, 3].astype(np.int64)).astype(np.int64),
        origins=tuple(known[int(each)] for each in used),
        **{name: np.ascontiguousarray(table[:, 4 + index]) for index, name in enumerate(PRICES)},
    )


def _said(*further: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """What bars have said that say something else today."""
    same = (revisions.c[name] == bars.c[name] for name in ("instrument", "interval", "end", "origin"))
    columns = (revisions.c[name] for name in ("end", "known_at", "origin", *PRICES))
    return sa.select(bars.c.start, *columns, *further).join_from(revisions, bars, sa.and_(*same))


def _said_at(instant: Instant) -> sa.Select[Any]:
    """Which of it they said at an instant."""
    return _said().where(revisions.c.known_at <= instant, revisions.c.replaced_at > instant)


async def progress_of(connection: Connection) -> dict[tuple[str, Interval], Progress]:
    """How far every backfill has come."""
    rows = await connection.execute(sa.select(backfills))
    return {(r.instrument, Interval(r.interval)): Progress(r.first, r.through, r.complete) for r in rows}


async def save_progress(connection: Connection, instrument: str, interval: Interval, progress: Progress) -> None:
    """Write how far a backfill has come; in the transaction that wrote its bars."""
    row = {
        "instrument": instrument, "interval": interval.value, "first": progress.first, "through": progress.through,
        "complete": progress.complete,
    }  # fmt: skip
    await connection.execute(insert_or_update(backfills, ["instrument", "interval"]), row)


def _rows(instrument: str, table: Bars, ids: Mapping[Origin, int]) -> Iterator[dict[str, object]]:
    """Bars as the database takes them: NaN is null."""
    columns = {name: getattr(table, name).tolist() for name in (*_INTS, *PRICES, "origin")}
    for index in range(len(table)):
        row = {name: values[index] for name, values in columns.items()}
        for name in PRICES:
            row[name] = None if row[name] != row[name] else row[name]
        row["origin"] = ids[table.origins[row["origin"]]]
        yield {"instrument": instrument, "interval": table.interval.value, **row}


async def _origin_ids(connection: Connection, wanted: Iterable[Origin]) -> dict[Origin, int]:
    """The ids of origins; those not known yet get theirs in the order given."""
    found = {_origin(row): row.id for row in await connection.execute(sa.select(origins))}
    for origin in (each for each in wanted if each not in found):
        values = {name: getattr(origin, name) for name in ("feed", "venue", "quote", "volume_unit", "simulated")}
        added = await connection.execute(sa.insert(origins).values(values).returning(origins.c.id))
        found[origin] = added.scalar_one()
    return found


def _origin(row: sa.Row[tuple[object, ...]]) -> Origin:
    return Origin(row.feed, row.venue, row.quote, row.volume_unit, row.simulated)
