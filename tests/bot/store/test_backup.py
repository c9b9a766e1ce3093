"""A backup taken under load, and put back: nothing is lost, nothing comes twice without saying so; and whatever fails,
the file that was there is whole.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot.store.backup import DOUBT, back_up, restore
from bot.store.chats import Subscriber, subscribers
from bot.store.copies import examine
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.store.messages import Fate, Message, owe
from bot.store.outbox import claim, settle
from bot.store.states import HELD
from bot.store.summaries import take_back
from bot.store.waiting import send_waiting
from rules.model import Delivery
from tests.bot.store.small_disk import small_disk
from tests.bot.store.stores import NOW, message, nothing, owes, states, stored, subscribes

ROOT = Path(__file__).resolve().parents[3]
LATER = NOW + 10**6
"""After everything that happens in these tests."""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database that owes one chat three messages."""

    async def story(database: Database) -> None:
        await subscribes(database, "7")
        await owes(database, message(1), message(2), message(3, Delivery.AT_MOST_ONCE))

    stored(tmp_path, story)
    return tmp_path / "bellwether.db"


@contextmanager
def runs(what: str, database: Path, number: int, out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One of the programs of writers.py, until it is killed."""
    command = [sys.executable, "-m", "tests.bot.store.writers", what, str(database), str(number)]
    with out.open("ab") as file:
        running = subprocess.Popen(command, cwd=ROOT, stdout=file)
    try:
        yield running
    finally:
        running.kill()
        running.wait(10)


def waits(holds: object, seconds: float = 40) -> None:
    """Until it is true."""
    assert callable(holds)
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "that never came true"
        time.sleep(0.01)


def told(ledger: Path) -> list[tuple[int, bool]]:
    """Which messages readers saw, and whether each said that it may be a repeat."""
    words = [line.split() for line in ledger.read_text().splitlines() if line.startswith("message ")]
    return [(int(number), kind == "again") for _, number, kind in words]


def test_a_backup_under_load_put_back_loses_nothing_and_repeats_nothing_unmarked(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        await subscribes(database, "7")

    stored(tmp_path, story)
    database, copy, ledger, log = (tmp_path / name for name in ("bellwether.db", "backup.db", "ledger", "log"))
    with runs("tell", database, 1, log), runs("send", database, 0, ledger):
        waits(lambda: ledger.exists() and len(told(ledger)) > 30)
        found = back_up(database, copy)
        before = len(told(ledger))
        waits(lambda: len(told(ledger)) > before + 30)
    assert found.schema == examine(copy).schema
    last = max(number for number, _ in told(ledger))

    restore(copy, database, LATER)
    with runs("tell", database, 1, log), runs("send", database, 100, ledger):
        waits(lambda: max(number for number, _ in told(ledger)) > last + 20)
    seen = told(ledger)
    numbers = [number for number, _ in seen]
    assert set(range(1, last + 20)) <= set(numbers), "nothing is lost"
    first: set[int] = set()
    for number, again in seen:
        assert again or number not in first, f"message {number} came twice and did not say so"
        first.add(number)
    assert max(Counter(numbers).values()) == 2


def test_a_backup_taken_when_the_service_had_stopped_goes_on_where_it_was(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    database.unlink()
    restored = restore(tmp_path / "backup.db", database, NOW)
    assert (restored.found.owed, restored.kept) == (2, None)

    async def story(database: Database) -> list[bool]:
        async with database.write() as connection:
            first = await claim(connection, "telegram", "me", NOW, 60, 9)
            await settle(connection, first[0], NOW, "sent")
            second = await claim(connection, "telegram", "me", NOW, 60, 9)
            return [each.repeat for each in (*first, *second)]

    assert stored(tmp_path, story) == [True, True]


def test_what_may_come_once_at_most_is_not_sent_from_a_backup(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", database, NOW)
    assert stored(tmp_path, states) == ["7: message 1 owed", "7: message 2 owed", "7: message 3 unsure"]
    with closing(sqlite3.connect(database)) as file:
        assert file.execute("select reason, settled_at from deliveries where state = 'unsure'").fetchall() == [
            (DOUBT, NOW)
        ]


def test_what_waited_when_the_backup_was_taken_may_have_been_told_since(tmp_path: Path) -> None:
    """So it says that it may be a repeat, and that it is not so is told to whoever may have read it."""

    def held(_message: Message, _subscriber: Subscriber) -> Fate:
        return Fate(HELD, NOW + 60, silent=True, reason="quiet hours")

    async def before(database: Database) -> None:
        await subscribes(database, "7")
        some = message(1), message(2), message(3, Delivery.AT_MOST_ONCE)
        async with database.write() as connection:
            await owe(connection, some, await subscribers(connection, "telegram"), NOW, held)

    async def after(database: Database) -> None:
        async with database.write() as connection:
            assert await take_back(connection, message(2).event, NOW) == {1}
            await send_waiting(connection, {1}, NOW + 60, 60, 60)
            (owed,) = await claim(connection, "telegram", "me", NOW + 60, 60, 9)
            assert owed.repeat
        assert await states(database) == ["7: message 1 owed", "7: message 2 held", "7: message 3 unsure"]

    stored(tmp_path, before)
    back_up(tmp_path / "bellwether.db", tmp_path / "backup.db")
    restore(tmp_path / "backup.db", tmp_path / "bellwether.db", NOW)
    stored(tmp_path, after)


def test_what_happened_before_a_restoration_and_is_found_out_anew_may_be_a_repeat(
    database: Path, tmp_path: Path
) -> None:
    back_up(database, tmp_path / "backup.db")
    restore(tmp_path / "backup.db", database, NOW + 5)

    async def story(database: Database) -> list[tuple[str, bool]]:
        await owes(database, message(5), message(6))
        async with database.read() as connection:
            rows = await connection.exec_driver_sql("select html, repeat from deliveries where state = 'owed'")
            return [(row.html, bool(row.repeat)) for row in rows]

    expected = [("message 1", True), ("message 2", True), ("message 5", True), ("message 6", False)]
    assert stored(tmp_path, story) == expected


def test_a_backup_is_one_file_that_only_its_owner_reads(database: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    found = back_up(database, folder / "backup.db")
    assert [each.name for each in folder.iterdir()] == ["backup.db"]
    assert stat.S_IMODE((folder / "backup.db").stat().st_mode) == 0o600
    assert found.size == (folder / "backup.db").stat().st_size
    assert found.owed == 3


def test_a_backup_tells_how_far_it_is(database: Path, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    back_up(database, tmp_path / "backup.db", told=lambda there, of: heard.append((there, of)))
    assert heard
    assert heard[-1][0] == heard[-1][1] > 10


def test_nothing_is_written_over_unless_that_is_wanted(database: Path, tmp_path: Path) -> None:
    copy = tmp_path / "backup.db"
    copy.write_text("precious")
    with pytest.raises(StoreError, match="is there already, and is left as it is; name another, or say --force"):
        back_up(database, copy)
    assert copy.read_text() == "precious"
    back_up(database, copy, force=True)
    assert examine(copy).owed == 3


@pytest.mark.parametrize("name", ["bellwether.db", "bellwether.db-wal", "linked.db"])
def test_the_database_is_no_backup_of_itself(database: Path, name: str, tmp_path: Path) -> None:
    (tmp_path / "linked.db").symlink_to(database)
    with pytest.raises(StoreError, match="is the database itself"):
        back_up(database, tmp_path / name, force=True)
    assert examine(database).owed == 3


def test_what_is_no_backup_is_told_in_a_sentence_and_changes_nothing(database: Path, tmp_path: Path) -> None:
    garbage, other, cut, newer = (tmp_path / name for name in ("garbage", "other.db", "cut.db", "newer.db"))
    garbage.write_bytes(b"\x00\x01garbage" * 4096)
    with closing(sqlite3.connect(other)) as file, file:
        file.execute("create table tea (leaf text)")
    whole = tmp_path / "backup.db"
    back_up(database, whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    newer.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(newer)) as file, file:
        file.execute("update alembic_version set version_num = '9999'")
    reasons = {
        garbage: "file is not a database",
        other: "it has no tables of Bellwether's",
        cut: "malformed|damaged",
        newer: "has schema 9999, which is a newer Bellwether's",
        tmp_path / "nowhere.db": "nowhere.db is not there",
        tmp_path: "is a folder",
    }
    before = database.read_bytes()
    for path, reason in reasons.items():
        with pytest.raises(StoreError, match=reason):
            restore(path, database, NOW)
    assert database.read_bytes() == before
    left = {each.name for each in tmp_path.iterdir()} - {each.name for each in reasons} - {"backup.db"}
    assert {each for each in left if not each.startswith("bellwether.db")} == set()


def test_the_database_that_was_there_is_kept_with_what_its_log_held(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    killed = tmp_path / "killed.py"
    killed.write_text(
        f"import os, sqlite3\nfile = sqlite3.connect({str(database)!r})\n"
        "file.execute(\"update deliveries set html = 'newer'\")\nfile.commit()\nos.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, killed], check=False).returncode == -signal.SIGKILL
    assert (tmp_path / "bellwether.db-wal").stat().st_size > 0
    kept = restore(tmp_path / "backup.db", database, NOW).kept
    assert kept == tmp_path / "bellwether.db.before-restore-20251204T213000Z"
    with closing(sqlite3.connect(kept)) as file:
        assert file.execute("select distinct html from deliveries").fetchall() == [("newer",)]
    assert not (tmp_path / "bellwether.db-wal").exists()
    assert stored(tmp_path, states)[0] == "7: message 1 owed"


def test_a_database_that_is_garbage_is_kept_too(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    database.write_bytes(b"garbage" * 999)
    kept = restore(tmp_path / "backup.db", database, NOW).kept
    assert kept is not None
    assert kept.read_bytes() == b"garbage" * 999
    assert stored(tmp_path, states)[0] == "7: message 1 owed"


def test_by_force_nothing_is_kept(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    assert restore(tmp_path / "backup.db", database, NOW, keep=False).kept is None
    assert [each for each in tmp_path.iterdir() if "before" in each.name] == []


@pytest.mark.parametrize("deed", ["back_up", "restore"])
def test_whatever_is_killed_leaves_the_old_file_whole_or_the_new_one(database: Path, tmp_path: Path, deed: str) -> None:
    """Killed at its every system call that changes a name, and while it copies."""
    copy = tmp_path / "backup.db"
    back_up(database, copy)
    asyncio.run(_owes_one_more(database))
    old = tmp_path / "old"
    old.mkdir()
    for name in ("bellwether.db", "backup.db"):
        (old / name).write_bytes((tmp_path / name).read_bytes())
    words = f"back_up({str(database)!r}, {str(copy)!r})" if deed == "back_up" else (
        f"restore({str(copy)!r}, {str(database)!r})"
    )  # fmt: skip
    with killed(words) as up_to:
        for step in range(1, 40):
            for each in tmp_path.glob("bellwether.db*"):
                each.unlink()
            for name in ("bellwether.db", "backup.db"):
                (tmp_path / name).write_bytes((old / name).read_bytes())
            code = up_to(step)
            changed = copy if deed == "back_up" else database
            assert examine(changed).owed in ((3, 4) if deed == "back_up" else (2, 4)), f"at step {step}"
            if code == 0:
                break
            assert code == -signal.SIGKILL
        else:
            pytest.fail("it never came to its end")
    assert step > 3


@contextmanager
def killed(words: str) -> Iterator[Callable[[int], int]]:
    """Does what the words say up to a step, in a process of its own, and tells with what code that ended."""
    command = [sys.executable, "-m", "tests.bot.store.killed", words]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        asks, hears = running.stdin, running.stdout

        def up_to(step: int) -> int:
            asks.write(f"{step}\n")
            asks.flush()
            return int(hears.readline())

        yield up_to


async def _owes_one_more(path: Path) -> None:
    database = Database(path)
    await owes(database, message(4))
    await database.close()


def test_a_full_disk_is_told_and_leaves_nothing_behind(database: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 128 * 1024) as disk:
        with pytest.raises(StoreError, match=r"full|no space left"):
            back_up(database, disk / "backup.db")
        assert list(disk.iterdir()) == []
        (disk / "bellwether.db").write_bytes(b"")
        copy = tmp_path / "backup.db"
        back_up(database, copy)
        with pytest.raises(StoreError, match=r"full|no space left"):
            restore(copy, disk / "bellwether.db", NOW)
        assert [each.name for each in disk.iterdir()] == ["bellwether.db"]
    stored(tmp_path, nothing)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_belongs_to_whom_the_old_file_did(database: Path, tmp_path: Path) -> None:
    back_up(database, tmp_path / "backup.db")
    os.chown(database, 1234, 1234)
    restore(tmp_path / "backup.db", database, NOW)
    found = database.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 1234, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_restores_on_a_new_machine_belongs_to_whom_the_folder_does(database: Path, tmp_path: Path) -> None:
    """An empty file of root's, made by taking the lock, was taken for the old database."""
    copy, folder = tmp_path / "backup.db", tmp_path / "new"
    back_up(database, copy)
    folder.mkdir()
    os.chown(folder, 1234, 1234)
    (folder / "bellwether.db").touch()
    restore(copy, folder / "bellwether.db", NOW)
    found = (folder / "bellwether.db").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 1234, 0o600)
