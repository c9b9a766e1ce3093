"""Copy a SQLite database into the empty one that store.url names, on PostgreSQL, and compare them row by row."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.app import settings_of
from bot.cli._copying import shown
from bot.cli._options import add_json
from bot.cli._output import print_json
from bot.settings import ConfigurationError, Problem, Settings
from bot.store.errors import StoreError

if TYPE_CHECKING:
    from bot.store.move import Moved

_WHERE = "must be the URL of the new database, postgresql://user:password@host/database, best in BELLWETHER_STORE__URL"


def configure(parser: argparse.ArgumentParser) -> None:
    """FILE, --config, --json."""
    parser.add_argument("file", type=Path, metavar="FILE", help="the SQLite database; the service on it is stopped")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Move it while nobody can run on it, and say what there is on both sides."""
    from bot.store.runner import locked, who_runs  # a database is nothing for `--help` to load

    file: Path = arguments.file
    settings = settings_of(arguments.config)
    if settings.store.file is not None:
        raise ConfigurationError([Problem("store.url", _WHERE)])
    if not file.is_file():
        raise StoreError(f"{file} is {'a folder' if file.is_dir() else 'not there'}")
    with locked(file) as is_ours:
        if not is_ours:
            raise StoreError(f"{file} is in use: {asyncio.run(who_runs(file))} runs on it; stop that one first")
        with shown("move", "rows") as told:
            moved = asyncio.run(_moved(file, settings, told))
    if arguments.json:
        print_json(_values(moved, file, settings), simulated=False)
    else:
        _print(moved, file, settings.store.place)
    return 0


async def _moved(file: Path, settings: Settings, told: Callable[[int, int], None]) -> Moved:
    from bot.store.database import open_database
    from bot.store.move import move

    target = open_database(settings.store.url.get_secret_value())
    try:
        return await move(file, target, told)
    finally:
        await target.close()


def _values(moved: Moved, file: Path, settings: Settings) -> dict[str, object]:
    tables = {each.name: {"rows": each.rows, "checksum": each.checksum} for each in moved.tables}
    return {"file": str(file), "database": settings.store.place, "owed": moved.owed, "tables": tables}


def _print(moved: Moved, file: Path, place: str) -> None:
    width = max(len(each.name) for each in moved.tables)
    print(f"{'table':<{width}}  {'rows':>9}  checksum on both sides")
    for each in sorted(moved.tables, key=lambda table: table.name):
        print(f"{each.name:<{width}}  {each.rows:>9,}  {each.checksum}")
    rows, owed = sum(each.rows for each in moved.tables), f"{moved.owed or 'no'} message{'s' * (moved.owed != 1)} owed"
    print(f"{file} -> {place}: {rows:,} rows, {owed}; read back and alike")
    print("Start `bellwether run` with this store.url. Keep the file, but start nothing on it: it would send again.")
