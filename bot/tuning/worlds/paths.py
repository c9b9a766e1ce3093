"""Paths of a world as the engine sees them: every path's instruments side by side on one panel, and a rule's columns
for each of them. All paths are evaluated together, so that equal folds run as one bank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from rules.bars import DAY, Bools, Floats, Origin
from rules.columns import Constant, Field, Node, OfClock, walk
from rules.course import firing_rows
from rules.evaluation import evaluate
from rules.language.compile import CompiledRule
from rules.model import ALWAYS, XNYS
from rules.panel import Clock, Columns, Panel

_FIRST = np.datetime64("2019-01-02")
_ORIGIN = Origin("simulated", "world", simulated=True)
_CLOSE = 21 * 3_600

Closes = Mapping[str, Floats]
"""Closes of instruments by id, each (rows, paths)."""


def price_of(returns: Floats) -> Floats:
    """Prices (rows + 1, paths) that begin at 100 a row before the first of the log returns (rows, paths)."""
    start = np.zeros((1, returns.shape[1]))
    prices: Floats = 100.0 * np.exp(np.concatenate([start, returns.cumsum(axis=0)]))
    return prices


def fires_on(rules: Sequence[CompiledRule], closes: Closes) -> list[Bools]:
    """Of each rule whether it is firing after each row of each path, (rows, paths). Closes alone are known of a world:
    what else a rule reads is NaN there.
    """
    rows, paths = next(iter(closes.values())).shape
    panel = _panel(closes, rows, rules[0].calendar)
    named = [{name: f"{name}/{path}" for name in closes} for path in range(paths)]
    nodes = [[(renamed(rule.when, names), renamed(rule.clear, names)) for names in named] for rule in rules]
    columns = evaluate([node for of_rule in nodes for pair in of_rule for node in pair], panel).columns
    found = []
    for rule, of_rule in zip(rules, nodes, strict=True):
        timing = rule.rule.timing
        lives = [firing_rows(timing, columns[when], columns[clear])[0] for when, clear in of_rule]
        found.append(np.array(lives, dtype=bool).T)
    return found


def renamed(root: Node, names: Mapping[str, str]) -> Node:
    """The same node over other instruments."""
    new: dict[Node, Node] = {}
    for node in walk([root]):
        if isinstance(node, Field):
            new[node] = Field(names.get(node.instrument, node.instrument), node.name)
        elif isinstance(node, Constant | OfClock):
            new[node] = node
        else:
            new[node] = replace(node, inputs=tuple(new[each] for each in node.inputs))
    return new[root]


def _panel(closes: Closes, rows: int, calendar: str) -> Panel:
    columns = {
        f"{name}/{path}": _columns(np.ascontiguousarray(close[:, path]))
        for name, close in closes.items()
        for path in range(close.shape[1])
    }
    return Panel(_clock(rows, calendar), columns, dict.fromkeys(columns, (_ORIGIN,)))


def _columns(close: Floats) -> Columns:
    rows, unknown = len(close), np.full(len(close), np.nan)
    nothing, first = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=np.int64)
    return Columns(unknown, unknown, unknown, close, unknown, unknown, np.ones(rows), nothing, first)


def _clock(rows: int, calendar: str) -> Clock:
    """Weekdays that close at 21:00Z, or on the calendar that never stops every day."""
    whole = np.zeros(rows, dtype=bool)
    if calendar != XNYS:
        days = _FIRST + np.arange(rows)
        return Clock(ALWAYS, days, days.astype(np.int64) * DAY + DAY, whole)
    days = np.busday_offset(_FIRST, np.arange(rows))
    return Clock(XNYS, days, days.astype(np.int64) * DAY + _CLOSE, whole)
