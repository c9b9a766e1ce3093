"""What recorded events can be recomputed from, sealed, and read again with them.

A seal is a hash of an event, of its proof and of the seal before it. Who changes an event, its rule or the hashes of
its inputs by hand breaks it; who deletes one leaves a gap. It is no signature: whoever may write to the database can
compute all seals anew.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.store.database import Connection
from bot.store.errors import StoreError
from bot.store.schema import events
from rules.model import Instant
from rules.statement import digest_of

BATCH = 200
"""Events read at a time."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it is stored, with its proof; None: it is of a version that made none."""

    id: int
    key: str
    rule: str
    at: Instant
    recorded_at: Instant
    content: Mapping[str, Any]
    proof: Mapping[str, Any] | None


def sealed(proof: Mapping[str, Any], content: Mapping[str, Any], recorded_at: Instant, before: str) -> dict[str, Any]:
    """A proof (rules.statement.proved) with its seal, `before` being that of the event that was recorded before it."""
    chained = {**proof, "before": before}
    return {**chained, "seal": _seal(chained, content, recorded_at)}


def _seal(hashes: Mapping[str, Any], content: Mapping[str, Any], recorded_at: Instant) -> str:
    known = {name: hashes[name] for name in ("rule_sha256", "inputs_sha256", "before")}
    return digest_of({**known, "event": content, "recorded_at": recorded_at})


def is_intact(event: Recorded) -> bool:
    """Whether an event with a proof still says what was sealed, but for the rule and the inputs themselves."""
    proof = event.proof or {}
    try:
        return bool(proof["seal"] == _seal(proof, event.content, event.recorded_at))
    except KeyError:
        return False


def seal_of(proof: Mapping[str, Any] | None) -> str:
    """The seal of an event; empty where it has none."""
    return str((proof or {}).get("seal", ""))


async def last_seal(connection: Connection) -> str:
    """The seal of the event that was recorded last; empty before the first, and where it cannot be read."""
    last = await connection.execute(sa.select(_PROOF).order_by(events.c.id.desc()).limit(1))
    return seal_of(_document(last.scalar_one_or_none()))


async def proved_events(connection: Connection) -> AsyncIterator[Recorded]:
    """Every recorded event with its proof, in the order they were recorded. Raises StoreError for a database of before
    there were any."""
    if not await connection.run_sync(_has_proofs):
        raise StoreError("the database is of a version that kept no proofs; `bellwether run` moves it forward")
    last = 0
    while True:
        query = _RAW.where(events.c.id > last).order_by(events.c.id).limit(BATCH)
        rows = (await connection.execute(query)).all()
        for row in rows:
            content, proof = _document(row.content) or {}, _document(row.proof)
            yield Recorded(row.id, row.key, row.rule, row.at, row.recorded_at, content, proof)
        if len(rows) < BATCH:
            return
        last = rows[-1].id


_CONTENT, _PROOF = (sa.type_coerce(each, sa.Text).label(each.name) for each in (events.c.content, events.c.proof))
_RAW = sa.select(events.c.id, events.c.key, events.c.rule, events.c.at, events.c.recorded_at, _CONTENT, _PROOF)
"""Documents as they are written: one that somebody has made unreadable must not keep the others from being read."""


def _document(text: str | None) -> dict[str, Any] | None:
    """None where there is none; an empty one where it cannot be read."""
    try:
        plain = None if text is None else json.loads(text)
    except (TypeError, ValueError):
        return {}
    return plain if plain is None or isinstance(plain, dict) else {}


def _has_proofs(connection: sa.Connection) -> bool:
    inspector = sa.inspect(connection)
    return inspector.has_table(events.name) and any(
        column["name"] == events.c.proof.name for column in inspector.get_columns(events.name)
    )
