"""Which rule somebody means by a word: one of everybody's by its id, or `#n`, one of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from bot.answers.kept import Kept
from bot.answers.personal import PERSONAL, PersonalAlert
from bot.queries.price import Own
from bot.queries.tags import tags_of
from bot.queries.view import View
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError, listing, nearest, short
from rules.model import AlertEvent, Edge

LONGEST_ID = 40
"""Characters that are shown of what is no rule's id."""

LISTED = 8
"""Rules that are named to who asks for none of them."""


def rule_asked(
    view: View, kept: Kept, word: str, refused: Callable[[str], Exception], beside: Iterable[str] = ()
) -> CompiledRule:
    """The rule of an id, in any case. Raises `refused` of a sentence with the nearest where there is none, and
    LanguageError where an alert of the chat means nothing any more. `beside` are other names that may be meant.
    """
    if word.startswith(PERSONAL):
        alert = next((each for each in kept.alerts if f"{PERSONAL}{each.number}" == word), None)
        if alert is not None and kept.chat is not None:
            return compile_rule(alert.rule(kept.chat), view.scope)
        if word[1:].lower() in tags_of(view):
            word = word.lower()
            raise refused(f"{word} is a tag, and one rule is asked for here; /rules {word} lists those that have it")
        own = listing([f"{PERSONAL}{each.number}" for each in kept.alerts], LISTED)
        raise refused(f"there is no alert {word} here (yours: {own or 'none'})")
    known = {rule.rule.id: rule for rule in view.rules}
    if word.lower() in known:
        return known[word.lower()]
    hint = nearest(word, [*known, *beside])
    raise refused(
        f"unknown rule {short(word, LONGEST_ID)}{hint or f' (known: {listing(known, LISTED)}); /rules lists all'}"
    )


def own_rules(view: View, kept: Kept) -> Iterator[Own]:
    """The chat's alerts as rules, with what happened to them; those that mean nothing any more are left out."""
    for alert in kept.alerts if kept.chat is not None else ():
        rule = _compiled(view, kept, alert)
        if rule is not None:
            yield rule, events_of(kept, rule)


def events_of(kept: Kept, rule: CompiledRule) -> tuple[AlertEvent, ...]:
    """What happened to an alert of the chat, oldest first, as far as it is kept."""
    return tuple(event for event in kept.events if event.rule == rule.rule.id)


def tellable(rule: CompiledRule, events: Iterable[AlertEvent]) -> tuple[AlertEvent, ...]:
    """Without the resolutions that are no news, of a rule that only re-arms, nor their corrections."""
    tells = rule.rule.notify_resolved
    return tuple(each for each in events if tells or Edge.RESOLVED not in (each.edge, each.undone))


def _compiled(view: View, kept: Kept, alert: PersonalAlert) -> CompiledRule | None:
    try:
        return compile_rule(alert.rule(kept.chat or 0), view.scope)
    except LanguageError:  # an instrument of it is not configured any more
        return None
