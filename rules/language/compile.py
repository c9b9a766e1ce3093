"""A rule's lines -> the columns that decide it and the numbers that explain it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from functools import lru_cache

from rules.columns import Node, instruments_of, remembers
from rules.functions.registry import Scope, Type
from rules.language.errors import LanguageError
from rules.language.meaning import calendar_of, negated, read, read_condition
from rules.language.syntax import LONGEST_TEXT, REMEMBERED, parse
from rules.language.typed import COMPARISONS, Typed
from rules.model import ALWAYS, Basis, Instrument, Rule

_LONGEST = 4 * LONGEST_TEXT
"""Context may be longer than what a reader types: his expressions stand in it."""


@dataclass(frozen=True)
class Shown:
    """A number that a reader is shown: its canonical expression, the words for it, its unit and its column.

    `interval` are the canonical expressions of the two that bound it with 90 %, shown with it; else empty.
    """

    text: str
    words: str
    unit: str
    node: Node
    interval: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompiledRule:
    """A rule ready to be judged.

    `values` are the compared sides of `when`, `clear_values` those of `clear`, `context` what the functions used want
    shown beside them. `instruments` decide; `companions` are only shown: a row waits for them no longer than its grace.
    `memoryless` is what of the context remembers nothing: it is computed only where something happened.
    `digest` changes when the rule would be judged differently: a rule with a new digest is adopted anew.
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
    companions: tuple[str, ...]
    memoryless: frozenset[Node]
    digest: str

    @property
    def track(self) -> str:
        """Which panel judges the rule: its calendar's closes, or those and the session in progress.

        Personal rules have tracks of their own: one that is new is folded over history, and the others with it.
        """
        return track_of(self.calendar, self.rule.basis, personal=self.rule.personal)

    @property
    def roots(self) -> tuple[Node, ...]:
        """Every column the rule needs."""
        shown = (*self.values, *self.clear_values, *self.context)
        return (self.when, self.clear, *(each.node for each in shown))


def track_of(calendar: str, basis: Basis, *, personal: bool = False) -> str:
    """The name of a panel among those that an evaluation is given."""
    return "/".join([calendar, *(["personal"] if personal else []), *([basis.value] if basis is Basis.TICK else [])])


def compile_rule(rule: Rule, scope: Scope) -> CompiledRule:
    """Raises LanguageError when one of the rule's lines means nothing."""
    known, baskets = tuple(scope.instruments.items()), tuple(scope.baskets.items())
    read = _compiled(rule.when, rule.clear, known, baskets, scope.rows_a_year)
    return replace(read, rule=rule, digest=_digest(read.calendar, read.when_text, read.clear_text, rule))


@lru_cache(maxsize=REMEMBERED)
def _compiled(
    when_line: str,
    clear_line: str | None,
    known: tuple[tuple[str, Instrument], ...],
    baskets: tuple[tuple[str, tuple[str, ...]], ...],
    rows_a_year: int,
) -> CompiledRule:
    """What two lines mean, as a rule without a name. A value of values, so it is kept: a configuration is looked
    through for faults before it is used, and one that is read anew seldom changes more than a rule.
    """
    scope = Scope(dict(known), dict(baskets), rows_a_year)
    lines = [when_line] if clear_line is None else [when_line, clear_line]
    calendar = calendar_of([(line, parse(line)) for line in lines], scope)
    when = read_condition(when_line, scope, calendar)
    clear = read_condition(clear_line, scope, calendar) if clear_line is not None else negated(when)
    values, clear_values = values_of(when, scope, calendar), values_of(clear, scope, calendar)
    context = _with_intervals(context_of(when, scope, calendar), (*values, *clear_values), scope, calendar)
    decides = {when.column, clear.column, *(each.node for each in (*values, *clear_values))}
    instruments = instruments_of([when.column, clear.column])
    beside = instruments_of([each.node for each in context])
    return CompiledRule(
        rule=Rule("", when_line, clear_line),
        calendar=calendar,
        when=when.column,
        clear=clear.column,
        when_text=when.text,
        clear_text=clear.text,
        when_words=when.spoken,
        clear_words=clear.spoken,
        values=values,
        clear_values=clear_values,
        context=context,
        instruments=instruments,
        companions=tuple(name for name in beside if name not in instruments),
        memoryless=frozenset(each.node for each in context if not remembers(each.node)) - decides,
        digest="",
    )


def values_of(typed: Typed, scope: Scope, calendar: str) -> tuple[Shown, ...]:
    """The numbers that decide: the sides of comparisons, and what a function that is itself a condition goes by."""
    sides = [side for part in typed.walk() if part.symbol in COMPARISONS for side in part.parts]
    numbers = [side for side in sides if side.type in (Type.SERIES, Type.INSTRUMENT)]
    conditions = [part for part in typed.walk() if part.function is not None and part.type == Type.BOOL]
    return _shown([*numbers, *(each for call in conditions for each in _wanted_by(call, scope, calendar))])


def context_of(typed: Typed, scope: Scope, calendar: str) -> tuple[Shown, ...]:
    """What a reader is to see beside the numbers that decide: what the functions want, and the intervals of it all."""
    own = values_of(typed, scope, calendar)
    calls = [part for part in typed.walk() if part.function is not None]
    wanted = _shown(each for call in calls for each in _wanted_by(call, scope, calendar))
    beside = {each.node: each for each in wanted if each.node not in {shown.node for shown in own}}
    return _with_intervals(tuple(beside.values()), own, scope, calendar)


def _with_intervals(
    context: tuple[Shown, ...], own: tuple[Shown, ...], scope: Scope, calendar: str
) -> tuple[Shown, ...]:
    """The context and both ends of every interval of it and of the numbers that decide, as far as those are not it."""
    texts = [text for each in (*own, *context) for text in each.interval]
    ends = _shown(read(text, scope, calendar, _LONGEST) for text in texts)
    known = {each.text for each in own}
    return tuple({each.text: each for each in (*context, *ends) if each.text not in known}.values())


def _wanted_by(call: Typed, scope: Scope, calendar: str) -> list[Typed]:
    """The context expressions of a function with its arguments put in; those that make no sense here are left out.

    A correlation given SPX makes none of SPX itself, nor on a clock on which SPX has no price.
    """
    found = []
    for template in call.function.context if call.function else ():
        text = template.format(**call.arguments)
        try:
            if calendar_of([(text, parse(text, _LONGEST))], scope) in (ALWAYS, calendar):
                found.append(read(text, scope, calendar, _LONGEST))
        except LanguageError:
            continue
    return found


def _shown(parts: Iterable[Typed]) -> tuple[Shown, ...]:
    return tuple({part.text: _as_shown(part) for part in parts}.values())


def _as_shown(part: Typed) -> Shown:
    ends = part.function.interval if part.function else ()
    interval = tuple(end.format(**part.arguments) for end in ends)
    return Shown(part.text, part.spoken, part.unit, part.column, interval)


def _digest(calendar: str, when: str, clear: str, rule: Rule) -> str:
    begins = () if rule.since is None else (rule.since,)
    judged = repr((calendar, when, clear, rule.basis.value, astuple(rule.timing), *begins))
    return hashlib.sha256(judged.encode()).hexdigest()[:16]
