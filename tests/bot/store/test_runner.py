"""One service on one database: the second is refused, and a killed one stands in nobody's way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.runner import holder, lock, register
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
        assert lock(path) is None
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
        assert lock(path) is None
        held.release()


def test_a_link_to_the_database_is_the_same_database(tmp_path: Path) -> None:
    path = tmp_path / "bellwether.db"
    held = lock(path)
    assert held is not None
    (tmp_path / "link.db").symlink_to(path)
    assert lock(tmp_path / "link.db") is None
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


def test_who_runs_is_named(place: Place) -> None:
    async def story(database: Database) -> list[str]:
        said = [await holder(database)]
        for host, pid in (("old", 1), ("desk", 4_242)):
            async with database.write() as connection:
                await register(connection, host, pid, "0.1.0", NOW)
            said.append(await holder(database))
        return said

    assert stored(place, story) == ["another process", "process 1 on old", "process 4242 on desk"]


def test_who_runs_is_not_known_before_it_has_made_its_tables(tmp_path: Path) -> None:
    async def story(database: Database) -> str:
        fresh = Database(tmp_path / "fresh.db")
        try:
            return await holder(fresh)
        finally:
            await fresh.close()

    assert stored(tmp_path, story) == "another process"
