"""What a part of an expression is once its names have a meaning, and how it is written and told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rules.columns import Node
from rules.functions.registry import Function, Type
from rules.language.errors import short

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LONGEST_SHOWN = 80
"""Characters of an expression that a sentence holds."""

LONGEST_NUMBER = 12
"""Digits from which a number is written with a power of ten."""

NUMERIC = (Type.SERIES, Type.NUMBER, Type.INSTRUMENT)


@dataclass(frozen=True)
class Typed:
    """A part of an expression.

    Its type and unit, its canonical text, its column (None for what is no column), its value (a literal's, an
    instrument's, a label's), its own parts, the function or operator that joins them (of a function's parts also which
    arguments they are), and the words for a reader.
    """

    type: str
    unit: str
    text: str
    node: Node | None = None
    value: object = None
    parts: tuple[Typed, ...] = ()
    function: Function | None = None
    symbol: str = ""
    words: str = ""
    names: tuple[str, ...] = ()

    @property
    def arguments(self) -> dict[str, str]:
        """A call's arguments by name as the language writes them, those left out by their defaults."""
        return _defaults(self.function) | {n: part.text for n, part in zip(self.names, self.parts, strict=True)}

    @property
    def spoken(self) -> str:
        """How a reader is told of it; its canonical text where there is nothing better."""
        return self.words or self.text

    @property
    def shown(self) -> str:
        """Its text in a sentence, cut off where it is long."""
        return short(self.text, LONGEST_SHOWN)

    @property
    def column(self) -> Node:
        """The node; only for parts that are columns."""
        if self.node is None:
            raise TypeError(f"{self.text} is {self.type}, not a column")
        return self.node

    def walk(self) -> Iterator[Typed]:
        """This part and everything under it."""
        yield self
        for part in self.parts:
            yield from part.walk()


def number_text(value: float, form: str = "") -> str:
    """A literal as the language writes it; reading it back gives the same value."""
    if form == "%":
        shortest = (float(f"{value * 100:.{digits}g}") for digits in range(1, 18))
        return number_text(next(percent for percent in shortest if percent / 100.0 == value)) + "%"
    text = repr(value).removesuffix(".0")
    if len(text) > LONGEST_NUMBER:
        powers = (f"{value:.{digits}e}" for digits in range(17))
        text = next(power for power in powers if float(power) == value)
    return text + form


def call_text(function: Function, parts: Mapping[str, Typed]) -> str:
    """The canonical text of a call: what must be given and whole numbers by place, as far as nothing is left out."""
    shown: list[str] = []
    in_place = True
    for parameter in function.parameters:
        part = parts.get(parameter.name)
        in_place = in_place and part is not None and (parameter.required or parameter.accepts.whole)
        if part is not None:
            shown.append(part.text if in_place else f"{parameter.name}={part.text}")
    return f"{function.name}({', '.join(shown)})"


def told(function: Function, parts: Mapping[str, Typed]) -> str:
    """The function's words with its arguments, given or by default, put in."""
    known = _defaults(function) | {name: part.spoken for name, part in parts.items()}
    absent = {p.name for p in function.parameters} - set(known)

    def kept(found: re.Match[str]) -> str:
        return "" if any(f"{{{name}}}" in found[1] for name in absent) else found[1]

    return _OPTIONAL.sub(kept, function.words).format(**known)


def _defaults(function: Function | None) -> dict[str, str]:
    """The numbers that stand for arguments left out."""
    parameters = function.parameters if function else ()
    return {p.name: number_text(float(p.default)) for p in parameters if isinstance(p.default, int | float)}


_OPTIONAL = re.compile(r"\[([^\]]*)\]")
"""A part of a function's words that goes with an argument which may be left out."""

_BINDS = {"or": 1, "and": 2, "not": 3, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6, "sign": 7}


def joined(left: Typed, symbol: str, right: Typed) -> str:
    """Both sides in words round the operator; with the parentheses of the canonical text."""
    sides = [
        f"({side.spoken})" if wrapped(side, symbol, right=last).startswith("(") and side.symbol else side.spoken
        for side, last in ((left, False), (right, True))
    ]
    return f" {symbol} ".join(sides)


def wrapped(part: Typed, outer: str, *, right: bool = False) -> str:
    """The part's text, in parentheses where it binds more loosely than what stands round it."""
    inner = _BINDS.get(part.symbol, 9)
    loose = inner < _BINDS[outer] or (inner == _BINDS[outer] and (right or outer in COMPARISONS))
    return f"({part.text})" if loose else part.text
