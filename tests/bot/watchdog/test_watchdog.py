"""What becomes of a guarded thing that shows no life: a restart, another, and the end of the process."""

from __future__ import annotations

import asyncio

import pytest

from bot.answers.health import GuardReport, Health
from bot.watchdog.guard import RESTARTS, Guarded
from bot.watchdog.watchdog import Pace, Watchdog
from tests.bot.watchdog.things import LIMIT, Clock, Kennel, Thing, plays


def test_a_thing_that_shows_life_is_left_alone_for_ever() -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        await kennel.passes(kennel.guards(thing), 10_000)

    plays(story)
    assert (thing.restarts, kennel.given_up, kennel.states) == ([], [], [Health.WELL])


def test_a_silent_thing_is_restarted_once_its_limit_is_over_and_is_well_again() -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        watchdog = kennel.guards(thing)
        thing.falls_silent()
        await kennel.passes(watchdog, LIMIT)
        assert thing.restarts == []
        await kennel.passes(watchdog, 1)
        assert len(thing.restarts) == 1
        assert watchdog.report() == (GuardReport("polling", Health.SILENT, round(LIMIT) + 1, 1),)
        await kennel.passes(watchdog, 1)
        assert watchdog.report() == (GuardReport("polling", Health.WELL, 0, 1),)
        await kennel.passes(watchdog, 3_600)
        assert watchdog.report() == (GuardReport("polling", Health.WELL),)

    plays(story)
    assert kennel.states == [Health.WELL, Health.SILENT, Health.WELL]


def test_a_thing_that_ended_is_restarted_at_once() -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        watchdog = kennel.guards(thing)
        thing.ends()
        await kennel.passes(watchdog, 1)
        assert len(thing.restarts) == 1

    plays(story)


def test_the_process_is_given_up_when_restarts_do_not_help_and_each_had_its_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock, curable=False)

    async def story() -> None:
        thing.falls_silent()
        await kennel.passes(kennel.guards(thing, why="no route"), 10_000)

    plays(story)
    first, second, third = thing.restarts
    assert (second - first, third - second) == (LIMIT + 1, LIMIT + 1)
    assert kennel.given_up == ["polling: no sign of life for 364 s (no route), after 3 restarts within an hour"]
    assert kennel.states == [Health.WELL, Health.SILENT, Health.GIVEN_UP]
    assert "polling: no sign of life for 91 s (no route); it is restarted" in caplog.text


def test_a_thing_that_restarts_help_for_a_moment_only_is_given_up_too() -> None:
    """It came back after each restart, and the process went on so for ever."""
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        watchdog = kennel.guards(thing)
        for _ in range(RESTARTS + 1):
            thing.falls_silent()
            await kennel.passes(watchdog, LIMIT + 200)

    plays(story)
    assert (len(thing.restarts), len(kennel.given_up)) == (RESTARTS, 1)


def test_a_restart_now_and_then_is_no_reason_to_give_up() -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        watchdog = kennel.guards(thing)
        for _ in range(8):
            thing.falls_silent()
            await kennel.passes(watchdog, 1_250)

    plays(story)
    assert (len(thing.restarts), kennel.given_up) == (8, [])


def test_a_restart_is_no_sign_of_life() -> None:
    """A loop that is started anew says that it has just begun; it must also get somewhere."""
    kennel = Kennel()
    thing = Thing(kennel.clock, curable=False)

    async def begins_and_hangs() -> None:
        thing.restarts.append(kennel.clock())
        thing.falls_silent()

    async def story() -> None:
        watchdog = kennel.guards(thing, restart=begins_and_hangs)
        thing.falls_silent()
        await kennel.passes(watchdog, LIMIT + 60)
        assert watchdog.report()[0].health is Health.SILENT
        assert watchdog.report()[0].silent_for == round(LIMIT) + 60

    plays(story)


def test_what_cannot_be_restarted_ends_the_process_when_its_limit_is_over() -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        thing.falls_silent()
        await kennel.passes(kennel.guards(thing, restarts=False), LIMIT + 1)

    plays(story)
    assert kennel.given_up == ["polling: no sign of life for 91 s"]


