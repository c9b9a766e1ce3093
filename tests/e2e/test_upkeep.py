"""The whole process on a simulated market: it ends when it is told to, and when nothing helps any more."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.world import ROOT

pytestmark = pytest.mark.e2e

WITH_A_THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(120,), name="yahoo_0").start()
"""
"""As if a source had been asked and never answered."""

WITH_A_FAULT = """
from bot.ticking import Ticking

async def fails(self):
    raise ZeroDivisionError("of our own")

Ticking.pulse = fails
"""
"""A task that ends whenever it is begun."""

CONFIG = """
[run]
source = "simulated"
poll_seconds = 5
[store]
url = "sqlite:///{home}/bellwether.db"
[web]
listen = "127.0.0.1:0"
"""


@contextmanager
def service(home: Path, prelude: str = "") -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """`bellwether run` after a prelude, and its log."""
    config, log = home / "my.toml", home / "log"
    config.write_text(CONFIG.format(home=home))
    program = f"{prelude}\nfrom bot.cli.main import main\nmain(['run', '--config', {str(config)!r}])"
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-c", program], stdout=out, stderr=out, cwd=ROOT)
    try:
        yield running, log
    finally:
        running.kill()
        running.wait(10)


def says(running: subprocess.Popen[bytes], log: Path, text: str) -> None:
    end = time.monotonic() + 60
    while text not in log.read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_a_thread_that_hangs_in_a_source_does_not_hold_the_end(tmp_path: Path) -> None:
    """It took as long as the source was given, up to two minutes."""
    with service(tmp_path, WITH_A_THREAD) as (running, log):
        says(running, log, "history is complete")
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    last = log.read_text().splitlines()[-1]
    assert last == "bellwether: still busy when the process had to end: thread yahoo_0"


def test_a_service_that_is_told_while_it_begins_ends_too(tmp_path: Path) -> None:
    with service(tmp_path) as (running, log):
        while not (tmp_path / "bellwether.db").exists():
            time.sleep(0.01)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert "Traceback" not in log.read_text()


@pytest.mark.soak
def test_a_service_that_nothing_helps_ends_for_its_supervisor_and_says_why(tmp_path: Path) -> None:
    with service(tmp_path, WITH_A_FAULT) as (running, log):
        assert running.wait(90) == 75
    last = log.read_text().splitlines()[-1]
    assert "CRITICAL run: the comparison of clocks: no sign of life for " in last
    assert last.endswith("s, after 3 restarts within an hour; the process ends, start it anew")
