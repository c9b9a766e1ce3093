"""How a function enters the rule language: its annotations are its signature, its docstring its documentation.

A function of the vocabulary is a Python function that takes nodes, instruments and literals and returns a node. It is
found by being decorated in a file of this package. Families never import each other.
"""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_type_hints

from rules import functions
from rules.columns import Node
from rules.model import Instrument, Label


class Type:
    """The types of the language, by the names its error texts use."""

    SERIES = "a series"
    BOOL = "a condition"
    INSTRUMENT = "an instrument"
    BASKET = "a basket"
    NUMBER = "a number"
    DAYS = "a count of days"
    DATE = "a date"
    LABEL = "a regime label"
    EACH_SERIES = "a series of each"
    EACH_BOOL = "a condition on each"


class Unit:
    """How a value is shown."""

    PRICE = "price"
    PERCENT = "percent"
    PROBABILITY = "probability"
    CORRELATION = "correlation"
    VOLUME = "volume"
    NUMBER = "number"
    DEVIATIONS = "deviations"
    TIMES = "times"
    TRUTH = "truth"
    SAME = "that of the series it is given"


@dataclass(frozen=True, slots=True)
class Accepts:
    """What an argument must be; bounds hold for literals, and `low` for how many a basket holds."""

    type: str
    low: float | None = None
    high: float | None = None
    whole: bool = False
    percent: bool = False


@dataclass(frozen=True, slots=True)
class Gives:
    """What a function returns."""

    type: str
    unit: str


EACH = "EACH"
"""What stands for every member of a basket in turn, in what a function of a basket is given of each of them."""

LONGEST_WINDOW = 2520
"""Ten years of sessions."""

SHORTEST_PAIR_WINDOW = 5
"""Fewer returns of a pair say nothing."""

FEWEST_USUAL = 20
"""Fewer rows do not tell what is usual, of a value or of a whole matrix."""

Series = Annotated[Node, Accepts(Type.SERIES)]
Leg = Annotated[Instrument, Accepts(Type.INSTRUMENT)]
Rows = Annotated[int, Accepts(Type.NUMBER, 1, LONGEST_WINDOW, whole=True)]
SampleRows = Annotated[int, Accepts(Type.NUMBER, 2, LONGEST_WINDOW, whole=True)]
UsualRows = Annotated[int, Accepts(Type.NUMBER, FEWEST_USUAL, LONGEST_WINDOW, whole=True)]
PairRows = Annotated[int, Accepts(Type.NUMBER, SHORTEST_PAIR_WINDOW, LONGEST_WINDOW, whole=True)]
Share = Annotated[float, Accepts(Type.NUMBER, 0.001, 0.9, percent=True)]
MaybeShare = Annotated[float | None, Accepts(Type.NUMBER, 0.001, 0.9, percent=True)]
Rho = Annotated[float, Accepts(Type.NUMBER, -0.95, 0.95)]
Gap = Annotated[float, Accepts(Type.NUMBER, 0.05, 0.9)]
Basket = Annotated[tuple[str, ...], Accepts(Type.BASKET, 2)]
MaybeLeg = Annotated[Instrument | None, Accepts(Type.INSTRUMENT)]
RegimeName = Annotated[Label, Accepts(Type.LABEL)]
Day = Annotated[dt.date, Accepts(Type.DATE)]
Members = Annotated[tuple[str, ...], Accepts(Type.BASKET, 1)]
EachSeries = Annotated[tuple[Node, ...], Accepts(Type.EACH_SERIES)]
EachCondition = Annotated[tuple[Node, ...], Accepts(Type.EACH_BOOL)]

