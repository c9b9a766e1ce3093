"""How the database is, without changing anything of it: a service may run on it meanwhile."""

from __future__ import annotations

import asyncio
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.cli._signs import Sign
from bot.render.numbers import size
from bot.settings import Settings
from bot.store.database import Database, open_database
from bot.store.errors import StoreError
from bot.store.place import open_to_others
from bot.store.runner import is_locked, who_runs
from bot.store.schema import SCHEMA

SUBJECT = "database"


async def database(settings: Settings) -> list[Sign]:
    """Where it lies, whether it is whole, of which schema, and how much room there is."""
    if settings.store.file is None:
        return [await _server(settings)]
    return await asyncio.to_thread(lambda: list(_file(settings.store.file or Path(), settings.watchdog.free_mb)))


async def _server(settings: Settings) -> Sign:
    found = open_database(settings.store.url.get_secret_value())
    try:
        revision = await found.revision()
        async with found.read() as connection:
            told = f"{size(await found.size(connection))}, {_schema(revision)}"
    except StoreError as error:
        return Sign(SUBJECT, works=False, told=str(error))
    finally:
        await found.close()
    return Sign(SUBJECT, works=_is_ours(revision), told=f"{found.place}: {told}")


def _file(path: Path, free_mb: int) -> Iterator[Sign]:
    if not path.parent.is_dir():
        yield Sign(SUBJECT, works=False, told=f"{path}: there is no folder {path.parent}")
        return
    yield (
        _whole(path) if path.exists() else Sign(SUBJECT, works=True, told=f"{path} is not there yet: a start makes it")
    )
    free = Database(path).free or 0
    enough = free >= free_mb * 1_000_000
    few = "" if enough else f", fewer than watchdog.free_mb ({free_mb} MB)"
    yield Sign("disk", works=enough, told=f"{size(free)} free{few}")


def _whole(path: Path) -> Sign:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as file:
            wrong = str(file.execute("PRAGMA quick_check(1)").fetchone()[0])
            revision = _revision(file)
        runs = _runs(path)
        others = " ".join(shlex.quote(str(each)) for each in open_to_others(path))
    except (sqlite3.Error, StoreError, OSError) as error:
        return Sign(SUBJECT, works=False, told=f"{path}: {error}")
    if wrong != "ok":
        damage = " ".join(wrong.split())
        return Sign(SUBJECT, works=False, told=f"{path} is damaged ({damage}); bellwether restore puts a backup back")
    told = [size(path.stat().st_size), "whole", _schema(revision), runs]
    told += [f"others may read it: chmod 600 {others}"] if others else []
    return Sign(SUBJECT, works=_is_ours(revision), told=f"{path}: {', '.join(told)}")


def _revision(file: sqlite3.Connection) -> str | None:
    if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    (found,) = file.execute("SELECT version_num FROM alembic_version").fetchone() or (None,)
    return found


def _is_ours(revision: str | None) -> bool:
    return revision is None or revision <= SCHEMA


def _schema(revision: str | None) -> str:
    if revision is None:
        return "without tables yet"
    if revision == SCHEMA:
        return f"schema {SCHEMA}"
    return f"schema {revision}, {'which a start moves to' if revision < SCHEMA else 'newer than ours,'} {SCHEMA}"


def _runs(path: Path) -> str:
    """Who runs on it. Raises StoreError where that cannot be seen."""
    return f"{asyncio.run(who_runs(path))} runs on it" if is_locked(path) else "nobody runs on it"
