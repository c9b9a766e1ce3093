"""/history: what fired lately."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Refusal, Reply, command, rule_named
from bot.queries.view import NoAnswer
from bot.render.answers import history_answer
from rules.model import Basis

SHOWN = 12


@command("/history [RULE]", "the last alerts, of one rule or of all", "/history rut-record-close")
def history(desk: Desk, words: Sequence[str]) -> Reply:
    """The last events, newest last."""
    view = desk.view
    if len(words) > 1:
        raise Refusal("it takes one rule, or none for all")
    asked = [rule_named(view, word) for word in words]
    ids = [rule.rule.id for rule in asked]
    if any(rule.rule.basis is Basis.TICK and view.record(rule.rule.id) is None for rule in asked):
        raise NoAnswer(f"{ids[0]} is watched live only: bars of the past cannot say when it fired")
    return Reply(history_answer(view.told(*ids)[-SHOWN:], simulated=view.simulated))
