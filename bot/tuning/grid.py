"""A grid of variants: `window=20:120:10` as texts, every combination of them, and what each makes of the rule."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bot.tuning.knobs import NEVER, TIMES, TIMING, Knob, Unknown, find, knobs_of, lined, turned
from rules.columns import Node
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError, short
from rules.language.syntax import Binary, Literal, parse
from rules.model import Basis, Rule, Timing

MOST = 2_000
"""Variants that are tried at most: of more, the best is found by chance alone."""

THE_SAME = "the same rule as another variant"

_NUMBER = re.compile(r"([+-]?\d{1,12}(?:\.\d{1,9})?)\s*([%kKM]?)")
_OPPOSITE = {">": ("<", "<="), ">=": ("<", "<="), "<": (">", ">="), "<=": (">", ">=")}


_Meaning = tuple[Node, Node, Timing]


@dataclass(frozen=True)
class Axis:
    """A knob, what it is called here, and the texts it is turned to, in their order."""

    name: str
    knob: Knob
    values: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """A rule with other numbers: where it is on the grid, one step an axis, and the rule."""

    at: tuple[int, ...]
    rule: Rule


@dataclass(frozen=True)
class Grid:
    """All variants that mean something, in the order of the grid; why the others do not, and how many those are."""

    axes: tuple[Axis, ...]
    variants: tuple[Variant, ...]
    skipped: tuple[tuple[str, int], ...]

    def values(self, variant: Variant) -> dict[str, str]:
        """What a variant's parameters are."""
        return {axis.name: axis.values[step] for axis, step in zip(self.axes, variant.at, strict=True)}


def grid_of(rule: CompiledRule, words: Sequence[str], scope: Scope) -> Grid:
    """The grid of a rule and of `NAME=VALUES` each. Raises Unknown, in one sentence, where they make none."""
    base = lined(rule)
    axes = _axes(knobs_of(base), words)
    _need_effect(rule, axes)
    count = math.prod(len(axis.values) for axis in axes)
    if count > MOST:
        raise Unknown(f"these are {count:,} variants; at most {MOST:,} are tried: take larger steps")
    variants, refused = dict[_Meaning, Variant](), dict[str, int]()
    for at in itertools.product(*(range(len(axis.values)) for axis in axes)):
        texts = [(axis.knob, axis.values[step]) for axis, step in zip(axes, at, strict=True)]
        try:
            made, meaning = _made(turned(base, texts), scope)
        except LanguageError as error:
            refused[error.reason] = refused.get(error.reason, 0) + 1
            continue
        if variants.setdefault(meaning, Variant(at, made)).at != at:
            refused[THE_SAME] = refused.get(THE_SAME, 0) + 1
    if not variants:
        raise Unknown(f"none of {count:,} variants means anything: {next(iter(refused))}")
    return Grid(axes, tuple(variants.values()), tuple(refused.items()))


def _need_effect(rule: CompiledRule, axes: Sequence[Axis]) -> None:
    """Timing counts polls of a rule on trades, and here it is looked at by closes."""
    for axis in axes:
        if rule.rule.basis is Basis.TICK and axis.knob.owner == TIMING:
            raise Unknown(f"{axis.name} of a rule on trades counts polls, and here it is looked at by its closes")


def _axes(knobs: Sequence[Knob], words: Sequence[str]) -> tuple[Axis, ...]:
    axes: list[Axis] = []
    for word in words:
        name, equals, values = word.partition("=")
        if not (equals and values.strip()):
            raise Unknown(f"{short(word)} must be NAME=START:STOP:STEP or NAME=A,B,C, such as window=20:120:10")
        knob = find(knobs, name.strip())
        if any(axis.knob == knob for axis in axes):
            raise Unknown(f"{name.strip()} is given twice")
        axes.append(Axis(name.strip(), knob, _values(knob, values.strip())))
    return tuple(axes)


def _values(knob: Knob, text: str) -> tuple[str, ...]:
    found = tuple(_range(text)) if ":" in text else tuple(_listed(knob, text))
    if len(set(found)) != len(found):
        raise Unknown(f"{short(text)} says the same value twice")
    low, high = TIMES.get(knob.name, (0, 0))
    for each in found if knob.owner == TIMING else ():
        if each != NEVER and not (re.fullmatch(r"\d+", each) and low <= int(each) <= high):
            raise Unknown(f"{knob.name} must be a whole number from {low} to {high}, not {each}")
    return found


def _listed(knob: Knob, text: str) -> Iterator[str]:
    for each in text.split(","):
        if each.strip() == NEVER and (knob.owner, knob.name) == (TIMING, "expires"):
            yield NEVER
        else:
            number, form = _number(each, text)
            yield _written(number, form)


def _range(text: str) -> Iterator[str]:
    """START, START + STEP and so on up to STOP, exactly as decimals. One form for all three, `50%:80%:5%`."""
    parts = text.split(":")
    if len(parts) != 3:
        raise Unknown(f"{short(text)} must be START:STOP:STEP, such as 20:120:10")
    (start, form), (stop, stop_form), (step, step_form) = (_number(part, text) for part in parts)
    if not form == stop_form == step_form:
        raise Unknown(f"{short(text)} must have one form throughout, such as 50%:80%:5%")
    if not step or (stop - start) / step < 0:
        raise Unknown(f"{short(text)} never arrives: a step must lead from START to STOP")
    count = int((stop - start) / step)
    if count >= MOST:
        raise Unknown(f"{short(text)} has {count + 1:,} values; at most {MOST:,} are tried: take larger steps")
    return (_written(start + step * index, form) for index in range(count + 1))


def _number(text: str, whole: str) -> tuple[Decimal, str]:
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        where = "" if text == whole else f" in {short(whole)}"
        raise Unknown(f"{short(text.strip()) or 'nothing'}{where} is not a number such as 60, 0.7 or 5%")
    return Decimal(found[1]), found[2]


def _written(number: Decimal, form: str) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{'0' if text in ('-0', '') else text}{form}"


def _made(rule: Rule, scope: Scope) -> tuple[Rule, _Meaning]:
    """The variant in its canonical lines, and what it means: 5% and 0.05 are the same. Raises LanguageError where that
    is nothing.
    """
    compiled = compile_rule(rule, scope)
    if rule.clear is not None:
        _need_room(compiled.when_text, compiled.clear_text)
    return lined(compiled), (compiled.when, compiled.clear, rule.timing)


def _need_room(when: str, clear: str) -> None:
    """A rule of two levels leaves on the other side of where it enters: else no row, or every one, is in between."""
    enters, leaves = parse(when), parse(clear)
    if not (isinstance(enters, Binary) and isinstance(leaves, Binary)):
        return
    if leaves.symbol not in _OPPOSITE.get(enters.symbol, ()) or not _same(when, enters, clear, leaves):
        return
    enter, leave = enters.right, leaves.right
    if isinstance(enter, Literal) and isinstance(leave, Literal):
        crossed = leave.value > enter.value if enters.symbol.startswith(">") else leave.value < enter.value
        if crossed:
            raise LanguageError("it would clear on the side of its level on which it fires", clear, leave.span)


def _same(when: str, enters: Binary, clear: str, leaves: Binary) -> bool:
    one, other = enters.left.span, leaves.left.span
    return when[one.start : one.end] == clear[other.start : other.end]
