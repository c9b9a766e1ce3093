"""/history: what fired lately."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Refusal, Reply, command, rule_named
from bot.queries.view import NoAnswer
from bot.render.answers import history_answer

SHOWN = 12


@command("/history [RULE]", "the last alerts, of one rule or of all", "/history rut-record-close")
def history(desk: Desk, words: Sequence[str]) -> Reply:
    """The last events, newest last."""
    view = desk.view
    if len(words) > 1:
        raise Refusal("it takes one rule, or none for all")
    ids = [rule_named(view, word).rule.id for word in words]
    if ids and view.record(ids[0]) is None:
        raise NoAnswer(f"{ids[0]} is watched live only: bars of the past cannot say when it fired")
    return Reply(history_answer(view.events(*ids)[-SHOWN:], simulated=view.simulated))
