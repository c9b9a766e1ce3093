"""What a replay finds: every rule folded over history by the engine that judges it live, a few rules at a time.

A few at a time share what they are computed from; what they needed is let go before the next, so that memory does not
grow with the number of rules.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np

from bot.answers.replay import Replay
from bot.answers.stats import Stat
from bot.queries.miss import nearest_miss
from bot.queries.view import View
from rules.columns import Node
from rules.evidence import evidence_of, nodes_of, subjects
from rules.language.compile import CompiledRule
from rules.language.meaning import read_condition
from rules.model import XNYS, AlertEvent
from rules.outcomes import followed
from rules.panel import Panel

AT_ONCE = 16
"""Rules whose columns are held together."""

Told = Callable[[int], None]
"""Takes how many rules more are done."""


def replay(
    view: View,
    rules: Sequence[CompiledRule],
    first: dt.date | None = None,
    told: Told = lambda _: None,
    *,
    looked_at: bool = True,
) -> Replay:
    """`rules` from the beginning of history on; of it the sessions from `first` on.

    `looked_at` asks also how each of them did in these sessions. Rules on trades have no events here.
    """
    events: list[AlertEvent] = []
    found: list[Stat] = []
    for part in _parts(view, rules):
        if looked_at:
            _compute(part)
        events += [event for event in part.events() if first is None or event.session >= first]
        if looked_at:
            found += _looked_at(part, first)
        told(len(part.rules))
    order = {rule.rule.id: index for index, rule in enumerate(rules)}
    panel = view.panel(XNYS if not rules or any(rule.calendar == XNYS for rule in rules) else rules[0].calendar)
    begins, ends = _period(panel, first)
    events.sort(key=lambda event: (event.at, order[event.rule]))
    by_order = sorted(found, key=lambda each: order[each.rule.rule.id])
    return Replay(begins, ends, tuple(events), tuple(by_order), view.simulated)


def _parts(view: View, rules: Sequence[CompiledRule]) -> list[View]:
    """The same market with a few of the rules each, those on one clock together."""
    by_clock = sorted(rules, key=lambda rule: rule.calendar)
    return [view.of(by_clock[at : at + AT_ONCE]) for at in range(0, len(by_clock), AT_ONCE)]


def _compute(part: View) -> None:
    """All columns that the judgement of a part, its evidence and its misses are read from, at once."""
    for calendar in {rule.calendar for rule in part.rules}:
        rules = [rule for rule in part.rules if rule.calendar == calendar]
        judged = [node for rule in rules for node in rule.roots if node not in rule.memoryless]
        part.columns([*judged, *(node for rule in rules for node in _wanted(part, rule))], calendar)


def _looked_at(part: View, first: dt.date | None) -> list[Stat]:
    """How each rule of a part did; what they are computed from is computed for all of them at once."""
    found = []
    for calendar in sorted({rule.calendar for rule in part.rules}):
        rules, panel = [rule for rule in part.rules if rule.calendar == calendar], part.panel(calendar)
        columns = part.columns([node for rule in rules for node in _wanted(part, rule)], calendar)
        names = {rule.rule.id: subjects(rule, part.scope.instruments, part.follow) for rule in rules}
        moves = {name: followed(panel, name) for name in dict.fromkeys(chain.from_iterable(names.values()))}
        row = 0 if first is None else int(np.searchsorted(panel.clock.sessions, np.datetime64(first)))
        for rule in rules:
            looked_at = names[rule.rule.id]
            seen = evidence_of(rule, panel, looked_at, columns=columns, moves=moves, first_row=row)
            miss = None if seen.fired else nearest_miss(part, rule, row)
            found.append(Stat(rule, seen, looked_at[0] if looked_at else None, miss))
    return found


def _wanted(part: View, rule: CompiledRule) -> list[Node]:
    """The columns of a rule's evidence, and those that its nearest miss is read from: they are on the way to it."""
    condition = read_condition(rule.rule.when, part.scope, rule.calendar)
    parts = [each.column for each in condition.walk() if each.node is not None]
    return [*nodes_of(rule), *parts, *(each.node for each in rule.values)]


def _period(panel: Panel, first: dt.date | None) -> tuple[dt.date | None, dt.date | None]:
    """The first and the last session of a panel from `first` on."""
    if not len(panel) or (first is not None and panel.clock.session(len(panel) - 1) < first):
        return None, None
    row = 0 if first is None else panel.clock.row_of(first - dt.timedelta(days=1)) + 1
    return panel.clock.session(row), panel.clock.session(len(panel) - 1)
