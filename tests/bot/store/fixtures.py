"""Where a test's database lies: in SQLite, and in a PostgreSQL of the tests' own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.store.schema import metadata
from tests.bot.store.postgres import CannotRun, Postgres
from tests.bot.store.stores import Place, nothing, told

_EMPTY = f"truncate {', '.join(metadata.tables)} restart identity"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for as long as the tests of this process run."""
    try:
        server = Postgres()
    except CannotRun as reason:
        pytest.skip(f"no PostgreSQL can be had here: {reason}")
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def migrated(postgres: Postgres) -> str:
    """The URL of a database with every table."""
    url = postgres.database()
    asyncio.run(told(url, nothing))
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Place]:
    """Makes a place for a database, of the one kind and then of the other."""
    if request.param == "sqlite":
        numbers = count()
        return lambda: tmp_path / f"{next(numbers)}.db"
    server, url = request.getfixturevalue("postgres"), request.getfixturevalue("migrated")

    def emptied() -> str:
        """Always the same database: one is emptied in a tenth of the time in which one is made."""
        server.execute(_EMPTY, url)
        return str(url)

    return emptied


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """A place for `stored`."""
    return new_place()
