"""Tree -> typed tree: every name resolved, every argument checked, every part with its type, unit and column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.columns import Constant, Node
from rules.elementwise import binary, unary
from rules.functions.registry import Function, Parameter, Scope, Type, Unit, vocabulary
from rules.language.errors import LanguageError, Span, listing, nearest
from rules.language.syntax import Binary, Call, DateLiteral, Literal, Name, Syntax, Unary, parse, parts_of
from rules.model import ALWAYS, XNYS, Label
from rules.windows import close_of

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_NUMERIC = (Type.SERIES, Type.NUMBER, Type.INSTRUMENT)


@dataclass(frozen=True)
class Typed:
    """A part of an expression.

    Its type and unit, its canonical text, its column (None for what is no column), its value (a literal's, an
    instrument's, a label's), its own parts, the function or operator that joins them, and the words for a reader.
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

    @property
    def spoken(self) -> str:
        """How a reader is told of it; its canonical text where there is nothing better."""
        return self.words or self.text

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


def read(text: str, scope: Scope, calendar: str | None = None) -> Typed:
    """The typed tree of `text`, annualised for `calendar` or the clock of its own instruments."""
    tree = parse(text)
    clock = calendar or calendar_of([(text, tree)], scope)
    return _Reader(text, replace(scope, rows_a_year=365 if clock == ALWAYS else 252)).read(tree)


def read_condition(text: str, scope: Scope, calendar: str | None = None) -> Typed:
    """Like `read`, for a rule's line, which must be TRUE or FALSE."""
    typed = read(text, scope, calendar)
    if typed.type != Type.BOOL:
        reason = f"a rule needs a condition, but this is {typed.type}; for example: {typed.text} > 0"
        if typed.type not in _NUMERIC:
            reason = f"a rule needs a condition, but this is {typed.type}"
        raise LanguageError(reason, text, Span(0, len(text)))
    return typed


def calendar_of(lines: list[tuple[str, Syntax]], scope: Scope) -> str:
    """The clock of expressions: the one session calendar among their instruments, or UTC days when all are coins."""
    calendar = ALWAYS
    named = False
    for text, tree in lines:
        for part in parts_of(tree):
            for name in _instruments_in(part):
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


def _instruments_in(part: Syntax) -> tuple[str, ...]:
    if isinstance(part, Name):
        return (part.name,)
    if isinstance(part, Call) and part.name in vocabulary():
        return vocabulary()[part.name].uses
    return ()


