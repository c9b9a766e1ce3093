"""The scheduler and its tick, as a watchdog sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import pytest

from bot.market.intake import Intake
from bot.parts import Parts
from bot.store.database import Database
from bot.store.errors import StoreError
from bot.ticking import Ticking
from bot.watch import Ticked, Watch
from rules.book import Book
from rules.functions.registry import Scope
from tests.bot.watchdog.things import plays


class Hands:
    """A watch that is wound up by a test: it ticks, fails, or hangs."""

    def __init__(self) -> None:
        self.book = Book()
        self.ticks = 0
        self.fault: Exception | None = None
        self.hangs = False

    async def tick(self, now: int) -> Ticked:
        self.ticks += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault
        return Ticked(0, (), 0)


@dataclass
class Nothing:
    """A database that is only asked whether it is still there."""

    is_lost = False


def ticking(hands: Hands, *, limit: float = 300.0) -> Ticking:
    """A poll each second, on a wall clock like the real one."""
    start = 1_764_000_000

    def wall() -> int:
        return start + round(asyncio.get_running_loop().time() % 86_400)

    database, watch = cast(Database, Nothing()), cast(Watch, hands)
    parts = Parts(database, cast(Intake, Nothing()), watch, (), Scope({}, {}), wall, 1, 0, print)
    return Ticking(parts, lambda: None, limit)


async def until(holds: Callable[[], object]) -> None:
    while not holds():
        await asyncio.sleep(0.02)


def test_a_scheduler_that_ticks_is_alive() -> None:
    async def story() -> None:
        hands = Hands()
        clock = ticking(hands)
        clock.start()
        await until(lambda: hands.ticks >= 2)
        assert clock.silence() < 1.5
        clock.stop()

    plays(story)


def test_a_scheduler_that_begins_nothing_is_silent_and_goes_on_after_a_restart() -> None:
    async def story() -> None:
        hands = Hands()
        clock = ticking(hands)
        clock.start()
        clock.stop()
        await until(lambda: clock.silence() > 2.0)
        assert hands.ticks == 0
        await clock.restart()
        await until(lambda: hands.ticks >= 1)
        assert clock.silence() < 1.5
        clock.stop()

    plays(story)


def test_a_tick_that_runs_long_is_no_silence_of_the_scheduler() -> None:
    async def story() -> None:
        hands = Hands()
        hands.hangs = True
        clock = ticking(hands)
        clock.start()
        running = asyncio.create_task(clock.tick())
        await until(lambda: hands.ticks)
        await asyncio.sleep(0.3)
        assert clock.silence() == 0.0
        assert clock.unfinished() > 0.25
        running.cancel()
        await asyncio.wait([running])
        assert clock.silence() < 0.2
        clock.stop()

    plays(story)


@pytest.mark.parametrize("fault", [None, StoreError("disk full"), ZeroDivisionError("of ours")])
def test_a_tick_that_ended_by_itself_is_judging_whatever_came_of_it(fault: Exception | None) -> None:
    async def story() -> None:
        hands = Hands()
        hands.fault = fault
        clock = ticking(hands)
        clock.start()
        await asyncio.sleep(0.3)
        await clock.tick()
        assert clock.unfinished() < 0.2
        clock.stop()

    plays(story)


def test_ticks_that_are_given_up_one_after_the_other_are_no_judging(caplog: pytest.LogCaptureFixture) -> None:
    """Their thread hangs, and everything after it waits for the same thread."""

    async def story() -> None:
        hands = Hands()
        hands.hangs = True
        clock = ticking(hands, limit=0.2)
        clock.start()
        await clock.tick()
        await clock.tick()
        assert clock.unfinished() > 0.35
        clock.stop()

    plays(story)
    assert caplog.text.count("and was given up") == 2
