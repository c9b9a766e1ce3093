"""What the tests of the audit share: what there is to say of the events of a station, and a hand in its database."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from bot.audit.findings import Finding, Standing
from bot.audit.reading import ReadIn, read
from bot.audit.verify import Audit
from bot.store.database import Database
from rules.model import Instant
from tests.bot.market.stations import Station
from tests.bot.markets import SESSIONS

EVERYTHING = None, dt.date.min, dt.date.max


def audited(station: Station) -> list[Finding]:
    """What there is to say of each event of a station at work."""
    return _judged(station.runs(station._read(lambda connection: read(connection, SESSIONS, *EVERYTHING))))


def audited_at(path: Path, kept_since: Instant = 0) -> list[Finding]:
    """What there is to say of each event of a file in which nobody works."""

    async def of() -> list[Finding]:
        database = Database(path)
        try:
            return await audited_in(database, kept_since)
        finally:
            await database.close()

    return asyncio.run(of())


async def audited_in(database: Database, kept_since: Instant = 0) -> list[Finding]:
    """What there is to say of each event of a database."""
    async with database.read() as connection:
        read_in = await read(connection, SESSIONS, *EVERYTHING)
    return _judged(read_in, kept_since)


def _judged(read_in: ReadIn, kept_since: Instant = 0) -> list[Finding]:
    done: list[None] = []
    found = Audit(read_in.known, read_in.undone, kept_since, lambda: done.append(None)).of(read_in.recorded)
    assert len(done) == len(found) == len(read_in.recorded)
    return found


def faults(found: Sequence[Finding]) -> list[str]:
    """`["high fired 2025-12-03: differs"]`, of what is not verified."""
    return [
        f"{each.rule} {each.edge} {each.session}: {each.standing}"
        for each in found
        if each.standing is not Standing.VERIFIED
    ]


def counted(found: Sequence[Finding]) -> dict[str, int]:
    return dict(Counter(str(each.standing) for each in found))


class Hand:
    """Somebody with a file of a stopped service, and SQL."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def does(self, statement: str, *values: object) -> int:
        with closing(sqlite3.connect(self._path)) as file, file:
            return file.execute(statement, values).rowcount

    def changes(self, key: str, column: str, **changed: Any) -> None:
        """Parts of an event's content or of its proof."""
        with closing(sqlite3.connect(self._path)) as file, file:
            plain = json.loads(file.execute(f"select {column} from events where key = ?", [key]).fetchone()[0])
            for name, value in changed.items():
                *path, last = name.split("__")
                part = plain
                for each in path:
                    part = part[each]
                part[last] = value
            file.execute(f"update events set {column} = ? where key = ?", [json.dumps(plain), key])
