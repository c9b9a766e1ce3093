"""A backup of a database in a file, and its return.

Restored, a database is older than what readers have seen: what it owes may have been sent since. So all of that says
from then on that it may be a repeat, and so does what happened before the restoration and is found out anew; of a rule
that wants its alerts at most once such a message is not sent.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.store.copies import PATIENCE, Found, Told, copy, draft_of, examine, put, sync_folder, untold
from bot.store.errors import StoreError, unusable
from bot.store.messages import RESTORED
from bot.store.place import owner_of
from bot.store.schema import SCHEMA
from bot.store.states import GATHERED, HELD, OWED, UNSURE
from rules.model import Instant

DOUBT = "owed in a backup that was restored: it may have been sent since"

_OPEN = f"state IN ('{OWED}', '{HELD}', '{GATHERED}')"
_CLOSED = (
    f"UPDATE deliveries SET state = ?, reason = ?, settled_at = ?, owner = NULL WHERE {_OPEN} AND at_most_once = 1"
)
_REPEATED = f"UPDATE deliveries SET repeat = 1 WHERE {_OPEN}"
_REMEMBERED = "INSERT OR REPLACE INTO services (name, host, pid, started_at, version) VALUES (?, '', 0, ?, '')"


@dataclass(frozen=True, slots=True)
class Restored:
    """What a database holds now, and where the one that was there before is kept; None where there was none."""

    found: Found
    kept: Path | None


def back_up(database: Path, file: Path, *, force: bool = False, told: Told = untold) -> Found:
    """Write what `database` holds now in `file`; a service may run on it. Raises StoreError, also where `file` is there
    already, unless by `force`; then nothing has changed.
    """
    _refuse_itself(file, database)
    _expect(database)
    _refuse_what_is_there(file, force)
    with draft_of(file) as draft:
        found = copy(database, draft, told)
        _refuse_what_is_there(file, force)
        put(draft, file)
    return found


def restore(file: Path, database: Path, now: Instant, *, keep: bool = True, told: Told = untold) -> Restored:
    """Put the backup in `file` in the place of `database`; whoever calls it holds the lock on that. Raises StoreError;
    then the database is what it was.
    """
    database = database.resolve()
    _refuse_itself(file, database)
    _expect(file)
    with draft_of(database) as draft:
        _check_schema(examine(file).schema, file)
        copy(file, draft, told)
        _doubt(draft, now)
        found = examine(draft)
        _inherit(database, draft)
        _fold_in(database)
        kept = _keep(database, now) if keep else None
        for left in _logs(database):
            left.unlink(missing_ok=True)  # a log that outlives its file would be taken for the new one's
        put(draft, database)
    return Restored(found, kept)


def _refuse_itself(file: Path, database: Path) -> None:
    database = database.resolve()
    if file.resolve() in (database, *_logs(database)):
        raise StoreError(f"{file} is the database itself; a backup is another file")


def _refuse_what_is_there(file: Path, force: bool) -> None:
    if file.is_dir():
        raise StoreError(f"{file} is a folder; name a file in it")
    if file.exists() and not force:
        raise StoreError(f"{file} is there already, and is left as it is; name another, or say --force")
    if not file.parent.is_dir():
        raise StoreError(f"{file} cannot be written: there is no folder {file.parent}")


def _expect(path: Path) -> None:
    if not path.is_file():
        raise StoreError(f"{path} is {'a folder' if path.is_dir() else 'not there'}")


def _check_schema(schema: str, file: Path) -> None:
    if schema != SCHEMA:
        from bot.store.migrations.upgrade import check  # heavy, and seldom needed

        check(schema or None, str(file))


def _doubt(draft: Path, now: Instant) -> None:
    """What is owed, or waits, may have been sent since."""
    try:
        with closing(sqlite3.connect(draft)) as file, file:
            file.execute(_CLOSED, (UNSURE, DOUBT, now))
            file.execute(_REPEATED)
            file.execute(_REMEMBERED, (RESTORED, now))
    except sqlite3.Error as error:
        raise unusable(draft, str(error)) from error
    with draft.open("rb") as written:
        os.fsync(written.fileno())


def _inherit(database: Path, draft: Path) -> None:
    """Whoever restores as root: the file belongs to whom the old one did, or the folder."""
    with suppress(OSError):
        os.chown(draft, *owner_of(database), follow_symlinks=False)


def _fold_in(database: Path) -> None:
    """What the database's log holds goes into its file. One that is no database any more is left as it is."""
    if not database.exists() or not database.stat().st_size:
        return
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database, timeout=PATIENCE)) as file:
        busy, *_ = file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreError(f"{database} is read by another program; end that one first")


def _keep(database: Path, now: Instant) -> Path | None:
    """The present database by a second name, its log too where it could not be folded in: it is never without one."""
    if not database.exists() or not database.stat().st_size:
        return None
    kept = database.with_name(f"{database.name}.before-restore-{dt.datetime.fromtimestamp(now, dt.UTC):%Y%m%dT%H%M%SZ}")
    try:
        for old, new in zip((database, *_logs(database)), (kept, *_logs(kept)), strict=True):
            if old.exists():
                _name_again(old, new)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise StoreError(f"{database} cannot be kept as {kept.name}: {why}") from None
    sync_folder(database.parent)
    return kept


def _name_again(old: Path, new: Path) -> None:
    """The same file by another name; a copy on disks that know no such thing."""
    try:
        os.link(old, new)
    except FileExistsError:
        raise
    except OSError:
        shutil.copy2(old, new)


def _logs(database: Path) -> tuple[Path, Path]:
    return database.with_name(f"{database.name}-wal"), database.with_name(f"{database.name}-shm")
