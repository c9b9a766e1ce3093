"""What happened on a row as an event with its numbers: those that decided, those beside them, and those of before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rules.bars import Floats
from rules.columns import Node
from rules.evaluation import evaluate
from rules.language.compile import CompiledRule, Shown
from rules.model import AlertEvent, Edge, Instant
from rules.panel import Panel


@dataclass(frozen=True, slots=True)
class Move:
    """Something that happened on a row of a panel; `since` is when what is over had fired."""

    edge: Edge
    row: int
    since: Instant | None = None


class Teller:
    """The events of one track. `columns` begin with row `start` and hold what decides; the rest is computed if asked.

    Rows from `stop` on are not looked at.
    """

    def __init__(
        self, panel: Panel, rules: Sequence[CompiledRule], start: int, columns: Mapping[Node, Floats], stop: int
    ) -> None:
        self._panel, self._rules, self._start, self._columns = panel, rules, start, dict(columns)
        self._seen = panel[:stop]
        self._last_closed = len(panel) - panel.provisional - 1

    def event(self, rule: CompiledRule, move: Move, at: Instant) -> AlertEvent:
        """What happened on a row that ended `at`."""
        edge, row = move.edge, move.row
        context = rule.context if edge in (Edge.FIRED, Edge.RESOLVED) else ()
        usual, panel = edge is Edge.NO_DATA, self._panel
        origins = [panel.usual_origin(name) if usual else panel.origin(name, row) for name in rule.instruments]
        return AlertEvent(
            rule=rule.rule.id,
            edge=edge,
            at=at,
            session=panel.clock.session(row),
            severity=rule.rule.severity,
            title=rule.rule.title or rule.when_text,
            clock=rule.calendar,
            values=self._numbers(decided_by(rule, edge), row),
            context=self._numbers(context, row),
            origins=tuple(dict.fromkeys(origin for origin in origins if origin)),
            provisional=row > self._last_closed,
            since=move.since,
        )

    def correction(self, rule: CompiledRule, event: AlertEvent, row: int, now: Instant) -> AlertEvent:
        """That what an event said of a row is not so: the numbers of then, and those of now."""
        told = self.event(rule, Move(Edge.CORRECTED, row), event.at)
        values = self._numbers(decided_by(rule, event.edge), row)
        return replace(told, values=values, was=event.values, undone=event.edge, undone_key=event.key, rejudged_at=now)

    def _numbers(self, shown: Sequence[Shown], row: int) -> dict[str, float | None]:
        if any(each.node not in self._columns for each in shown):  # few rows have events, and few events are live
            beside = [node for rule in self._rules for node in rule.memoryless]
            self._columns |= evaluate(beside, self._seen, self._start).columns
        return {each.text: _number(self._columns[each.node][row - self._start]) for each in shown}


def decided_by(rule: CompiledRule, edge: Edge) -> tuple[Shown, ...]:
    """The numbers that made something happen."""
    return {Edge.FIRED: rule.values, Edge.RESOLVED: rule.clear_values}.get(edge, ())


def numbers_on(panel: Panel, shown: Sequence[Shown], row: int) -> dict[str, float | None]:
    """Numbers on one row of a whole panel, computed for it alone."""
    columns = evaluate([each.node for each in shown], panel[: row + 1], row).columns
    return {each.text: _number(columns[each.node][0]) for each in shown}


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)
