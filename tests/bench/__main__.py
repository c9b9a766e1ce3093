"""`make bench`: how long the main jobs take, against their targets and against something known. Prints, never asserts.

One table of what counts most, one of how costs grow, then all there is, from the same runs. A figure is the best of
several tries, or a percentile, beside a yardstick of the same run; the ratio travels between machines better than the
seconds do. `--runs 2` does everything twice, and tells the medians with their spread; `--write` puts it into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.bench.delivery import delivery_tables
from tests.bench.growth import GROWTH, growth_tables
from tests.bench.levels import levels_tables
from tests.bench.live import service_tables
from tests.bench.market import market_tables
from tests.bench.packages import package_tables
from tests.bench.pictures import picture_tables
from tests.bench.polls import poll_tables
from tests.bench.replays import replay_tables
from tests.bench.starts import start_tables
from tests.bench.tables import Block, Table, chief, together
from tests.bench.vocabulary import vocabulary_tables

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
MARK = "<!-- table -->"

SECTIONS: Mapping[str, Callable[[], list[Block]]] = {
    "market": market_tables,
    "replays": replay_tables,
    "vocabulary": vocabulary_tables,
    "levels": levels_tables,
    "delivery": delivery_tables,
    "pictures": picture_tables,
    "starts": start_tables,
    "service": service_tables,
    "packages": package_tables,
    "polls": poll_tables,
    "growth": growth_tables,
}
"""What is measured, one after the other, in the order of the tables."""


def main() -> None:
    """Print the tables; write them where asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"only some of: {', '.join(SECTIONS)}")
    parser.add_argument("--runs", type=int, default=1, help="do everything so many times (1)")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    asked = parser.parse_args()
    if unknown := set(asked.sections) - set(SECTIONS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    if asked.runs < 1:
        parser.error("--runs must be at least 1")
    if asked.sections and asked.write:
        parser.error("--write wants all sections")
    names = asked.sections or list(SECTIONS)
    runs = [_measured(names) for _ in range(asked.runs)]
    told = page([together(of_one) for of_one in zip(*runs, strict=True)], asked.runs)
    print(told)
    if asked.write:
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), told), encoding="utf-8")


def _measured(names: Sequence[str]) -> list[list[Block]]:
    """One run, section by section; how long each took goes to the terminal."""
    found = []
    for name in names:
        start = time.perf_counter()
        found.append(SECTIONS[name]())
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def page(sections: Sequence[Sequence[Block]], runs: int) -> str:
    """What counts most, and all tables; how costs grow stands second, where it was measured."""
    blocks = [block for section in sections for block in section]
    often = "One run." if runs == 1 else f"{runs} runs: the median of them, and as their spread the least and the most."
    grown = [block for block in blocks if isinstance(block, Table) and block.heads[0] == GROWTH]
    rest = [block for block in blocks if block not in grown]
    most = chief(blocks)
    parts = [often, *([most] if most.lines else []), *grown, *rest]
    return "\n\n".join(map(str, parts))


def with_tables(text: str, told: str) -> str:
    """A page with these tables in place of those it had; what stands before the mark stays."""
    return f"{text.partition(MARK)[0]}{MARK}\n\n{told}\n"


if __name__ == "__main__":
    main()
