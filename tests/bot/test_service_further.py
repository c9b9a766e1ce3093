"""Further channels beside the front's: one that hangs neither holds up the front nor restarts or ends the process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.answers.health import GuardReport, Health
from bot.delivery.fallback import Fallback, Main
from bot.feeds.contract import Setup, build_feed
from bot.market.sessions import Sessions
from bot.parts import BesideFront, Parts
from bot.room import one_feed, open_room
from bot.service import Bounds, Service
from bot.settings import Settings
from bot.store.chats import subscribe
from bot.store.database import Database
from bot.store.further import Roll, enrol
from rules.engine import GRACE
from rules.model import Severity
from tests.bot.markets import at
from tests.bot.store.template import lay_tables
from tests.bot.test_service import RECORD, SHALLOW, Reader, Wall, ends, until

TITLE = "Russell 2000 closes at a record"


class Further(Reader):
    """What stands behind the further channels."""

    name = "apprise"


def serves(
    path: Path,
    use: Callable[[Service, Wall, Reader, Further], Awaitable[None]],
    bounds: Bounds | None = None,
) -> None:
    """A started service whose alerts go to a terminal and to somebody's mail, some minutes before a close."""

    async def run() -> None:
        start, end = RECORD - 600, at("2026-01-01T00:00Z")
        wall, settings = Wall(start), Settings(channels={"mail": {"url": "json://127.0.0.1/mail"}}, run=SHALLOW)
        order, build = one_feed(build_feed("simulated", Setup(Sessions(end), end)), settings.instrument_map)
        room = open_room(settings, Database(path / "service.db", durable=False), order, build, "console", start)
        made_of = room.database, room.intake, room.watch, settings.compiled, settings.scope
        parts = Parts(*made_of, wall, 60, GRACE, lambda name, share: None)
        service, reader, further = Service(parts, bounds=bounds), Reader(), Further()
        main = Main("console", lambda: 0.0)
        fallback = Fallback(room.database, main, {"pager": Severity.INFO}, 600, wall, service.wake, pace=0.05)
        try:
            await lay_tables(path / "service.db")
            await room.database.migrate()
            async with room.database.write() as connection:
                await subscribe(connection, "console", "terminal", "terminal", start)
                await enrol(connection, Roll({"mail": Severity.INFO}, {"pager": Severity.INFO}), start)
            await service.start(reader, "me", beside=BesideFront(further, fallback))
            await until(lambda: len(parts.watch.book.records) >= 13)
            await use(service, wall, reader, further)
        finally:
            await service.stop()
            await room.close()

    asyncio.run(run())


def restarts(service: Service) -> dict[str, int]:
    return {each.name: each.restarts for each in service.vitals().guards}


def test_every_channel_is_sent_to(tmp_path: Path) -> None:
    async def use(service: Service, wall: Wall, reader: Reader, further: Further) -> None:
        wall.now = RECORD + 50 * 60
        await service.tick()
        await until(lambda: reader.read and further.read)
        assert TITLE in reader.read[0]
        assert TITLE in further.read[0]

    serves(tmp_path, use)


def test_one_that_hangs_holds_up_no_other_and_what_is_restarted_is_its_own(tmp_path: Path) -> None:
    async def use(service: Service, wall: Wall, reader: Reader, further: Further) -> None:
        further.hangs = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        await until(lambda: reader.read)
        wall.now += 400
        await until(lambda: restarts(service)["further channels"] == 1)
        assert restarts(service)["the outbox"] == 0
        assert [each.name for each in service._guarded_beside() if each.fatal] == []

    serves(tmp_path, use, Bounds(probe=0.1, outbox=1.0, stop=0.2))


def test_one_that_takes_nothing_is_told_and_nothing_is_restarted_or_ended_for_it(tmp_path: Path) -> None:
    """Each try moved its due, so a letter box that nobody answers, or a rejected key, was never told."""

    async def use(service: Service, wall: Wall, reader: Reader, further: Further) -> None:
        def guard() -> GuardReport:
            return next(each for each in service.vitals().guards if each.name == "what further channels are owed")

        further.refuses = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        while guard().why in ("", "mail"):  # on a loaded machine it is owed for too long before it is first tried
            wall.now += 30
            service.wake()
            await asyncio.sleep(0.05)
        assert guard().why == "mail: Internal Server Error (500)"
        assert reader.read
        assert (guard().health, set(restarts(service).values())) == (Health.SILENT, {0})
        further.refuses = False
        async with asyncio.timeout(30):
            while not further.read or guard().health is not Health.WELL:
                wall.now += 400  # a try that was under way when it was mended waits for its next turn
                service.wake()
                await asyncio.sleep(0.1)

    serves(tmp_path, use, Bounds(probe=0.1, untaken=1.0))


def test_what_the_front_does_not_take_is_told_beside_it(tmp_path: Path) -> None:
    async def use(service: Service, wall: Wall, reader: Reader, further: Further) -> None:
        reader.hangs = True
        wall.now = RECORD + 50 * 60
        await service.tick()
        await until(lambda: len(further.read) == 1)
        async with asyncio.timeout(20):
            while len(further.read) < 3:
                wall.now += 20  # not all at once: that would be a sleep of the machine, and no outage
                await asyncio.sleep(0.1)
        assert further.read[1].startswith("⚠ <b>Telegram has not been reachable since")
        assert TITLE in further.read[2]

    serves(tmp_path, use, Bounds(stop=0.2))


def test_a_look_that_ended_is_followed_by_another(tmp_path: Path) -> None:
    async def use(service: Service, wall: Wall, reader: Reader, further: Further) -> None:
        for name, guard in {"fallback": "the fallback", "look at it": "the look at further channels"}.items():
            await ends(name)
            await until(lambda guard=guard: restarts(service)[guard] == 1)  # type: ignore[misc]
        assert service.vitals().trouble in ("", "the fallback", "the look at further channels")

    serves(tmp_path, use)
