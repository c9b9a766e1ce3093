"""The running service: a tick that fails is followed by another, and it ends when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.answers import NO_TOKEN
from bot.answers.health import GuardReport, Health
from bot.delivery.channel import BARE, Ambiguous, Frame, Outcome, Rank, Sent
from bot.feeds.contract import Setup, build_feed
from bot.market.sessions import Sessions
from bot.parts import Parts
from bot.room import one_feed, open_room
from bot.service import Bounds, Service
from bot.settings import RunSettings, load_settings
from bot.settings.models import built_in
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.watchdog.guard import Guarded
from rules.engine import GRACE
from rules.model import Instant
from tests.bot.markets import at
from tests.bot.store.template import lay_tables

RECORD = at("2025-11-04T21:00Z")
"""A close at a record in the simulated market that ends with 2025."""

SHALLOW = RunSettings.model_validate(built_in()["run"] | {"days_from": "2024-01-02", "hours_days": 30})
"""A history that is filled in a moment: nothing here asks for more of it than that a record is one."""


class Wall:
    """A wall clock that is moved by hand."""

    def __init__(self, now: Instant) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


class Reader:
    """A front whose channel keeps what it is given."""

    name = "console"
    state = NO_TOKEN

    def __init__(self) -> None:
        self.read: list[str] = []
        self.came = asyncio.Event()
        self.hangs = False
        self.refuses = False
        self.is_down = False

    @property
    def channel(self) -> Reader:
        return self

    def down_age(self) -> float:
        return 1.0 if self.is_down else 0.0

    async def start(self) -> None:
        pass

    async def hush(self) -> None:
        pass

    async def stop(self) -> None:
        pass

    def turn_away(self) -> None:
        """Nobody waits here."""

    async def send(
        self,
        address: str,
        html: str,
        *,
        plain: bool = False,
        silent: bool = False,
        rank: Rank = Rank.ALERT,
        frame: Frame = BARE,
    ) -> Outcome:
        if self.hangs:
            self.came.set()
            await asyncio.Event().wait()
        if self.refuses:
            return Ambiguous("Internal Server Error (500)")
        self.read.append(html)
        self.came.set()
        return Sent()


def serves(
    path: Path,
    start: Instant,
    use: Callable[[Service, Parts, Wall, Reader], Awaitable[None]],
    bounds: Bounds | None = None,
    guarded: Sequence[Guarded] = (),
    database: Database | None = None,
) -> None:
    """A started service over a simulated market, at an hour of its past; on a database of its own, or on another's."""

    async def run() -> None:
        wall, settings, end = Wall(start), load_settings().model_copy(update={"run": SHALLOW}), at("2026-01-01T00:00Z")
        feed = build_feed("simulated", Setup(Sessions(end), end))
        order, build = one_feed(feed, settings.instrument_map)
        held = database or Database(path / "service.db", durable=False)
        room = open_room(settings, held, order, build, "console", start)
        parts = Parts(
            room.database,
            room.intake,
            room.watch,
            settings.compiled,
            settings.scope,
            wall,
            60,
            GRACE,
            lambda name, share: None,
        )
        service, reader = Service(parts, bounds=bounds), Reader()
        try:
            if database is None:
                await lay_tables(path / "service.db")
            await room.database.migrate()
            async with room.database.write() as connection:
                await subscribe(connection, "console", "terminal", "terminal", start)
            await service.start(reader, "me", guarded)
            await use(service, parts, wall, reader)
        finally:
            await service.stop()
            await room.close()

    asyncio.run(run())


async def until(holds: Callable[[], object], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.02)


def test_a_tick_that_fails_is_told_and_the_next_one_does_its_work(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: len(parts.watch.book.records) >= 13)
        await service.tick()  # after the first, which reads on when it has judged: nobody is cut off below
        await asyncio.to_thread(parts.database.path.rename, tmp_path / "gone.db")
        wall.now = RECORD + 50 * 60
        (tmp_path / "service.db").mkdir()
        await parts.database.close()
        await service.tick()
        assert "nothing was judged: " in caplog.text
        (tmp_path / "service.db").rmdir()
        await asyncio.to_thread((tmp_path / "gone.db").rename, parts.database.path)
        await service.tick()
        async with asyncio.timeout(30):
            await reader.came.wait()
        [told] = reader.read
        assert "Russell 2000 closes at a record" in told

    serves(tmp_path, RECORD - 600, use)