def number_text(value: float, form: str = "") -> str:
    """A literal as the language writes it; reading it back gives the same value."""
    if form == "%":
        shortest = (float(f"{value * 100:.{digits}g}") for digits in range(1, 18))
        return number_text(next(percent for percent in shortest if percent / 100.0 == value)) + "%"
    text = repr(value)
    return (text[:-2] if text.endswith(".0") else text) + form


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
            hint = nearest(tree.name, vocabulary())
            if not hint:
                hint = f" (known: {listing(sorted(vocabulary()), 40)})"
            raise self.fail(f"unknown function {tree.name}{hint}", tree.name_span)
        bound = self.bind(function, tree)
        arguments: dict[str, object] = {}
        shown: list[str] = []
        parts: list[Typed] = []
        named: dict[str, Typed] = {}
        for parameter in function.parameters:
            given = bound.get(parameter.name)
            if given is None:
                arguments[parameter.name] = parameter.default
                continue
            part = self.read(given[1])
            arguments[parameter.name] = self.accept(function, parameter, part, given[1].span)
            parts.append(part)
            named[parameter.name] = part
            in_place = parameter.default is None or (parameter.accepts.whole and len(parts) > len(shown))
            shown.append(part.text if in_place else f"{parameter.name}={part.text}")
        if function.pair and len({part.text for part in parts[:2]}) == 1:
            raise self.fail(f"{function.name} needs two different instruments, not {parts[0].text} twice", tree.span)
        if function.takes_scope:
            arguments["scope"] = self.scope
        text = f"{function.name}({', '.join(shown)})"
        node = function.build(**arguments)
        spoken = {
            p.name: number_text(float(p.default)) for p in function.parameters if isinstance(p.default, int | float)
        }
        words = function.words.format(**(spoken | {name: part.spoken for name, part in named.items()}))
        return Typed(function.gives.type, function.gives.unit, text, node, None, tuple(parts), function, words=words)

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
            if parameter.default is None and parameter.name not in bound:
                raise self.fail(f"{function.name} needs {parameter.name}: {function.usage}", tree.span)
        return bound

    def accept(self, function: Function, parameter: Parameter, part: Typed, span: Span) -> object:
        """The argument as the function receives it."""
        wanted, name = parameter.accepts, f"{parameter.name} of {function.name}"
        if wanted.type == Type.SERIES and part.type in (Type.SERIES, Type.INSTRUMENT):
            return part.node
        if wanted.type == Type.NUMBER and part.type in (Type.NUMBER, Type.DAYS) and isinstance(part.value, float):
            return self.bounded(parameter, part.value, name, span)
        if wanted.type == part.type and part.value is not None:
            return part.value
        bounds = (
            f" from {number_text(wanted.low)} to {number_text(wanted.high or 0.0)}" if wanted.low is not None else ""
        )
        whole = wanted.type.replace("a number", "a whole number") if wanted.whole else wanted.type
        raise self.fail(f"{name} must be {whole}{bounds}; {part.text} is {part.type}{self.members(part)}", span)

    def members(self, part: Typed) -> str:
        return f" of {listing(part.value)}" if part.type == Type.BASKET and isinstance(part.value, tuple) else ""

    def bounded(self, parameter: Parameter, value: float, name: str, span: Span) -> float | int:
        wanted = parameter.accepts
        low, high = wanted.low or 0.0, wanted.high or 0.0
        if not low <= value <= high or (wanted.whole and value != int(value)):
            kind = "a whole number" if wanted.whole else "a number"
            limits = f"{number_text(float(low))} to {number_text(float(high))}"
            raise self.fail(f"{name} must be {kind} from {limits}, not {number_text(value)}", span)
        return int(value) if wanted.whole else value

    def unary(self, tree: Unary) -> Typed:
        operand = self.read(tree.operand)
        if tree.symbol == "not":
            self.need_condition("not", operand, tree.operand.span)
            return Typed(
                Type.BOOL, Unit.TRUTH, f"not {_wrapped(operand, 'not')}", unary("not", operand.column), None,
                (operand,), symbol="not", words=f"not ({operand.spoken})",
            )  # fmt: skip
        self.need_number("-", operand, tree.operand.span)
        text = f"-{_wrapped(operand, 'sign')}"
        node = unary("-", operand.column)
        return Typed(
            Type.SERIES, operand.unit, text, node, None, (operand,), symbol="sign", words=f"-({operand.spoken})"
        )

    def binary(self, tree: Binary) -> Typed:
        left, right = self.read(tree.left), self.read(tree.right)
        need = self.need_condition if tree.symbol in ("and", "or") else self.need_number
        need(tree.symbol, left, tree.left.span)
        need(tree.symbol, right, tree.right.span)
        text = f"{_wrapped(left, tree.symbol)} {tree.symbol} {_wrapped(right, tree.symbol, right=True)}"
        if left.type == right.type == Type.NUMBER and tree.symbol in COMPARISONS:
            raise self.fail("both sides are plain numbers; a condition compares something that changes", tree.span)
        kind, unit = Type.BOOL, Unit.TRUTH
        if tree.symbol in "+-*/":
            kind = Type.SERIES
            unit = left.unit if left.unit == right.unit and tree.symbol in "+-" else Unit.NUMBER
        return Typed(
            kind, unit, text, binary(tree.symbol, left.column, right.column), None, (left, right), symbol=tree.symbol,
            words=_joined(left, tree.symbol, right),
        )  # fmt: skip

    def need_condition(self, symbol: str, part: Typed, span: Span) -> None:
        if part.type != Type.BOOL:
            raise self.fail(f"{symbol} joins conditions, but {part.text} is {part.type}{self.members(part)}", span)

    def need_number(self, symbol: str, part: Typed, span: Span) -> None:
        if part.type not in _NUMERIC:
            verb = "compares" if symbol in COMPARISONS else "works on"
            raise self.fail(f"{symbol} {verb} numbers, but {part.text} is {part.type}{self.members(part)}", span)


_BINDS = {"or": 1, "and": 2, "not": 3, **dict.fromkeys(COMPARISONS, 4), "+": 5, "-": 5, "*": 6, "/": 6, "sign": 7}


def _joined(left: Typed, symbol: str, right: Typed) -> str:
    """Both sides in words round the operator; with the parentheses of the canonical text."""
    sides = [
        f"({side.spoken})" if _wrapped(side, symbol, right=last).startswith("(") and side.symbol else side.spoken
        for side, last in ((left, False), (right, True))
    ]
    return f" {symbol} ".join(sides)


def _wrapped(part: Typed, outer: str, *, right: bool = False) -> str:
    """The part's text, in parentheses where it binds more loosely than what stands round it."""
    inner = _BINDS.get(part.symbol, 9)
    loose = inner < _BINDS[outer] or (inner == _BINDS[outer] and (right or outer in COMPARISONS))
    return f"({part.text})" if loose else part.text
