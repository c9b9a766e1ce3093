"""How rules did until now: the evidence that an alert, /stats, /backtest, the preview and the report tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bot.queries.casebook import Asked
from bot.queries.view import View
from rules.evaluation import evaluate
from rules.evidence import Evidence, evidence_of_all, nodes_of, subjects
from rules.language.compile import CompiledRule

FEW = 3
"""Rules whose columns are kept for the next who asks; those of many would crowd out everybody's."""


def evidence(view: View, rule: CompiledRule) -> Evidence:
    """Of one rule over all rows of its clock that are known. On trades it is looked at by its closes."""
    return evidence_of_rules(view, [rule])[0]


def evidence_of_rules(view: View, rules: Sequence[CompiledRule]) -> list[Evidence]:
    """Of many rules, in their order: what they share is computed once, and kept until another close is known."""
    found: dict[int, Evidence] = {}
    for calendar in dict.fromkeys(rule.calendar for rule in rules):
        places = [place for place, rule in enumerate(rules) if rule.calendar == calendar]
        asked = [(rules[place], looked_at(view, rules[place])) for place in places]
        work = partial(_worked_out, view, calendar)
        found |= zip(places, view.casebook.of(asked, calendar, view.mark(calendar), work), strict=True)
    return [found[place] for place in range(len(rules))]


def looked_at(view: View, rule: CompiledRule) -> tuple[str, ...]:
    """The instruments whose prices are looked at after a rule's firings."""
    return subjects(rule, view.scope.instruments, view.follow)


def headline(view: View, rule: CompiledRule) -> str | None:
    """The instrument whose outcomes are told where there is room for one; None where none is looked at."""
    return next(iter(looked_at(view, rule)), None)


def _worked_out(view: View, calendar: str, asked: Sequence[Asked]) -> list[Evidence]:
    nodes = [node for rule, _ in asked for node in nodes_of(rule)]
    panel = view.panel(calendar)
    columns = view.columns(nodes, calendar) if len(asked) <= FEW else evaluate(nodes, panel).columns
    return evidence_of_all(asked, panel, columns=columns)
