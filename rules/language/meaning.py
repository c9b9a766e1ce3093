"""Tree -> typed tree: every name resolved, every argument checked, every part with its type, unit and column."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from rules.columns import Constant, Node
from rules.elementwise import binary, unary
from rules.functions.registry import EACH, Function, Parameter, Scope, Type, Unit, every_name, named, vocabulary
from rules.language.arguments import OF_EACH, accepted, bound, kind_of, members_of, need_different, unit_of
from rules.language.errors import LanguageError, Span, listing, nearest, short
from rules.language.syntax import (
    LONGEST_TEXT,
    Binary,
    Call,
    DateLiteral,
    Literal,
    Name,
    Syntax,
    Unary,
    is_bounded,
    parse,
    parts_of,
)
from rules.language.typed import COMPARISONS, NUMERIC, Typed, call_text, joined, number_text, told, wrapped
from rules.model import ALWAYS, XNYS, Label
from rules.venues import by_tape
from rules.windows import close_of

_ARITHMETIC = {"+": float.__add__, "-": float.__sub__, "*": float.__mul__, "/": float.__truediv__}


def read(text: str, scope: Scope, calendar: str | None = None, longest: int = LONGEST_TEXT) -> Typed:
    """The typed tree of `text`, annualised for `calendar` or the clock of its own instruments."""
    tree = parse(text, longest)
    clock = calendar or calendar_of([(text, tree)], scope)
    return _Reader(text, replace(scope, rows_a_year=365 if clock == ALWAYS else 252)).read(tree)


def read_condition(text: str, scope: Scope, calendar: str | None = None) -> Typed:
    """Like `read`, for a rule's line, which must be TRUE or FALSE."""
    typed = read(text, scope, calendar)
    if typed.type != Type.BOOL:
        example = f"; for example: {typed.text} > 0" if typed.type in NUMERIC and typed.shown == typed.text else ""
        reason = f"a rule needs a condition, but this is {typed.type}{example}"
        raise LanguageError(reason, text, Span(0, len(text)))
    if not is_bounded(typed.text):  # what is stored and shown must be readable as well
        raise LanguageError("the condition is too deep once its parentheses are set", text, Span(0, len(text)))
    return typed


def calendar_of(lines: list[tuple[str, Syntax]], scope: Scope) -> str:
    """The clock of expressions: the one session calendar among their instruments, or UTC days when all are coins."""
    calendar = ALWAYS
    named = False
    for text, tree in lines:
        for part in parts_of(tree):
            for name in _instruments_in(part, scope):
                own = scope.instruments[name].calendar if name in scope.instruments else ALWAYS
                named = named or name in scope.instruments
                if own == ALWAYS:
                    continue
                if calendar not in (ALWAYS, own):
                    reason = (
                        f"{name} trades on {own} and another instrument here on {calendar}; use one calendar a rule"
                    )
                    raise LanguageError(reason, text, part.span)
                calendar = own
    return calendar if named else XNYS


def _instruments_in(part: Syntax, scope: Scope) -> tuple[str, ...]:
    if isinstance(part, Name):
        return scope.baskets.get(part.name, (part.name,))
    function = named(part.name) if isinstance(part, Call) else None
    return function.uses if function else ()


