"""Where the files of a database are made, and whose they are: nobody else reads them, or holds their lock.

Root makes them for whoever the database belongs to: the service that runs on it afterwards seldom is root. What a user
has put there in the place of a file, root neither follows nor gives away.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.store.errors import unusable

OURS_ALONE = 0o600
"""Who may read them: they hold the ids of chats, and what was sent to them."""

EVERYBODY_ELSE = 0o077
"""What a mode grants to those who do not own a file."""

LOGS = ("-wal", "-shm")
"""What SQLite adds to the name of a database for its logs."""

Owner = tuple[int, int]
"""A user and a group, by number."""


def check_place(path: Path) -> None:
    """Raise StoreError where no database can be written, and say why: SQLite only knows that it cannot open it.

    A new file is nobody else's to read; SQLite makes its logs like it. So is one of an earlier version from now on,
    with its logs and copies, where its mode is ours to change.
    """
    try:
        if not path.parent.is_dir():
            raise unusable(path, f"there is no folder {path.parent}")
        with _opened(_real(path), path) as number:
            _keep(number, None if os.fstat(number).st_size else owner_of(path))
        for each in open_to_others(path):
            _close(each)
    except OSError as error:  # a folder on the way that we may not enter
        raise unusable(path, (error.strerror or str(error)).lower()) from None


def open_to_others(path: Path) -> list[Path]:
    """Of the database at `path`, its logs and the copies that are kept beside it: the files that others may read."""
    real = _real(path)
    files = {real, *(Path(f"{real}{log}") for log in LOGS)}
    files |= {each for name in (path, real) for each in name.parent.glob(f"{glob.escape(name.name)}.before-*")}
    return sorted(each for each in files if _is_open(each))


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


def _is_open(file: Path) -> bool:
    """Whether a file, no link, lets anybody but its owner do anything."""
    try:
        mode = file.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(mode & EVERYBODY_ELSE)


def _close(file: Path) -> None:
    """To others, where we may. Called before SQLite opens a file, and not again once it is closed to others: whoever
    lets go of a file lets go of all the locks that his process holds on it.
    """
    with suppress(OSError):
        number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            _keep(number)
        finally:
            os.close(number)


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


def _keep(number: int, owner: Owner | None = None) -> None:
    """From others, and for its owner: another one, where one is named. What has a second name is somebody's who wants
    to see it changed.
    """
    found = os.fstat(number)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        return
    with suppress(OSError):
        os.fchmod(number, OURS_ALONE)
        if owner is not None and os.geteuid() == 0:
            os.fchown(number, *owner)
