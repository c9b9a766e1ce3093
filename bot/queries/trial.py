"""How an alert would look: its last real firing, else what the numbers of now would make of one; and what followed
when it fired before.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.queries.view import NoAnswer, View
from bot.records import Beside, record_of
from bot.render.evidence import Records
from rules.book import standing
from rules.evidence import nodes_of
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Edge
from rules.telling import Move, Teller


def last_firing(events: Sequence[AlertEvent]) -> AlertEvent | None:
    """The newest of a rule's events that fired it and was not corrected."""
    fired = [event for event in standing(events) if event.edge is Edge.FIRED]
    return fired[-1] if fired else None


def as_if_fired(view: View, rule: CompiledRule) -> AlertEvent:
    """What the engine would tell had the rule fired on the last row that is due. Raises NoAnswer before the first."""
    panel, row = view.panel(rule.calendar), view.due(rule.calendar, rule.instruments) - 1
    if row < 0:
        raise NoAnswer(f"no close of {rule.calendar} is known here")
    teller = Teller(panel, [rule], 0, view.columns(rule.roots, rule.calendar), row + 1)
    return teller.event(rule, Move(Edge.FIRED, row), int(panel.clock.closes[row]))


def records_of(view: View, event: AlertEvent, rule: CompiledRule) -> Records:
    """How the rule did up to an event that fired it, as its alert tells it."""
    panel, columns = view.panel(rule.calendar), view.columns(nodes_of(rule), rule.calendar)
    found = record_of(event, rule, panel, columns, Beside(view.scope.instruments, view.follow))
    return {} if found is None else {event.key: found}
