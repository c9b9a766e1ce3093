"""Text -> tree. Grammar only: names have no meaning yet."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError
from lark.tree import Meta

from rules.language.errors import LanguageError, Span, short
from rules.language.faults import explained

LONGEST_TEXT = 1_000
DEEPEST_NESTING = 24
MOST_PARTS = 200
REMEMBERED = 512
"""Texts whose trees are kept: the rules of a pack share most of their context."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number; `form` is how it was written: "", "%", "d"."""

    value: float
    form: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class DateLiteral:
    """A calendar date."""

    value: dt.date
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Name:
    """An instrument, a basket or a label."""

    name: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A function applied to arguments; a named argument is (name, tree), a positional one ("", tree)."""

    name: str
    arguments: tuple[tuple[str, Syntax], ...]
    span: Span = field(compare=False)
    name_span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`."""

    symbol: str
    operand: Syntax
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison, `and` or `or`."""

    symbol: str
    left: Syntax
    right: Syntax
    span: Span = field(compare=False)


Syntax = Literal | DateLiteral | Name | Call | Unary | Binary

_SCALE = {"k": 1e3, "K": 1e3, "M": 1e6}


@lru_cache(maxsize=REMEMBERED)
def parse(text: str, longest: int = LONGEST_TEXT) -> Syntax:
    """The tree of `text`, of at most `longest` characters; raises LanguageError with a caret where sense ends."""
    _bound(text, longest)
    try:
        tree: Syntax = _Builder(text).transform(_parser().parse(text))
    except VisitError as error:
        if isinstance(error.orig_exc, LanguageError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise explained(error, text) from None
    if sum(1 for _ in parts_of(tree)) > MOST_PARTS:
        raise LanguageError(f"a condition has at most {MOST_PARTS} names, numbers and operators", text, tree.span)
    return tree


def parts_of(tree: Syntax) -> Iterator[Syntax]:
    """The tree and everything under it, from left to right."""
    todo = [tree]
    while todo:
        part = todo.pop()
        yield part
        if isinstance(part, Binary):
            todo += [part.right, part.left]
        elif isinstance(part, Unary):
            todo.append(part.operand)
        elif isinstance(part, Call):
            todo += [value for _, value in reversed(part.arguments)]


def is_bounded(text: str) -> bool:
    """Whether a condition is not nested too deep to be read."""
    return all(depth <= DEEPEST_NESTING for _, depth in _depths(text))


def _bound(text: str, longest: int) -> None:
    if not text.strip():
        raise LanguageError("the condition is empty; for example: close(RUT) > record(RUT)", text, Span(0, 0))
    length = len("".join(text.split())) if len(text) <= 4 * longest else len(text)
    if length > longest:
        end = Span(longest, longest + 1)
        raise LanguageError(f"a condition has at most {longest} characters, this one {length}", text, end)
    for start, depth in _depths(text):
        if depth > DEEPEST_NESTING:
            reason = f"the condition is nested more than {DEEPEST_NESTING} deep"
            raise LanguageError(reason, text, Span(start, start + 1))


def _depths(text: str) -> Iterator[tuple[int, int]]:
    """Every place that goes one deeper, an opening parenthesis, a `not` or the sign of what follows, and how deep."""
    opened: list[int] = []
    prefixes, after_operand = 0, False
    for token in re.finditer(r"[\w.%]+|[^\s]", text):
        word = token[0]
        if word == "(":
            opened.append(prefixes + 1)
            prefixes = 0
        elif word == ")" and opened:
            opened.pop()
        prefixes = prefixes + 1 if word == "not" or (word in "+-" and not after_operand) else 0
        after_operand = word == ")" or (word not in ("not", "and", "or") and bool(re.match(r"[\w.]", word)))
        yield token.start(), sum(opened) + prefixes


@cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False, propagate_positions=True)


@v_args(inline=True)
class _Builder(Transformer[Token, Syntax]):
    """lark's tree -> ours, with spans."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def number(self, token: Token) -> Syntax:
        match = re.fullmatch(r"([\d.]+(?:[eE][+-]?\d+)?)\s*([%kKMd]?)", token)
        if match is None:
            raise LanguageError(f"{token!s} is not a number", self.text, _span(token))
        value, form = float(match[1]), match[2]
        value = value / 100.0 if form == "%" else value * _SCALE.get(form, 1.0)
        if not math.isfinite(value):
            raise LanguageError(f"{short(token)} is too large a number", self.text, _span(token))
        return Literal(value, form if form in "%d" else "", _span(token))

    def date(self, token: Token) -> Syntax:
        try:
            return DateLiteral(dt.date.fromisoformat(token), _span(token))
        except ValueError:
            raise LanguageError(
                f"{token!s} is not a date; dates look like 2025-11-20", self.text, _span(token)
            ) from None

    def name(self, token: Token) -> Syntax:
        return Name(str(token), _span(token))

    def named(self, token: Token, value: Syntax) -> tuple[str, Syntax]:
        return (str(token), value)

    def arguments(self, *arguments: Any) -> tuple[tuple[str, Syntax], ...]:
        return tuple(each if isinstance(each, tuple) else ("", each) for each in arguments)

    @v_args(meta=True)
    def call(self, meta: Meta, children: list[Any]) -> Syntax:
        name, *given = children
        return Call(str(name), given[0] if given else (), Span(meta.start_pos, meta.end_pos), _span(name))

    def signed(self, token: Token, operand: Syntax) -> Syntax:
        span = Span(_span(token).start, operand.span.end)
        if token == "+":
            return operand
        if isinstance(operand, Literal):
            return Literal(-operand.value, operand.form, span)
        return Unary("-", operand, span)

    def negation(self, operand: Syntax) -> Syntax:
        return Unary("not", operand, Span(self.text.rfind("not", 0, operand.span.start), operand.span.end))

    def sum(self, *parts: Any) -> Syntax:
        return _left(parts)

    def product(self, *parts: Any) -> Syntax:
        return _left(parts)

    def comparison(self, *parts: Any) -> Syntax:
        if len(parts) > 3:
            reason = "comparisons are not chained; write a < b and b < c"
            raise LanguageError(reason, self.text, _span(parts[3]))
        return _left(parts)

    def conjunction(self, *parts: Syntax) -> Syntax:
        return _joined("and", parts)

    def disjunction(self, *parts: Syntax) -> Syntax:
        return _joined("or", parts)


def _span(token: Token) -> Span:
    start = token.start_pos or 0
    return Span(start, start + len(token))


def _left(parts: tuple[Any, ...]) -> Syntax:
    """a - b - c is (a - b) - c."""
    tree: Syntax = parts[0]
    for symbol, right in zip(parts[1::2], parts[2::2], strict=True):
        tree = Binary(str(symbol), tree, right, Span(tree.span.start, right.span.end))
    return tree


def _joined(symbol: str, parts: tuple[Syntax, ...]) -> Syntax:
    tree = parts[0]
    for right in parts[1:]:
        tree = Binary(symbol, tree, right, Span(tree.span.start, right.span.end))
    return tree
