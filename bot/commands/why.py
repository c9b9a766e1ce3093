"""/why: what made an alert fire, or what a rule still lacks to fire."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard
from bot.answers.personal import PERSONAL
from bot.commands.registry import Desk, Group, Refusal, Reply, Wants, command
from bot.queries.asked import events_of, own_rules, rule_asked
from bot.queries.why import why_event, why_rule
from bot.render.why import unwatched, why_event_answer, why_rule_answer
from rules.language.compile import CompiledRule
from rules.model import AlertEvent

SHORT_ID = re.compile("[0-9a-f]{6}")


@command(
    Group.ALERTS,
    "/why ID",
    "the numbers behind an alert, or what it lacks",
    "/why rut-record-close",
    wants=Wants.TELLINGS,
)
def why(desk: Desk, words: Sequence[str]) -> Reply:
    """Of the six characters at an alert's end, of a rule's id, or of #n, one's own alert."""
    if len(words) != 1:
        raise Refusal("it takes the id at the end of an alert, a rule, or #n of your own")
    found = _event_of(desk, words[0].lower())
    if found is not None:
        return _of_event(desk, found)
    rule = rule_asked(desk.view, desk.kept, words[0], Refusal)
    answer = why_rule(desk.view, rule, _events(desk, rule), desk.now)
    own = [alert for alert in desk.kept.alerts if answer.rule == f"{PERSONAL}{alert.number}"]
    note = unwatched(own[0], desk.now) if own else ""
    return Reply(why_rule_answer(answer, note), buttons=_keys(answer.rule))


def _of_event(desk: Desk, event: AlertEvent) -> Reply:
    rule = _rule_of(desk, event)
    answer = why_event(desk.view, event, rule, [each for each in _all_events(desk) if each.rule == event.rule])
    buttons = () if rule is None else _keys(answer.rule, Button("Now", f"/why {answer.rule}"))
    return Reply(why_event_answer(answer, desk.told.get(event.key)), buttons=buttons)


def _event_of(desk: Desk, word: str) -> AlertEvent | None:
    """The newest event of a short id, of everybody's rules or of the chat's own."""
    if not SHORT_ID.fullmatch(word):
        return None
    return next((event for event in reversed(_all_events(desk)) if event.short_id == word), None)


def _all_events(desk: Desk) -> tuple[AlertEvent, ...]:
    return (*desk.view.events(), *desk.kept.events)


def _rule_of(desk: Desk, event: AlertEvent) -> CompiledRule | None:
    """The event's rule; None where it was removed since."""
    rules = [*desk.view.rules, *(rule for rule, _ in own_rules(desk.view, desk.kept))]
    return next((rule for rule in rules if rule.rule.id == event.rule), None)


def _events(desk: Desk, rule: CompiledRule) -> tuple[AlertEvent, ...]:
    return events_of(desk.kept, rule) if rule.rule.personal else desk.view.events(rule.rule.id)


def _keys(name: str, *further: Button) -> Keyboard:
    shown = (Button("Chart", f"/chart {name}"), Button("Rule", f"/rule {name}"), Button("History", f"/history {name}"))
    return ((*shown, *further),)
