"""A broadcast through the real worker, pacer, outbox and python-telegram-bot, to a Telegram that bears what it says.

Run as a module it is the bot's side, in a process of its own: it writes what came of it as JSON. It is the load of
`python -m tests.reliability load`, small; there the long ones are.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figures import Figure, Target, Unit
from tests.bench.tables import Block, Row, rows, timed
from tests.reliability.load import PATIENCE, RATE
from tests.reliability.load_run import Load, play
from tests.reliability.load_telegram import A_SECOND

ROOT = Path(__file__).resolve().parents[2]
LOAD = Load(900, 400, groups=20, busy=2, to_each_busy=15, commands=100, warm=100)
"""Half a minute of sending."""


@dataclass(frozen=True)
class Delivered:
    """Messages a second over the middle 80 %, seconds until commands were answered, and what went wrong how often."""

    rate: float
    p50: float
    p99: float
    faults: int


def delivery_tables() -> list[Block]:
    """Beside the pace that Telegram bears."""
    command = [sys.executable, "-m", "tests.bench.delivery"]
    told = subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout
    return [rows(f"{LOAD.deliveries} deliveries to {LOAD.chats} chats", delivery_rows(Delivered(**json.loads(told))))]


def delivery_rows(found: Delivered) -> list[Row]:
    """What came of it, as rows."""
    faults = f", {found.faults} of them lost, twice, out of order, refused or unanswered" if found.faults else ""
    sent, limit = f"deliveries through SQLite and the pacer{faults}", Figure.once(A_SECOND, Unit.A_SECOND)
    rate, bound = Figure.once(found.rate, Unit.A_SECOND), Target(RATE, Unit.A_SECOND, at_least=True)
    asked = f"a command while {LOAD.deliveries} deliveries go out"
    return [
        Row(sent, rate, bound, "what Telegram bears", limit, sent),
        timed(f"{asked}, p50", found.p50, None, "", None),
        timed(f"{asked}, p99", found.p99, PATIENCE, "its p50", found.p50, f"{asked}, p99"),
    ]


def main() -> None:
    """Be the bot's side."""
    logging.disable(logging.CRITICAL)
    with TemporaryDirectory(prefix="bellwether-bench-") as folder:
        seen = play(Path(folder), LOAD)
    faults = seen.lost + seen.twice + seen.overtaken + len(seen.refusals) + seen.unanswered
    print(json.dumps(vars(Delivered(seen.rate, seen.delay(50), seen.delay(99), faults))))


if __name__ == "__main__":
    main()
