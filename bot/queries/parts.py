"""The parts of a condition, each with its numbers: on a row of the panel, or as an event was told with them; and why a
part is not known.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence

import numpy as np

from bot.answers.why import Number, Part
from bot.queries.anchors import anchors
from bot.queries.clauses import SIGNS, Clause, Numbers, clauses
from bot.queries.view import View, number
from rules.columns import Constant, Field, instruments_of, walk, warmup
from rules.language.compile import CompiledRule, Shown, values_of
from rules.language.typed import Typed
from rules.model import AlertEvent, Verdict
from rules.panel import Panel
from rules.venues import TRADED


def parts_now(view: View, rule: CompiledRule, condition: Typed, row: int) -> tuple[Part, ...]:
    """Every part on a row of the panel."""
    found = clauses(condition)
    shown = {each: _gone_by(view, rule, each) for each in found}
    nodes = [node for each in found for node in each.nodes]
    columns = view.columns([*nodes, *(number.node for of_one in shown.values() for number in of_one)], rule.calendar)

    def numbers(part: Typed) -> float:
        return float(columns[part.column][row])

    return tuple(
        _part(view, rule, each, numbers, [(one, float(columns[one.node][row])) for one in shown[each]], row)
        for each in found
    )


def parts_then(view: View, rule: CompiledRule, condition: Typed, event: AlertEvent, row: int) -> tuple[Part, ...]:
    """Every part by the numbers that the event was told with; a yes-or-no by the panel, where that has the row."""
    told: Mapping[str, float | None] = {**event.context, **(event.was or event.values)}
    found = clauses(condition)
    nodes = [each.left.column for each in found if each.right is None]
    columns = view.columns(nodes, rule.calendar) if row >= 0 else {}

    def numbers(part: Typed) -> float:
        if isinstance(part.column, Constant):
            return part.column.value
        if part.text in told:
            return _float(told[part.text])
        return float(columns[part.column][row]) if part.column in columns else math.nan

    return tuple(
        _part(view, rule, each, numbers, [(one, _float(told.get(one.text))) for one in _gone_by(view, rule, each)], row)
        for each in found
    )


def _gone_by(view: View, rule: CompiledRule, clause: Clause) -> tuple[Shown, ...]:
    """The numbers that a yes-or-no goes by, besides the prices that are told as bars."""
    shown = values_of(clause.left, view.scope, rule.calendar) if clause.right is None else ()
    return tuple(each for each in shown if each.text not in rule.instruments)


def _part(
    view: View, rule: CompiledRule, clause: Clause, numbers: Numbers, beside: Sequence[tuple[Shown, float]], row: int
) -> Part:
    verdict, right = clause.verdict(numbers), clause.right
    return Part(
        words=clause.left.spoken,
        unit=clause.left.unit,
        value=number(numbers(clause.left)),
        relation=SIGNS.get(clause.symbol, ""),
        level=None if right is None else number(numbers(right)),
        level_words="" if right is None or clause.level is not None else right.spoken,
        distance=clause.distance(numbers),
        verdict=verdict,
        either=clause.either,
        numbers=tuple(Number(each.words, each.unit, number(value)) for each, value in beside),
        reason=_why_unknown(view, rule, clause, row) if verdict is Verdict.UNKNOWN and row >= 0 else "",
    )


def _why_unknown(view: View, rule: CompiledRule, clause: Clause, row: int) -> str:
    """What it takes for a part to be known: a bar that is missing, or more of the past."""
    panel = view.panel(rule.calendar)
    names = instruments_of(clause.nodes)
    for name in names:
        if is_missing(panel, name, row):
            last = last_session(panel, name, row)
            return f"no bar of {name}{f' since {last.isoformat()}' if last else ' at all'}"
    needed = 1 + max(map(warmup, clause.nodes))
    if lacking := _lacking_volumes(panel, clause, row, needed):
        return lacking
    priced = np.ones(row + 1, dtype=bool)
    for name in names:
        priced &= ~np.isnan(panel.field(name, "close")[: row + 1])
    seen = int(priced.sum())
    if seen < needed:
        return f"it needs {needed} closes, {seen} are known"
    held = anchors(clause.nodes)
    return f"it needs {' and '.join(held)}" if held else "too many closes before are missing"


def _lacking_volumes(panel: Panel, clause: Clause, row: int, needed: int) -> str:
    """That there are no volumes, or too few of whoever printed the row: those of two venues are never compared."""
    for each in dict.fromkeys(node for node in walk(clause.nodes) if isinstance(node, Field) and node.name in TRADED):
        known = ~np.isnan(panel.field(each.instrument, each.name)[: row + 1])
        if not known.any():
            return f"no volume of {each.instrument} is known"
        tape = panel.field(each.instrument, "tape")[: row + 1]
        seen = int((known & (tape == tape[row])).sum())
        if seen < needed:
            return f"it needs {needed} volumes of {each.instrument} of one venue, {seen} are known"
    return ""


def is_missing(panel: Panel, name: str, row: int) -> bool:
    """Whether an instrument has no close on a row."""
    return bool(np.isnan(panel.field(name, "close")[row]))


def last_session(panel: Panel, name: str, row: int) -> dt.date | None:
    """The last session before a row on which an instrument has a close."""
    known = np.flatnonzero(~np.isnan(panel.field(name, "close")[:row]))
    return panel.clock.session(int(known[-1])) if len(known) else None


def _float(value: float | None) -> float:
    return math.nan if value is None else value
