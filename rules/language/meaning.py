"""Tree -> typed tree: every name resolved, every argument checked, every part with its type, unit and column."""

from __future__ import annotations

import math
from dataclasses import replace

from rules.columns import Constant, Node
from rules.elementwise import binary, unary
from rules.functions.registry import Accepts, Function, Parameter, Scope, Type, Unit, vocabulary
from rules.language.errors import LanguageError, Span, listing, nearest
from rules.language.syntax import LONGEST_TEXT, Binary, Call, DateLiteral, Literal, Name, Syntax, Unary, parse, parts_of
from rules.language.typed import COMPARISONS, NUMERIC, Typed, called, joined, number_text, told, wrapped
from rules.model import ALWAYS, XNYS, Label
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
        reason = f"a rule needs a condition, but this is {typed.type}; for example: {typed.text} > 0"
        if typed.type not in NUMERIC:
            reason = f"a rule needs a condition, but this is {typed.type}"
        raise LanguageError(reason, text, Span(0, len(text)))
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
    if isinstance(part, Call) and part.name in vocabulary():
        return vocabulary()[part.name].uses
    return ()


class _Reader:
    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope

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
        if known is not None:
            return Typed(Type.INSTRUMENT, Unit.PRICE, tree.name, close_of(tree.name), known)
        if tree.name in self.scope.baskets:
            return Typed(Type.BASKET, Unit.NUMBER, tree.name, None, self.scope.baskets[tree.name])
        if tree.name in Label.__members__:
            return Typed(Type.LABEL, Unit.NUMBER, tree.name, None, Label(tree.name))
        if tree.name in vocabulary():
            usage = vocabulary()[tree.name].usage
            raise self.fail(f"{tree.name} is a function; write {usage}", tree.span)
        names = [*self.scope.instruments, *self.scope.baskets]
        hint = nearest(tree.name, [*names, *Label.__members__])
        raise self.fail(f"unknown instrument {tree.name}{hint} (known: {listing(names)})", tree.span)

    def call(self, tree: Call) -> Typed:
        function = vocabulary().get(tree.name)
        if function is None:
            if tree.name.lower() in ("and", "or", "not"):
                raise self.fail(f"write {tree.name.lower()} in lower case", tree.name_span)
            hint = nearest(tree.name, vocabulary())
            if not hint:
                hint = f" (known: {listing(sorted(vocabulary()), 40)})"
            raise self.fail(f"unknown function {tree.name}{hint}", tree.name_span)
        bound = self.bind(function, tree)
        arguments: dict[str, object] = {}
        named: dict[str, Typed] = {}
        for parameter in function.parameters:
            given = bound.get(parameter.name)
            if given is None:
                arguments[parameter.name] = parameter.default
                continue
            part = self.argument(function, parameter, given[1])
            arguments[parameter.name] = self.accept(function, parameter, part, given[1].span)
            named[parameter.name] = part
        self.need_different(function, list(named.values()), tree.span)
        if function.takes_scope:
            arguments["scope"] = self.scope
        node = self.built(function, arguments, tree.span)
        return Typed(
            function.gives.type,
            function.gives.unit,
            called(function, named),
            node,
            parts=tuple(named.values()),
            function=function,
            words=told(function, named),
            names=tuple(named),
        )

    def built(self, function: Function, arguments: dict[str, object], span: Span) -> Node:
        """The function's column; what its arguments are together, it judges itself."""
        try:
            return function.build(**arguments)
        except ValueError as error:
            raise self.fail(str(error), span) from None

    def need_different(self, function: Function, parts: list[Typed], span: Span) -> None:
        legs = [part.text for part in parts if part.type == Type.INSTRUMENT] if function.pair else []
        for index, leg in enumerate(legs):
            if leg in legs[:index]:
                raise self.fail(f"{function.name} needs different instruments, not {leg} twice", span)

    def bind(self, function: Function, tree: Call) -> dict[str, tuple[str, Syntax]]:
        """Positional and named arguments to parameters."""
        bound: dict[str, tuple[str, Syntax]] = {}
        names = [parameter.name for parameter in function.parameters]
        for index, (name, value) in enumerate(tree.arguments):
            if not name and any(given for given, _ in tree.arguments[:index]):
                raise self.fail("a positional argument cannot follow a named one", value.span)
            if not name and index >= len(names):
                most = f"{len(names)} argument{'s' * (len(names) != 1)}" if names else "no arguments"
                raise self.fail(f"{function.name} takes {most}: {function.usage}", value.span)
            name = name or names[index]
            if name not in names:
                has = nearest(name, names) or f"; it has {listing(names) or 'no arguments'}"
                raise self.fail(f"{function.name} has no argument {name}{has}", value.span)
            if name in bound:
                raise self.fail(f"argument {name} of {function.name} is given twice", value.span)
            bound[name] = (name, value)
        for parameter in function.parameters:
            if parameter.required and parameter.name not in bound:
                raise self.fail(f"{function.name} needs {parameter.name}: {function.usage}", tree.span)
        return bound

    def accept(self, function: Function, parameter: Parameter, part: Typed, span: Span) -> object:
        """The argument as the function receives it."""
        wanted = parameter.accepts
        if wanted.type == Type.SERIES and part.type in (Type.SERIES, Type.INSTRUMENT):
            return part.node
        if wanted.type == Type.NUMBER and part.type in (Type.NUMBER, Type.DAYS) and isinstance(part.value, float):
            if _fits(wanted, part.value):
                return int(part.value) if wanted.whole else part.value
            hint = f"; write {part.text}%" if wanted.percent and _fits(wanted, part.value / 100.0) else ""
            raise self.fail(f"{parameter.name} of {function.name} must be {_kind(wanted)}, not {part.text}{hint}", span)
        if wanted.type == Type.BASKET and isinstance(part.value, tuple) and len(part.value) < (wanted.low or 0):
            raise self.fail(f"{function.name} needs a basket of {wanted.low:g} or more; {part.text} is smaller", span)
        if wanted.type == part.type and part.value is not None:
            return part.value
        what = f"{part.text} is {part.type}{self.members(part)}"
        raise self.fail(f"{parameter.name} of {function.name} must be {_kind(wanted)}; {what}", span)

    def argument(self, function: Function, parameter: Parameter, tree: Syntax) -> Typed:
        """An argument's meaning; a name nobody knows is told by what should stand there."""
        unknown = isinstance(tree, Name) and not self.is_known(tree.name)
        if isinstance(tree, Name) and unknown and parameter.accepts.type in (Type.NUMBER, Type.LABEL):
            hint = nearest(tree.name, Label.__members__) if parameter.accepts.type == Type.LABEL else ""
            wanted = f"{parameter.name} of {function.name} must be {_kind(parameter.accepts)}"
            raise self.fail(f"{wanted}, not {tree.name}{hint}", tree.span)
        return self.read(tree)

    def is_known(self, name: str) -> bool:
        return name in self.scope.instruments or name in self.scope.baskets or name in Label.__members__

    def members(self, part: Typed) -> str:
        return f" of {listing(part.value)}" if part.type == Type.BASKET and isinstance(part.value, tuple) else ""

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
            unit = left.unit if left.unit == right.unit and tree.symbol in "+-" else Unit.NUMBER
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
            raise self.fail(f"{symbol} joins conditions, but {part.text} is {part.type}{self.members(part)}", span)

    def need_number(self, symbol: str, part: Typed, span: Span) -> None:
        if part.type not in NUMERIC:
            verb = "compares" if symbol in COMPARISONS else "works on"
            raise self.fail(f"{symbol} {verb} numbers, but {part.text} is {part.type}{self.members(part)}", span)


def negated(typed: Typed) -> Typed:
    """`not` of a condition, without reading it again."""
    text = f"not ({typed.text})" if typed.symbol else f"not {typed.text}"
    node = unary("not", typed.column)
    return Typed(Type.BOOL, Unit.TRUTH, text, node, None, (typed,), symbol="not", words=f"not ({typed.spoken})")


def _fits(wanted: Accepts, value: float) -> bool:
    return (wanted.low or 0.0) <= value <= (wanted.high or 0.0) and (not wanted.whole or value == int(value))


def _kind(wanted: Accepts) -> str:
    """What an argument must be, in words."""
    if wanted.type == Type.LABEL:
        return " or ".join([", ".join([*Label.__members__][:-1]), [*Label.__members__][-1]])
    if wanted.low is None or wanted.high is None:
        return wanted.type
    form = "%" if wanted.percent else ""
    limits = f"from {number_text(float(wanted.low), form)} to {number_text(float(wanted.high), form)}"
    return f"{'a whole number' if wanted.whole else wanted.type} {limits}"
