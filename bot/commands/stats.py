"""/stats: what followed the alerts of all rules, and of one in full."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answers.buttons import Button, Keyboard, Place
from bot.answers.personal import spoken_id
from bot.answers.stats import Stats
from bot.commands.reading import whole_number
from bot.commands.registry import Desk, Group, Refusal, Reply, command
from bot.queries.asked import rule_asked
from bot.queries.muting import what_is_meant
from bot.queries.stats import stats_of, stats_of_rules
from bot.queries.tags import tags_of
from bot.render.stats import stats_text
from bot.render.stats_pages import named, pages_of, stats_page
from rules.language.compile import CompiledRule
from rules.model import Severity

_OWN = re.compile(r"#[0-9]{1,9}")


@command(
    Group.ALERTS,
    "/stats [RULE|#TAG|SEVERITY] [PAGE|X]",
    "what followed alerts, against all days",
    "/stats rut-record-close",
)
def stats(desk: Desk, words: Sequence[str]) -> Reply:
    """Of all rules, of those of a severity or a tag, a page at a time; of one in full, with one of its instruments."""
    if len(words) > 2:
        raise Refusal("it takes a rule, a #tag or a severity, and a page or an instrument")
    if not words or _is_number(words[0]):
        if len(words) > 1:
            raise Refusal("it takes a page alone, or what it is a page of before it")
        return _of_many(desk, None, words)
    what = _meant(desk, words[0])
    return _of_many(desk, what, words[1:]) if not isinstance(what, CompiledRule) else _of_one(desk, what, words[1:])


def _meant(desk: Desk, word: str) -> Severity | str | CompiledRule:
    """A severity, a tag with or without its sign, or a rule. Raises Refusal with the nearest of all."""
    name, tags = word.lower(), tags_of(desk.view)
    if name in set(Severity):
        return Severity(name)
    if name in tags:
        return name
    if name.startswith("#") and not _OWN.fullmatch(name):
        return what_is_meant(desk.view, desk.kept, name, Refusal).removeprefix("#")
    return rule_asked(desk.view, desk.kept, word, Refusal, beside=[*Severity, *tags])


def _of_many(desk: Desk, what: Severity | str | None, rest: Sequence[str]) -> Reply:
    rules = [rule for rule in desk.view.rules if _is_of(rule, what)]
    found = stats_of_rules(desk.view, rules)
    pages = pages_of(found)
    page = whole_number(rest[0], "PAGE", 1, pages) if rest else 1
    text = stats_page(named(what), found, page, simulated=desk.view.simulated)
    return Reply(text, buttons=_pages(what, page, pages))


def _of_one(desk: Desk, rule: CompiledRule, rest: Sequence[str]) -> Reply:
    shown = _instrument(desk, rule, rest[0]) if rest else None
    found = stats_of(desk.view, rule, shown)
    return Reply(stats_text(found), buttons=_keys(found))


def _instrument(desk: Desk, rule: CompiledRule, word: str) -> str:
    known = stats_of(desk.view, rule).looked_at
    if word.upper() not in known:
        raise Refusal(f"{spoken_id(rule.rule.id)} is looked at with {', '.join(known) or 'nothing'}, not with {word}")
    return word.upper()


def _is_of(rule: CompiledRule, what: Severity | str | None) -> bool:
    if what is None:
        return True
    return rule.rule.severity is what if isinstance(what, Severity) else what in rule.rule.tags


def _is_number(word: str) -> bool:
    return word.lstrip("+-")[:1].isdigit()


def _pages(what: Severity | str | None, page: int, pages: int) -> Keyboard:
    """The pages beside the one that is shown, and the way back."""
    name = "" if what is None else f" {what}" if isinstance(what, Severity) else f" #{what}"
    beside = [each for each in (page - 1, page + 1) if 1 <= each <= pages]
    turned = [Button(f"Page {each}", f"/stats{name} {each}", Place.HERE) for each in beside]
    back = [] if what is None else [Button("All rules", "/stats", Place.HERE)]
    return ((*turned, *back),) if turned or back else ()


def _keys(found: Stats) -> Keyboard:
    """The instruments that are not shown, and what else there is of the rule."""
    name = spoken_id(found.stat.rule.rule.id)
    others = [each for each in found.looked_at if each != found.shown] if found.stat.evidence.fired else []
    shown = tuple(Button(each, f"/stats {name} {each}", Place.HERE) for each in others)
    further = (
        Button("Picture", f"/backtest {name}"),
        *(Button(word, f"/{word.lower()} {name}") for word in ("Chart", "Why", "Rule")),
    )
    return (*([shown] if shown else []), further)
