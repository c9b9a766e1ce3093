"""`python -m tests.reliability polling [NAME]`: what stops the bot from hearing, and how soon after it hears again.

Each fault lasts for twenty seconds, with the pauses and time-outs of `run`.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator, Sequence

from bot.telegram.ear import Patience
from bot.telegram.wire import Waits
from tests.reliability.polling_faults import Fault, of_names, of_telegram, of_the_network
from tests.reliability.polling_roads import ROADS
from tests.reliability.polling_run import Conditions, survives

PROMISED = 10.0
"""Seconds after which the bot hears again."""

AS_RUN = Conditions(Patience(), Waits(), lasts=20.0)


def cases() -> Iterator[tuple[str, Fault]]:
    """Every fault on the roads on which it is another one."""
    yield from (("directly", fault) for fault in [*of_telegram(), *of_names()])
    yield from ((road, fault) for road in ROADS for fault in of_the_network())


def main(arguments: Sequence[str]) -> int:
    """Play, print, and say by the exit code whether the bot was always back in time."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability polling", description=__doc__)
    parser.add_argument("name", nargs="?", default="", help="a part of the name of a fault")
    parser.add_argument("--lasts", type=float, default=AS_RUN.lasts, metavar="SECONDS")
    asked = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    conditions = Conditions(AS_RUN.patience, AS_RUN.waits, asked.lasts)
    print("| fault | road | back after |")
    print("|---|---|---|")
    late = False
    for road, fault in cases():
        if asked.name not in fault.name:
            continue
        with ROADS[road]() as way:
            back = survives(fault, way, conditions)
        late = late or back.seconds > PROMISED
        told = "at no time away" if back.seconds < 0 else f"{back.seconds:.1f} s"
        print(f"| {fault.name} | {road} | {told}{' **late**' if back.seconds > PROMISED else ''} |", flush=True)
    return int(late)
