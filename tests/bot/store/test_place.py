"""The files of a database: those of an earlier version become their owner's alone as well."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.store.errors import StoreError
from bot.store.place import check_place, open_to_others

KEPT = ("bellwether.db.before-0003", "bellwether.db.before-restore-20251204T213000Z")


@pytest.fixture
def earlier(tmp_path: Path) -> Iterator[Path]:
    """A database, its logs and its copies, as versions left them that did not mind who reads."""
    path, before = tmp_path / "bellwether.db", os.umask(0o022)
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.execute("PRAGMA journal_mode=WAL")
            file.execute("CREATE TABLE chats (id)")
            for name in (*KEPT, "other.db", "bellwether.db.mine"):
                (tmp_path / name).write_text("who is told what")
            yield path
    finally:
        os.umask(before)


@contextmanager
def somebody_else() -> Iterator[None]:
    """Meanwhile we are no root."""
    os.seteuid(1234)
    try:
        yield
    finally:
        os.seteuid(0)


def modes(path: Path) -> dict[str, int]:
    return {each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()}


def test_a_database_of_an_earlier_version_becomes_its_owners_alone_with_its_logs_and_copies(earlier: Path) -> None:
    """All of them stayed 0644: who could log in could read who is told what."""
    ours = {earlier.name, f"{earlier.name}-wal", f"{earlier.name}-shm", *KEPT}
    assert {each.name for each in open_to_others(earlier)} == ours
    check_place(earlier)
    assert open_to_others(earlier) == []
    assert {name for name, mode in modes(earlier).items() if mode == 0o600} == ours, "what is not ours stays as it is"


def test_what_stands_there_by_name_only_is_neither_followed_nor_waited_for(earlier: Path) -> None:
    precious = earlier.parent / "other.db"
    for number, stands in enumerate((Path.symlink_to, Path.hardlink_to)):
        stands(earlier.with_name(f"{earlier.name}.before-{number}"), precious)
    os.mkfifo(earlier.with_name(f"{earlier.name}.before-pipe"), 0o644)
    earlier.with_name(f"{earlier.name}.before-folder").mkdir()
    check_place(earlier)
    assert modes(earlier)["other.db"] == 0o644
    assert modes(earlier)[earlier.name] == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_file_of_somebody_else_that_may_be_written_is_used_as_it_is(earlier: Path) -> None:
    """The mode is its owner's to change: a start by another who may write it does not fail for that."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        theirs = Path(shutil.copy(earlier, place))
        theirs.chmod(0o666)
        with somebody_else():
            check_place(theirs)
            assert modes(theirs)[theirs.name] == 0o666


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_folder_that_we_may_not_enter_is_told_in_a_sentence(earlier: Path) -> None:
    """It was a traceback."""
    earlier.parent.chmod(0o700)
    with somebody_else(), pytest.raises(StoreError, match="cannot be used as a database: permission denied"):
        check_place(earlier)
