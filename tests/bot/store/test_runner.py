"""One service on one database: the second is refused, and a killed one stands in nobody's way."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.runner import holder, is_locked, lock, register, sign_off
from tests.bot.store.stores import NOW, Place, stored
from tests.bot.store.test_database import started


def first_word(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().split()[0]


def test_the_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    first, second = started("hold", path), None
    try:
        assert first_word(first) == "held"
        second = started("hold", path)
        assert first_word(second) == "refused"
        assert lock(path, patience=0) is None
        first.kill()
        first.wait(10)
        held = lock(path)
        assert held is not None
        held.release()
    finally:
        for each in (first, second):
            if each is not None:
                each.kill()
                each.communicate()


def test_the_lock_is_free_again_when_it_was_released(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    for _ in range(3):
        held = lock(path)
        assert held is not None
        assert lock(path, patience=0) is None
        held.release()


def test_a_link_to_the_database_is_the_same_database(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    held = lock(path)
    assert held is not None
    (tmp_path / "link.db").symlink_to(path)
    assert lock(tmp_path / "link.db", patience=0) is None
    held.release()


def test_a_mistyped_folder_is_named_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "mistyped" / "bellwether.db"
    with pytest.raises(
        StoreError, match=r"bellwether\.db cannot be used as a database: there is no folder .*mistyped$"
    ):
        lock(path)
    assert not path.parent.exists()


def test_a_lock_that_cannot_be_made_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bellwether.db.lock").mkdir()
    with pytest.raises(StoreError, match=r"bellwether\.db cannot be used as a database: is a directory$"):
        lock(tmp_path / "bellwether.db")


def test_nobody_else_on_the_machine_can_hold_the_lock(tmp_path: Path) -> None:
    """One who could read the file could flock it for ever, and the service would not start: it was 0644."""
    path, file = tmp_path / "bellwether.db", tmp_path / "bellwether.db.lock"
    for earlier in (None, 0o644):
        if earlier is not None:
            file.chmod(earlier)
        held = lock(path)
        assert held is not None
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        held.release()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_makes_belongs_to_whom_the_folder_does(tmp_path: Path) -> None:
    """A first `restore` as root left a database and a lock that the service's user could not open."""
    os.chown(tmp_path, 1234, 1234)
    path, file = tmp_path / "bellwether.db", tmp_path / "bellwether.db.lock"
    for _ in range(2):
        held = lock(path)
        assert held is not None
        held.release()
        assert [(each.stat().st_uid, each.stat().st_gid) for each in (path, file)] == [(1234, 1234)] * 2
        os.chown(file, 0, 0)  # what an earlier version left behind


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_root_gives_away_nothing_that_only_stands_there_by_name(tmp_path: Path) -> None:
    """The folder's user may link what he likes: root must not make it his, nor open it as a lock."""
    precious = tmp_path / "precious"
    precious.write_text("root's")
    folder = tmp_path / "folder"
    folder.mkdir()
    os.chown(folder, 1234, 1234)
    (folder / "bellwether.db.lock").hardlink_to(precious)
    precious.chmod(0o644)
    held = lock(folder / "bellwether.db")
    assert held is not None
    held.release()
    assert (precious.stat().st_uid, stat.S_IMODE(precious.stat().st_mode)) == (0, 0o644)
    (folder / "bellwether.db.lock").unlink()
    (folder / "bellwether.db.lock").symlink_to(precious)
    with pytest.raises(StoreError):
        lock(folder / "bellwether.db")
    assert precious.stat().st_uid == 0


def test_a_look_takes_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    assert not is_locked(path)
    assert list(tmp_path.iterdir()) == []
    held = lock(path)
    assert held is not None
    assert is_locked(path)
    held.release()
    assert not is_locked(path)


def test_a_start_while_somebody_looks_waits_for_the_end_of_that(tmp_path: Path) -> None:
    """`bellwether doctor` beside it made a start fail with *in use*."""
    path, file = tmp_path / "bellwether.db", tmp_path / "bellwether.db.lock"
    file.touch()
    looking = file.open()
    fcntl.flock(looking, fcntl.LOCK_SH)
    assert lock(path, patience=0) is None
    leaving = threading.Timer(0.05, looking.close)
    leaving.start()
    held = lock(path)
    leaving.join()
    assert held is not None
    held.release()


def test_who_runs_is_named(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        said = [await holder(database)]
        for host, pid in (("old", 1), ("desk", 4_242)):
            async with database.write() as connection:
                await register(connection, host, pid, "0.1.0", NOW)
            said.append(await holder(database))
        return said

    assert stored(place, story) == ["another process", "process 1 on old", "process 4242 on desk"]


def test_who_said_good_bye_does_not_run_any_more(place: Place) -> None:
    """Somebody else holds the file, such as a move; the process that ran last was named, which nobody finds."""

    async def story(database: Database) -> list[str]:
        async with database.write() as connection:
            await register(connection, "desk", 1, "0.1.0", NOW)
            await sign_off(connection, "desk", 1, NOW + 5, gave_up=False)
        said = [await holder(database)]
        async with database.write() as connection:
            await register(connection, "desk", 2, "0.1.0", NOW + 9)
        return [*said, await holder(database)]

    assert stored(place, story) == ["another process", "process 2 on desk"]


def test_who_runs_is_not_known_before_it_has_made_its_tables(tmp_path: Path) -> None:
    async def story(database: Database) -> str:
        fresh = Database(tmp_path / "fresh.db")
        try:
            return await holder(fresh)
        finally:
            await fresh.close()

    assert stored(tmp_path, story) == "another process"
