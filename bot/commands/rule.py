"""/rule: one rule in full."""

from __future__ import annotations

from collections.abc import Sequence

from bot.commands.registry import Desk, Refusal, Reply, command, rule_named
from bot.queries.miss import nearest_miss
from bot.render.answers import rule_answer
from rules.model import Basis

SHOWN = 3


@command("/rule ID", "one rule in full: when it fires, where it stands", "/rule rut-record-close")
def rule(desk: Desk, words: Sequence[str]) -> Reply:
    """Its conditions, its alert, its last events, what re-arms it."""
    if len(words) != 1:
        raise Refusal("it takes one rule; /rules lists them")
    view = desk.view
    asked = rule_named(view, words[0])
    events = view.told(asked.rule.id)[-SHOWN:]
    miss = nearest_miss(view, asked) if asked.rule.basis is Basis.CLOSE else None
    fired, record = view.has_fired(asked.rule.id), view.record(asked.rule.id)
    return Reply(rule_answer(asked, record, events, miss, fired=fired, simulated=view.simulated))
