"""`python -m tests.reliability load`: a broadcast to thousands of chats, and what becomes of commands meanwhile.

It takes as long as Telegram's limits make it: 5,000 deliveries three minutes.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.reliability.load_run import MEGABYTE, Figures, Load, play

SHORT = Load(240, 100, groups=10, busy=1, to_each_busy=15, commands=20, warm=50)
LONG = Load()
DEEP = Load(20_000, most=5_000)
"""As long as the long one, before a queue that is four times as deep."""

CROWDED = Load(700, 120, groups=12, busy=12, commands=40, warm=100, most=560)
"""More groups that have had their twenty a minute than the worker has lanes: they must not hold up the people."""

RATE, PATIENCE, SILENCE, GROWTH = 27.5, 1.0, 5.0, 20.0
"""Promised: messages a second, seconds within which 99 % of commands are answered, seconds without a message while some
might go, megabytes."""


def main(arguments: Sequence[str]) -> int:
    """Play, print a table, and say by the exit code whether what was promised was kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability load", description=__doc__)
    sizes = {"short": (SHORT,), "long": (LONG,), "deep": (DEEP,), "crowded": (CROWDED,), "all": (LONG, DEEP, CROWDED)}
    parser.add_argument("size", nargs="?", choices=sizes, default="all")
    asked = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    kept = True
    for load in sizes[asked.size]:
        with tempfile.TemporaryDirectory() as folder:
            figures = play(Path(folder), load)
        print("\n".join(table(figures)), flush=True)
        kept = kept and keeps(figures)
    return 0 if kept else 1


def keeps(figures: Figures) -> bool:
    """Whether everything that is promised was kept, times included."""
    nothing = (figures.lost, figures.twice, figures.overtaken, len(figures.refusals), figures.unanswered)
    quick = figures.rate >= RATE and figures.delay(99) < PATIENCE and figures.silence < SILENCE
    return not any(nothing) and quick and figures.growth < GROWTH


def table(figures: Figures) -> Iterator[str]:
    """In Markdown."""
    load = figures.load
    yield f"\n| {load.deliveries:,} deliveries to {load.chats:,} chats, {load.groups} of them groups | | promised |"
    yield "|---|---|---|"
    yield f"| alerts accepted | {figures.sent:,} in {figures.span:.0f} s | |"
    yield f"| lost, twice, out of order | {figures.lost}, {figures.twice}, {figures.overtaken} | 0, 0, 0 |"
    yield f"| refused for rate | {_told(figures.refusals)} | 0 |"
    yield f"| messages a second, over the middle 80 % | {figures.rate:.2f} | at least {RATE} |"
    yield f"| longest silence | {figures.silence:.1f} s | < {SILENCE:g} s |"
    yield f"| commands meanwhile, unanswered | {load.commands}, {figures.unanswered} | 0 |"
    delays = ", ".join(f"{each:.2f}" for each in (figures.delay(50), figures.delay(99), max(figures.delays)))
    yield f"| command to answer: p50, p99, longest | {delays} s | p99 < {PATIENCE:g} s |"
    yield f"| alerts between a command and its answer, most | {max(figures.passed)} | |"
    yield f"| memory once warm | {figures.warm / MEGABYTE:.1f} MB | |"
    yield f"| memory beyond that, at most | {figures.growth:+.1f} MB | < {GROWTH:g} MB |"


def _told(refusals: Sequence[str]) -> str:
    return ", ".join(f"{times} {what}" for what, times in Counter(refusals).items()) or "0"
