"""What of a rule may be tuned: the levels it compares with, the numbers its functions are given, and its timing.

A knob is a place in a rule's canonical lines, or an entry of its timing. Turning it is writing another text there:
what the new line means, the language says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rules.functions.registry import Parameter, Type, named
from rules.language.arguments import bound
from rules.language.compile import CompiledRule
from rules.language.errors import LanguageError, Span, listing, nearest, short
from rules.language.syntax import Binary, Call, DateLiteral, Name, Syntax, parse, parts_of
from rules.language.typed import COMPARISONS, number_text
from rules.model import Rule

WHEN, CLEAR, TIMING = "when", "clear", "timing"
LEVELS = {WHEN: "enter", CLEAR: "leave"}
TIMES = {"confirm": (1, 100), "confirm_clear": (1, 100), "cooldown": (0, 2520), "expires": (1, 2520)}
"""The timing of a rule, and what a configuration may say of each."""

NEVER = "none"
"""What `expires` is where an alert does not end by itself, and an argument that is left out and has no default."""

ALSO = {"n": "window"}
"""What the row count of a function is also called."""


class Unknown(ValueError):
    """A parameter that a rule does not have, or has more than once; `str()` is one sentence."""


@dataclass(frozen=True)
class Place:
    """Where a number stands in one of a rule's lines, [start, stop). `before` is what must be written in front of it:
    an argument that was left out has no place yet, and its name is written with it.
    """

    line: str
    start: int
    stop: int
    before: str = ""


@dataclass(frozen=True)
class Knob:
    """Something of a rule that can be turned: `owner.name`, the `number`-th of its kind, and how it stands `now`."""

    owner: str
    name: str
    now: str
    places: tuple[Place, ...] = ()
    number: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """Everything it may be called by, the shortest first."""
        alone = (self.name, *([ALSO[self.name]] if self.name in ALSO else []))
        owned = tuple(f"{self.owner}.{name}" for name in alone)
        return (*alone, *owned, *(f"{name}.{self.number}" for name in (*alone, *owned)))


def lined(rule: CompiledRule) -> Rule:
    """The rule in its canonical lines: those that knobs are found in."""
    return replace(rule.rule, when=rule.when_text, clear=None if rule.rule.clear is None else rule.clear_text)


def knobs_of(rule: Rule) -> tuple[Knob, ...]:
    """Everything of a rule that can be turned, in the order of its lines. Equal numbers of one kind turn together."""
    lines = [(WHEN, rule.when), *([] if rule.clear is None else [(CLEAR, rule.clear)])]
    found: dict[tuple[str, str, str], list[Place]] = {}
    for line, text in lines:
        for owner, name, now, place in (*_levels(line, text), *_arguments(line, text)):
            found.setdefault((owner, name, now), []).append(place)
    order: dict[tuple[str, str], int] = {}
    knobs = []
    for (owner, name, now), places in found.items():
        order[owner, name] = order.get((owner, name), 0) + 1
        knobs.append(Knob(owner, name, now, tuple(places), order[owner, name]))
    of_time = [(name, getattr(rule.timing, name)) for name in TIMES]
    return (*knobs, *(Knob(TIMING, name, NEVER if value is None else str(value)) for name, value in of_time))


def find(knobs: Sequence[Knob], word: str) -> Knob:
    """The knob that is called so. Raises Unknown, which lists what there is."""
    meant = [knob for knob in knobs if word in knob.names]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise Unknown(f"{word} is said of several here; write one of {listing(called(knob, knobs) for knob in meant)}")
    hint = nearest(word, dict.fromkeys(called(knob, knobs) for knob in knobs))
    has = listing(f"{called(knob, knobs)} ({knob.now})" for knob in knobs)
    raise Unknown(f"the rule has no {short(word)}{hint} (it has {has})")


def called(knob: Knob, knobs: Sequence[Knob]) -> str:
    """The shortest name that means this one alone."""
    return next(name for name in knob.names if sum(name in other.names for other in knobs) == 1)


def turned(rule: Rule, settings: Sequence[tuple[Knob, str]]) -> Rule:
    """The rule with each knob at the text beside it. `rule` has the lines in which the knobs were found."""
    times: dict[str, Any] = {
        knob.name: None if text == NEVER else int(text) for knob, text in settings if knob.owner == TIMING
    }
    written = [(place, text) for knob, text in settings for place in knob.places]
    clear = None if rule.clear is None else _written(CLEAR, rule.clear, written)
    return replace(rule, when=_written(WHEN, rule.when, written), clear=clear, timing=replace(rule.timing, **times))


def _written(line: str, old: str, texts: Sequence[tuple[Place, str]]) -> str:
    new, at = "", 0
    for place, text in sorted(texts, key=lambda each: each[0].start):
        if place.line == line:
            new += old[at : place.start] + place.before + text
            at = place.stop
    return new + old[at:]


_Found = tuple[str, str, str, Place]
"""Owner, name, how it stands now, and where."""


def _levels(line: str, text: str) -> Iterator[_Found]:
    """The plain numbers that comparisons compare with: a whole side, or so many times what stands on one."""
    for part in parts_of(parse(text)):
        if isinstance(part, Binary) and part.symbol in COMPARISONS:
            numbers = [side for side in (part.left, part.right) if _is_plain(side)]
            factors = [each for side in (part.left, part.right) for each in _factors(side)]
            for number in numbers or factors:
                yield line, LEVELS[line], _text_of(number, text), _place(line, number.span)


def _factors(side: Syntax) -> list[Syntax]:
    if not isinstance(side, Binary) or side.symbol != "*":
        return []
    return [each for each in (side.left, side.right) if _is_plain(each)]


def _arguments(line: str, text: str) -> Iterator[_Found]:
    """The numbers that functions are given, by place, by name or by default."""
    for call in parts_of(parse(text)):
        function = named(call.name) if isinstance(call, Call) else None
        if not isinstance(call, Call) or function is None:
            continue
        given = bound(function, call, lambda reason, span: LanguageError(reason, text, span))
        for parameter in function.parameters:
            if parameter.accepts.type != Type.NUMBER:
                continue
            if parameter.name in given:
                tree = given[parameter.name][1]
                yield function.name, parameter.name, _text_of(tree, text), _place(line, tree.span)
            else:
                end = call.span.end - 1
                before = f"{', ' if call.arguments else ''}{parameter.name}="
                yield function.name, parameter.name, _default(parameter), Place(line, end, end, before)


def _default(parameter: Parameter) -> str:
    if not isinstance(parameter.default, int | float):
        return NEVER
    return number_text(float(parameter.default), "%" if parameter.accepts.percent else "")


def _is_plain(tree: Syntax) -> bool:
    """Whether it is made of numbers alone."""
    return not any(isinstance(part, Call | Name | DateLiteral) for part in parts_of(tree))


def _text_of(tree: Syntax, text: str) -> str:
    return text[tree.span.start : tree.span.end]


def _place(line: str, span: Span) -> Place:
    return Place(line, span.start, span.end)
