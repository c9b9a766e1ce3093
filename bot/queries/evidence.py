"""How a rule did until now: the evidence that its alert, /stats, /backtest, the preview and the report tell."""

from __future__ import annotations

from bot.queries.view import View
from rules.evidence import Evidence, evidence_of, nodes_of, subjects
from rules.language.compile import CompiledRule


def evidence(view: View, rule: CompiledRule) -> Evidence:
    """Of one rule over all rows of its clock that are known. On trades it is looked at by its closes."""
    columns = view.columns(nodes_of(rule), rule.calendar)
    names = subjects(rule, view.scope.instruments, view.follow)
    return evidence_of(rule, view.panel(rule.calendar), names, columns=columns)


def headline(view: View, rule: CompiledRule) -> str | None:
    """The instrument whose outcomes are told where there is room for one; None where none is looked at."""
    names = subjects(rule, view.scope.instruments, view.follow)
    return names[0] if names else None
