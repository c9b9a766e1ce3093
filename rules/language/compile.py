"""A rule's lines -> the columns that decide it and the numbers that explain it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from rules.columns import Node, instruments_of
from rules.functions.registry import Scope, Type
from rules.language.meaning import calendar_of, negated, read, read_condition
from rules.language.syntax import LONGEST_TEXT, parse
from rules.language.typed import COMPARISONS, Typed
from rules.model import Basis, Rule


@dataclass(frozen=True)
class Shown:
    """A number that a reader is shown: its canonical expression, the words for it, its unit and its column."""

    text: str
    words: str
    unit: str
    node: Node


@dataclass(frozen=True)
class CompiledRule:
    """A rule ready to be judged.

    `values` are the compared sides of `when`, `clear_values` those of `clear`, `context` what the functions used want
    shown beside them. `digest` changes when the rule would be judged differently: a rule with a new digest is adopted
    anew.
    """

    rule: Rule
    calendar: str
    when: Node
    clear: Node
    when_text: str
    clear_text: str
    when_words: str
    clear_words: str
    values: tuple[Shown, ...]
    clear_values: tuple[Shown, ...]
    context: tuple[Shown, ...]
    instruments: tuple[str, ...]
    digest: str

    @property
    def track(self) -> str:
        """Which panel judges the rule: its calendar's closes, or those and the session in progress."""
        return track_of(self.calendar, self.rule.basis)

    @property
    def roots(self) -> tuple[Node, ...]:
        """Every column the rule needs."""
        shown = (*self.values, *self.clear_values, *self.context)
        return (self.when, self.clear, *(each.node for each in shown))


def track_of(calendar: str, basis: Basis) -> str:
    """The name of a panel among those that an evaluation is given."""
    return calendar if basis is Basis.CLOSE else f"{calendar}/{basis}"


def compile_rule(rule: Rule, scope: Scope) -> CompiledRule:
    """Raises LanguageError when one of the rule's lines means nothing."""
    lines = [rule.when] if rule.clear is None else [rule.when, rule.clear]
    calendar = calendar_of([(line, parse(line)) for line in lines], scope)
    when = read_condition(rule.when, scope, calendar)
    clear = read_condition(rule.clear, scope, calendar) if rule.clear is not None else negated(when)
    return CompiledRule(
        rule=rule,
        calendar=calendar,
        when=when.column,
        clear=clear.column,
        when_text=when.text,
        clear_text=clear.text,
        when_words=when.spoken,
        clear_words=clear.spoken,
        values=values_of(when, scope, calendar),
        clear_values=values_of(clear, scope, calendar),
        context=context_of(when, scope, calendar),
        instruments=instruments_of([when.column, clear.column]),
        digest=_digest(calendar, when.text, clear.text, rule),
    )


def values_of(typed: Typed, scope: Scope, calendar: str) -> tuple[Shown, ...]:
    """The numbers that decide: the sides of comparisons, and what a function that is itself a condition goes by."""
    sides = [side for part in typed.walk() if part.symbol in COMPARISONS for side in part.parts]
    numbers = [side for side in sides if side.type in (Type.SERIES, Type.INSTRUMENT)]
    conditions = [part for part in typed.walk() if part.function is not None and part.type == Type.BOOL]
    return _shown([*numbers, *(each for call in conditions for each in _wanted_by(call, scope, calendar))])


def context_of(typed: Typed, scope: Scope, calendar: str) -> tuple[Shown, ...]:
    """What the functions in `typed` want a reader to see beside the numbers that decide."""
    own = {shown.text for shown in values_of(typed, scope, calendar)}
    calls = [part for part in typed.walk() if part.function is not None]
    wanted = [each for call in calls for each in _wanted_by(call, scope, calendar)]
    return tuple(shown for shown in _shown(wanted) if shown.text not in own)


def _wanted_by(call: Typed, scope: Scope, calendar: str) -> list[Typed]:
    """The context expressions of a function, with its arguments put in."""
    if call.function is None:
        return []
    arguments = {p.name: part.text for p, part in zip(call.function.parameters, call.parts, strict=False)}
    texts = [template.format(**arguments) for template in call.function.context]
    return [read(text, scope, calendar, longest=4 * LONGEST_TEXT) for text in texts]


def _shown(parts: Iterable[Typed]) -> tuple[Shown, ...]:
    return tuple({part.text: Shown(part.text, part.spoken, part.unit, part.column) for part in parts}.values())


def _digest(calendar: str, when: str, clear: str, rule: Rule) -> str:
    judged = repr((calendar, when, clear, rule.basis.value, astuple(rule.timing)))
    return hashlib.sha256(judged.encode()).hexdigest()[:16]
