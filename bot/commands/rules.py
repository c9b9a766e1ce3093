"""/rules: what is watched, and where each alert stands."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Refusal, Reply, command
from bot.queries.view import View
from bot.render.answers import rules_answer


@command("/rules", "what is watched, and where each alert stands", "/rules")
def rules(view: View, words: Sequence[str]) -> Reply:
    """Every rule with its condition."""
    if words:
        raise Refusal("it takes nothing more")
    return Reply(rules_answer([(rule, view.record(rule.rule.id)) for rule in view.rules], simulated=view.simulated))
