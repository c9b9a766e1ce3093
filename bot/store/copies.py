"""Copies of a database in a file: taken while others write, whole or not at all, looked through before they count.

A copy is what one transaction sees. It is read step by step, and nobody waits for it: in WAL a reader holds up no
writer. It is complete in itself, without a log beside it, and nobody but its owner may read it.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bot.store.errors import StoreError, unusable

STEP = 1_024
"""Pages that are copied at a time: four megabytes."""

PATIENCE = 10.0
"""Seconds that others are waited for."""

Told = Callable[[int, int], None]
"""Hears how many pages are there, and of how many."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a copy holds: its schema, how many messages are owed in it, and its bytes."""

    schema: str
    owed: int
    size: int


def untold(_there: int, _of: int) -> None:
    """Nobody wants to know how far it is."""


def copy(source: Path, target: Path, told: Told = untold) -> Found:
    """Write in `target`, an empty file, what `source` holds now, and look it through. It is on the disk when this
    returns. Raises StoreError, and then nothing in `target` is of any use.
    """
    _transfer(source, target, told)
    found = examine(target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return found


def _transfer(source: Path, target: Path, told: Told) -> None:
    with _said(source), closing(opened(source, "rw")) as reader, closing(sqlite3.connect(target)) as writer:
        # One transaction for all steps: without it every commit of another process would begin the copy anew.
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()
        writer.execute("PRAGMA synchronous=OFF")  # it is put on the disk when it is whole
        with _said(target, sqlite3.OperationalError):
            reader.backup(writer, pages=STEP, progress=lambda _state, left, total: told(total - left, total))
            writer.execute("PRAGMA journal_mode=DELETE")


def examine(path: Path) -> Found:
    """Look a file through. Raises StoreError for one that is damaged, or is no database of ours; whether this version
    knows its schema is not asked.
    """
    with _said(path), closing(opened(path, "ro")) as file:
        wrong = str(file.execute("PRAGMA integrity_check(1)").fetchone()[0])
        if wrong != "ok":
            raise unusable(path, f"it is damaged ({' '.join(wrong.split())})")
        if not file.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
            raise unusable(path, "it has no tables of Bellwether's")
        (schema,) = file.execute("SELECT version_num FROM alembic_version").fetchone() or ("",)
        (owed,) = file.execute("SELECT count(*) FROM deliveries WHERE state = 'owed'").fetchone()
    return Found(schema, owed, path.stat().st_size)


def opened(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that makes no file where there is none."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=PATIENCE, isolation_level=None)


@contextmanager
def _said(path: Path, kind: type[sqlite3.Error] = sqlite3.Error) -> Iterator[None]:
    """SQLite's errors in a sentence."""
    try:
        yield
    except kind as error:
        raise unusable(path, str(error)) from error


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """An empty file beside `path`, nobody else's to read, that becomes `path` by `put`; what is left of it goes."""
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from None
    os.close(number)
    draft = Path(name)
    try:
        yield draft
    finally:
        for left in (draft, draft.with_name(f"{draft.name}-journal")):
            left.unlink(missing_ok=True)


def put(draft: Path, path: Path) -> None:
    """From now on the draft stands at `path`, whatever stood there: nobody ever finds half of it."""
    try:
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None


def sync_folder(folder: Path) -> None:
    """What files a folder has is on the disk, where the system can promise that."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