def test_a_service_that_is_stopped_at_once_stops(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        assert parts.watch.book.records == {}

    serves(tmp_path, RECORD, use)


def test_a_database_whose_file_is_deleted_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """SQLite writes on into what nobody will find again, and all seemed well."""

    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        assert not parts.database.is_lost
        parts.database.path.unlink()
        await service.tick()
        assert "the database's file was deleted or replaced" in caplog.text

    serves(tmp_path, RECORD, use)


async def ends(name: str) -> None:
    """The task of this name, as if a fault had ended it; wherever it is, and where it can within the database."""
    [task] = [each for each in asyncio.all_tasks() if each.get_name() == name]
    for _ in range(1_000):
        if any("sqlalchemy" in file for file in _where(task)):
            break
        await asyncio.sleep(0)
    task.cancel()


def _where(task: asyncio.Task[Any]) -> Iterator[str]:
    """The files of the coroutines that a task waits in, from the outside."""
    waits: Any = task.get_coro()
    while waits is not None:
        frame = getattr(waits, "cr_frame", None)
        if frame is not None:
            yield frame.f_code.co_filename
        waits = getattr(waits, "cr_await", None)


def test_an_outbox_worker_that_ended_is_followed_by_another(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: len(parts.watch.book.records) >= 13)
        await ends("outbox")
        await until(lambda: [each.restarts for each in service.vitals().guards if each.name == "the outbox"] == [1])
        wall.now = RECORD + 50 * 60
        await service.tick()
        await until(lambda: reader.read)
        await until(lambda: not service.vitals().trouble)

    serves(tmp_path, RECORD - 600, use)


def test_an_outbox_worker_that_hangs_is_followed_by_another_that_sends(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: len(parts.watch.book.records) >= 13)
        reader.hangs = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        async with asyncio.timeout(30):
            await reader.came.wait()
        reader.hangs = False
        wall.now += 400
        await until(lambda: reader.read)
        assert "Russell 2000 closes at a record" in reader.read[0]

    serves(tmp_path, RECORD - 600, use, Bounds(probe=0.1, outbox=1.0))


def test_an_outbox_whose_every_sending_fails_is_told_and_not_restarted(tmp_path: Path) -> None:
    """Each try moved its due, so for an hour of 500s all seemed well. A new worker would be answered the same."""

    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        def guard(name: str) -> GuardReport:
            return next(each for each in service.vitals().guards if each.name == name)

        await until(lambda: len(parts.watch.book.records) >= 13)
        reader.refuses = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        while not guard("what is owed").why:  # on a loaded machine it is owed for too long before it is first tried
            wall.now += 30
            service.wake()
            await asyncio.sleep(0.05)
        assert guard("what is owed").health is Health.SILENT
        assert guard("what is owed").why == "Internal Server Error (500)"
        assert (guard("the outbox").restarts, guard("what is owed").restarts) == (0, 0)
        assert not service._kept_up.why
        reader.refuses = False
        wall.now += 400
        service.wake()
        await until(lambda: reader.read and not service.vitals().trouble)

    serves(tmp_path, RECORD - 600, use, Bounds(probe=0.1, untaken=1.0))


@pytest.mark.parametrize("is_told", [True, False])
def test_what_is_owed_is_not_told_while_a_guard_tells_why_and_only_then(tmp_path: Path, is_told: bool) -> None:
    """Telegram refuses messages and answers polls: it is down now and again, and never long enough to be told."""
    telegram = Guarded("Telegram", lambda: 120.0 if is_told else 1.0, 5.0, fatal=False)

    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: len(parts.watch.book.records) >= 13)
        reader.refuses = reader.is_down = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        await until(lambda: any(each.name == "Telegram" for each in service.vitals().guards))
        probe = service._sending.probe if service._sending is not None else None
        assert probe is not None
        await until(lambda: probe.untaken() != "")
        if is_told:
            await until(lambda: service.vitals().trouble == "Telegram")
            assert probe.untaken_age() == 0.0
        else:
            await until(lambda: service.vitals().trouble == "what is owed")

    serves(tmp_path, RECORD - 600, use, Bounds(probe=0.1, untaken=1.0), (telegram,))


def test_everything_that_is_guarded_is_named(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        assert [each.name for each in service.vitals().guards] == [
            "the scheduler",
            "judging",
            "the outbox",
            "what is owed",
            "filling history",
            "the comparison of clocks",
            "the look at the store",
            "the database",
            "the notices",
        ]
        await until(lambda: service.pulse.beats)

    serves(tmp_path, RECORD, use)


def test_a_service_that_did_not_start_has_nothing_to_guard_and_stops(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        idle = Service(parts)
        assert idle.vitals().guards == ()
        with pytest.raises(RuntimeError, match="the service has not started"):
            await idle.gives_up()
        await idle.stop()

    serves(tmp_path, RECORD, use)


def test_a_message_that_hangs_does_not_hold_the_end(tmp_path: Path) -> None:
    async def use(service: Service, parts: Parts, wall: Wall, reader: Reader) -> None:
        await until(lambda: len(parts.watch.book.records) >= 13)
        reader.hangs = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        async with asyncio.timeout(30):
            await reader.came.wait()
            await service.stop()

    serves(tmp_path, RECORD - 600, use, Bounds(stop=0.2))
