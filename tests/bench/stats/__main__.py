"""`make bench-stats SEED=...`: what the alerts are worth where the truth is known, beside what others do.

Prints three tables, of a pair's alarms, of its intervals and of the regime, and exits 1 when a figure is worse than it
must be. A figure is a function of the seed and the number of paths alone. The last line, how long a row takes, depends
on the machine and decides nothing. With --history instead: the regime on real prices, which can fail too. With --rungs:
how often the built-in rules fire where nothing changes, which fails nothing.
"""

from __future__ import annotations

import argparse
import enum
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bot.cli._options import whole_number
from bot.tuning.worlds.pairs import ROWS, WARMUP
from bot.tuning.worlds.regime import WARMUP as REGIME_WARMUP
from tests.bench.stats import drawdowns, rungs
from tests.bench.stats.campaign import Report, measure
from tests.bench.stats.detectors import Detector
from tests.bench.stats.gates import PLAIN, Bound, Line
from tests.bench.stats.markdown import table
from tests.bench.stats.regime import campaign as regime
from tests.bench.stats.regime.detectors import Detector as RegimeDetector
from tests.bench.stats.speed import speed

PATHS = 200
MISSED = " **missed**"


class Part(enum.StrEnum):
    """What can be measured alone."""

    CORRELATION = "correlation"
    REGIME = "regime"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print, and say with the exit code whether every figure is as good as it must be."""
    arguments = _parser().parse_args(words)
    if arguments.history:
        return _judge_history(arguments.history)
    paths = arguments.paths or (rungs.PATHS if arguments.rungs else PATHS)
    warmup = f"{WARMUP} of them to warm up" + ("" if arguments.rungs else f" ({REGIME_WARMUP} for the regime)")
    print(f"Seed {arguments.seed}, {paths} paths of {ROWS} rows a world, {warmup}.\n", flush=True)
    if arguments.rungs:
        print(rungs.tables(rungs.measure(arguments.seed, paths, arguments.processes)))
        return 0
    return _judge(arguments.seed, paths, arguments.processes, arguments.only)


def measured(seed: int, paths: int, processes: int = 1, only: Part | None = None) -> Report:
    """The figures of both parts, or of one."""
    pairs = Report() if only is Part.REGIME else measure(seed, paths, processes)
    return pairs if only is Part.CORRELATION else replace(pairs, regime=regime.measure(seed, paths, processes))


def _judge(seed: int, paths: int, processes: int, only: Part | None) -> int:
    report = measured(seed, paths, processes, only)
    print(f"{tables(report)}\n\n{verdict(report)}")
    if paths < PATHS:
        print(f"The bounds are those of {PATHS} paths: with fewer, chance alone may miss them.")
    row = speed(seed)
    print(
        f"A row of 10 pairs, 3 rungs, shift and the regime: {row.replayed * 1e3:.2f} ms in a replay (at most 1, hoped "
        f"for 0.2), {row.live * 1e3:.2f} ms alone, resumed from its checkpoints; ten years of them "
        f"{row.ten_years:.2f} s (at most 1.5, hoped for 0.3)."
    )
    return 1 if report.failed else 0


def _judge_history(folder: Path) -> int:
    past = drawdowns.history(folder)
    report = Report(regime=drawdowns.lines_of(past))
    print(f"The regime on the prices of {past.clock.session(0)} to {past.clock.session(-1)}.\n")
    print(f"{drawdowns.written(drawdowns.drawdowns(past))}\n\n{_table(report.regime, [])}\n\n{verdict(report)}")
    return 1 if report.failed else 0


def tables(report: Report) -> str:
    """The tables in Markdown, without those of what was not asked for."""
    parts = [
        (report.alarms, [detector.value for detector in Detector if detector is not Detector.OURS]),
        (report.intervals, [PLAIN]),
        (report.regime, [detector.value for detector in RegimeDetector if detector is not RegimeDetector.OURS]),
    ]
    return "\n\n".join(_table(lines, others) for lines, others in parts if lines)


def verdict(report: Report) -> str:
    """Which figures are worse than they must be, and which as good as was hoped, if any was: a line each."""
    failed = [line.words for line in report.failed]
    bound = sum(line.must is not None for line in report.lines)
    hoped = [line for line in report.lines if line.stretch is not None]
    reached = [line.words for line in hoped if line.stretched]
    must = f"MUST FAILED, {len(failed)} of {bound}: {'; '.join(failed)}." if failed else f"Must: all {bound} hold."
    if not hoped:
        return must
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
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--seed", type=whole_number(0, 2**32), help="all paths are drawn from it")
    source.add_argument("--history", type=Path, metavar="DIR", help="the regime on the real prices of a folder")
    parser.add_argument(
        "--paths", type=whole_number(1, 100_000), help=f"of each world ({PATHS}; with --rungs {rungs.PATHS})"
    )
    cores = min(4, os.cpu_count() or 1)
    parser.add_argument("--processes", type=whole_number(1, 256), default=cores, help="side by side (%(default)s)")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", type=Part, choices=list(Part), help="one part of the figures")
    chosen.add_argument("--rungs", action="store_true", help="the built-in rules where the correlation stands still")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
