"""What `backup`, `restore` and `move` have in common: the database's file, how far a copy is, and sizes in words."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from bot.settings import Settings
from bot.store.errors import StoreError


def file_of(settings: Settings, instead: str) -> Path:
    """The database's file. Raises StoreError where it is none; `instead` does the same on a server."""
    if settings.store.file is None:
        raise StoreError(f"{settings.store.place} is no file but a server's: use {instead}")
    return settings.store.file


@contextmanager
def shown(what: str, unit: str = "pages") -> Iterator[Callable[[int, int], None]]:
    """A bar of how many pages, or other units, are there, where somebody looks on."""
    with tqdm(desc=what, unit=f" {unit}", leave=False, file=sys.stderr, disable=not sys.stderr.isatty()) as bar:

        def told(there: int, of: int) -> None:
            bar.total = of
            bar.update(there - bar.n)

        yield told


def contents(schema: str, owed: int, size: int) -> str:
    """31.2 MB, schema 0004, 2 messages owed"""
    return f"{size / 1e6:.1f} MB, schema {schema}, {owed or 'no'} message{'s' * (owed != 1)} owed"
