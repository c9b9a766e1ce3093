"""The engine's book and the events it led to, as rows. Of the book only what has changed is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.answers.personal import PERSONAL
from bot.store.conflict import insert_new, insert_or_update
from bot.store.database import Connection
from bot.store.proofs import last_seal, seal_of, sealed
from bot.store.schema import checkpoints, events, rules, tracks
from rules.alerting import AlertState, Coverage, Firing, Inactive, Pending
from rules.book import Book, Past, Record, standing
from rules.model import AlertEvent, Edge, Instant, Severity
from rules.scan import Checkpoint

K = TypeVar("K")
T = TypeVar("T")

NONE: Mapping[str, Mapping[str, Any]] = {}
_RECORD = insert_new(events)
_STATES: dict[str, type[AlertState]] = {each.__name__: each for each in (Inactive, Pending, Firing)}


async def load_book(connection: Connection) -> Book:
    """Where everything stood when last committed; an empty book in an empty database."""
    records = {row.id: _record(row) for row in await connection.execute(sa.select(rules))}
    kept: dict[str, dict[str, Checkpoint]] = {}
    for row in await connection.execute(sa.select(checkpoints)):
        kept.setdefault(row.track, {})[row.node] = Checkpoint.load(row.content)
    pasts = {row.track: Past(**row.content) for row in await connection.execute(sa.select(tracks))}
    told: dict[str, list[AlertEvent]] = {}
    for row in await connection.execute(sa.select(events.c.rule, events.c.at, events.c.content).order_by(events.c.id)):
        if row.rule in records and row.at > records[row.rule].adopted:
            told.setdefault(row.rule, []).append(event_of(row.content))
    stand = {name: stands for name, of_one in told.items() if (stands := standing(of_one))}
    return Book(records, kept, pasts, stand)


async def save_book(connection: Connection, before: Book, after: Book) -> None:
    """Write what has changed from `before`, which is what the store holds, to `after`."""
    await _write(connection, rules, ("id",), before.records, after.records, _recorded)
    await _write(connection, checkpoints, ("track", "node"), _by_node(before), _by_node(after), _dumped)
    await _write(connection, tracks, ("track",), before.pasts, after.pasts, _past)


async def dark_since(connection: Connection, back: AlertEvent) -> Instant | None:
    """The bar of which it was said that a rule has no data, where that is what an event says is over.

    None where it was not: a rule that is adopted while its data is missing says nothing of it.
    """
    dark, known = (events.c.key.startswith(f"{back.rule}/{edge}/") for edge in (Edge.NO_DATA, Edge.DATA_BACK))
    before = events.c.rule == back.rule, events.c.at <= back.at, events.c.key != back.key, sa.or_(dark, known)
    newest = sa.select(events.c.at, dark.label("dark")).where(*before).order_by(events.c.at.desc(), events.c.id.desc())
    row = (await connection.execute(newest.limit(1))).first()
    return row.at if row is not None and row.dark else None


async def save_events(
    connection: Connection,
    happened: Sequence[AlertEvent],
    now: Instant,
    unsaid: Collection[str] = (),
    proofs: Mapping[str, Mapping[str, Any]] = NONE,
) -> list[AlertEvent]:
    """Record events; returns those that were not known yet: a repeated tick is a no-op.

    `unsaid` are the keys of those that are to be listed in a summary, `proofs` what each can be recomputed from, by
    key. Each is sealed together with the seal of the one that was recorded before it.
    """
    fresh = []
    last = await last_seal(connection) if happened else ""
    for event in happened:
        content, known = _plain(event), proofs.get(event.key)
        proof = None if known is None else sealed(known, content, now, last)
        row = {
            "key": event.key, "rule": event.rule, "at": event.at, "content": content, "recorded_at": now,
            "unsaid": event.key in unsaid, "proof": proof,
        }  # fmt: skip
        if (await connection.execute(_RECORD, row)).rowcount:
            fresh.append(event)
            last = seal_of(proof)
    return fresh


async def recorded_events(connection: Connection, rule: str | None, count: int) -> list[AlertEvent]:
    """The last `count` events, of one rule or of all that are everybody's, oldest first."""
    query = sa.select(events.c.content).order_by(events.c.at.desc(), events.c.id.desc()).limit(count)
    query = query.where(~events.c.rule.startswith(PERSONAL) if rule is None else events.c.rule == rule)
    rows = (await connection.execute(query)).all()
    return [event_of(row.content) for row in reversed(rows)]