def test_what_is_not_fatal_is_told_and_the_process_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def story() -> None:
        watchdog = kennel.guards(thing, restarts=False, fatal=False, why="disk full")
        thing.falls_silent()
        await kennel.passes(watchdog, 5_000)
        assert watchdog.report() == (GuardReport("polling", Health.SILENT, 5_000, 0, "disk full"),)
        thing.recovers()
        await kennel.passes(watchdog, 1)

    plays(story)
    assert kennel.given_up == []
    assert [record.getMessage() for record in caplog.records] == [
        "polling: no sign of life for 91 s (disk full)",
        "polling is well again after 5001 s",
    ]


def test_a_restart_that_raises_counts_as_one_that_did_not_help(caplog: pytest.LogCaptureFixture) -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock)

    async def fails() -> None:
        thing.restarts.append(kennel.clock())
        raise OSError("no")

    async def story() -> None:
        thing.ends()
        await kennel.passes(kennel.guards(thing, restart=fails), 1_000)

    plays(story)
    assert (len(thing.restarts), len(kennel.given_up)) == (RESTARTS, 1)
    assert "polling could not be restarted" in caplog.text


def test_a_restart_that_hangs_and_will_not_be_cancelled_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kennel = Kennel(pace=Pace(restarting=0.02))
    thing = Thing(kennel.clock)
    over = asyncio.Event()

    async def hangs() -> None:
        thing.restarts.append(kennel.clock())
        while not over.is_set():
            try:
                await over.wait()
            except asyncio.CancelledError:
                continue

    async def story() -> None:
        thing.ends()
        await kennel.passes(kennel.guards(thing, restart=hangs), 1_000)
        over.set()

    plays(story)
    assert (len(thing.restarts), len(kennel.given_up)) == (1, 1)
    assert "the restart of polling hangs" in caplog.text


def test_a_guard_that_hangs_holds_up_no_other() -> None:
    clock = Clock()
    sick, other = Thing(clock), Thing(clock)
    sick.ends()
    other.ends()

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def story() -> None:
        guarded = [Guarded("sick", sick.age, LIMIT, hangs), Guarded("other", other.age, LIMIT, other.restart)]
        running = asyncio.create_task(Watchdog(guarded, print, print, clock, Pace(look=0.01)).run())
        while not other.restarts:
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait([running])

    plays(story)


def test_a_process_that_was_stopped_and_continued_restarts_nothing() -> None:
    """SIGSTOP, or a machine that was asleep with its clock running: nothing was silent, nothing was awake either."""
    kennel = Kennel()
    thing = Thing(kennel.clock, curable=False)

    async def story() -> None:
        watchdog = kennel.guards(thing)
        thing.falls_silent()
        await kennel.passes(watchdog, 10)
        kennel.clock.now += 3_600
        await kennel.passes(watchdog, LIMIT - 11)
        assert thing.restarts == []
        await kennel.passes(watchdog, 3)
        assert len(thing.restarts) == 1

    plays(story)


def test_a_loop_that_is_held_up_now_and_then_excuses_no_silence_but_its_own() -> None:
    """A pause of seconds each minute forgave everything before it: nothing was ever restarted, however long silent."""
    kennel = Kennel()
    thing = Thing(kennel.clock, curable=False)

    async def story() -> None:
        watchdog = kennel.guards(thing)
        thing.falls_silent()
        for _ in range(60):
            kennel.clock.now += 7.5
            await kennel.passes(watchdog, 59)

    plays(story)
    assert (len(thing.restarts), len(kennel.given_up)) == (RESTARTS, 1)


def test_the_seconds_of_a_restart_are_not_forgiven() -> None:
    kennel = Kennel()
    thing = Thing(kennel.clock, curable=False)

    async def takes_long() -> None:
        thing.restarts.append(kennel.clock())
        kennel.clock.now += 8.0

    async def story() -> None:
        watchdog = kennel.guards(thing, restart=takes_long)
        thing.falls_silent()
        await kennel.passes(watchdog, 1_000)

    plays(story)
    assert len(kennel.given_up) == 1


def test_a_probe_that_raises_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    kennel = Kennel()

    def broken() -> float:
        raise ZeroDivisionError

    async def story() -> None:
        other = Thing(kennel.clock)
        guarded = [Guarded("broken", broken, LIMIT), Guarded("other", other.age, LIMIT, other.restart)]
        watchdog = Watchdog(guarded, kennel.given_up.append, kennel.heard.append, kennel.clock)
        other.ends()
        await kennel.passes(watchdog, 2)
        assert len(other.restarts) == 1

    plays(story)
    assert "broken could not be looked at" in caplog.text
