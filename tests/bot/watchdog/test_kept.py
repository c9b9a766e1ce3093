"""Tasks that must go on."""

from __future__ import annotations

import asyncio
import math

import pytest

from bot.watchdog.kept import Kept
from tests.bot.watchdog.things import plays


async def forever() -> None:
    await asyncio.Event().wait()


async def nothing() -> None:
    pass


async def fails() -> None:
    raise OSError("no")


def test_a_task_that_runs_is_alive_and_one_that_has_not_begun_is_not() -> None:
    async def story() -> None:
        kept = Kept("work", forever)
        assert (kept.age(), kept.runs) == (math.inf, False)
        kept.start()
        assert (kept.age(), kept.runs) == (0.0, True)
        assert await kept.stop()

    plays(story)


def test_a_task_that_returns_though_it_must_not_is_dead_and_one_that_may_end_is_not() -> None:
    async def story() -> None:
        must_not, may = Kept("work", nothing), Kept("work", nothing, may_end=True)
        for each in (must_not, may):
            each.start()
            await each.wait(1.0)
        assert (must_not.age(), may.age()) == (math.inf, 0.0)

    plays(story)


def test_a_task_that_fails_is_dead_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        kept = Kept("work", fails, may_end=True)
        kept.start()
        await kept.wait(1.0)
        assert kept.age() == math.inf

    plays(story)
    assert "work failed" in caplog.text
    assert "OSError: no" in caplog.text


def test_a_task_that_was_cancelled_is_dead_and_lives_after_a_restart() -> None:
    async def story() -> None:
        kept = Kept("work", forever, may_end=True)
        kept.start()
        await asyncio.sleep(0)
        await kept.stop()
        assert kept.age() == math.inf
        await kept.restart()
        assert kept.age() == 0.0
        await kept.stop()

    plays(story)


def test_a_task_that_will_not_end_is_not_begun_a_second_time() -> None:
    begun, over = 0, asyncio.Event()

    async def stubborn() -> None:
        nonlocal begun
        begun += 1
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    async def story() -> None:
        kept = Kept("work", stubborn, cancelling=0.02)
        kept.start()
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError, match="work does not end"):
            await kept.restart()
        over.set()
        await kept.wait(1.0)

    plays(story)
    assert begun == 1
