"""Runs alembic inside the caller's transaction: either every revision is applied, or none."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from bot.store.errors import StoreError


def configuration() -> Config:
    """Alembic's settings without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def check(found: str | None, place: str) -> None:
    """Raise StoreError for a revision that is none of ours, at a `place` that the message names."""
    try:
        ScriptDirectory.from_config(configuration()).get_revision(found or "base")
    except CommandError:
        whose = f"has schema {found}, which is a newer Bellwether's or another program's"
        raise StoreError(f"{place} {whose}; start that one, or name another in store.url") from None


def upgrade(connection: sa.Connection, found: str | None, place: str) -> None:
    """From revision `found` to the newest, at a `place` that messages name. Raises StoreError where that cannot be."""
    if found is None and sa.inspect(connection).get_table_names():
        raise StoreError(f"{place} holds another program's tables; store.url needs one of its own")
    check(found, place)
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
