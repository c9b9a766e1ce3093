"""/test: how an alert would look here."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button
from bot.answers.personal import spoken_id
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.asked import events_of, rule_asked
from bot.queries.trial import as_if_fired, last_firing, records_of
from bot.render.trial import trial_answer


@command(Group.ALERTS, "/test RULE", "how an alert would look; nothing is stored", "/test rut-record-close")
def test(desk: Desk, words: Sequence[str]) -> Reply:
    """The message of its last firing, else of the numbers of now, marked as a test."""
    if len(words) != 1:
        raise Refusal("it takes one rule, or #n of your own")
    rule = rule_asked(desk.view, desk.kept, words[0], Refusal)
    events = events_of(desk.kept, rule) if rule.rule.personal else desk.view.events(rule.rule.id)
    fired, name = last_firing(events), spoken_id(rule.rule.id)
    event = fired or as_if_fired(desk.view, rule)
    text = trial_answer(event, rule, records_of(desk.view, event, rule), real=fired is not None)
    return Reply(text, buttons=((Button("Chart", f"/chart {name}"), Button("Why", f"/why {name}")),))
