"""The running service: how soon it is up, what its first poll takes, how much memory it holds, how soon it tells.

The real process against servers on loopback, without the packages that only developers have.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from bot.settings import load_settings
from tests.bench.clean import without_development_packages
from tests.bench.latency import BEFORE, POLL, SLACK, latency
from tests.bench.market import FOLDER
from tests.bench.tables import Block, Row, held, rows, timed
from tests.bot.markets import at
from tests.e2e.world import CHAT, ROOT, Clock, Service, World, copy_database, faketime_library, write_folder

QUESTIONS = {"/corr RUT SOL": "RUT and SOL", "/corr": "RUT", "/regime": "Regime: ", "/status": "Rules: "}
CALM = 2.0
"""Seconds until what a step needed has been given back."""

MOST_MEGABYTES = 280
WITHOUT = "libfaketime is not installed (Debian: apt-get install faketime): no figures of the running service."


@dataclass(frozen=True)
class Run:
    """Seconds of what a start imports, of a whole start on a filled database, of its first poll, and from a bar to its
    alert; megabytes when the history was filled, after answers, and after the second start."""

    imports: float
    polling: float
    first_poll: float
    told: float
    filled: float
    answered: float
    restarted: float


def service_tables() -> list[Block]:
    """What was seen of it; a sentence where libfaketime is missing."""
    if faketime_library() is None:
        return [WITHOUT]
    return [rows("the running service", service_rows(run_figures(FOLDER)))]


def service_rows(run: Run) -> list[Row]:
    """What was seen, as rows."""
    slowest = f"from a bar to its alert in Telegram, polling every {POLL} s, the longest of {len(BEFORE)}"
    sizes = {
        "resident, its history filled": run.filled,
        "resident after its first answers": run.answered,
        "resident after a restart and its first poll": run.restarted,
    }
    return [
        timed(slowest, run.told, POLL + SLACK, "the interval", POLL, slowest),
        timed("`run` again, until Telegram is polled", run.polling, None, "its imports", run.imports),
        timed("its first poll, over HTTP", run.first_poll, 5.0, "its imports", run.imports, "the first poll of `run`"),
        *(held(what, size, MOST_MEGABYTES, f"`run`: {what}") for what, size in sizes.items()),
    ]


def run_figures(folder: Path | None) -> Run:
    """Of several runs the least seconds, of the alerts' the most, and the most megabytes.

    `folder` holds real prices; without it the market is a simulated one.
    """
    with TemporaryDirectory(prefix="bellwether-bench-") as home, without_development_packages(Path(home)):
        market = folder or _simulated(Path(home))
        session = "2025-12-04" if folder else "2025-11-04"
        runs = [_run(market, session, Path(home) / str(each), before) for each, before in enumerate(BEFORE)]
    imports, polling, first_poll = (min(each) for each in zip(*(run[0] for run in runs), strict=True))
    most = (max(each) for each in zip(*(run[1] for run in runs), strict=True))
    return Run(imports, polling, first_poll, *most)


def _run(
    market: Path, session: str, home: Path, early: float
) -> tuple[tuple[float, float, float], tuple[float, float, float, float]]:
    """What counts at its least, and what counts at its most, of one run in a folder of its own."""
    home.mkdir()
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import bot.cli.run, bot.telegram.application"], check=True, cwd=ROOT)
    imports = time.perf_counter() - start
    clock = Clock(f"{session}T20:50:00Z")
    with World(market, home, load_settings(), clock) as world:
        filled, answered = _first_start(world)
        before = home / "before"
        before.mkdir()
        copy_database(home, before)
        clock.set(f"{session}T21:46:00Z")
        polling, first_poll = _second_start(world)
        restarted = world.services[-1].memory()
    told = latency(market, before, home / "told", session, early)
    return (imports, polling, first_poll), (told, filled, answered, restarted)


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
