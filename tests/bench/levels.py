"""A million alerts of people on levels of a thousand expressions: what a row costs that changes none, or some."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from rules.alerting import Coverage, Inactive
from rules.bars import HOUR, Bools, Floats, Ints, Tick
from rules.book import Book, Record
from rules.columns import Constant, Window
from rules.engine import evaluate
from rules.evaluation import evaluate as evaluate_columns
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.language.meaning import read
from rules.levels import Levels, Screen, reached
from rules.model import XNYS, Basis, Rule
from rules.panel import Panel
from rules.provisional import with_provisional
from tests.bench.drawn import IDS, WINDOWS, market
from tests.bench.figures import Target
from tests.bench.tables import Block, rows, timed
from tests.bench.timing import best
from tests.rules.markets import instrument, tape

ALERTS, EXPRESSIONS, JUDGED = 1_000_000, 1_000, 10_000
FEW = 100
"""How many of them a row changes on a lively day."""

SCOPE = Scope({name: instrument(name) for name in IDS}, {})
"""All of them in sessions: one track."""

TRACK = f"{XNYS}/personal/tick"
KINDS = ("{}", "sma({}, {n})", "ret({}, {n})", "highest({}, {n})", "lowest({}, {n})", "vol({}, {n})", "{} / {other}")
OTHER = dict(zip(IDS, IDS[1:] + IDS[:1], strict=True))


@dataclass(frozen=True)
class Many:
    """Of every alert its expression, whether it waits for more (1) or less (-1), and the level."""

    expression: Ints
    sign: Floats
    level: Floats

    def arrays(self) -> Levels:
        """All that is held of them."""
        key = (2 * self.expression + (self.sign < 0)).astype(np.int32)
        return Levels(key, np.nextafter(self.sign * self.level, -np.inf))


def levels_tables() -> list[Block]:
    """Arrays at start and one comparison a row, beside the engine that judges one after the other."""
    closed = market()
    live, lines = _in_progress(closed), _lines()
    nodes = [read(line, SCOPE, XNYS).column for line in lines]
    resumes = evaluate_columns(nodes, closed).checkpoints
    columns = partial(evaluate_columns, nodes, live, len(live) - 1, resumes)
    found = columns().columns
    values = np.array([found[node][0] for node in nodes])
    million, is_due = drawn_at(values), np.ones(len(nodes), dtype=bool)
    held = million.arrays()
    rules = _rules(lines, million)
    last = int(closed.clock.closes[-1])
    at_rest = Record("", Inactive(last), Coverage(last, ever=True), last)
    book = Book({rule.rule.id: replace(at_rest, digest=rule.digest) for rule in rules})
    few, many = (best(partial(_judge, rules[:count], closed, live, book), 2) for count in (FEW, JUDGED))
    compared = best(partial(moving, held, values, is_due), 20)
    most = _megabytes(partial(moving, held, values, is_due))
    times = ALERTS // JUDGED
    of = f"{times} x {JUDGED:,} of them"
    costs = [
        ("at start, as arrays", best(million.arrays)),
        (f"at start, from compiled rules ({of})", best(partial(Screen, rules, book.records, {}), 2) * times),
        ("a row: the columns of the expressions", best(columns)),
        ("a row: the comparison with all levels", compared),
        (f"the same, and judging {FEW:,} that it changes", compared + few),
        (f"the same, and judging {JUDGED:,}", compared + many),
    ]
    said = f"the engine, one by one ({of})"
    size = f"{held.nbytes / 1e6:.0f} MB, and {most:.0f} MB while they are compared"
    what = f"{ALERTS:,} levels of {EXPRESSIONS:,} expressions: {size}"
    told = [timed(name, seconds, None, said, many * times) for name, seconds in costs]
    told[3] = replace(told[3], target=Target(10e-3), chief=f"a row against {ALERTS:,} levels of people's alerts")
    return [rows(what, told)]


def _lines() -> list[str]:
    """What people watch: prices, means, moves, extremes, and one price in another's."""
    kinds = [(kind, n) for n in WINDOWS for kind in KINDS]
    lines = dict.fromkeys(kind.format(name, n=n, other=OTHER[name]) for kind, n in kinds for name in IDS)
    return list(lines)[:EXPRESSIONS]


def drawn_at(values: Floats, alerts: int = ALERTS) -> Many:
    """Levels round where the expressions stand, none of them reached."""
    rng = np.random.default_rng(5)
    expression, sign = rng.integers(0, len(values), alerts), rng.choice([-1.0, 1.0], alerts)
    beyond = np.abs(values[expression]) * rng.uniform(0.01, 0.5, alerts) + 1e-9
    return Many(expression, sign, values[expression] + sign * beyond)


def _rules(lines: Sequence[str], million: Many) -> list[CompiledRule]:
    """The first of them as rules, which are over where the level is not reached any more."""
    kinds = {
        sign: [_compiled(f"{line} {reaches} 0", f"{line} {leaves} 0") for line in lines]
        for sign, reaches, leaves in ((1.0, ">=", "<"), (-1.0, "<=", ">"))
    }
    first = zip(million.expression[:JUDGED], million.sign, million.level, strict=False)
    return [_at(kinds[sign][line], number, float(level)) for number, (line, sign, level) in enumerate(first)]


def _compiled(when: str, clear: str) -> CompiledRule:
    return compile_rule(Rule("", when, clear, Basis.TICK, personal=True), SCOPE)


def _at(rule: CompiledRule, number: int, level: float) -> CompiledRule:
    """The alert of another chat: the same line with another level."""
    when, clear = (
        replace(each, inputs=(each.inputs[0], Constant(level)))
        for each in (rule.when, rule.clear)
        if isinstance(each, Window)
    )
    return replace(rule, rule=replace(rule.rule, id=f"#{number}.1"), when=when, clear=clear)


def _in_progress(closed: Panel) -> Panel:
    """A session with a trade of everything, at the last closes."""
    at = int(closed.clock.closes[-1]) + 18 * HOUR
    ticks = {
        name: Tick(name, at, float(column.close[-1]), np.nan, np.nan, np.nan, tape(f"{name}-VENUE"))
        for name, column in closed.columns.items()
    }
    return with_provisional(closed, closed.clock.session(len(closed) - 1) + dt.timedelta(days=1), ticks)


def _judge(rules: Sequence[CompiledRule], closed: Panel, live: Panel, book: Book) -> object:
    return evaluate(rules, {XNYS: closed, TRACK: live}, book, int(live.clock.closes[-1]))


def moving(held: Levels, values: Floats, is_due: Bools) -> int:
    """How many a row may change."""
    return len(held.moving(reached(values, is_due)))


def _megabytes(job: Callable[[], object]) -> float:
    """What a job takes at most, beside what is held."""
    tracemalloc.start()
    job()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6
