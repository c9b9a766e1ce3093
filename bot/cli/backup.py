"""Write what the database holds now in a file, checked, also while the service runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.app import settings_of
from bot.cli._copying import contents, file_of, shown
from bot.cli._options import add_json
from bot.cli._output import print_json


def configure(parser: argparse.ArgumentParser) -> None:
    """FILE, --force, --config, --json."""
    parser.add_argument("file", type=Path, metavar="FILE", help="where the backup is to be; it may hold chats' ids")
    parser.add_argument("--force", action="store_true", help="replace FILE where it is there already")
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration, laid over config.example.toml")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write it, look it through, and say what it holds."""
    from bot.store.backup import back_up  # a database is nothing for `--help` to load

    file: Path = arguments.file
    database = file_of(settings_of(arguments.config), "pg_dump")
    with shown("backup") as told:
        found = back_up(database, file, force=arguments.force, told=told)
    if arguments.json:
        values = {"file": str(file), "bytes": found.size, "schema": found.schema, "owed": found.owed}
        print_json(values, simulated=False)
    else:
        print(f"{file}: {contents(found.schema, found.owed, found.size)}; checked")
    return 0
