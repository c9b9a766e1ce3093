"""Runs alembic inside the caller's transaction: either every revision is applied, or none."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from bot.store.errors import StoreError
from bot.store.schema import SCHEMA


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


def upgrade(connection: sa.Connection, found: str | None, place: str, kept: str = "") -> None:
    """From revision `found` to the newest, at a `place` that messages name; a copy is `kept`, or none.

    Raises StoreError where that cannot be: whoever owns the transaction rolls it back.
    """
    if found is None and sa.inspect(connection).get_table_names():
        raise StoreError(f"{place} holds another program's tables; store.url needs one of its own")
    check(found, place)
    config = configuration()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except sa.exc.SQLAlchemyError as error:
        why = _reason(error)
        raise StoreError(_failed(found, place, kept, why), why) from error


def _reason(error: sa.exc.SQLAlchemyError) -> str:
    """The database's own words, without the statement."""
    said = str(error.orig) if isinstance(error, sa.exc.DBAPIError) else str(error)
    return " ".join((said.splitlines() or ["no reason given"])[0].split())


def _failed(found: str | None, place: str, kept: str, why: str) -> str:
    """What has happened, and what to do."""
    if found is None:
        return f"{place} cannot be given its tables: {why}; nothing was changed"
    copied = f"; a copy from before is {kept}" if kept else ""
    return (
        f"{place} cannot be moved from schema {found} to {SCHEMA}: {why}; nothing was changed, the version before this "
        f"one still works on it{copied}. Remove the reason and start again"
    )
