"""A rule over its last sessions: the values that decide, the levels they are held against, the course of its alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from bot.answers import AlertCourse, ConditionPicture, Curve, Level
from bot.answers.personal import spoken_id
from bot.queries.clauses import SIGNS, Clause, clauses
from bot.queries.view import NoAnswer, View, origins_of
from rules.alerting import Coverage, Firing, Inactive, Pending
from rules.bars import Floats
from rules.book import Record
from rules.columns import Node
from rules.course import Course, course
from rules.functions.registry import Unit
from rules.language.compile import CompiledRule
from rules.language.errors import short
from rules.language.meaning import read_condition
from rules.model import Basis, Edge
from rules.panel import Panel

SESSIONS = 250
"""Shown unless more or fewer are asked for."""

CURVES = 3
"""More do not fit a phone."""

_LONGEST_TITLE = 120


def condition_picture(view: View, rule: CompiledRule, sessions: int | None = SESSIONS) -> ConditionPicture:
    """The last `sessions` of the rule's clock that are judged; None shows all. Raises NoAnswer before the first."""
    panel = view.panel(rule.calendar)
    stop = view.due(rule.calendar, rule.instruments)
    first = _first_priced(panel, rule.instruments)
    if first is None or first >= stop:
        raise NoAnswer(f"there are no prices of {', '.join(rule.instruments) or 'anything'} here")
    start = max(first, stop - sessions if sessions is not None else 0)
    rows = slice(start, stop)
    curves = _curves(view, rule, rows)
    return ConditionPicture(
        rule=spoken_id(rule.rule.id),
        title=rule.rule.title or short(rule.when_text, _LONGEST_TITLE),
        stands=_stands(view, rule),
        sessions=panel.clock.sessions[rows],
        curves=tuple(curves[:CURVES]),
        course=_course_of(view, rule, rows) if rule.rule.basis is Basis.CLOSE else None,
        origins=origins_of(panel, rule.instruments, stop - 1),
        clock=rule.calendar,
        as_of=panel.clock.session(stop - 1),
        simulated=view.simulated,
        untold=max(0, len(curves) - CURVES),
    )


def course_of(view: View, rule: CompiledRule) -> Course:
    """The alert of a rule on closes over every row that is due, from the first one on, as the engine judges them.

    One that begins at an instant begins with the row that had closed by then: what is so on it is no news.
    """
    stop = view.due(rule.calendar, rule.instruments)
    closes = view.panel(rule.calendar).clock.closes[:stop]
    since = rule.rule.since
    first = 0 if since is None else max(0, int(np.searchsorted(closes, since, side="right")) - 1)
    columns = view.columns([rule.when, rule.clear], rule.calendar)
    when, clear = (columns[node][first:stop] for node in (rule.when, rule.clear))
    taken = course(rule.rule.timing, Inactive(), when, clear, closes[first:].tolist(), first)
    news = tuple(move for move in taken.moves if since is None or closes[move.row] > since)
    return replace(taken, moves=news)


def record_of(view: View, rule: CompiledRule) -> Record | None:
    """Where the alert of a rule stands; of one that no book knows, such as somebody's own, what its closes say."""
    known = view.record(rule.rule.id)
    if known is not None or rule.rule.basis is Basis.TICK or not rule.rule.personal:
        return known
    taken = course_of(view, rule)
    return Record(rule.digest, taken.states[-1], Coverage(ever=any(taken.known)))


def _first_priced(panel: Panel, names: tuple[str, ...]) -> int | None:
    """The first row on which any of `names` has a price."""
    rows = [np.flatnonzero(~np.isnan(panel.field(name, "close"))) for name in names]
    return min((int(each[0]) for each in rows if len(each)), default=None)


def _stands(view: View, rule: CompiledRule) -> str:
    if rule.rule.basis is Basis.TICK:
        return "decided by trades; closes are shown"
    state = course_of(view, rule).states[-1]
    if isinstance(state, Firing):
        row = int(np.searchsorted(view.panel(rule.calendar).clock.closes, state.since))
        return f"firing since {view.panel(rule.calendar).clock.session(row).isoformat()}"
    return f"pending, {state.seen} of {rule.rule.timing.confirm}" if isinstance(state, Pending) else "quiet"


def _course_of(view: View, rule: CompiledRule, rows: slice) -> AlertCourse:
    taken = course_of(view, rule)
    states = [taken.after(row) for row in range(rows.start, rows.stop)]
    moved = {
        edge: np.array(
            [move.row - rows.start for move in taken.moves if move.edge is edge and move.row >= rows.start],
            dtype=np.int64,
        )
        for edge in (Edge.FIRED, Edge.RESOLVED)
    }
    return AlertCourse(
        pending=np.array([isinstance(state, Pending) for state in states], dtype=bool),
        firing=np.array([isinstance(state, Firing) for state in states], dtype=bool),
        unknown=np.array([not known for known in _known_on(taken, rows)], dtype=bool),
        fired=moved[Edge.FIRED],
        resolved=moved[Edge.RESOLVED],
    )


def _known_on(taken: Course, rows: slice) -> list[bool]:
    """Which rows have a verdict; those before it begins are not asked for one."""
    return [row < taken.first or taken.known[row - taken.first] for row in range(rows.start, rows.stop)]


def _curves(view: View, rule: CompiledRule, rows: slice) -> list[Curve]:
    """A curve for each value that is compared, with the levels it is held against; else the price of the first."""
    conditions = [(rule.rule.when, False)] + [(rule.rule.clear, True)] * (rule.rule.clear is not None)
    alike: dict[tuple[str, str], list[tuple[Clause, bool]]] = {}
    for text, clears in conditions:
        for part in clauses(read_condition(text or "", view.scope, rule.calendar)):
            if part.right is not None:
                against = "" if part.level is not None else part.right.text
                alike.setdefault((part.left.text, against), []).append((part, clears))
    if not alike:
        return [_price_of(view, rule, rows)]
    nodes = {node for parts in alike.values() for part, _ in parts for node in part.nodes}
    columns = {node: column[rows] for node, column in view.columns(nodes, rule.calendar).items()}
    return [_curve(parts, columns) for parts in alike.values()]


def _curve(parts: Sequence[tuple[Clause, bool]], columns: Mapping[Node, Floats]) -> Curve:
    """What all of `parts` have on their left, with what stands on their right."""
    first, clears = parts[0]
    values = columns[first.left.column]
    if first.right is not None and first.level is None:
        other, sign = columns[first.right.column], SIGNS[first.symbol]
        return Curve(
            first.left.spoken, first.left.unit, values, (), other, first.right.spoken, relation=sign, clears=clears
        )
    levels = [Level(part.level, SIGNS[part.symbol], clears) for part, clears in parts if part.level is not None]
    return Curve(first.left.spoken, first.left.unit, values, tuple(dict.fromkeys(levels)))


def _price_of(view: View, rule: CompiledRule, rows: slice) -> Curve:
    name = rule.instruments[0]
    return Curve(f"{name} close", Unit.PRICE, view.panel(rule.calendar).field(name, "close")[rows])
