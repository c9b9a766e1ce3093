"""How near rules are to firing, in what all of them have in common: usual moves of what they compare."""

from __future__ import annotations

import math
from collections import defaultdict
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
from rules.panel import Panel
from rules.provisional import with_provisional

Columns = Mapping[Node, Floats]


def nearest(
    view: View, rules: Sequence[CompiledRule], trades: Mapping[str, Tick] | None = None, now: Instant | None = None
) -> list[Nearness]:
    """How near each is, on the last row that it is judged on: those that hold first, then the nearest, and at the end
    those of which nothing measures it. Rules on trades are looked at with `trades`, which are of now.
    """
    return sorted(how_near(view, rules, trades or {}, now), key=_order)


def nearness(view: View, rule: CompiledRule, trades: Mapping[str, Tick], now: Instant | None = None) -> Nearness:
    """How near one rule is."""
    return how_near(view, [rule], trades, now)[0]


def how_near(
    view: View, rules: Sequence[CompiledRule], trades: Mapping[str, Tick], now: Instant | None = None
) -> list[Nearness]:
    """How near each is, in the order asked for. What they read is computed together: folds of many cost little more
    than one.
    """
    going_on = {
        name: _going_on(view, name, trades, now) for name in {rule.calendar for rule in rules if _is_live(rule)}
    }
    asked = []
    wanted: dict[tuple[str, bool], list[Node]] = defaultdict(list)
    for rule in rules:
        condition = read_condition(rule.rule.when, view.scope, rule.calendar)
        on = rule.calendar, _is_live(rule) and going_on[rule.calendar] is not None
        wanted[on] += [condition.column, *_sides(condition), *(each.node for each in rule.values)]
        asked.append((rule, condition, on))
    columns = {
        (name, live): _columns(view, name, going_on[name] if live else None, nodes)
        for (name, live), nodes in wanted.items()
    }
    return [_nearness(rule, condition, columns[on]) for rule, condition, on in asked]


def _is_live(rule: CompiledRule) -> bool:
    return rule.rule.basis is Basis.TICK


def _nearness(rule: CompiledRule, condition: Typed, columns: Columns) -> Nearness:
    held = _last(columns[condition.column])
    values = tuple((each, _last(columns[each.node])) for each in rule.values)
    if held is None:
        return Nearness(rule, None, None, None, values)
    if held:
        return Nearness(rule, True, 0.0, None, values)
    apart = _apart(condition, columns)
    return Nearness(rule, False, apart if math.isfinite(apart) else None, _share(condition, columns), values)


def _going_on(view: View, calendar: str, trades: Mapping[str, Tick], now: Instant | None) -> Panel | None:
    """The closes and the session in progress, for rules on trades; None where nothing is known of one."""
    if now is None:
        return None
    closed, session = view.panel(calendar), view.history.sessions.in_progress(calendar, now)
    after = int(closed.clock.closes[-1]) if len(closed) else 0
    fresh = {name: tick for name, tick in trades.items() if name in closed.columns and tick.at > after}
    return with_provisional(closed, session, fresh) if session is not None and fresh else None


def _columns(view: View, calendar: str, going_on: Panel | None, nodes: Sequence[Node]) -> Columns:
    """Of closes as everybody asks for them."""
    return view.columns(nodes, calendar) if going_on is None else evaluate(nodes, going_on).columns


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
