"""/history: what fired lately."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import NO_BUTTONS, Button, Keyboard
from bot.answers.personal import spoken_id
from bot.commands.reading import whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.asked import events_of, own_rules, rule_asked, tellable
from bot.queries.view import NoAnswer
from bot.render.answers import history_answer
from bot.render.keys import refresh
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Basis

SHOWN, MOST = 10, 50
"""Events that are listed unless more are asked for, and at most."""


@command(Group.ALERTS, "/history [RULE] [N]", "the last alerts, of one rule or of all", "/history rut-record-close")
def history(desk: Desk, words: Sequence[str]) -> Reply:
    """The last N events of a rule, of #n of one's own, or of everybody's and one's own, newest last."""
    names, count = _split(words)
    if len(names) > 1:
        raise Refusal("it takes one rule, or none for all, and how many")
    asked = rule_asked(desk.view, desk.kept, names[0], Refusal) if names else None
    events = _events(desk, asked)[-count:]
    text = history_answer(events, simulated=desk.view.simulated)
    return Reply(text, buttons=_keys(events, asked))


def _split(words: Sequence[str]) -> tuple[Sequence[str], int]:
    """The names, and the number at the end."""
    if words and words[-1].lstrip("+-")[:1].isdigit():
        return words[:-1], whole_number(words[-1], "N", 1, MOST)
    return words, SHOWN


def _events(desk: Desk, asked: CompiledRule | None) -> tuple[AlertEvent, ...]:
    if asked is None:
        own = [event for rule, events in own_rules(desk.view, desk.kept) for event in tellable(rule, events)]
        return tuple(sorted((*desk.view.told(), *own), key=lambda event: event.at))
    if asked.rule.personal:
        return tellable(asked, events_of(desk.kept, asked))
    name = asked.rule.id
    if asked.rule.basis is Basis.TICK and desk.view.record(name) is None:
        raise NoAnswer(f"{name} is watched live only: bars of the past cannot say when it fired")
    return desk.view.told(name)


def _keys(events: Sequence[AlertEvent], asked: CompiledRule | None) -> Keyboard:
    """Why the newest one, and what else there is of the one rule."""
    if asked is None:
        last = [Button(f"Why {events[-1].short_id}", f"/why {events[-1].short_id}")] if events else []
        return ((*last, refresh("/history")),) if last else NO_BUTTONS
    name = spoken_id(asked.rule.id)
    return (tuple(Button(word, f"/{word.lower()} {name}") for word in ("Chart", "Why", "Rule")),)
