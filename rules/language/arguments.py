"""Arguments of a call: which parameter each of them is for, and whether it is what that parameter accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rules.functions.registry import Accepts, Function, Parameter, Type, Unit
from rules.language.errors import LanguageError, Span, listing, nearest, short
from rules.language.syntax import Call, Syntax
from rules.language.typed import NUMERIC, Typed, number_text
from rules.model import Label

Fail = Callable[[str, Span], LanguageError]
"""Makes the error of a reason and a place in the line."""

OF_EACH = (Type.EACH_SERIES, Type.EACH_BOOL)
"""What is read once for every member of a basket."""


def bound(function: Function, tree: Call, fail: Fail) -> dict[str, tuple[str, Syntax]]:
    """Positional and named arguments by parameter."""
    found: dict[str, tuple[str, Syntax]] = {}
    names = [parameter.name for parameter in function.parameters]
    for index, (name, value) in enumerate(tree.arguments):
        if not name and any(given for given, _ in tree.arguments[:index]):
            raise fail("a positional argument cannot follow a named one", value.span)
        if not name and index >= len(names):
            most = f"{len(names)} argument{'s' * (len(names) != 1)}" if names else "no arguments"
            raise fail(f"{function.name} takes {most}: {function.usage}", value.span)
        name = name or names[index]
        if name not in names:
            has = nearest(name, names) or f"; it has {listing(names) or 'no arguments'}"
            raise fail(f"{function.name} has no argument {short(name)}{has}", value.span)
        if name in found:
            raise fail(f"argument {name} of {function.name} is given twice", value.span)
        found[name] = (name, value)
    for parameter in function.parameters:
        if parameter.required and parameter.name not in found:
            raise fail(f"{function.name} needs {parameter.name}: {function.usage}", tree.span)
    return found


def accepted(function: Function, parameter: Parameter, part: Typed, span: Span, fail: Fail) -> object:
    """The argument as the function receives it."""
    wanted, what = parameter.accepts, f"{parameter.name} of {function.name}"
    if wanted.type == Type.SERIES and part.type in (Type.SERIES, Type.INSTRUMENT):
        return part.node
    if wanted.type == Type.NUMBER and part.type in (Type.NUMBER, Type.DAYS) and isinstance(part.value, float):
        if _fits(wanted, part.value):
            return int(part.value) if wanted.whole else part.value
        hint = f"; write {part.text}%" if wanted.percent and _fits(wanted, part.value / 100.0) else ""
        raise fail(f"{what} must be {kind_of(wanted)}, not {part.text}{hint}", span)
    if wanted.type == Type.BASKET and isinstance(part.value, tuple) and len(part.value) < (wanted.low or 0):
        raise fail(f"{function.name} needs a basket of {wanted.low:g} or more; {part.text} is smaller", span)
    if wanted.type == part.type and part.value is not None:
        return part.value
    raise fail(f"{what} must be {kind_of(wanted)}; {part.shown} is {part.type}{members_of(part)}", span)


def need_different(function: Function, parts: Sequence[Typed], span: Span, fail: Fail) -> None:
    """The legs of a pair are different instruments."""
    legs = [part for part in parts if part.type == Type.INSTRUMENT] if function.pair else []
    for index, leg in enumerate(legs):
        if leg.value in [other.value for other in legs[:index]]:
            name = getattr(leg.value, "id", leg.text)
            raise fail(f"{function.name} needs different instruments, not {name} twice", span)


def kind_of(wanted: Accepts) -> str:
    """What an argument must be, in words."""
    if wanted.type == Type.LABEL:
        return " or ".join([", ".join([*Label.__members__][:-1]), [*Label.__members__][-1]])
    if wanted.low is None or wanted.high is None:
        return wanted.type
    form = "%" if wanted.percent else ""
    limits = f"from {number_text(float(wanted.low), form)} to {number_text(float(wanted.high), form)}"
    return f"{'a whole number' if wanted.whole else wanted.type} {limits}"


def members_of(part: Typed) -> str:
    """Who is in a basket, to be told beside its name."""
    return f" of {listing(part.value)}" if part.type == Type.BASKET and isinstance(part.value, tuple) else ""


def unit_of(function: Function, parts: Iterable[Typed]) -> str:
    """The unit of what a function gives."""
    if function.gives.unit != Unit.SAME:
        return function.gives.unit
    return next(part.unit for part in parts if part.type in NUMERIC)


def _fits(wanted: Accepts, value: float) -> bool:
    return (wanted.low or 0.0) <= value <= (wanted.high or 0.0) and (not wanted.whole or value == int(value))
