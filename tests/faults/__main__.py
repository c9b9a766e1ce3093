"""`python -m tests.faults [NAME]`: the matrix of faults and feeds, or the story of the scenarios that NAME names."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Mapping

from tests.bot.markets import at
from tests.faults.catalogue import FAULTS, cells
from tests.faults.cells import Cell, Fault
from tests.faults.deeds import EXCHANGE, YAHOO
from tests.faults.matrix import judged, opened, play
from tests.faults.play import Play
from tests.faults.verdict import complaints

WIDTH = 46
SHOWN = 4


def main() -> int:
    """Play, print, and say by the exit code whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="a part of the name of a fault, or FAULT / FEED")
    asked = parser.parse_args().name
    chosen = [cell for cell in cells() if asked in cell.name]
    if not chosen:
        print(f"no fault is called {asked!r}", file=sys.stderr)
        return 2
    return _story(chosen) if asked else _matrix(chosen)


def _matrix(chosen: list[Cell]) -> int:
    """Rows are faults, columns are feeds; what went wrong stands below a row."""
    began, red = time.perf_counter(), 0
    faults = {fault.name: fault for fault in FAULTS}
    found: dict[str, dict[str, list[str]]] = {name: {} for name in faults}
    print(f"{'fault':{WIDTH}} {YAHOO:10} {EXCHANGE:10}")
    for cell, wrong in judged(chosen):
        found[cell.fault][cell.feed] = wrong
        red += bool(wrong)
        fault = faults[cell.fault]
        if cell.feed == fault.feeds[-1]:
            _print_row(fault, found[fault.name])
    seconds = time.perf_counter() - began
    right = len(chosen) - red
    print(f"\n{len(FAULTS)} faults, {len(chosen)} scenarios: {right} as they must be, {red} not; {seconds:.0f} s")
    return int(red > 0)


def _print_row(fault: Fault, found: Mapping[str, list[str]]) -> None:
    words = {feed: "FAILS" if wrong else "ok" for feed, wrong in found.items()}
    print(f"{fault.name:{WIDTH}} {words.get(YAHOO, '-'):10} {words.get(EXCHANGE, '-'):10} {fault.why}".rstrip())
    for feed, wrong in found.items():
        for each in _shortened(wrong):
            print(f"    {feed}: {each}")
    sys.stdout.flush()


def _shortened(wrong: list[str]) -> list[str]:
    """The first few, and how many more."""
    return wrong if len(wrong) <= SHOWN + 1 else [*wrong[:SHOWN], f"and {len(wrong) - SHOWN} more"]


def _story(chosen: list[Cell]) -> int:
    """Scenario by scenario, poll by poll."""
    logging.disable(logging.WARNING)
    with opened() as (stage, clean):
        wrong = [_told(cell, play(stage, cell), clean) for cell in chosen]
        return int(any(wrong))


def _told(cell: Cell, played: Play, clean: Play) -> bool:
    """Whether anything is wrong with it."""
    wrong = complaints(cell, played, clean)
    print(f"== {cell.name}: {'; '.join(wrong) or 'ok'}\n")
    for when, status in played.said.items():
        mark = "  <- can be known" if when == played.first else ""
        print(f"-- {_clock(when)}{mark}\n{status}")
        for html in played.told.get(when, ()):
            print(f"** told:\n{html}")
    print("events:", ", ".join(event.key for event in played.events) or "none", "\n")
    return bool(wrong)


def _clock(when: int) -> str:
    day = (when - at("2025-12-01T00:00Z")) // 86_400 + 1
    return f"December {day}, {when // 3600 % 24:02d}:{when // 60 % 60:02d} UTC"


if __name__ == "__main__":
    sys.exit(main())
