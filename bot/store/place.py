"""Where the files of a database are made, and whose they are: nobody else reads them, or holds their lock.

Root makes them for whoever the database belongs to: the service that runs on it afterwards seldom is root. What a user
has put there in the place of a file, root neither follows nor gives away.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.store.errors import unusable

OURS_ALONE = 0o600
"""Who may read them: they hold the ids of chats, and what was sent to them."""

Owner = tuple[int, int]
"""A user and a group, by number."""


def check_place(path: Path) -> None:
    """Raise StoreError where no database can be written, and say why: SQLite only knows that it cannot open it.

    A new file is nobody else's to read; SQLite makes its logs like it.
    """
    if not path.parent.is_dir():
        raise unusable(path, f"there is no folder {path.parent}")
    with _opened(_real(path), path) as number:
        if not os.fstat(number).st_size:
            _keep(number, owner_of(path))


def make_lock(path: Path) -> Path:
    """The file of the lock on the database at `path`, made where there is none: who can open it can hold it for ever.

    A link to the database is the same database. Raises StoreError.
    """
    file = lock_of(path)
    with _opened(file, path) as number:
        _keep(number, owner_of(path))
    return file


def lock_of(path: Path) -> Path:
    """Where that file is."""
    return Path(f"{_real(path)}.lock")


def owner_of(path: Path) -> Owner:
    """Whose a database is: an empty file is none yet, and will belong to whom the folder does."""
    real = _real(path)
    is_there = real.exists() and real.stat().st_size > 0
    found = (real if is_there else real.parent).stat()
    return found.st_uid, found.st_gid


def _real(path: Path) -> Path:
    """Links followed; one that leads in a circle stays as it is, and cannot be opened."""
    return Path(os.path.realpath(path))


@contextmanager
def _opened(file: Path, database: Path) -> Iterator[int]:
    """A file that can be written, made where there is none; never what a link leads to. Raises StoreError."""
    try:
        number = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, OURS_ALONE)
    except OSError as error:
        raise unusable(database, error.strerror or str(error)) from None
    try:
        yield number
    finally:
        os.close(number)


def _keep(number: int, owner: Owner) -> None:
    """From others, and for its owner. What has a second name is somebody's who wants to see it changed."""
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        return
    with suppress(OSError):
        os.fchmod(number, OURS_ALONE)
        if os.geteuid() == 0:
            os.fchown(number, *owner)
