"""/rules: what is watched, and where each alert stands."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, Place
from bot.commands.reading import whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.render.rules import GRAVEST_FIRST, Judged, of_severity, pages_of, rules_answer, severities, severity_answer
from rules.language.errors import short
from rules.model import Severity


@command(Group.ALERTS, "/rules [SEVERITY] [PAGE]", "what is watched, and where each alert stands", "/rules high")
def rules(desk: Desk, words: Sequence[str]) -> Reply:
    """How many there are and which are not quiet; or those of a severity, a line each."""
    if len(words) > 2:
        raise Refusal("it takes a severity and a page, or nothing")
    view = desk.view
    every = [(rule, view.record(rule.rule.id)) for rule in view.rules]
    if not words:
        return Reply(rules_answer(every, simulated=view.simulated), buttons=_severities(every))
    severity = _severity(words[0])
    found = of_severity(every, severity)
    page = whole_number(words[1], "PAGE", 1, pages_of(found)) if len(words) > 1 else 1
    text = severity_answer(severity, found, page, simulated=view.simulated)
    return Reply(text, buttons=_pages(severity, page, pages_of(found)))


def _severity(word: str) -> Severity:
    try:
        return Severity(word.lower())
    except ValueError:
        raise Refusal(f"{short(word)} is no severity; they are {', '.join(GRAVEST_FIRST)}") from None


def _severities(every: Sequence[Judged]) -> Keyboard:
    row = tuple(Button(each.capitalize(), f"/rules {each}", Place.HERE) for each in severities(every))
    return (row,) if row else ()


def _pages(severity: Severity, page: int, pages: int) -> Keyboard:
    """The pages beside the one that is shown, and the way back."""
    beside = [each for each in (page - 1, page + 1) if 1 <= each <= pages]
    turned = [Button(f"Page {each}", f"/rules {severity} {each}", Place.HERE) for each in beside]
    return ((*turned, Button("All rules", "/rules", Place.HERE)),)
