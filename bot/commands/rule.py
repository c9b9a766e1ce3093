"""/rule: one rule in full."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard
from bot.answers.personal import spoken_id
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.asked import events_of, rule_asked, tellable
from bot.queries.condition import record_of
from bot.queries.miss import nearest_miss
from bot.render.answers import rule_answer
from rules.model import Basis, Edge

SHOWN = 3


@command(Group.ALERTS, "/rule ID", "one rule in full: when it fires, where it stands", "/rule rut-record-close")
def rule(desk: Desk, words: Sequence[str]) -> Reply:
    """Its conditions, its alert, its last events, what re-arms it; of everybody's, or #n of one's own."""
    if len(words) != 1:
        raise Refusal("it takes one rule, or #n of your own; /rules lists them")
    view = desk.view
    asked = rule_asked(view, desk.kept, words[0], Refusal)
    own = asked.rule.personal
    events = tellable(asked, events_of(desk.kept, asked)) if own else view.told(asked.rule.id)
    fired = any(each.edge is Edge.FIRED for each in events) if own else view.has_fired(asked.rule.id)
    miss = nearest_miss(view, asked) if asked.rule.basis is Basis.CLOSE and not fired else None
    text = rule_answer(asked, record_of(view, asked), events[-SHOWN:], miss, fired=fired, simulated=view.simulated)
    return Reply(text, buttons=_keys(spoken_id(asked.rule.id)))


def _keys(name: str) -> Keyboard:
    rows = ("Chart", "Why", "Stats"), ("History", "Test")
    return tuple(tuple(Button(word, f"/{word.lower()} {name}") for word in words) for words in rows)
