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


def upgrade(connection: sa.Connection, found: str | None, path: Path) -> None:
    """From revision `found` to the newest. Raises StoreError where that is not possible."""
    config = configuration()
    if found is None and sa.inspect(connection).get_table_names():
        raise StoreError(f"{path} holds another program's tables; store.url needs a file of its own")
    try:
        ScriptDirectory.from_config(config).get_revision(found or "base")
    except CommandError:
        whose = f"has schema {found}, which is a newer Bellwether's or another program's"
        raise StoreError(f"{path} {whose}; start that one, or name another file in store.url") from None
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
