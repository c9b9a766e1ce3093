"""Events computed anew from a panel of what was known then. Pure.

What fired and what was resolved at a close comes out of the rule folded over all rows, as in a replay. Of a correction
it is looked at that the rule does not say any more what is taken back; of a rule without data, that it has none on the
rows that say so. A rule on trades is judged by poll, and polls are not kept: of its events it is looked at that the
condition held on that row, and the numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from bot.audit.cases import Case
from bot.audit.findings import Difference
from rules.course import PATIENCE
from rules.engine import evaluate, opened
from rules.evaluation import evaluate as columns_of
from rules.inputs import row_of
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis, Edge, Instant
from rules.panel import Panel
from rules.telling import Move, Teller

CLOSE_ENOUGH = 1e-9
"""How far a number may be from what was recorded, relative to that: another processor rounds otherwise."""

_HOW_FOUND = ("rejudged_at", "was", "undone", "undone_key")
_MOVES = (Edge.FIRED, Edge.RESOLVED)

Replayed = Mapping[tuple[str, Edge, Instant], AlertEvent]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """What an event is found to be: `event` None where it did not happen, with a reason; an empty one is no fault."""

    event: AlertEvent | None
    reason: str = ""


def replayed(cases: Iterable[Case], panel: Panel) -> Replayed:
    """All that the rules on closes among some cases say of a panel, by digest of the rule, edge and close."""
    needed = (case.rule for case in cases if case.rule.rule.basis is Basis.CLOSE)
    rules = {named(rule): _as(rule, named(rule)) for rule in needed}
    if not rules or not len(panel):
        return {}
    found = list(rules.values())
    done = evaluate(found, {rule.calendar: panel for rule in found}, opened(found), int(panel.clock.closes[-1]), 0)
    return {(event.rule, event.edge, event.at): event for event in done.events}


def named(rule: CompiledRule) -> str:
    """What tells apart two rules of one id, of which one was there before the other: all that they are."""
    return f"{rule.rule.id} {rule.digest} {rule.rule.held} {rule.rule.severity} {rule.rule.title}"


def recomputed(case: Case, panel: Panel, known: Replayed, undone: AlertEvent | None) -> Recomputed:
    """What an event is found to be on a panel whose rows up to its own are those it was judged on. `undone` is what it
    takes back. Raises ValueError where the panel has no such row."""
    event, row = case.event, row_of(panel, case.event)
    if case.rule.rule.basis is Basis.CLOSE and event.edge in _MOVES:
        found = known.get((named(case.rule), event.edge, event.at))
        if found is None:
            return Recomputed(None, f"its rule has not {event.edge} on that row")
        return Recomputed(replace(found, rule=event.rule, **_as_found(event)))
    if event.edge is Edge.CORRECTED:
        return _correction(case, panel, row, known, undone)
    return _on_its_row(case, panel, row)


def differences(then: AlertEvent, now: AlertEvent) -> tuple[Difference, ...]:
    """What two events do not say alike."""
    found = []
    for field in fields(AlertEvent):
        was, is_ = getattr(then, field.name), getattr(now, field.name)
        if isinstance(was, Mapping):
            names = dict.fromkeys([*was, *is_])
            found += [
                Difference(each, was.get(each), is_.get(each))
                for each in names
                if not (each in was and each in is_ and _is_close(was[each], is_[each]))
            ]
        elif was != is_:
            found.append(Difference(field.name, _word(was), _word(is_)))
    return tuple(found)


def _as_found(event: AlertEvent) -> dict[str, Any]:
    """How and when an event was found, which no replay says."""
    return {name: getattr(event, name) for name in _HOW_FOUND}


def _correction(case: Case, panel: Panel, row: int, known: Replayed, undone: AlertEvent | None) -> Recomputed:
    event = case.event
    if event.undone is None:
        return Recomputed(None, "it does not say what it takes back")
    if (named(case.rule), event.undone, event.at) in known:
        return Recomputed(None, f"its rule has {event.undone} on that row")
    what = undone or replace(event, edge=event.undone, values=event.was)
    told = _teller(case.rule, panel, row).correction(case.rule, what, row, event.rejudged_at or 0)
    return Recomputed(replace(told, undone_key=event.undone_key, rejudged_at=event.rejudged_at))


def _on_its_row(case: Case, panel: Panel, row: int) -> Recomputed:
    """An event by what its rule says of its row alone, and of the rows before it where it had no data."""
    event, rule = case.event, case.rule
    closes_only = event.edge is Edge.NO_DATA and rule.rule.basis is Basis.CLOSE
    first = max(0, row - PATIENCE + 1) if closes_only else row  # of trades, rows may have been filled since
    when, clear = _verdicts(rule, panel, first, row)
    if reason := _contradiction(rule, event.edge, when, clear):
        return Recomputed(None, reason)
    told = _teller(rule, panel, row).event(rule, Move(event.edge, row, event.since), event.at)
    return Recomputed(replace(told, **_as_found(event)))


def _contradiction(rule: CompiledRule, edge: Edge, when: Sequence[float], clear: Sequence[float]) -> str:
    """Why an edge cannot be of rows with these verdicts; empty where it can."""
    is_known = [not (np.isnan(one) or np.isnan(other)) for one, other in zip(when, clear, strict=True)]
    fires, clears = is_known[-1] and when[-1] == 1 and clear[-1] == 0, is_known[-1] and clear[-1] == 1
    if edge is Edge.FIRED and not fires:
        return "its condition did not hold on that row"
    if edge is Edge.RESOLVED and not clears and (rule.rule.timing.expires is None or not is_known[-1]):
        return "what resolves it did not hold on that row"
    if edge is Edge.NO_DATA and any(is_known):
        return "its rule has a verdict on one of the rows that are said to have none"
    if edge is Edge.DATA_BACK and not is_known[-1]:
        return "its rule has no verdict on that row"
    return ""


def _verdicts(rule: CompiledRule, panel: Panel, first: int, row: int) -> tuple[list[float], list[float]]:
    found = columns_of([rule.when, rule.clear], panel[: row + 1], first).columns
    return found[rule.when].tolist(), found[rule.clear].tolist()


def _teller(rule: CompiledRule, panel: Panel, row: int) -> Teller:
    """Who tells of one row."""
    needed = [node for node in rule.roots if node not in rule.memoryless]
    return Teller(panel, [rule], row, columns_of(needed, panel[: row + 1], row).columns, row + 1)


def _as(rule: CompiledRule, name: str) -> CompiledRule:
    return replace(rule, rule=replace(rule.rule, id=name))


def _is_close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) <= CLOSE_ENOUGH * max(1.0, abs(one))


def _word(value: object) -> float | str | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
