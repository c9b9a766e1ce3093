"""A thousand distinct expressions of the whole vocabulary over 25 instruments and ten years: replayed, and a live tick
of them, beside pandas, which recomputes at each tick what it has words for.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from rules.columns import Node
from rules.evaluation import evaluate, lookback
from rules.panel import Panel
from tests.bench.drawn import IDS, ROWS, Expression, expressions, market
from tests.bench.figures import Target, Unit
from tests.bench.tables import Block, Row, rows, timed
from tests.bench.timing import best
from tests.bench.twins import Frames, frames_of, has_twin, twin

COUNT = 1000


def vocabulary_tables() -> list[Block]:
    """Per expression: a replay and a tick, of all of them and of those that pandas has words for."""
    drawn, panel = expressions(COUNT), market()
    both = [each for each in drawn if has_twin(each.call)]
    years = ROWS / panel.clock.rows_a_year
    frames = frames_of(panel)
    pandas = best(lambda: recomputed(both, frames), 2) / len(both)
    whole = best(lambda: evaluate([each.node for each in drawn], panel), 2) / len(drawn)
    shared = best(lambda: evaluate([each.node for each in both], panel), 2) / len(both)
    said = f"pandas, of the {len(both)} it has words for"
    replays = [
        timed("full replay", whole, None, said, pandas),
        timed(f"full replay of those {len(both)}", shared, None, said, pandas),
    ]
    anew = f"{said}, anew"
    ticks = _tick_rows("one live tick", drawn, panel, anew, pandas)
    all_of_them = f"one live tick of {len(drawn):,} expressions over {len(IDS)} instruments, per expression"
    ticks[0] = replace(ticks[0], target=Target(1.0, Unit.TIMES), chief=all_of_them)
    ticks += _tick_rows(f"one live tick of those {len(both)}", both, panel, anew, pandas)
    what = f"{len(drawn)} distinct expressions, {len(IDS)} instruments, {years:.0f} years, per expression"
    return [rows(what, [*replays, *ticks])]


def recomputed(drawn: list[Expression], frames: Frames) -> list[object]:
    """What a bot does that keeps nothing: every column whole, each by itself."""
    return [twin(each.call, frames) for each in drawn]


def _tick_rows(what: str, drawn: list[Expression], panel: Panel, said: str, pandas: float) -> list[Row]:
    """One more row, resumed: on the whole panel, and on as much of it as is looked back at."""
    nodes: list[Node] = [each.node for each in drawn]
    resumes = evaluate(nodes, panel[:-1]).checkpoints
    tail = panel[len(panel) - 1 - lookback(nodes) :]
    found = []
    for name, seen in (("the whole panel", panel), (f"its last {len(tail)} rows", tail)):
        seconds = best(partial(evaluate, nodes, seen, len(seen) - 1, resumes), 5) / len(nodes)
        found.append(timed(f"{what}, {name}", seconds, None, said, pandas))
    return found
