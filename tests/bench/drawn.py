"""Expressions drawn from the whole vocabulary with a seed, and the market that they are about.

Every function has its turn, its arguments are drawn by the types of the registry; every third is combined with another
by arithmetic or a comparison. A new function takes part without a line of its own.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from rules.columns import Node
from rules.functions.registry import EACH, Function, Parameter, Scope, Type, vocabulary
from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS, Label
from rules.panel import Panel
from tests.rules.markets import columns_of, instrument, tape, weekdays

IN_SESSIONS = ("RUT", "SPX", "VIX", "NDX", "DJI", "IWM", "SPY", "QQQ", "IBIT", "ETHA", "HYG", "TLT")
COINS = ("BTC", "ETH", "SOL", "ADA", "XRP", "DOGE", "AVAX", "LINK", "LTC", "DOT", "BCH", "UNI", "ATOM")
IDS = (*IN_SESSIONS, *COINS)
ROWS = 2520
"""Ten years of sessions."""

SCOPE = Scope(
    {name: instrument(name, ALWAYS if name in COINS else XNYS) for name in IDS},
    {
        "ALTS": ("ETH", "SOL", "ADA", "XRP", "DOGE", "AVAX"),
        "CORE": ("BTC", "ETH"),
        "RISK": ("RUT", "SPX", "BTC", "SOL"),
    },
)
WINDOWS = (5, 10, 20, 21, 50, 60, 63, 100, 200, 250)
"""Rows that people look back."""
SHARES = (0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.6, 0.7)
"""Levels and moves that people write."""


@dataclass(frozen=True)
class Call:
    """An expression: a function or an operator of others, which are calls, instruments, baskets and literals."""

    name: str
    arguments: tuple[Call | str, ...]

    def __str__(self) -> str:
        if not self.name.isidentifier():
            return f"({f' {self.name} '.join(map(str, self.arguments))})"
        return f"{self.name}({', '.join(map(str, self.arguments))})"


@dataclass(frozen=True)
class Expression:
    """What was drawn, and its column."""

    call: Call
    node: Node


def expressions(count: int, seed: int = 11) -> list[Expression]:
    """Distinct ones: no two have the same column."""
    rng, found = random.Random(seed), dict[Node, Expression]()
    for function in cycle(vocabulary().values()):
        if len(found) == count:
            break
        call = _call(rng, function)
        if not function.parameters or rng.random() < 1 / 3:
            call = _combined(rng, call, function)
        try:
            node = read(str(call), SCOPE, XNYS).column
        except LanguageError:  # two numbers that refuse each other, a leg that the function brings itself
            continue
        found.setdefault(node, Expression(call, node))
    return list(found.values())


def market(seed: int = 11) -> Panel:
    """Ten years of IDS without a gap, on the clock of sessions."""
    rng = np.random.default_rng(seed)
    common, columns = rng.standard_t(5, ROWS), {}
    for name in IDS:
        daily = 0.035 if name in COINS else 0.012
        steps = daily * np.sqrt(3 / 5) * (0.6 * common + 0.8 * rng.standard_t(5, ROWS))
        if name == "VIX":
            steps = np.diff(np.sin(np.cumsum(steps)), prepend=0.0)
        columns[name] = columns_of(100 * np.exp(np.cumsum(steps)), noise=np.abs(rng.normal(0, 0.01, ROWS)))
    return Panel(weekdays(ROWS), columns, {name: (tape(f"{name}-VENUE"),) for name in IDS})


def _call(rng: random.Random, function: Function) -> Call:
    """What has a default is given too, by name where something before it is left out."""
    legs, given, is_whole = iter(rng.sample(IDS, 6)), list[Call | str](), True
    for parameter in function.parameters:
        if parameter.required or parameter.default is not None:
            value = _argument(rng, parameter, next(legs))
            given.append(value if is_whole else f"{parameter.name}={value}")
        else:
            is_whole = False
    return Call(function.name, tuple(given))


def _argument(rng: random.Random, parameter: Parameter, leg: str) -> Call | str:
    kind = parameter.accepts.type
    if kind == Type.NUMBER:
        return _number(rng, parameter)
    if kind == Type.SERIES:
        return _series(rng, leg)
    drawn: dict[str, Sequence[Call | str]] = {
        Type.INSTRUMENT: [leg],
        Type.DAYS: ["5d", "20d", "60d"],
        Type.LABEL: [str(label) for label in Label],
        Type.BASKET: list(SCOPE.baskets),
        Type.DATE: ["2019-06-03", "2021-01-04", "2024-03-01"],
        Type.EACH_SERIES: [Call("ret", (EACH, "5")), Call("/", (EACH, Call("sma", (EACH, "50"))))],
        Type.EACH_BOOL: [Call(">", (Call("drawdown", (EACH,)), "5%")), Call(">", (EACH, Call("sma", (EACH, "200"))))],
    }
    return rng.choice(drawn[kind])


def _number(rng: random.Random, parameter: Parameter) -> str:
    low, high = parameter.accepts.low, parameter.accepts.high
    if low is None or high is None:
        raise TypeError(f"{parameter.name} has no bounds: a number in the language must have them")
    if parameter.accepts.whole:
        return str(rng.choice([rows for rows in WINDOWS if low <= rows <= high]))
    return str(rng.choice([share for share in SHARES if low <= share <= high]))


def _series(rng: random.Random, leg: str) -> Call | str:
    other, n = rng.choice(IDS), str(rng.choice(WINDOWS))
    made = [
        Call("/", (leg, other)),
        Call("sma", (leg, n)),
        Call("ema", (leg, n)),
        Call("high", (leg,)),
        Call("volume", (leg,)),
    ]
    return leg if rng.random() < 0.6 else rng.choice(made)


def _combined(rng: random.Random, call: Call, function: Function) -> Call:
    """A condition with one more, a number with another."""
    leg, n = rng.choice(IDS), str(rng.choice(WINDOWS))
    if function.gives.type == Type.BOOL:
        return Call(rng.choice(["and", "or"]), (call, Call(">", (leg, Call("sma", (leg, n))))))
    other: list[Call | str] = [Call("sma", (leg, n)), Call("vol", (leg, n)), Call("ret", (leg, n)), "0.5"]
    return Call(rng.choice(["+", "-", "*", ">", "<="]), (call, rng.choice(other)))
