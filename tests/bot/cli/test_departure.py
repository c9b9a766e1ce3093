"""How a process ends that was told to, in processes that are told: within a bound, whatever hangs."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

PROGRAM = """
import asyncio, sys, threading, time
from bot.cli._departure import Departure

async def stubborn(over):
    while not over.is_set():
        try:
            await over.wait()
        except asyncio.CancelledError:
            print("held", flush=True)

async def main():
    told, departure = asyncio.Event(), Departure(whole=1.0, threads=0.5, same=0.4)
    with departure.on_signal(told.set):
        print("ready", flush=True)
        {work}
        await told.wait()
        {cleaning}
        departure.begin({code})
    departure.only_threads_are_left({code})

asyncio.run(main())
sys.exit({code})
"""


@contextmanager
def process(work: str = "pass", cleaning: str = "pass", code: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A program that is ready to be told."""
    text = PROGRAM.format(work=work, cleaning=cleaning, code=code)
    running = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        yield running
    finally:
        running.kill()
        running.wait(10)


def ended(running: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it complained of."""
    _, complaints = running.communicate(timeout=20)
    return running.returncode, complaints


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_hangs_nowhere_ends_by_itself_and_says_nothing(number: signal.Signals) -> None:
    with process() as running:
        running.send_signal(number)
        assert ended(running) == (0, "")


def test_a_signal_that_is_handed_on_twice_is_one() -> None:
    """A terminal tells the whole group of processes; so does whoever started us."""
    with process(cleaning="await asyncio.sleep(0.3)") as running:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT):
            running.send_signal(number)
        assert ended(running) == (0, "")


def test_a_thread_that_hangs_is_left_behind_and_named_and_the_stop_is_a_clean_one() -> None:
    with process(work='threading.Thread(target=time.sleep, args=(60,), name="yahoo_0").start()') as running:
        running.send_signal(signal.SIGTERM)
        assert ended(running) == (0, "bellwether: still busy when the process had to end: thread yahoo_0\n")


def test_a_busy_executor_of_the_loop_is_left_behind_too() -> None:
    with process(work="asyncio.get_running_loop().run_in_executor(None, time.sleep, 60)") as running:
        running.send_signal(signal.SIGTERM)
        code, complaints = ended(running)
    assert code == 0
    assert "thread asyncio_0" in complaints


def test_a_task_that_hangs_is_left_behind_and_named_and_the_stop_is_no_clean_one() -> None:
    hangs = 'await asyncio.create_task(stubborn(asyncio.Event()), name="letters")'
    with process(cleaning=hangs) as running:
        running.send_signal(signal.SIGTERM)
        code, complaints = ended(running)
    assert code == 1
    assert complaints.startswith("bellwether: still busy when the process had to end: task Task-1, task letters")


def test_a_process_that_was_given_up_says_so_also_when_its_end_hangs() -> None:
    """It ended with 1, which tells a supervisor nothing."""
    hangs = 'departure.begin(75); await asyncio.create_task(stubborn(asyncio.Event()), name="letters")'
    with process(work="told.set()", cleaning=hangs, code=75) as running:
        code, complaints = ended(running)
    assert code == 75
    assert "task letters" in complaints


def test_a_loop_that_hangs_cannot_hold_the_process_either() -> None:
    with process(work="time.sleep(60)") as running:
        time.sleep(0.3)
        running.send_signal(signal.SIGTERM)
        code, complaints = ended(running)
    assert code == 1
    assert complaints.startswith("bellwether: still busy")


def test_who_is_told_a_second_time_ends_at_once() -> None:
    with process(cleaning='print("stopping", flush=True); await asyncio.sleep(60)') as running:
        running.send_signal(signal.SIGTERM)
        assert running.stdout is not None
        assert running.stdout.readline() == "stopping\n"
        time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        assert ended(running) == (-signal.SIGTERM, "")


def test_the_exit_code_is_what_the_end_was_for() -> None:
    with process(work='threading.Thread(target=time.sleep, args=(60,), name="judge_0").start()', code=75) as running:
        running.send_signal(signal.SIGTERM)
        assert ended(running)[0] == 75
