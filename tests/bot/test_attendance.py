"""What administrators hear of processes: that one has begun, after what, and that it was stopped."""

from __future__ import annotations

from pathlib import Path

from bot.attendance import Attendance, Self
from bot.delivery.notices import Noticeboard
from bot.store import runner
from bot.store.backup import back_up, restore
from bot.store.database import Database
from bot.store.outbox import claim, settle
from rules.model import Instant
from tests.bot.store.stores import NOW, stored


class Office:
    """A database, one administrator, and processes that come and go."""

    def __init__(self, database: Database, *admins: str) -> None:
        self.database, self.now = database, NOW
        self.board = Noticeboard(database, "telegram", admins or ("7",), lambda: self.now, lambda: None)
        self.attendance: Attendance | None = None

    async def begins(self, pid: int, version: str = "0.2.0", later: int = 60) -> list[str]:
        """Another process; what is told of it, line by line."""
        self.now += later
        async with self.database.write() as connection:
            earlier = await runner.register(connection, "ox", pid, version, self.now)
        self.attendance = Attendance(Self(version, "ox", pid), lambda: self.now, patience=0.2)
        await self.attendance.begins(self.database, self.board, earlier, 29, 17)
        return await self.sent()

    async def ends(self, later: int = 60) -> list[str]:
        """It is stopped; what is told."""
        assert self.attendance is not None
        self.now += later
        await self.attendance.ends(self.database, self.board)
        return await self.sent()

    async def sent(self) -> list[str]:
        """The lines of what is owed; it goes out."""
        async with self.database.write() as connection:
            taken = await claim(connection, "telegram", "me", self.now, 60, 9)
            for each in taken:
                await settle(connection, each, self.now, "sent")
        return [line for each in taken for line in each.html.split("\n")]


def test_the_first_start_says_what_it_is(tmp_path: Path) -> None:
    async def story(database: Database) -> list[str]:
        return await Office(database).begins(1)

    assert stored(tmp_path, story) == [
        "▶ <b>Bellwether 0.2.0 has started</b>", "On ox, process 1", "29 rules, 17 instruments",
        "Database: bellwether.db", "Nothing is owed",
    ]  # fmt: skip


def test_a_stop_is_told_by_who_stops_and_the_next_says_for_how_long(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        office = Office(database)
        await office.begins(1, "0.1.0")
        assert (await office.ends())[0] == "⏹ <b>Bellwether 0.1.0 was stopped</b>"
        told = await office.begins(2, "0.2.0", later=300)
        assert told[0] == "▶ <b>Bellwether 0.1.0 → 0.2.0 has started</b>"
        assert "Stopped before for 5 min." in told

    stored(tmp_path, story)


def test_one_that_was_killed_is_told_of_by_the_next_and_many_once_an_hour(tmp_path: Path) -> None:
    async def story(database: Database) -> list[int]:
        office = Office(database)
        office.now -= office.now % 3_600
        await office.begins(1)
        assert "The last process said no good-bye." in await office.begins(2)
        return [len(await office.begins(pid)) > 0 for pid in range(3, 63)]

    told = stored(tmp_path, story)
    assert sum(told) == 1, "it began anew each minute for an hour"


def test_another_version_and_a_moved_schema_are_told_also_within_the_hour_after_a_kill(tmp_path: Path) -> None:
    """The key held only the hour: that 0.2.0 had begun nobody was told."""

    async def story(database: Database) -> None:
        office = Office(database)
        office.now -= office.now % 3_600
        await office.begins(1, "0.1.0")
        await office.begins(2, "0.1.0")
        assert (await office.begins(3, "0.2.0"))[0] == "▶ <b>Bellwether 0.1.0 → 0.2.0 has started</b>"
        assert (await office.begins(4, "0.1.0"))[0] == "▶ <b>Bellwether 0.2.0 → 0.1.0 has started</b>"
        database.moved_from = "0003"
        assert "Its schema was moved from 0003." in await office.begins(5, "0.1.0")
        assert await office.begins(6, "0.1.0") == []

    stored(tmp_path, story)


def test_one_that_a_watchdog_ended_was_told_of_then(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        office = Office(database)
        await office.begins(1)
        assert office.attendance is not None
        office.attendance.gave_up = True
        assert await office.ends() == []
        assert "A watchdog ended the last one" in await office.begins(2)

    stored(tmp_path, story)


def test_another_configuration_is_no_end_and_no_beginning(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        office = Office(database)
        await office.begins(1)
        attendance = office.attendance
        assert attendance is not None
        attendance.changing = True
        assert await office.ends() == []
        attendance.changing = False
        await attendance.begins(database, office.board, None, 29, 17)
        assert await office.sent() == []
        assert (await office.ends())[0].endswith("was stopped</b>")

    stored(tmp_path, story)


def test_a_restored_database_says_so_and_not_that_somebody_was_killed(tmp_path: Path) -> None:
    database, copy = tmp_path / "bellwether.db", tmp_path / "copy.db"

    async def before(database: Database) -> None:
        await Office(database).begins(1)

    async def after(database: Database) -> list[str]:
        return await Office(database).begins(2, later=1_000)

    stored(tmp_path, before)
    back_up(database, copy)
    restore(copy, database, NOW + 600)
    told = stored(tmp_path, after)
    assert "Its database is from a backup, restored" in told
    assert "The last process said no good-bye." not in told


def test_a_schema_that_was_moved_is_told(tmp_path: Path) -> None:
    async def story(database: Database) -> list[str]:
        database.moved_from = "0003"
        return await Office(database).begins(1)

    assert "Its schema was moved from 0003." in stored(tmp_path, story)


def test_nobody_is_said_to_have_been_killed_who_could_not_say_good_bye_yet(tmp_path: Path) -> None:
    """Versions before schema 0004 never did: each update from them looked like a kill."""

    async def story(database: Database) -> None:
        office = Office(database)
        await office.begins(1, "0.1.0")
        database.moved_from = "0003"
        told = await office.begins(2, "0.2.0")
        assert "Its schema was moved from 0003." in told
        assert not [line for line in told if "good-bye" in line or "killed" in line]
        database.moved_from = ""
        assert "The last process said no good-bye." in await office.begins(3, "0.3.0")

    stored(tmp_path, story)


def test_without_administrators_a_process_ends_without_waiting_and_still_signs_off(tmp_path: Path) -> None:
    async def story(database: Database) -> Instant | None:
        office = Office(database)
        office.board = Noticeboard(database, "console", (), lambda: office.now, lambda: None)
        assert await office.begins(1) == []
        assert await office.ends() == []
        async with database.write() as connection:
            earlier = await runner.register(connection, "ox", 2, "0.2.0", office.now)
        return None if earlier is None else earlier.stopped_at

    assert stored(tmp_path, story) == NOW + 120


def test_a_database_that_takes_nothing_holds_up_no_end(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        office = Office(database)
        await office.begins(1)
        await database.close()
        gone = tmp_path / "gone.db"
        database.path.rename(gone)
        database.path.mkdir()
        assert office.attendance is not None
        await office.attendance.ends(database, office.board)
        database.path.rmdir()
        gone.rename(database.path)

    stored(tmp_path, story)
