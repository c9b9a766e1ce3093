"""How what is computed grows: columns with their rows, replays with rules and sessions, ticks with expressions, polls
with levels, a matrix with its pairs. Seconds are the processor's.

Run as a module it is one process after the other in which rules are replayed: it writes seconds, and the megabytes that
the replay took at most beside what was there before.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from rules.bars import Floats
from rules.columns import Node
from rules.engine import evaluate as judge
from rules.engine import opened
from rules.evaluation import evaluate
from rules.functions.registry import Type
from rules.language.compile import CompiledRule, compile_rule
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse
from rules.model import XNYS, Rule
from rules.pairs import pearson
from rules.panel import Panel
from tests.bench.drawn import IDS, SCOPE, expressions, market
from tests.bench.figures import Figure, Unit
from tests.bench.levels import drawn_at, moving
from tests.bench.tables import Growth
from tests.bench.timing import busy
from tests.rules.markets import columns_of, tape, weekdays

ROOT = Path(__file__).resolve().parents[2]
RULES, SESSIONS, EXPRESSIONS = (8, 80, 800), (25, 252, 2520), (10, 100, 1000)
COLUMN_ROWS, LEVELS, MEMBERS = (252, 2_520, 25_200), (10_000, 100_000, 1_000_000), (2, 5, 15)
DRAWN = 1_700
"""So many expressions hold enough for the most rules."""

FEW_SESSIONS = 1260
"""Sessions on which so many rules are replayed: five years."""


def grown(what: str, work: Sequence[int], costs: Iterable[float], unit: Unit = Unit.SECONDS) -> Growth:
    """A line of one run."""
    return Growth(what, tuple(work), tuple(Figure.once(cost, unit) for cost in costs))


def correlations() -> list[Growth]:
    """A column whose window stays as wide as it is."""
    node = read("corr(RUT, SPX, 60)", SCOPE, XNYS).column
    costs = (busy(partial(evaluate, [node], _long(rows)), 30) for rows in COLUMN_ROWS)
    return [grown("rolling correlation: rows", COLUMN_ROWS, costs)]


def _long(rows: int) -> Panel:
    rng = np.random.default_rng(3)
    paths = {name: np.exp(np.cumsum(rng.normal(0, 0.001, rows))) for name in ("RUT", "SPX")}
    columns = {name: columns_of(path) for name, path in paths.items()}
    return Panel(weekdays(rows), columns, {name: (tape(f"{name}-VENUE"),) for name in paths})


def replays() -> list[Growth]:
    """The engine over history: with more rules, and with more history."""
    by_rules = [_replayed(count, FEW_SESSIONS) for count in RULES]
    by_rows = [_replayed(RULES[1], rows) for rows in SESSIONS]
    return [
        grown("replay: rules", RULES, (seconds for seconds, _ in by_rules)),
        grown("replay: rules, its memory", RULES, (size for _, size in by_rules), Unit.MEGABYTES),
        grown(f"replay of {RULES[1]} rules: sessions", SESSIONS, (seconds for seconds, _ in by_rows)),
    ]


def _replayed(rules: int, rows: int) -> tuple[float, float]:
    """Seconds and megabytes in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.growth_computed", str(rules), str(rows)]
    seconds, size = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    return seconds, size


def ticks() -> list[Growth]:
    """One more row, resumed."""
    panel, nodes = market(), [each.node for each in expressions(EXPRESSIONS[-1])]
    last = len(panel) - 1
    costs = []
    for count in EXPRESSIONS:
        some: list[Node] = nodes[:: len(nodes) // count]  # every so many, for they are drawn function by function
        resumes = evaluate(some, panel[:last]).checkpoints
        costs.append(busy(partial(evaluate, some, panel, last, resumes), 5))
    return [grown(f"a live tick over {len(IDS)} instruments: expressions", EXPRESSIONS, costs)]


def levels() -> list[Growth]:
    """The comparison of a row with what people wait for."""
    values = np.abs(np.random.default_rng(5).standard_normal(1000)) + 1.0
    is_due = np.ones(len(values), dtype=bool)
    held = [drawn_at(values, count).arrays() for count in LEVELS]
    costs = (busy(partial(moving, each, values, is_due), 20) for each in held)
    return [grown("a row against levels: alerts of people", LEVELS, costs)]


def matrices() -> list[Growth]:
    """Every pair of some instruments, as `/corr` shows a basket."""
    panel = market()
    pairs = [list(combinations(IDS[:count], 2)) for count in MEMBERS]
    nodes = [[pearson(one, other, 60) for one, other in each] for each in pairs]
    costs = (busy(partial(evaluate, each, panel), 10) for each in nodes)
    return [grown("the matrix of `/corr`: pairs", [len(each) for each in pairs], costs)]


COMPUTED: Sequence[Callable[[], list[Growth]]] = (correlations, replays, ticks, levels, matrices)


# The process


def rules_of(panel: Panel, count: int) -> list[CompiledRule]:
    """Rules of the whole vocabulary that fire in a tenth of the rows: expressions with levels of their own."""
    found = [each for each in expressions(DRAWN) if _is_number(str(each.call))][: RULES[-1]]
    some = found[:: len(found) // count][:count]  # every so many, for they are drawn function by function
    columns = evaluate([each.node for each in some], panel).columns
    return [_rule(number, str(each.call), columns[each.node]) for number, each in enumerate(some)]


def _rule(number: int, call: str, column: Floats) -> CompiledRule:
    known = column[~np.isnan(column)]
    enter, leave = np.quantile(known, [0.9, 0.7]) if len(known) else (0.0, 0.0)
    return compile_rule(Rule(f"rule-{number}", f"{call} > {_written(enter)}", f"{call} < {_written(leave)}"), SCOPE)


def _is_number(text: str) -> bool:
    """Of the exchange's sessions: what is about coins alone has another clock."""
    return calendar_of([(text, parse(text))], SCOPE) == XNYS and read(text, SCOPE, XNYS).type == Type.SERIES


def _written(level: float) -> str:
    """As the language reads numbers: no powers of ten."""
    return np.format_float_positional(float(f"{level:.6g}"), trim="-")


def main(count: int, rows: int) -> None:
    """Replay so many rules over so many sessions."""
    panel = market()
    rules, some = rules_of(panel, count), panel[:rows]
    if len(rules) != count:
        raise ValueError(f"{len(rules)} rules were drawn, not {count}")
    Path("/proc/self/clear_refs").write_text("5")  # the most memory counts from here
    before = _megabytes("VmRSS:")
    seconds = busy(lambda: judge(rules, {XNYS: some}, opened(rules), int(some.clock.closes[-1]), grace=0), 1)
    print(json.dumps((seconds, _megabytes("VmHWM:") - before)))


def _megabytes(field: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(field)) / 1e3


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
