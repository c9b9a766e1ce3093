"""What keeps a service up: a reason to end that administrators hear first, and guards that are guarded themselves."""

from __future__ import annotations

import asyncio

import pytest

from bot.answers.health import Health
from bot.upkeep import Care, Upkeep
from bot.watchdog.guard import Guarded
from tests.bot.store.stores import NOW
from tests.bot.watchdog.things import Clock, Thing, plays


def test_the_end_of_the_process_has_a_reason_and_administrators_hear_it_first() -> None:
    posted: dict[str, str] = {}

    async def post(key: str, html: str) -> None:
        posted[key] = html

    async def story() -> None:
        thing = Thing(Clock())
        upkeep = Upkeep([Guarded("judging", thing.age, 900.0)], Care(post=post), lambda: NOW)
        thing.ends()
        upkeep.start()
        why = await upkeep.ends()
        assert why == "judging: it has ended"
        report, _ = upkeep.vitals().guards
        assert (report.health, upkeep.vitals().trouble) == (Health.GIVEN_UP, "judging")
        await upkeep.stop()

    plays(story)
    [html] = posted.values()
    assert html.startswith("🛑 <b>The process ends: judging</b>")


def test_the_end_does_not_wait_for_a_database_that_hangs(caplog: pytest.LogCaptureFixture) -> None:
    async def post(key: str, html: str) -> None:
        await asyncio.Event().wait()

    async def story() -> None:
        thing = Thing(Clock())
        thing.ends()
        upkeep = Upkeep([Guarded("judging", thing.age, 900.0)], Care(post=post), lambda: NOW, last_words=0.1)
        upkeep.start()
        assert (await upkeep.ends()).startswith("judging")
        await upkeep.stop()

    plays(story)
    assert "the administrators could not be told in time" in caplog.text


def test_another_reason_to_end_counts_as_well_and_the_first_is_told() -> None:
    async def story() -> None:
        upkeep = Upkeep([], Care(), lambda: NOW)
        upkeep.give_up("another process has taken over")
        upkeep.give_up("too late")
        assert await upkeep.ends() == "another process has taken over"

    plays(story)


def test_a_task_beside_the_watchdog_that_ended_is_begun_anew() -> None:
    """Who guards the guards: the notices and the switch are guarded like everything else."""
    posted: list[str] = []

    async def post(key: str, html: str) -> None:
        posted.append(key)

    async def story() -> None:
        upkeep = Upkeep([], Care(post=post), lambda: NOW)
        upkeep.start()
        await asyncio.sleep(0)
        [notices] = [task for task in asyncio.all_tasks() if task.get_name() == "the notices"]
        notices.cancel()
        while not upkeep.vitals().guards[0].restarts:
            await asyncio.sleep(0.02)
        assert [task for task in asyncio.all_tasks() if task.get_name() == "the notices" and not task.done()]
        await upkeep.stop()

    plays(story)


def test_a_watchdog_that_ended_takes_the_pulse_along_so_that_the_process_ends() -> None:
    async def story() -> None:
        upkeep = Upkeep([], Care(), lambda: NOW)
        upkeep.start()
        while not upkeep.pulse.beats:
            await asyncio.sleep(0.02)
        [guards] = [task for task in asyncio.all_tasks() if task.get_name() == "watchdog"]
        guards.cancel()
        await asyncio.wait([guards])
        beats = upkeep.pulse.beats
        await asyncio.sleep(1.2)
        assert upkeep.pulse.beats == beats
        await upkeep.stop()

    plays(story)
