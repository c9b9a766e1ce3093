"""Two hundred rules over 25 instruments and ten years, replayed; beside the same rules in a plain pandas script.

Each job runs in a process of its own, which says how long it took and how much memory it has had at most.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from rules.engine import Outcome, evaluate, opened
from rules.evaluation import evaluate as evaluate_columns
from rules.evidence import evidence_of, nodes_of
from rules.functions.registry import Type
from rules.language.compile import CompiledRule, compile_rule
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse
from rules.model import XNYS, Edge, Rule
from rules.panel import Panel
from tests.bench.drawn import IDS, ROWS, SCOPE, Call, expressions, market
from tests.bench.figures import Figure, Target, Unit
from tests.bench.tables import Block, Row, rows
from tests.bench.twins import frames_of, has_twin, twin

COUNT, DRAWN = 200, 2_000
ROOT = Path(__file__).resolve().parents[2]
TARGET_SECONDS, TARGET_MB = 20.0, 600.0


@dataclass(frozen=True)
class Drawn:
    """A rule of a number that fires above one level and clears below another."""

    call: Call
    enter: float
    leave: float
    rule: CompiledRule


def rules_of(panel: Panel, count: int = COUNT, *, twins: bool) -> list[Drawn]:
    """Rules of drawn numbers, that fire in a tenth of the rows; with `twins` of those that pandas has words for."""
    calls = [
        each for each in expressions(DRAWN)
        if _is_number_on_sessions(each.call) and (has_twin(each.call) or not twins)
    ]  # fmt: skip
    found: list[Drawn] = []
    for each in calls:
        if len(found) == count:
            break
        column = evaluate_columns([each.node], panel).columns[each.node]
        known = column[~np.isnan(column)]
        if len(np.unique(known)) > ROWS // 4:
            enter, leave = (float(f"{value:.6g}") for value in np.quantile(known, [0.9, 0.7]))
            found.append(Drawn(each.call, enter, leave, _rule(len(found), each.call, enter, leave)))
    return found


def _is_number_on_sessions(call: Call) -> bool:
    """What is about coins alone has another clock."""
    text = str(call)
    return calendar_of([(text, parse(text))], SCOPE) == XNYS and read(text, SCOPE, XNYS).type == Type.SERIES


def _rule(number: int, call: Call, enter: float, leave: float) -> CompiledRule:
    when, clear = f"{call} > {_written(enter)}", f"{call} < {_written(leave)}"
    return compile_rule(Rule(f"rule-{number}", when, clear), SCOPE)


def _written(level: float) -> str:
    """As the language reads numbers: no powers of ten."""
    return np.format_float_positional(level, trim="-")


def replayed(drawn: list[Drawn], panel: Panel) -> Outcome:
    """By the engine: every event with its numbers, and everything that live would go on from."""
    rules = [each.rule for each in drawn]
    return evaluate(rules, {XNYS: panel}, opened(rules), int(panel.clock.closes[-1]), grace=0)


def with_evidence(drawn: list[Drawn], panel: Panel) -> object:
    """The same, and what followed each rule's firings."""
    rules = [each.rule for each in drawn]
    columns = evaluate_columns([node for rule in rules for node in nodes_of(rule)], panel).columns
    return replayed(drawn, panel), [evidence_of(rule, panel, ("RUT", "SPX", "BTC"), columns=columns) for rule in rules]


def scripted(drawn: list[Drawn], panel: Panel) -> Mapping[str, list[pd.Timestamp]]:
    """By pandas: a column a rule, and a loop over its rows that keeps whether it fires."""
    frames, fired = frames_of(panel), dict[str, list[pd.Timestamp]]()
    for each in drawn:
        column = twin(each.call, frames)
        on, off, firing, when = column > each.enter, column < each.leave, False, []
        for day, enters, leaves in zip(column.index, on, off, strict=True):
            if not firing and enters:
                when.append(day)
            firing = (firing or enters) and not leaves
        fired[each.rule.rule.id] = when
    return fired


def firings(outcome: Outcome) -> Mapping[str, list[pd.Timestamp]]:
    """The sessions on which each rule fired."""
    found = dict[str, list[pd.Timestamp]]()
    for event in outcome.events:
        if event.edge is Edge.FIRED:
            found.setdefault(event.rule, []).append(pd.Timestamp(event.session))
    return found


JOBS: Mapping[str, tuple[bool, Callable[[list[Drawn], Panel], object]]] = {
    "all": (False, replayed),
    "twins": (True, replayed),
    "evidence": (False, with_evidence),
    "pandas": (True, scripted),
}


@dataclass(frozen=True)
class Cost:
    """Seconds, and megabytes at most, libraries and market included."""

    seconds: float
    peak: float


def measured(job: str) -> Cost:
    """In a process of its own, the better of two."""
    words = [sys.executable, "-m", "tests.bench.replays", job]
    outputs = [subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT).stdout for _ in range(2)]
    costs = [Cost(*map(float, output.split())) for output in outputs]
    return Cost(min(each.seconds for each in costs), min(each.peak for each in costs))


def replay_tables() -> list[Block]:
    """Seconds and memory of each, beside pandas."""
    found = {job: measured(job) for job in JOBS}
    pandas = found["pandas"]
    named = {
        "all": "replay, rules of the whole vocabulary",
        "evidence": "the same, and what followed in three instruments",
        "twins": "replay, rules that pandas has words for",
        "pandas": "those in a pandas script, firings alone",
    }
    what = f"{COUNT} rules, {len(IDS)} instruments, {ROWS // 252} years"
    return [rows(what, [line for job in named for line in _lines(named[job], found[job], pandas, what)])]


def _lines(name: str, cost: Cost, pandas: Cost, of: str) -> tuple[Row, Row]:
    """Its seconds, and its memory."""
    chief = f"replay, {of}" if name.startswith("replay, rules of") else ""
    seconds, script = Figure.once(cost.seconds), Figure.once(pandas.seconds)
    peak, its = (Figure.once(each.peak, Unit.MEGABYTES) for each in (cost, pandas))
    wide, chief_memory = Target(TARGET_MB, Unit.MEGABYTES), chief and f"{chief}: memory"
    return (
        Row(name, seconds, Target(TARGET_SECONDS), "a pandas script, of rules it has words for", script, chief),
        Row(f"{name}: memory", peak, wide, "its memory", its, chief_memory),
    )


def main(job: str) -> None:
    """One job: its seconds, and the most memory that this process has had."""
    panel = market()
    twins, work = JOBS[job]
    drawn = rules_of(panel, twins=twins)
    start = time.perf_counter()
    work(drawn, panel)
    seconds = time.perf_counter() - start
    print(seconds, _most_memory())


def _most_memory() -> float:
    """Megabytes that this process has had at most; what rusage says counts who has started it too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1e3


if __name__ == "__main__":
    main(sys.argv[1])
