"""One service after the other: what goes wrong in between neither hangs nor ends a service that works."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from bot.around import Around
from bot.attendance import Attendance, Self
from bot.cli._running import _Succession
from bot.clock import now
from bot.hold import Hold
from bot.redaction import Redaction
from bot.reload import Reloads
from bot.service import Service
from bot.settings import load_settings
from bot.store.database import Connection, Database
from bot.store.errors import StoreError
from bot.store.lease import Lease
from bot.web.presence import Presence


class Works:
    """A service that goes on until it `is_given_up`."""

    def __init__(self) -> None:
        self._why: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def is_given_up(self) -> None:
        self._why.set_result("judging: it has ended")

    async def gives_up(self) -> str:
        return await self._why


@dataclass
class Holds:
    """What a process holds; a look at the database ends as `looks` says, one after the other, then well."""

    looks: list[Exception | str] = field(default_factory=list)

    async def trouble(self, _now: int) -> str:
        found = self.looks.pop(0) if self.looks else ""
        if isinstance(found, Exception):
            raise found
        return found


class Reading(Reloads):
    """Whose new configuration is wanted already."""

    async def wanted(self) -> None:
        pass


def succession(hold: object, reloads: Reloads | None = None) -> _Succession:
    settings = load_settings()
    reloads = reloads or Reading(settings, lambda: settings)
    around = Around(Presence("1", now), Attendance(Self("1", "here", 7), now), reloads, lambda _: None)
    return _Succession(cast(Hold, hold), around, reloads, Redaction(()), swap=0.1, look=0.01)


async def given_up(row: _Succession, service: Works) -> str:
    async with asyncio.timeout(10):
        return await row._given_up(cast(Service, service))


def test_a_fault_in_the_wait_for_another_configuration_is_logged_and_it_is_waited_for_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It counted as a database that would take the next service, so the one that worked was ended for it."""
    faults: list[Exception | str] = [RuntimeError("a fault"), RuntimeError("a fault"), "locked"]
    hold = Holds(faults)

    async def story() -> str:
        return await given_up(succession(hold), Works())

    assert asyncio.run(story()) == ""
    assert faults == []
    [told] = [each for each in caplog.records if each.exc_info]
    assert told.getMessage() == "another configuration cannot be taken yet; the service goes on"


def test_a_service_that_is_given_up_meanwhile_ends_the_process(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Holds):
        async def trouble(self, _now: int) -> str:
            raise RuntimeError("a fault")

    async def story() -> str:
        service = Works()
        asyncio.get_running_loop().call_later(0.05, service.is_given_up)
        return await given_up(succession(Broken()), service)

    assert asyncio.run(story()) == "judging: it has ended"
    assert "never retrieved" not in caplog.text


class Refuses(Database):
    """A database that takes nothing."""

    def write(self) -> AbstractAsyncContextManager[Connection]:  # type: ignore[override]
        raise StoreError("it is locked")


def begins(path: Path, part: AsyncExitStack, pauses: Sequence[float]) -> None:
    """A service that cannot: it is tried again after `pauses`, once what there is of it has ended."""

    async def story() -> None:
        hold = Hold(Refuses(path / "my.db"), cast(Lease, None), "me")
        async with asyncio.timeout(10):
            await succession(hold)._begin(load_settings(), part, "", pauses)

    with pytest.raises(StoreError):
        asyncio.run(story())


def test_what_is_left_of_a_service_that_could_not_begin_is_not_waited_for_for_ever(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    part = AsyncExitStack()
    part.push_async_callback(lambda: asyncio.Event().wait())
    begins(tmp_path, part, [0.0, 0.0])
    assert caplog.text.count("the service cannot begin yet") == 1, "two would be too many"


def test_a_service_that_could_not_begin_is_begun_again_however_its_remains_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks() -> None:
        raise RuntimeError("a fault")

    part = AsyncExitStack()
    part.callback(breaks)
    begins(tmp_path, part, [0.0, 0.0])
    assert caplog.text.count("the service did not end well") == 1
    assert caplog.text.count("the service cannot begin yet") == 2
