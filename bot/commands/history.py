"""/history: what fired lately."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Refusal, Reply, command
from bot.queries.view import View
from bot.render.answers import history_answer
from rules.language.errors import listing, nearest

SHOWN = 12


@command("/history [RULE]", "the last alerts, of one rule or of all", "/history rut-record-close")
def history(view: View, words: Sequence[str]) -> Reply:
    """The last events, newest last."""
    ids = [rule.rule.id for rule in view.rules]
    if len(words) > 1:
        raise Refusal("it takes one rule, or none for all")
    if words and words[0] not in ids:
        raise Refusal(f"unknown rule {words[0]}{nearest(words[0], ids)} (known: {listing(ids)})")
    return Reply(history_answer(view.events(*words)[-SHOWN:], simulated=view.simulated))
