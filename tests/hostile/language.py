"""Conditions that nobody should type: drawn from the grammar and its functions, broken in the middle, or no line.

`python -m tests.hostile.language [COUNT]` reads them and prints how many meant something and how long the slowest took.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from bot.settings.load import load_settings
from rules.columns import walk
from rules.evaluation import evaluate
from rules.functions.registry import EACH, Accepts, Function, Scope, Type, vocabulary
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import LanguageError
from rules.language.meaning import read_condition
from rules.model import Label, Rule
from rules.panel import Panel
from tests.hostile.lines import NUMBERS, SCRIPTS
from tests.rules.markets import market

LONGEST_ANSWER = 400
"""Characters of what is said about a fault, at most."""

_PIECES = (
    "(", ")", ",", "=", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", " and ", " or ", " not ", "%", "5%",
    "5 %",
    "10d", "2025-11-20", "2025-02-30", "0.7", "70k", "1.5M", "1e5", ".5", "5.", "n=", "x=", "above=", "RUT", "BTC",
    "ALTS",
    "RISK_OFF", EACH, "close", "corr(", "corr", " ", "\t", "\n", "#", "'", '"', "&", "|", "!", "^", "~", "[", "]", "{",
    "}",
    "\\", ";", ":", "?", "@", "$", "_", "__import__('os')", "lambda", "close(RUT).__class__", "RUT if RUT else SPX",
)  # fmt: skip


@dataclass
class Findings:
    """What became of lines: how many meant something, the slowest and the largest, and what was wrong."""

    lines: int = 0
    meant: int = 0
    slowest: tuple[float, str] = (0.0, "")
    largest: tuple[int, str] = (0, "")
    faults: list[str] = field(default_factory=list)

    def took(self, rule: CompiledRule, line: str) -> None:
        """Count a line that means something."""
        self.meant += 1
        self.largest = max(self.largest, (sum(1 for _ in walk(rule.roots)), line))


def conditions(chance: random.Random, scope: Scope) -> Iterator[str]:
    """Lines without end; the same for the same `chance`."""
    ways: tuple[Callable[[random.Random, Scope], str], ...] = (
        _drawn,
        _drawn,
        _broken,
        _broken,
        _spliced,
        _soup,
        _tower,
    )
    while True:
        yield chance.choice(ways)(chance, scope)


def read_all(count: int, seed: int) -> Findings:
    """Read so many of them as rules, and compute some of those that mean something on a market with gaps and worse."""
    scope, chance, found = load_settings().scope, random.Random(seed), Findings()
    lines, panel = conditions(chance, scope), market(seed)
    for _ in range(count):
        line = next(lines)
        clear = next(lines) if chance.random() < 0.1 else None
        start = time.perf_counter()
        try:
            rule = _compiled(line, clear, scope)
            if isinstance(rule, CompiledRule):
                found.took(rule, line)
                _compute(rule, panel if chance.random() < 0.1 else panel[:0])
        except Exception as error:
            found.faults.append(f"{line!r}, {clear!r}: {error!r}")
        found.lines += 1
        found.slowest = max(found.slowest, (time.perf_counter() - start, line))
    return found


def _compiled(line: str, clear: str | None, scope: Scope) -> CompiledRule | LanguageError:
    """What a line means, which its own text means too; or why it means nothing, shortly, and where."""
    try:
        rule = compile_rule(Rule("typed", line, clear), scope)
    except LanguageError as refused:
        error = refused
    else:
        assert read_condition(rule.when_text, scope, rule.calendar).column == rule.when
        return rule
    assert error.text in (line, clear)
    assert 0 <= error.span.start <= error.span.end
    assert 0 < len(str(error)) < LONGEST_ANSWER
    assert "\n" in error.pointed()
    return error


def _compute(rule: CompiledRule, panel: Panel) -> None:
    """A verdict on every row, and whatever is shown a number or none."""
    columns = evaluate(rule.roots, panel).columns
    for node in (rule.when, rule.clear):
        assert set(columns[node][~np.isnan(columns[node])].tolist()) <= {0.0, 1.0}
    for each in (*rule.values, *rule.context):
        assert not np.isinf(columns[each.node]).any()


def _drawn(chance: random.Random, scope: Scope) -> str:
    """A condition as the grammar has it; most mean something."""
    return _condition(chance, scope, chance.randint(0, 3))


def _condition(chance: random.Random, scope: Scope, deep: int, each: bool = False) -> str:
    if deep and chance.random() < 0.4:
        left, right = (_condition(chance, scope, deep - 1, each) for _ in range(2))
        return chance.choice((f"{left} and {right}", f"({left}) or {right}", f"not ({left})"))
    relation = chance.choice(("<", "<=", ">", ">=", "==", "!="))
    return f"{_series(chance, scope, deep, each)} {relation} {_series(chance, scope, deep, each)}"


def _series(chance: random.Random, scope: Scope, deep: int, each: bool) -> str:
    if not deep or chance.random() < 0.3:
        return EACH if each else chance.choice((*scope.instruments, "5%", "0.7", "70k"))
    if chance.random() < 0.2:
        symbol = chance.choice("+-*/")
        return f"({_series(chance, scope, deep - 1, each)} {symbol} {_series(chance, scope, deep - 1, each)})"
    return _call(chance, scope, chance.choice(tuple(vocabulary().values())), deep, each)


def _call(chance: random.Random, scope: Scope, function: Function, deep: int, each: bool) -> str:
    given = []
    for parameter in function.parameters:
        if parameter.required or chance.random() < 0.5:
            value = _argument(chance, scope, parameter.accepts, deep, each)
            given.append(value if parameter.required and chance.random() < 0.9 else f"{parameter.name}={value}")
    return f"{chance.choice((function.name, *function.also))}({', '.join(given)})"


def _argument(chance: random.Random, scope: Scope, accepts: Accepts, deep: int, each: bool) -> str:
    if accepts.type == Type.SERIES:
        return _series(chance, scope, deep - 1, each)
    if accepts.type == Type.EACH_SERIES:
        return _series(chance, scope, deep - 1, each=True)
    if accepts.type == Type.EACH_BOOL:
        return _condition(chance, scope, deep - 1, each=True)
    if accepts.type == Type.NUMBER and accepts.low is not None and accepts.high is not None:
        value = chance.uniform(accepts.low, accepts.high)
        return str(int(value)) if accepts.whole else repr(value)
    names = {
        Type.INSTRUMENT: (*scope.instruments, *([EACH] if each else [])),
        Type.BASKET: tuple(scope.baskets),
        Type.LABEL: tuple(Label.__members__),
    }
    return chance.choice(names.get(accepts.type, ("2020-03-01", "2031-01-01", "30d")))


def _broken(chance: random.Random, scope: Scope) -> str:
    """A condition with a few pieces put in, taken out, doubled or turned round."""
    line = _drawn(chance, scope)
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randint(0, len(line)) for _ in range(2))
        to = min(to, at + 8)
        piece = chance.choice((*_PIECES, *SCRIPTS, *NUMBERS))
        line = line[:at] + chance.choice((piece, "", 2 * line[at:to], line[at:to][::-1])) + line[to:]
    return line


def _spliced(chance: random.Random, scope: Scope) -> str:
    """The beginning of one and the end of another."""
    one, other = _drawn(chance, scope), _drawn(chance, scope)
    return one[: chance.randint(0, len(one))] + other[chance.randint(0, len(other)) :]


def _soup(chance: random.Random, scope: Scope) -> str:
    """Pieces in any order."""
    known = (*_PIECES, *SCRIPTS, *NUMBERS, *vocabulary(), *scope.instruments)
    return chance.choice(("", " ")).join(chance.choices(known, k=chance.randint(0, 40)))


def _tower(chance: random.Random, scope: Scope) -> str:
    """One thing within itself, up to and beyond every bound."""
    high, core = chance.choice((1, 5, 12, 22, 23, 24, 25, 60, 250, 1_000)), chance.choice(("RUT", "RUT > 1", "", "5"))
    opening, closing = chance.choice(
        (("(", ")"), ("not ", ""), ("-", ""), ("sma(", ", 5)"), ("mean_of(RISK, ", ")"), ("percentile(", ")"),
         ("RUT + ", ""), ("RUT > 1 and ", ""), ("avg_corr(RISK, 60) + ", ""), ("1", ""), (" ", " "), ("corr(", ""))
    )  # fmt: skip
    return f"{opening * high}{core}{closing * high}{chance.choice(('', ' > 1'))}"


def main(arguments: list[str]) -> int:
    """Print the figures; 1 where anything was wrong."""
    count = int(arguments[0]) if arguments else 200_000
    start = time.perf_counter()
    found = read_all(count, 20_251_126)
    spent = time.perf_counter() - start
    print(
        f"{found.lines} lines in {spent:.0f} s, {1e3 * spent / found.lines:.2f} ms each; {found.meant} meant something"
    )
    print(f"slowest {1e3 * found.slowest[0]:.0f} ms: {found.slowest[1][:200]!r}")
    print(f"largest {found.largest[0]} columns: {found.largest[1][:200]!r}")
    print(f"{len(found.faults)} faults", *found.faults[:20], sep="\n")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