class _Reader:
    """`member` is the instrument that EACH stands for at the moment."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope
        self.member: str | None = None

    def fail(self, reason: str, span: Span) -> LanguageError:
        return LanguageError(reason, self.text, span)

    def read(self, tree: Syntax) -> Typed:
        """Meaning of one part, from the bottom up."""
        if isinstance(tree, Literal):
            kind = Type.DAYS if tree.form == "d" else Type.NUMBER
            unit = Unit.PERCENT if tree.form == "%" else Unit.NUMBER
            return Typed(kind, unit, number_text(tree.value, tree.form), Constant(tree.value), tree.value)
        if isinstance(tree, DateLiteral):
            return Typed(Type.DATE, Unit.NUMBER, tree.value.isoformat(), None, tree.value)
        if isinstance(tree, Name):
            return self.name(tree)
        if isinstance(tree, Call):
            return self.call(tree)
        if isinstance(tree, Unary):
            return self.unary(tree)
        return self.binary(tree)

    def name(self, tree: Name) -> Typed:
        known = self.scope.instruments.get(tree.name)
        if tree.name == EACH:
            return self.each(tree)
        if known is not None:
            return Typed(Type.INSTRUMENT, Unit.PRICE, tree.name, close_of(tree.name), known)
        if tree.name in self.scope.baskets:
            return Typed(Type.BASKET, Unit.NUMBER, tree.name, None, self.scope.baskets[tree.name])
        if tree.name in Label.__members__:
            return Typed(Type.LABEL, Unit.NUMBER, tree.name, None, Label(tree.name))
        function = named(tree.name)
        if function is not None:
            raise self.fail(f"{tree.name} is a function; write {function.usage}", tree.span)
        names = [*self.scope.instruments, *self.scope.baskets]
        hint = nearest(tree.name, [*names, *Label.__members__])
        raise self.fail(f"unknown instrument {short(tree.name)}{hint} (known: {listing(names)})", tree.span)

    def each(self, tree: Name) -> Typed:
        """The member of a basket that is being read for; written and told as EACH."""
        if self.member is None:
            where = "within a function of a basket, as in mean_of(ALTS, ret(EACH, 21))"
            raise self.fail(f"{EACH} stands for a member, {where}", tree.span)
        instrument = self.scope.instruments.get(self.member)
        if instrument is None:
            raise self.fail(f"the basket holds {self.member}, which is not configured", tree.span)
        return Typed(Type.INSTRUMENT, Unit.PRICE, EACH, close_of(self.member), instrument, words="each")

    def called(self, tree: Call) -> Function:
        """The function that is called."""
        function = named(tree.name)
        if function is not None:
            return function
        if tree.name.lower() in ("and", "or", "not"):
            raise self.fail(f"write {tree.name.lower()} in lower case", tree.name_span)
        hint = nearest(tree.name, every_name()) or f" (known: {listing(sorted(vocabulary()))})"
        raise self.fail(f"unknown function {short(tree.name)}{hint}", tree.name_span)

    def call(self, tree: Call) -> Typed:
        function = self.called(tree)
        given_as = bound(function, tree, self.fail)
        arguments: dict[str, object] = {}
        parts: dict[str, Typed] = {}
        for parameter in function.parameters:
            given = given_as.get(parameter.name)
            if given is None:
                arguments[parameter.name] = parameter.default
            elif parameter.accepts.type in OF_EACH:
                parts[parameter.name], nodes = self.for_each(function, parameter, given[1], arguments)
                arguments[parameter.name] = nodes
            else:
                part = self.argument(function, parameter, given[1])
                arguments[parameter.name] = accepted(function, parameter, part, given[1].span, self.fail)
                parts[parameter.name] = part
        need_different(function, list(parts.values()), tree.span, self.fail)
        if function.takes_scope:
            arguments["scope"] = self.scope
        node = self.built(function, arguments, tree.span)
        return Typed(
            function.gives.type,
            unit_of(function, parts.values()),
            call_text(function, parts),
            node,
            parts=tuple(parts.values()),
            function=function,
            words=told(function, parts),
            names=tuple(parts),
        )

    def for_each(
        self, function: Function, parameter: Parameter, tree: Syntax, before: Mapping[str, object]
    ) -> tuple[Typed, tuple[Node, ...]]:
        """An argument read once for every member of the basket before it, and what it is of each; shown as of EACH."""
        members = next(value for value in before.values() if isinstance(value, tuple))
        if self.member is not None:
            raise self.fail(f"{function.name} cannot stand within what is read of {EACH}", tree.span)
        if not any(isinstance(part, Name) and part.name == EACH for part in parts_of(tree)):
            hint = f"{parameter.name} of {function.name} must be {parameter.accepts.type} member, with {EACH} in it"
            above = " > 5%" if parameter.accepts.type == Type.EACH_BOOL else ""
            raise self.fail(f"{hint}: ret({EACH}, 21){above}", tree.span)
        found = []
        for self.member in members:
            found.append(self.read(tree))
        self.member = None
        wanted = (Type.BOOL,) if parameter.accepts.type == Type.EACH_BOOL else NUMERIC
        if found[0].type not in wanted:
            what = f"{found[0].shown} is {found[0].type}{members_of(found[0])}"
            raise self.fail(f"{parameter.name} of {function.name} must be {parameter.accepts.type}; {what}", tree.span)
        return replace(found[0], node=None, parts=(), function=None), tuple(each.column for each in found)

    def built(self, function: Function, arguments: dict[str, object], span: Span) -> Node:
        """The function's column; what its arguments are together, it judges itself."""
        try:
            return by_tape(function.build(**arguments))
        except ValueError as error:
            raise self.fail(str(error), span) from None

    def argument(self, function: Function, parameter: Parameter, tree: Syntax) -> Typed:
        """An argument's meaning; a name nobody knows is told by what should stand there."""
        unknown = isinstance(tree, Name) and not self.is_known(tree.name)
        if isinstance(tree, Name) and unknown and parameter.accepts.type in (Type.NUMBER, Type.LABEL):
            hint = nearest(tree.name, Label.__members__) if parameter.accepts.type == Type.LABEL else ""
            wanted = f"{parameter.name} of {function.name} must be {kind_of(parameter.accepts)}"
            raise self.fail(f"{wanted}, not {short(tree.name)}{hint}", tree.span)
        return self.read(tree)

    def is_known(self, name: str) -> bool:
        return name in self.scope.instruments or name in self.scope.baskets or name in Label.__members__

    def unary(self, tree: Unary) -> Typed:
        operand = self.read(tree.operand)
        if tree.symbol == "not":
            self.need_condition("not", operand, tree.operand.span)
            return negated(operand)
        self.need_number("-", operand, tree.operand.span)
        value = -operand.value if isinstance(operand.value, float) else None
        kind = Type.SERIES if value is None else Type.NUMBER
        node = unary("-", operand.column) if value is None else Constant(value)
        text, words = f"-{wrapped(operand, 'sign')}", f"-({operand.spoken})"
        return Typed(kind, operand.unit, text, node, value, (operand,), symbol="sign", words=words)

    def binary(self, tree: Binary) -> Typed:
        left, right = self.read(tree.left), self.read(tree.right)
        need = self.need_condition if tree.symbol in ("and", "or") else self.need_number
        need(tree.symbol, left, tree.left.span)
        need(tree.symbol, right, tree.right.span)
        text = f"{wrapped(left, tree.symbol)} {tree.symbol} {wrapped(right, tree.symbol, right=True)}"
        plain = left.type == right.type == Type.NUMBER
        if plain and tree.symbol in COMPARISONS:
            raise self.fail("both sides are plain numbers; a condition compares something that changes", tree.span)
        kind, unit = Type.BOOL, Unit.TRUTH
        node = binary(tree.symbol, left.column, right.column)
        if tree.symbol in _ARITHMETIC:
            kind = Type.NUMBER if plain else Type.SERIES
            unit = _unit_of_both(left, tree.symbol, right)
        if plain and isinstance(left.value, float) and isinstance(right.value, float):
            value = self.computed(tree, left.value, right.value)
            return Typed(kind, unit, text, Constant(value), value, (left, right), symbol=tree.symbol)
        words = joined(left, tree.symbol, right)
        return Typed(kind, unit, text, node, None, (left, right), symbol=tree.symbol, words=words)

    def computed(self, tree: Binary, left: float, right: float) -> float:
        """Arithmetic of plain numbers, done once."""
        try:
            value = _ARITHMETIC[tree.symbol](left, right)
        except (ZeroDivisionError, OverflowError):
            value = math.inf
        if not math.isfinite(value):
            raise self.fail("this has no finite value", tree.span)
        return value

    def need_condition(self, symbol: str, part: Typed, span: Span) -> None:
        if part.type != Type.BOOL:
            raise self.fail(f"{symbol} joins conditions, but {part.shown} is {part.type}{members_of(part)}", span)

    def need_number(self, symbol: str, part: Typed, span: Span) -> None:
        if part.type not in NUMERIC:
            verb = "compares" if symbol in COMPARISONS else "works on"
            raise self.fail(f"{symbol} {verb} numbers, but {part.shown} is {part.type}{members_of(part)}", span)


def _unit_of_both(left: Typed, symbol: str, right: Typed) -> str:
    """Of a sum of like units, or of so many times a price or a volume: it stands beside one, and is read beside it."""
    if symbol in "+-":
        return left.unit if left.unit == right.unit else Unit.NUMBER
    scaled, by = (right, left) if symbol == "*" and left.type == Type.NUMBER else (left, right)
    return scaled.unit if by.type == Type.NUMBER and scaled.unit in (Unit.PRICE, Unit.VOLUME) else Unit.NUMBER


def negated(typed: Typed) -> Typed:
    """`not` of a condition, without reading it again."""
    text = f"not ({typed.text})" if typed.symbol else f"not {typed.text}"
    node = unary("not", typed.column)
    return Typed(Type.BOOL, Unit.TRUTH, text, node, None, (typed,), symbol="not", words=f"not ({typed.spoken})")
