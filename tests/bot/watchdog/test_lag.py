"""The event loop's pulse, and the thread that ends a process whose loop stands still."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.watchdog.lag import GAVE_UP, Pulse, Sentry
from tests.bot.watchdog.things import Clock, plays

STOPPED = """
import asyncio, sys
from bot.watchdog.lag import Pulse, Sentry

async def main():
    pulse = Pulse()
    beating = asyncio.create_task(pulse.run())
    Sentry(pulse, sys.stderr, limit=1.5).start()
    print("ready", flush=True)
    await asyncio.sleep(5)

asyncio.run(main())
"""

BLOCKED = """
import asyncio, sys, time
from bot.watchdog.lag import Pulse, Sentry

async def computes_for_ever(secret):
    while True:
        time.sleep(0.05)

async def main():
    pulse = Pulse()
    beating = asyncio.create_task(pulse.run())
    Sentry(pulse, sys.stderr, limit=1.0).start()
    await asyncio.sleep(1.5)
    await computes_for_ever("7654321:AAHsecret")

asyncio.run(main())
"""


def test_the_lag_is_the_worst_of_the_last_minute() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    for late in (0.1, 3.0, 0.2):
        clock.now += 1.0
        pulse.beat(late)
    assert pulse.lag == 3.0
    clock.now += 59.5
    assert pulse.lag == 0.2
    clock.now += 2.0
    assert pulse.lag == 0.0


def test_a_long_life_keeps_few_lags() -> None:
    clock = Clock()
    pulse = Pulse(clock)
    for beat in range(10_000):
        clock.now += 0.5
        pulse.beat(float(beat % 7))
    assert len(pulse._lags) <= 2 * 60 + 1
    assert pulse.lag == 6.0


def test_a_loop_that_is_held_up_is_measured() -> None:
    async def story() -> None:
        pulse = Pulse()
        beating = asyncio.create_task(pulse.run())
        while not pulse.beats:
            await asyncio.sleep(0.01)
        time.sleep(1.0)
        seen = pulse.beats
        while pulse.beats == seen:
            await asyncio.sleep(0.01)
        beating.cancel()
        await asyncio.wait([beating])
        assert pulse.lag > 0.4

    plays(story)


def test_a_loop_that_beats_is_left_alone_and_one_that_ended_in_good_order_too(tmp_path: Path) -> None:
    ended: list[int] = []

    async def story() -> None:
        pulse = Pulse()
        beating = asyncio.create_task(pulse.run())
        with (tmp_path / "said").open("w") as stream:
            sentry = Sentry(pulse, stream, limit=1.2, end=ended.append)
            sentry.start()
            await asyncio.sleep(2.0)
            sentry.stop()
            beating.cancel()
            await asyncio.wait([beating])
            await asyncio.sleep(1.5)

    plays(story)
    assert (ended, (tmp_path / "said").read_text()) == ([], "")


@pytest.mark.soak
def test_a_process_that_was_stopped_as_a_whole_and_continued_goes_on() -> None:
    with subprocess.Popen([sys.executable, "-c", STOPPED], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGSTOP)
        time.sleep(3.0)
        running.send_signal(signal.SIGCONT)
        _, complaints = running.communicate(timeout=20)
    assert (running.returncode, complaints) == (0, b"")


def test_a_loop_that_stands_still_ends_the_process_and_shows_where_and_no_value() -> None:
    ended = subprocess.run([sys.executable, "-c", BLOCKED], capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == GAVE_UP == 75
    assert ended.stderr.startswith("bellwether: the event loop has been blocked for 2 s; the process ends.")
    assert "in computes_for_ever" in ended.stderr
    assert "AAHsecret" not in ended.stderr
