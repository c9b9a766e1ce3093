"""Where a service under test keeps its state, seen from outside: asked only while nobody minds, never written to."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

from tests.bot.store.postgres import Postgres

_NUMBERS = itertools.count()

BACK_ENDS = ("sqlite", "postgres")


class Place(Protocol):
    """A database of the service."""

    @property
    def url(self) -> str:
        """As `store.url` has it."""
        ...

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        ...

    def copy(self, home: Path) -> Place:
        """Another one that holds the same; nobody may be connected to this one meanwhile."""
        ...


class SqliteFile:
    """A file. It is opened for reading only: whoever closes a file that he may write to folds its log in, and what a
    killed process has left must be found by the next one as it was.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def url(self) -> str:
        """As `store.url` has it."""
        return f"sqlite:///{self._path}"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query).fetchall()

    def copy(self, home: Path) -> Place:
        """In another folder, with the log."""
        for file in self._path.parent.glob(f"{self._path.name}*"):
            if not file.name.endswith(".lock"):
                shutil.copy(file, home / file.name)
        return SqliteFile(home / self._path.name)


class PostgresDatabase:
    """A database of a server that ends with the test."""

    def __init__(self, server: Postgres, url: str = "") -> None:
        self.server = server
        self._url = url or server.database()

    @property
    def url(self) -> str:
        """As `store.url` has it."""
        return self._url

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        return self.server.execute(query, self._url)

    def copy(self, home: Path) -> Place:
        """On the same server."""
        name = f"copy_{next(_NUMBERS)}"
        self.server.execute(f"create database {name} template {self._url.rpartition('/')[2]}")
        return PostgresDatabase(self.server, self.server.url(name))


@contextmanager
def place(store: str, home: Path) -> Iterator[Place]:
    """An empty database of a back end; it ends with the `with` block. Raises CannotRun where there is no such one."""
    if store == "sqlite":
        yield SqliteFile(home / "bellwether.db")
        return
    server = Postgres()
    try:
        yield PostgresDatabase(server)
    finally:
        server.close()
