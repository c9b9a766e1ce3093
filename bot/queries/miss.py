"""How near a rule came to firing that never has: the nearest miss of its condition."""

from __future__ import annotations

import numpy as np

from bot.answers import Miss
from bot.queries.view import View, number
from rules.bars import Floats
from rules.columns import Node
from rules.language.compile import CompiledRule
from rules.language.meaning import read_condition
from rules.language.typed import COMPARISONS, Typed

_OUT_OF_REACH = np.inf
"""The gap of a condition that is not a comparison: it holds or it does not."""


def nearest_miss(view: View, rule: CompiledRule, first_row: int = 0) -> Miss | None:
    """The row, from `first_row` on, on which a rule that never fired came nearest to it; None if it has fired or was
    not judged there.
    """
    return None if view.has_fired(rule.rule.id) else nearest(view, rule, first_row)


def nearest(view: View, rule: CompiledRule, first_row: int = 0) -> Miss | None:
    """The row, from `first_row` on, on which a rule came nearest to firing, of one that never did; None if it was not
    judged there.

    Nearest is the longest run of rows on which the condition held, too short to be confirmed; else the row with the
    smallest gap between the compared sides, of several comparisons each in its own standard deviations.
    """
    condition = read_condition(rule.rule.when, view.scope, rule.calendar)
    shown = [each.node for each in rule.values]
    known = view.columns([rule.when, rule.clear, *_nodes(condition), *shown], rule.calendar)
    columns = {node: column[first_row:] for node, column in known.items()}
    run = _runs(columns[rule.when], columns[rule.clear])
    if run.any():
        row = int(np.argmax(run))
    else:
        gap = _gap(condition, columns, scaled=len(_compared(condition)) > 1)
        if not np.isfinite(gap).any():
            return None
        row = int(np.argmin(np.where(np.isfinite(gap), gap, np.inf)))
    values = tuple((each, number(columns[each.node][row])) for each in rule.values)
    session = view.panel(rule.calendar).clock.session(first_row + row)
    return Miss(session, values, int(run[row]), rule.rule.timing.confirm)


def _nodes(condition: Typed) -> list[Node]:
    return [part.column for part in condition.walk() if part.node is not None]


def _compared(condition: Typed) -> list[Typed]:
    return [part for part in condition.walk() if part.symbol in COMPARISONS]


def _runs(when: Floats, clear: Floats) -> Floats:
    """How many known rows in a row the condition has held while the other did not; unknown ones leave the count."""
    counts = np.zeros(len(when))
    count = 0.0
    for row, (enters, leaves) in enumerate(zip(when.tolist(), clear.tolist(), strict=True)):
        if enters == enters and leaves == leaves:
            count = count + 1.0 if enters and not leaves else 0.0
            counts[row] = count
    return counts


def _gap(part: Typed, columns: dict[Node, Floats], *, scaled: bool) -> Floats:
    """How far a condition is from being TRUE, not positive where it is; NaN where that is unknown."""
    if part.symbol in ("and", "or"):
        left, right = (_gap(side, columns, scaled=scaled) for side in part.parts)
        joined: Floats = np.maximum(left, right) if part.symbol == "and" else np.fmin(left, right)
        return joined
    if part.symbol == "not":
        return -_gap(part.parts[0], columns, scaled=scaled)
    if part.symbol in COMPARISONS:
        left, right = (columns[side.column] for side in part.parts)
        distance = _distance(part.symbol, left, right)
        spread = float(np.nanstd(left - right)) if scaled and not np.isnan(left - right).all() else 1.0
        return distance / spread if spread > 0 else distance
    return np.where(
        np.isnan(columns[part.column]), np.nan, np.where(columns[part.column] == 1, -1.0, 1.0) * _OUT_OF_REACH
    )


def _distance(symbol: str, left: Floats, right: Floats) -> Floats:
    if symbol in (">", ">="):
        return right - left
    if symbol in ("<", "<="):
        return left - right
    apart: Floats = np.abs(left - right)
    return apart if symbol == "==" else np.where(apart > 0, -apart, 0.0)
