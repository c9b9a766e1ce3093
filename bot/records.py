"""How the rules of events did before: what a live alert and a replay tell of it, from the same panel in the same words.

Of an event nothing counts that its row could not know (rules/evidence.py). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from bot.render.evidence import TOLD, Record, Records
from rules.bars import Floats
from rules.columns import Node
from rules.evaluation import evaluate
from rules.evidence import Evidence, evidence_of, nodes_of, subjects
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Edge, Instant, Instrument
from rules.panel import Panel

Told = tuple[AlertEvent, CompiledRule]


@dataclass(frozen=True, slots=True)
class Beside:
    """What may be looked at after an alert: the `instruments` that are known, and those to `follow` beside a rule's."""

    instruments: Mapping[str, Instrument] = field(default_factory=dict)
    follow: Sequence[str] = ()


def recounted(events: Iterable[Told], panels: Mapping[str, Panel], beside: Beside) -> Records:
    """By event that fired, how its rule did up to its row; `panels` of closed sessions by calendar.

    The columns of all rules of a calendar are worked out together. An event before all rows has no record.
    """
    found: dict[str, Record] = {}
    fired = [each for each in events if each[0].edge is Edge.FIRED]
    for calendar in dict.fromkeys(rule.calendar for _, rule in fired):
        panel, here = panels[calendar], [each for each in fired if each[1].calendar == calendar]
        columns = evaluate(dict.fromkeys(node for _, rule in here for node in nodes_of(rule)), panel).columns
        for event, rule in here:
            known = record_of(event, rule, panel, columns, beside)
            if known is not None:
                found[event.key] = known
    return found


def record_of(
    event: AlertEvent, rule: CompiledRule, panel: Panel, columns: Mapping[Node, Floats], beside: Beside
) -> Record | None:
    """How a rule did up to the row of an event of it, itself included; `columns` hold what evidence needs (`nodes_of`)
    of at least as many rows. None of an event before all rows.
    """
    rows = _rows_until(panel, event.at)
    if not rows:
        return None
    names = subjects(rule, beside.instruments, beside.follow)[:1]
    then = {node: columns[node][:rows] for node in nodes_of(rule)}
    evidence = evidence_of(rule, panel[:rows], names, (TOLD,), columns=then)
    return Record(_with(event, evidence), names[0] if names else None)


def _rows_until(panel: Panel, at: Instant) -> int:
    """How many rows had closed."""
    return int(np.searchsorted(panel.clock.closes, at, side="right"))


def _with(event: AlertEvent, evidence: Evidence) -> Evidence:
    """An event that happened is counted, even where bars that have changed since say that it would not have."""
    if evidence.by_closes or event.session in evidence.fired:
        return evidence
    return replace(evidence, fired=(*evidence.fired, event.session))
