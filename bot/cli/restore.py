"""Put a backup in the place of the database; the one that is there is kept beside it."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from bot.app import settings_of
from bot.cli._copying import contents, file_of, shown
from bot.cli._options import add_json
from bot.cli._output import print_json
from bot.clock import now
from bot.store.errors import StoreError


def configure(parser: argparse.ArgumentParser) -> None:
    """FILE, --force, --config, --json."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what `bellwether backup` has written")
    parser.add_argument("--force", action="store_true", help="do not keep the database that is there now")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Look the backup through, put it in its place, and say what it holds."""
    from bot.store.backup import restore  # a database is nothing for `--help` to load
    from bot.store.runner import locked, who_runs

    file: Path = arguments.file
    database = file_of(settings_of(arguments.config), "pg_restore")
    with locked(database) as is_ours:
        if not is_ours:
            raise StoreError(f"{database} is in use: {asyncio.run(who_runs(database))} runs on it; stop that one first")
        with shown("restore") as told:
            restored = restore(file, database, now(), keep=not arguments.force, told=told)
    found, kept = restored.found, restored.kept
    if arguments.json:
        values = {"file": str(database), "bytes": found.size, "schema": found.schema, "owed": found.owed}
        print_json({**values, "kept": None if kept is None else str(kept)}, simulated=False)
        return 0
    print(f"{database}: {contents(found.schema, found.owed, found.size)}; restored from {file}")
    if found.owed:
        print("What is owed may have been sent since the backup; it will say that it may be a repeat.")
    if kept is not None:
        print(f"The database that was there is kept as {kept.name}")
    return 0
