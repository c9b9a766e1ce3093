"""How near rules are to firing, in what all of them have in common: usual daily moves of what they compare."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from bot.answers.preview import Nearness
from bot.queries.footing import usual_change
from bot.queries.view import View, number
from rules.bars import Floats, Tick
from rules.columns import Constant, Node
from rules.evaluation import evaluate
from rules.functions.registry import Unit
from rules.language.compile import CompiledRule
from rules.language.meaning import read_condition
from rules.language.typed import COMPARISONS, Typed
from rules.model import Basis, Instant
from rules.provisional import with_provisional

Columns = Mapping[Node, Floats]


def nearest(
    view: View, rules: Sequence[CompiledRule], trades: Mapping[str, Tick] | None = None, now: Instant | None = None
) -> list[Nearness]:
    """How near each is, on the last row that it is judged on: those that hold first, then the nearest, and at the end
    those of which nothing measures it. Rules on trades are looked at with `trades`, which are of now.
    """
    found = [nearness(view, rule, trades or {}, now) for rule in rules]
    return sorted(found, key=_order)


def nearness(view: View, rule: CompiledRule, trades: Mapping[str, Tick], now: Instant | None = None) -> Nearness:
    """How near one rule is."""
    condition = read_condition(rule.rule.when, view.scope, rule.calendar)
    shown = [each.node for each in rule.values]
    columns = _columns(view, rule, [condition.column, *_sides(condition), *shown], trades, now)
    held = _last(columns[condition.column])
    values = tuple((each, _last(columns[each.node])) for each in rule.values)
    if held is None:
        return Nearness(rule, None, None, None, values)
    if held:
        return Nearness(rule, True, 0.0, None, values)
    apart = _apart(condition, columns)
    return Nearness(rule, False, apart if math.isfinite(apart) else None, _share(condition, columns), values)


def _columns(
    view: View, rule: CompiledRule, nodes: Sequence[Node], trades: Mapping[str, Tick], now: Instant | None
) -> Columns:
    """Of closes as everybody asks for them; of a rule on trades with the session in progress, where there is one."""
    closed = view.panel(rule.calendar)
    if rule.rule.basis is Basis.TICK and now is not None:
        after = int(closed.clock.closes[-1]) if len(closed) else 0
        session = view.history.sessions.in_progress(rule.calendar, now)
        fresh = {name: tick for name, tick in trades.items() if name in closed.columns and tick.at > after}
        if session is not None and fresh:
            return evaluate(nodes, with_provisional(closed, session, fresh)).columns
    return view.columns(nodes, rule.calendar)


def _sides(condition: Typed) -> list[Node]:
    return [side.column for part in condition.walk() if part.symbol in COMPARISONS for side in part.parts]


def _apart(part: Typed, columns: Columns, *, wanted: bool = True) -> float:
    """How many usual moves a condition is from being as it is wanted: 0 where it is, infinite where nothing says so."""
    if part.symbol == "not":
        return _apart(part.parts[0], columns, wanted=not wanted)
    if part.symbol in ("and", "or"):
        sides = [_apart(side, columns, wanted=wanted) for side in part.parts]
        return max(sides) if (part.symbol == "and") is wanted else min(sides)
    if part.symbol not in COMPARISONS:
        column = columns.get(part.column)
        holds = None if column is None else _last(column)
        return 0.0 if holds is not None and (holds == 1.0) is wanted else math.inf
    left, right = (columns[side.column] for side in part.parts)
    now, usual = _last(left - right), usual_change(left - right)
    if now is None:
        return math.inf
    below = part.symbol in ("<", "<=")
    gap = now if below is wanted else -now
    if part.symbol in ("==", "!="):
        gap = abs(now) if (part.symbol == "==") is wanted else 0.0 if now else math.inf
    if gap <= 0:
        return 0.0
    return gap / usual if usual is not None else math.inf


def _share(condition: Typed, columns: Columns) -> float | None:
    """How far a price has to go to a level, where that is all there is to the condition."""
    if condition.symbol not in COMPARISONS:
        return None
    left, right = condition.parts
    if left.unit != Unit.PRICE or not isinstance(right.column, Constant):
        return None
    now = _last(columns[left.column])
    return right.column.value / now - 1.0 if now else None


def _last(column: Floats) -> float | None:
    """The value on the last row that has one: of an instrument that did not trade today, yesterday's."""
    known = np.flatnonzero(~np.isnan(column))
    return number(column[known[-1]]) if len(known) else None


def _order(each: Nearness) -> tuple[bool, float]:
    return each.distance is None, each.distance or 0.0
