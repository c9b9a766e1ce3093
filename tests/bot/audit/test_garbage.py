"""Somebody writes nonsense anywhere into events and proofs: each that he touched is a fault, and no other; never a
traceback."""

from __future__ import annotations

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bot.audit.findings import Standing
from bot.store import schema
from rules.model import Edge
from rules.statement import digest_of
from tests.bot.audit.audited import audited_at
from tests.bot.market.stations import MINUTE, Station
from tests.bot.watched import BOTH, HIGH, MORNING, QUICK, SPREAD, THURSDAY, WEDNESDAY, after, indices

SEEDS = 6

NONSENSE: list[Any] = [
    None, 0, -1, 10**30, 1.5, True, "", "x", "2025-99-01", "0" * 64, float("inf"), [], [[]], {}, {"a": 1}, [None] * 5,
]  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some events of closes and of a trade."""
    path = tmp_path_factory.mktemp("garbage") / "a.db"
    feed = indices(RUT={WEDNESDAY: 101.0, THURSDAY: 94.0})
    feed.trades("RUT", 100.5, WEDNESDAY - 61 * MINUTE)
    with Station(path, feed, rules=[HIGH, BOTH, SPREAD, QUICK]).starts(MORNING) as station:
        station.ticks([MORNING, WEDNESDAY - 60 * MINUTE, after(WEDNESDAY), after(THURSDAY)])
        assert {str(row.content["edge"]) for row in station.rows(schema.events)} == {Edge.FIRED, Edge.RESOLVED}
    return path


def places(plain: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    parts = plain.items() if isinstance(plain, dict) else enumerate(plain) if isinstance(plain, list) else ()
    for name, part in parts:
        yield (*before, name)
        yield from places(part, (*before, name))


def spoiled(plain: Any, chance: random.Random) -> Any:
    """A document with nonsense at one place."""
    *path, last = chance.choice(list(places(plain)))
    part = plain
    for each in path:
        part = part[each]
    part[last] = chance.choice([each for each in NONSENSE if each != part[last]])
    return plain


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("whole", [False, True])
def test_nonsense_is_a_fault_of_the_event_it_is_in_alone(file: Path, tmp_path: Path, seed: int, whole: bool) -> None:
    """`whole`: whoever wrote it has computed the hashes of rule and inputs anew, but not the seal."""
    chance, path, touched = random.Random(seed), tmp_path / "a.db", set()
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(path)) as new, new:
        old.backup(new)
        events = new.execute("select key, content, proof from events").fetchall()
        for key, content, proof in chance.sample(events, 3):
            column = "proof" if whole else chance.choice(["content", "proof"])
            document = spoiled(json.loads(content if column == "content" else proof), chance)
            if whole:
                hashes = {f"{part}_sha256": digest_of(document.get(part)) for part in ("rule", "inputs")}
                document |= hashes | ({"seal": None} if document.get("seal") else {})
            new.execute(f"update events set {column} = ? where key = ?", [json.dumps(document), key])
            touched.add(key)
    found = audited_at(path)
    assert {each.key for each in found if each.standing.is_fault} == touched
    assert {each.key for each in found if each.standing is not Standing.VERIFIED} == touched


@pytest.mark.parametrize("text", ["", "{", "[]", "5", '"x"', "null"])
def test_a_document_that_is_none_is_told_of_its_event_alone(file: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(file)) as old, closing(sqlite3.connect(path)) as new, new:
        old.backup(new)
        first, second = (row[0] for row in new.execute("select key from events order by id limit 2"))
        new.execute("update events set content = ? where key = ?", [text, first])
        new.execute("update events set proof = ? where key = ?", [text, second])
    found = {each.key: each.standing for each in audited_at(path) if each.standing is not Standing.VERIFIED}
    no_proof = Standing.NOT_VERIFIABLE if text == "null" else Standing.RULE_CHANGED
    assert found == {first: Standing.EVENT_CHANGED, second: no_proof}
