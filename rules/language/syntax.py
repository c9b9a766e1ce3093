"""Text -> tree. Grammar only: names have no meaning yet."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from rules.language.errors import LanguageError, Span

LONGEST_TEXT = 1_000
DEEPEST_NESTING = 24
MOST_PARTS = 200


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


def parse(text: str) -> Syntax:
    """The tree of `text`; raises LanguageError with a caret where it stops making sense."""
    _bound(text)
    try:
        tree: Syntax = _Builder(text).transform(_parser().parse(text))
    except VisitError as error:
        if isinstance(error.orig_exc, LanguageError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _explained(error, text) from None
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


def _bound(text: str) -> None:
    if not text.strip():
        raise LanguageError("the condition is empty; for example: close(RUT) > record(RUT)", text, Span(0, 0))
    if len(text) > LONGEST_TEXT:
        end = Span(LONGEST_TEXT, LONGEST_TEXT + 1)
        raise LanguageError(f"a condition has at most {LONGEST_TEXT} characters, this one {len(text)}", text, end)
    depth = 0
    for match in re.finditer(rf"[()]|(?:\bnot\s+){{{DEEPEST_NESTING}}}|(?:[-+]\s*){{{DEEPEST_NESTING}}}", text):
        depth += {"(": 1, ")": -1}.get(match[0], DEEPEST_NESTING + 1)
        if depth > DEEPEST_NESTING:
            span = Span(match.start(), match.start() + 1)
            raise LanguageError(f"the condition is nested more than {DEEPEST_NESTING} deep", text, span)


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
        return Literal(value, form if form in "%d" else "", _span(token))

    def date(self, token: Token) -> Syntax:
        try:
            return DateLiteral(dt.date.fromisoformat(token), _span(token))
        except ValueError:
            raise LanguageError(f"{token!s} is not a date; write 2025-11-20", self.text, _span(token)) from None

    def name(self, token: Token) -> Syntax:
        return Name(str(token), _span(token))

    def named(self, token: Token, value: Syntax) -> tuple[str, Syntax]:
        return (str(token), value)

    def arguments(self, *arguments: Any) -> tuple[tuple[str, Syntax], ...]:
        return tuple(each if isinstance(each, tuple) else ("", each) for each in arguments)

    def call(self, token: Token, arguments: tuple[tuple[str, Syntax], ...] = ()) -> Syntax:
        last = arguments[-1][1].span.end if arguments else _span(token).end
        closing = self.text.find(")", last)
        return Call(str(token), arguments, Span(_span(token).start, closing + 1), _span(token))

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


def _explained(error: UnexpectedInput, text: str) -> LanguageError:
    """lark's error in the reader's words."""
    if isinstance(error, UnexpectedCharacters):
        position: Any = error.pos_in_stream  # lark types its class default, None
        at = int(position)
        word = re.match(r"[\w.]+|\S", text[at:])
        found = word[0] if word else text[at]
        return LanguageError(_about_characters(found), text, Span(at, at + len(found)))
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        span = _span(error.token)
        return LanguageError(_about_token(str(error.token), text[: span.start]), text, span)
    if isinstance(error, UnexpectedToken | UnexpectedEOF):
        missing = text.count("(") - text.count(")")
        reason = "a closing ) is missing" if missing > 0 else "the line stops in the middle; something must follow"
        return LanguageError(reason, text, Span(len(text.rstrip()), len(text.rstrip()) + 1))
    raise error


def _about_characters(found: str) -> str:
    if found == "=":
        return "= names an argument; to compare write =="
    if found in ("&", "|", "!", "~"):
        return f"{found} is not an operator; write and, or, not"
    if found in ("^", "**"):
        return f"{found} is not an operator; there are + - * /"
    if found[0].isdigit() or found[0] == ".":
        return f"{found} is not a number; numbers look like 0.7, 5%, 70k, 1.5M, 10d or 2025-11-20"
    return f"{found!r} has no meaning here"


def _about_token(found: str, before: str) -> str:
    if found == ")" and before.count("(") <= before.count(")"):
        return "this ) closes nothing"
    if found in ("=", "=="):
        return "= names an argument inside a function; to compare write ==" if found == "=" else "== needs two sides"
    if found == "*" and before.rstrip().endswith("*"):
        return "** is not an operator; there are + - * /"
    if re.search(r"[\w)%]\s*$", before) and re.match(r"[\w(.]", found):
        return f"an operator is missing before {found}"
    if before.rstrip().endswith(("(", ",")) and found in (",", ")"):
        return "an argument is missing here"
    return f"{found} cannot stand here"