async def events_of_rules(connection: Connection, rules: Collection[str], count: int) -> list[AlertEvent]:
    """The last `count` events of some rules, oldest first."""
    if not rules:
        return []
    query = sa.select(events.c.content).where(events.c.rule.in_(rules))
    rows = (await connection.execute(query.order_by(events.c.at.desc(), events.c.id.desc()).limit(count))).all()
    return [event_of(row.content) for row in reversed(rows)]


async def events_at(connection: Connection, instants: Collection[Instant]) -> list[AlertEvent]:
    """The events of the bars that ended at `instants`, as they were recorded; without an instant nothing is asked."""
    if not instants:
        return []
    query = sa.select(events.c.content).where(events.c.at.in_(instants)).order_by(events.c.id)
    return [event_of(row.content) for row in await connection.execute(query)]


async def events_of(connection: Connection, keys: Collection[str]) -> dict[str, AlertEvent]:
    """Recorded events by key, of those that are."""
    query = sa.select(events.c.key, events.c.content).where(events.c.key.in_(keys))
    return {row.key: event_of(row.content) for row in await connection.execute(query)} if keys else {}


async def unsaid_events(connection: Connection) -> list[AlertEvent]:
    """What is to be listed in the next summary, oldest first."""
    query = sa.select(events.c.content).where(events.c.unsaid).order_by(events.c.at, events.c.id)
    return [event_of(row.content) for row in await connection.execute(query)]


async def all_said(connection: Connection) -> None:
    """Everything was listed."""
    await connection.execute(sa.update(events).where(events.c.unsaid).values(unsaid=False))


async def _write(
    connection: Connection,
    table: sa.Table,
    key: Sequence[str],
    before: Mapping[K, T],
    after: Mapping[K, T],
    row_of: Callable[[K, T], dict[str, object]],
) -> None:
    """Bring `table` from `before` to `after`, both by key. What is the same object is not looked into."""
    moved = {name: each for name, each in after.items() if before.get(name) is not each}
    rows = {name: row_of(name, each) for name, each in moved.items()}
    changed = [row for name, row in rows.items() if name not in before or row_of(name, before[name]) != row]
    if changed:
        await connection.execute(insert_or_update(table, key), changed)
    for name in before.keys() - after.keys():
        row = row_of(name, before[name])
        await connection.execute(sa.delete(table).where(*(table.c[column] == row[column] for column in key)))


def _by_node(book: Book) -> dict[tuple[str, str], Checkpoint]:
    return {(track, node): each for track, of_one in book.checkpoints.items() for node, each in of_one.items()}


def _dumped(key: tuple[str, str], checkpoint: Checkpoint) -> dict[str, object]:
    return {"track": key[0], "node": key[1], "content": checkpoint.dump()}


def _recorded(name: str, record: Record) -> dict[str, object]:
    return {
        "id": name,
        "digest": record.digest,
        "alert": _named(record.alert),
        "coverage": asdict(record.coverage),
        "through": record.through,
        "adopted": record.adopted,
        "settled": {"at": record.settled_at, **_named(record.settled)},
    }


def _past(track: str, past: Past) -> dict[str, object]:
    return {"track": track, "content": asdict(past)}


def _record(row: sa.Row[tuple[Any, ...]]) -> Record:
    alert, settled = _state(row.alert), dict(row.settled)
    known = Record(row.digest, alert, Coverage(**row.coverage), row.through, row.adopted)
    if not settled:  # written by a version that did not judge again
        return known
    return replace(known, settled_at=settled.pop("at"), settled=_state(settled))


def _named(state: AlertState) -> dict[str, object]:
    return {"state": type(state).__name__, **asdict(state)}


def _state(plain: Mapping[str, Any]) -> AlertState:
    rest = {name: value for name, value in plain.items() if name != "state"}
    return _STATES[plain["state"]](**rest)


def _plain(event: AlertEvent) -> dict[str, object]:
    return {
        **asdict(event),
        "session": event.session.isoformat(),
        "edge": str(event.edge),
        "severity": str(event.severity),
        "undone": None if event.undone is None else str(event.undone),
    }


def event_of(plain: Mapping[str, Any]) -> AlertEvent:
    changed = {
        "edge": Edge(plain["edge"]),
        "severity": Severity(plain["severity"]),
        "session": dt.date.fromisoformat(plain["session"]),
        "origins": tuple(plain["origins"]),
        "undone": Edge(plain["undone"]) if plain.get("undone") else None,
    }
    return AlertEvent(**{**plain, **changed})
