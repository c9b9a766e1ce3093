"""/rules: what is watched, and where each alert stands."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, Place, in_rows
from bot.commands.reading import whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.tags import tags_of
from bot.render.rules import Judged, of_severity, of_tag, page_answer, pages_of, rules_answer, severities
from rules.language.errors import listing, nearest, short
from rules.model import Severity

BUTTON_TAGS = 15
"""Tags that have a button, the most used."""


@command(
    Group.ALERTS, "/rules [SEVERITY|#TAG] [PAGE]", "what is watched, and where each alert stands", "/rules #russell"
)
def rules(desk: Desk, words: Sequence[str]) -> Reply:
    """How many there are and which are not quiet; or those of a severity or a tag, a line each."""
    if len(words) > 2:
        raise Refusal("it takes a severity or a #tag and a page, or nothing")
    view = desk.view
    every = [(rule, view.record(rule.rule.id)) for rule in view.rules]
    tags = tags_of(view)
    if not words:
        return Reply(rules_answer(every, simulated=view.simulated), buttons=_families(every, tags))
    what = _meant(words[0], tags)
    found = of_severity(every, what) if isinstance(what, Severity) else of_tag(every, what)
    page = whole_number(words[1], "PAGE", 1, pages_of(found)) if len(words) > 1 else 1
    text = page_answer(what, found, page, simulated=view.simulated)
    return Reply(text, buttons=_pages(what, page, pages_of(found)))


def _meant(word: str, tags: Sequence[str]) -> Severity | str:
    """A severity, or a tag with or without its sign."""
    name = word.lower()
    if name in set(Severity):
        return Severity(name)
    tag = name.removeprefix("#")
    if tag not in tags:
        known = [*reversed(Severity), *(f"#{each}" for each in tags)]
        raise Refusal(f"{short(word)} is no severity and no #tag{nearest(word, known)} (there are {listing(known)})")
    return tag


def _families(every: Sequence[Judged], tags: Sequence[str]) -> Keyboard:
    graded = [Button(each.capitalize(), f"/rules {each}", Place.HERE) for each in severities(every)]
    tagged = [Button(f"#{tag}", f"/rules #{tag}", Place.HERE) for tag in tags[:BUTTON_TAGS]]
    return (*in_rows(graded, len(Severity)), *in_rows(tagged, 3))


def _pages(what: Severity | str, page: int, pages: int) -> Keyboard:
    """The pages beside the one that is shown, and the way back."""
    name = what if isinstance(what, Severity) else f"#{what}"
    beside = [each for each in (page - 1, page + 1) if 1 <= each <= pages]
    turned = [Button(f"Page {each}", f"/rules {name} {each}", Place.HERE) for each in beside]
    return ((*turned, Button("All rules", "/rules", Place.HERE)),)
