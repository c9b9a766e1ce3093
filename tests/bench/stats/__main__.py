"""`make bench-stats SEED=...`: what the correlation alerts are worth where the truth is known, beside what others do.

Prints two tables, of alarms and of intervals, and exits 1 when a figure is worse than it must be. A figure is a
function of the seed and the number of paths alone. The last line, how long a row takes, depends on the machine and
decides nothing. With --rungs instead: how often the built-in rules fire where nothing changes, which fails nothing.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from bot.cli._options import whole_number
from tests.bench.stats import rungs
from tests.bench.stats.campaign import Report, measure
from tests.bench.stats.detectors import Detector
from tests.bench.stats.gates import PLAIN, Bound, Line
from tests.bench.stats.markdown import table
from tests.bench.stats.speed import speed
from tests.bench.stats.worlds import ROWS, WARMUP

PATHS = 200
MISSED = " **missed**"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and say with the exit code whether every figure is as good as it must be."""
    arguments = _parser().parse_args(words)
    paths = arguments.paths or (rungs.PATHS if arguments.rungs else PATHS)
    print(f"Seed {arguments.seed}, {paths} paths of {ROWS} rows a world, {WARMUP} of them to warm up.\n", flush=True)
    if arguments.rungs:
        print(rungs.tables(rungs.measure(arguments.seed, paths, arguments.processes)))
        return 0
    return _judge(arguments.seed, paths, arguments.processes)


def _judge(seed: int, paths: int, processes: int) -> int:
    report = measure(seed, paths, processes)
    print(f"{tables(report)}\n\n{verdict(report)}")
    if paths < PATHS:
        print(f"The bounds are those of {PATHS} paths: with fewer, chance alone may miss them.")
    row = speed(seed)
    print(
        f"A row of 10 pairs, 3 rungs and shift: {row.replayed * 1e3:.2f} ms in a replay (at most 1, hoped for 0.2), "
        f"{row.live * 1e3:.2f} ms alone, resumed from its checkpoints."
    )
    return 1 if report.failed else 0


def tables(report: Report) -> str:
    """Both tables in Markdown."""
    others = [detector.value for detector in Detector if detector is not Detector.OURS]
    return "\n\n".join([_table(report.alarms, others), _table(report.intervals, [PLAIN])])


def verdict(report: Report) -> str:
    """Which figures are worse than they must be, and which as good as was hoped: a line each."""
    failed = [line.words for line in report.failed]
    bound = sum(line.must is not None for line in report.lines)
    hoped = [line for line in report.lines if line.stretch is not None]
    reached = [line.words for line in hoped if line.stretched]
    must = f"MUST FAILED, {len(failed)} of {bound}: {'; '.join(failed)}." if failed else f"Must: all {bound} hold."
    return f"{must}\nStretch reached, {len(reached)} of {len(hoped)}: {'; '.join(reached) or 'none'}."


def _table(lines: Sequence[Line], others: Sequence[str]) -> str:
    return table(["figure", "ours", "must", "stretch", *others], [_cells(line, others) for line in lines])


def _cells(line: Line, others: Sequence[str]) -> list[str]:
    ours = line.unit.write(line.ours) + (MISSED if line.failed else "")
    held = [line.unit.write(line.others[name]) if name in line.others else "" for name in others]
    return [line.words, ours, _bound(line, line.must), _bound(line, line.stretch), *held]


def _bound(line: Line, bound: Bound | None) -> str:
    return "" if bound is None else bound.write(line.unit)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bench-stats", description=__doc__)
    parser.add_argument("--seed", type=whole_number(0, 2**32), required=True, help="all paths are drawn from it")
    parser.add_argument(
        "--paths", type=whole_number(1, 100_000), help=f"of each world ({PATHS}; with --rungs {rungs.PATHS})"
    )
    cores = min(4, os.cpu_count() or 1)
    parser.add_argument("--processes", type=whole_number(1, 256), default=cores, help="side by side (%(default)s)")
    parser.add_argument("--rungs", action="store_true", help="the built-in rules where the correlation stands still")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
