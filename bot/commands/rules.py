"""/rules: what is watched, and where each alert stands."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.render.answers import rules_answer


@command(Group.ALERTS, "/rules", "what is watched, and where each alert stands", "/rules")
def rules(desk: Desk, words: Sequence[str]) -> Reply:
    """Every rule with its condition."""
    if words:
        raise Refusal("it takes nothing more")
    view = desk.view
    return Reply(rules_answer([(rule, view.record(rule.rule.id)) for rule in view.rules], simulated=view.simulated))
