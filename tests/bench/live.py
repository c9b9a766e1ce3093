"""The running service: how soon it is up, what its first poll takes, how much memory it holds, what it loads.

The real process against servers on loopback, without the packages that only developers have: some of them change what
the others load (pyarrow makes pandas larger by 30 MB).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from bot.settings import load_settings
from tests.bot.markets import at
from tests.e2e.world import CHAT, ROOT, Clock, Service, World, faketime_library, write_folder

QUESTIONS = {"/corr RUT SOL": "RUT and SOL", "/corr": "RUT", "/regime": "Regime: ", "/status": "Rules: "}
CALM = 2.0
"""Seconds until what a step needed has been given back."""

MOST_MEGABYTES = 280
RUNS = 3


@dataclass(frozen=True)
class Run:
    """Seconds of what a start imports, of a whole start on a filled database, and of its first poll; megabytes when the
    history was filled, after answers, and after the second start."""

    imports: float
    polling: float
    first_poll: float
    filled: float
    answered: float
    restarted: float


def run_figures(folder: Path | None) -> Run | None:
    """Of several runs the least seconds and the most megabytes; None without libfaketime.

    `folder` holds real prices; without it the market is a simulated one.
    """
    if faketime_library() is None:
        return None
    with TemporaryDirectory(prefix="bellwether-bench-") as home, without_development_packages(Path(home)):
        market = folder or _simulated(Path(home))
        session = "2025-12-04" if folder else "2025-11-04"
        runs = [_run(market, session, Path(home) / str(each)) for each in range(RUNS)]
    seconds = (min(each) for each in zip(*(run[0] for run in runs), strict=True))
    megabytes = (max(each) for each in zip(*(run[1] for run in runs), strict=True))
    return Run(*seconds, *megabytes)


def _run(market: Path, session: str, home: Path) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The seconds and the megabytes of one run, in a folder of its own."""
    home.mkdir()
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import bot.cli.run, bot.telegram.application"], check=True, cwd=ROOT)
    imports = time.perf_counter() - start
    clock = Clock(f"{session}T20:50:00Z")
    with World(market, home, load_settings(), clock) as world:
        filled, answered = _first_start(world)
        clock.set(f"{session}T21:46:00Z")
        polling, first_poll = _second_start(world)
        return (imports, polling, first_poll), (filled, answered, world.services[-1].memory())


def _simulated(home: Path) -> Path:
    until = at("2026-01-01T00:00Z")
    return write_folder(home / "prices", SimulatedFeed(Sessions(until), until))


def _first_start(world: World) -> tuple[float, float]:
    """Fill an empty database, then ask everything. Returns the megabytes after each."""
    service = world.starts()
    service.says("rules adopted", 120)
    time.sleep(CALM)
    filled = service.memory()
    for line, wanted in QUESTIONS.items():
        before = len(world.telegram.sent)
        world.telegram.hears(line, chat=CHAT)
        world.telegram.waits_for(wanted, 30, after=before)
    time.sleep(CALM)
    answered = service.memory()
    service.stop()
    return filled, answered


def _second_start(world: World) -> tuple[float, float]:
    """Start on the filled database, a session's bars and an hour's of the coins being owed.

    Returns the seconds until Telegram is polled, and those of the first poll of prices.
    """
    start = time.perf_counter()
    service = world.starts()
    watching, polling, polled = _moments(service, "watching ", "Telegram: polling", " bars, ")
    time.sleep(CALM)
    return polling - start, polled - watching


def _moments(service: Service, *texts: str) -> list[float]:
    """When each text was logged; whichever came first."""
    at_last = time.perf_counter() + 60
    found: dict[str, float] = {}
    while len(found) < len(texts):
        now, output = time.perf_counter(), service.output
        assert now < at_last, output
        found |= {text: now for text in texts if text in output and text not in found}
        time.sleep(0.005)
    return [found[text] for text in texts]


def memory_table(run: Run) -> str:
    """Megabytes of the process against their bound."""
    held = {
        "the process of `run`, its history filled": run.filled,
        "after its first answers": run.answered,
        "after a restart and its first poll": run.restarted,
    }
    rows = [
        f"| {what} | {size:.0f} MB | {MOST_MEGABYTES} MB{' **missed**' if size > MOST_MEGABYTES else ''} |"
        for what, size in held.items()
    ]
    return "\n".join(["| what | resident | target |", "|---|---|---|", *rows])


def load_table() -> str:
    """What each package costs a process, and what it is loaded for."""
    with TemporaryDirectory(prefix="bellwether-bench-") as home, without_development_packages(Path(home)):
        when: dict[str, str] = _told("when")
        costs: list[dict[str, tuple[float, float]]] = [_told("cost") for _ in range(RUNS)]
        exchanges: list[tuple[float, float]] = [_told("ccxt") for _ in range(RUNS)]
    rows = {name: [each[name] for each in costs] for name in costs[0]} | {"ccxt, all its exchanges": exchanges}
    lines = [
        f"| {name} | {min(size for size, _ in runs):.1f} MB | {min(spent for _, spent in runs):.0f} ms "
        f"| {when.get(name, 'always' if name.startswith('python') else 'never')} |"
        for name, runs in rows.items()
    ]
    return "\n".join(["| what `run` loads | memory | time | when |", "|---|---|---|---|", *lines])


def _told(what: str) -> Any:
    """What a fresh process of `loads` says."""
    command = [sys.executable, "-m", "tests.bench.loads", what]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)


@contextmanager
def without_development_packages(folder: Path) -> Iterator[None]:
    """Processes started meanwhile cannot import what is in the lock of the developers only."""
    names = _locked("requirements-dev.lock") - _locked("requirements.lock")
    modules = [module for module, of in packages_distributions().items() if all(_normal(name) in names for name in of)]
    site = folder / "sitecustomize.py"
    site.write_text(f"import sys\nsys.modules.update(dict.fromkeys({modules!r}))\n")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), before]))
    try:
        yield
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def _locked(lock: str) -> set[str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return {_normal(found[1]) for line in lines if (found := re.match(r"([\w.-]+)==", line))}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