Price = Annotated[Node, Gives(Type.SERIES, Unit.PRICE)]
Percent = Annotated[Node, Gives(Type.SERIES, Unit.PERCENT)]
Probability = Annotated[Node, Gives(Type.SERIES, Unit.PROBABILITY)]
Correlation = Annotated[Node, Gives(Type.SERIES, Unit.CORRELATION)]
Volume = Annotated[Node, Gives(Type.SERIES, Unit.VOLUME)]
Number = Annotated[Node, Gives(Type.SERIES, Unit.NUMBER)]
Deviations = Annotated[Node, Gives(Type.SERIES, Unit.DEVIATIONS)]
Times = Annotated[Node, Gives(Type.SERIES, Unit.TIMES)]
Condition = Annotated[Node, Gives(Type.BOOL, Unit.TRUTH)]
Same = Annotated[Node, Gives(Type.SERIES, Unit.SAME)]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may name, and the clock it is evaluated on. A parameter `scope` receives it."""

    instruments: Mapping[str, Instrument]
    baskets: Mapping[str, tuple[str, ...]]
    rows_a_year: int = 252


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function. Without a default an optional one is left out."""

    name: str
    accepts: Accepts
    default: object = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """One word of the vocabulary.

    `also` are other names that it is known by; what is written back has its own. `uses` are instruments it reads
    without naming them. Templates over the parameters' names: `words` is how a reader
    is told of it (what stands in brackets is left out where its argument is), `context` are expressions that an alert
    shows beside its numbers, a condition only where it is TRUE, and `interval` the two that bound its value with 90 %.
    """

    name: str
    family: str
    build: Callable[..., Node]
    parameters: tuple[Parameter, ...]
    gives: Gives
    takes_scope: bool
    words: str
    also: tuple[str, ...]
    uses: tuple[str, ...]
    context: tuple[str, ...]
    interval: tuple[str, ...]
    pair: bool

    @property
    def doc(self) -> str:
        """Formula, units, source and an example."""
        return inspect.cleandoc(self.build.__doc__ or "")

    @property
    def usage(self) -> str:
        """`corr(a, b, n=60)`."""
        shown = [f"{p.name}={p.default}" if p.default is not None else p.name for p in self.parameters]
        absent = [p.default is None and not p.required for p in self.parameters]
        shown = [f"[{text}]" if may_be_left_out else text for text, may_be_left_out in zip(shown, absent, strict=True)]
        return f"{self.name}({', '.join(shown)})"


Build = TypeVar("Build", bound=Callable[..., Node])

_REGISTRY: dict[str, Function] = {}
_SUCH_AS = {Accepts: "Series, Leg or Rows", Gives: "Price, Percent or Number"}


def function(
    words: str,
    *,
    also: tuple[str, ...] = (),
    uses: tuple[str, ...] = (),
    context: tuple[str, ...] = (),
    interval: tuple[str, ...] = (),
    pair: bool = False,
) -> Callable[[Build], Build]:
    """Enter a function into the vocabulary. `pair` refuses the same instrument twice among its legs."""

    def enter(build: Build) -> Build:
        hints = get_type_hints(build, include_extras=True)
        signature = inspect.signature(build).parameters
        name, family = build.__name__.rstrip("_"), build.__module__.rpartition(".")[2]
        _refuse_taken((name, *also), family)
        parameters = tuple(_parameter(p, hints.get(p.name), name) for p in signature.values() if p.name != "scope")
        gives = _metadata(hints.get("return"), Gives, f"what {name} returns")
        _REGISTRY[name] = Function(
            name, family, build, parameters, gives, "scope" in signature, words, also, uses, context, interval, pair
        )
        return build

    return enter


def _refuse_taken(names: tuple[str, ...], family: str) -> None:
    """Raises ValueError where another function is known by one of the names: it would be gone, without a word."""
    taken = {name: each for each in _REGISTRY.values() for name in (each.name, *each.also)}
    for name in names:
        if name in taken:
            raise ValueError(
                f"{name} of {family}.py: {taken[name].family}.py has a function of that name; choose another"
            )


def _parameter(of: inspect.Parameter, hint: Any, function: str) -> Parameter:
    required = of.default is of.empty
    accepts = _metadata(hint, Accepts, f"the argument {of.name} of {function}")
    return Parameter(of.name, accepts, None if required else of.default, required=required)


def _metadata(hint: Any, wanted: type, what: str) -> Any:
    """The language's part of an annotation. Raises TypeError where there is none."""
    for each in getattr(hint, "__metadata__", ()):
        if isinstance(each, wanted):
            return each
    raise TypeError(f"{what} needs one of the types of {__name__} as its annotation, such as {_SUCH_AS[wanted]}")


@cache
def vocabulary() -> Mapping[str, Function]:
    """Every function of the language by name, families in alphabetical order."""
    for module in sorted(found.name for found in pkgutil.iter_modules(functions.__path__)):
        importlib.import_module(f"{functions.__name__}.{module}")
    return dict(_REGISTRY)


def named(word: str) -> Function | None:
    """The function that is known by a name; None where there is none."""
    return _by_name().get(word)


def every_name() -> tuple[str, ...]:
    """All names that functions are known by."""
    return tuple(_by_name())


@cache
def _by_name() -> Mapping[str, Function]:
    functions = vocabulary().values()
    return {name: each for each in functions for name in each.also} | {each.name: each for each in functions}
