"""`python -m tests.reliability kills`: the real process, killed at random instants of everything that it does.

Telegram is as bad as it can be meanwhile, users write, and in the end nothing may be missing. The table says at what
the process was killed; the seed plays the same story again, as far as a machine can.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.reliability.lives import Drama, Kill, Outcome, Size
from tests.reliability.phases import PHASES, Phase
from tests.reliability.places import BACK_ENDS, place
from tests.reliability.town import Town
from tests.reliability.verdict import told


def main(arguments: Sequence[str]) -> int:
    """Play, print a table, and say by the exit code whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability kills", description=__doc__)
    parser.add_argument("--store", choices=BACK_ENDS, action="append", help="each one, unless said")
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, metavar="DIR", help="an empty folder for journal, logs and database")
    asked = parser.parse_args(arguments)
    wrong = False
    for store in asked.store or BACK_ENDS:
        with tempfile.TemporaryDirectory() as folder:
            home = (asked.keep or Path(folder)) / store
            home.mkdir()
            outcome = play(store, home, Size(kills=asked.kills), asked.seed)
        print("\n".join(table(outcome)), flush=True)
        if outcome.complaints:
            wrong = True
            print(f"\nNOT as it must be, with --seed {asked.seed}:\n{told(outcome.complaints)}", flush=True)
    return int(wrong)


def play(store: str, home: Path, size: Size, seed: int) -> Outcome:
    """A whole story, and the verdict on it."""
    began = time.monotonic()
    with place(store, home) as where, Town(home, where) as town:
        return Drama(town, size, seed).plays(f"{store}, seed {seed}", began)


def table(outcome: Outcome) -> Iterator[str]:
    """In Markdown."""
    case, kills = outcome.case, outcome.kills
    sent = sum(row.state == "sent" for row in case.books.rows)
    yield f"\n| {outcome.title}: {len(kills)} kills in {outcome.seconds:.0f} s | | must be |"
    yield "|---|---|---|"
    yield from (f"| killed {words} | {_counted(kills, phase)} | |" for phase, words in PHASES.items())
    yield f"| events, chats told of each | {len(case.expected)}, {len(case.faithful)} | |"
    yield f"| deliveries sent | {sent} | |"
    yield f"| lost | {outcome.lost} | 0 |"
    bound = sum(case.in_flight) + case.unanswered
    yield f"| in flight at the kills; accepted, and the answer lost | {sum(case.in_flight)}; {case.unanswered} | |"
    yield f"| repeats, each marked | {case.repeats} | at most {bound} |"
    answered = sum(bool(line.answers) for line in case.lines)
    yield f"| `/start`, `/stop`, `/forget yes`: written, answered | {len(case.lines)}, {answered} | the same |"
    yield f"| alerts on their way while a chat ended them | {case.crossed} | |"
    yield f"| everything that is wrong | {len(outcome.complaints)} | 0 |"


def _counted(kills: Sequence[Kill], phase: Phase) -> str:
    """9 (before 5, after 4)"""
    notes = Counter(kill.note for kill in kills if kill.phase is phase)
    split = ", ".join(f"{note} {count}" for note, count in sorted(notes.items()) if note)
    return f"{sum(notes.values())}" + (f" ({split})" if split else "")
