"""docs/regime.md explains the answer that is given, and names every number that decides.

GOLDEN=write writes its example again.
"""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import math
import os
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from bot.queries.gauges import meters
from bot.render.plain import to_plain
from tests.bot.commands.desks import ask_offline
from tests.bot.markets import simulated

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "regime.md"
WHOLE = ("rules.regime.filter", "rules.regime.label", "rules.functions.strength", "bot.queries.flips")
"""Modules of which every number is a threshold."""
PARTS = {
    "bot.queries.gauges": {"RANKED", "MONTH", "LOW_THIRD", "HIGH_THIRD"},
    "bot.answers.regime": {"LEAST_SPELLS"},
    "bot.render.regime": {"LITTLE", "LIKELY_FALL", "LOWEST_SEEN", "HIGHEST_SEEN"},
}
"""Modules that also hold numbers which only shape a text or bound a loop."""
START, END = "<!-- example -->\n", "<!-- /example -->"
SEED, SESSION = 37, dt.date(2025, 10, 2)
"""A simulated market and a session on which every line of an answer has something to say."""

DERIVED = {"ON", "NEUTRAL", "OFF"}
"""Indices of the states, not thresholds."""


def section(name: str) -> str:
    """What stands between the marks of that name."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    return rest.partition(f"<!-- /{name} -->")[0]


def on_the_page() -> dict[str, str]:
    """Of each threshold its value as it is written."""
    rows = [row.split("|") for row in section("thresholds").splitlines() if row.startswith("| `")]
    return {row[1].strip(" `"): row[2].strip() for row in rows}


def constants(module: str) -> Iterator[str]:
    """The names a module gives to numbers, in capitals: what it imports is another's."""
    source = Path(importlib.import_module(module).__file__ or "").read_text(encoding="utf-8")
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            yield from (
                name.id for target in statement.targets for name in ast.walk(target) if isinstance(name, ast.Name)
            )


def numbers(value: object) -> list[float]:
    """The numbers in a constant, in order; none where it is not made of numbers."""
    if isinstance(value, bool):
        return []
    if isinstance(value, int | float):
        return [float(value)]
    if not isinstance(value, tuple):
        return []
    return [each for part in value for each in numbers(part)]


def in_the_code() -> dict[str, object]:
    """Every threshold: numbers and tuples of numbers, and the one expression."""
    found: dict[str, object] = {}
    for module in (*WHOLE, *PARTS):
        named = [name for name in constants(module) if name.isupper() and not name.startswith("_")]
        kept = named if module in WHOLE else [name for name in named if name in PARTS[module]]
        values = {name: getattr(importlib.import_module(module), name) for name in kept}
        found |= {name: value for name, value in values.items() if numbers(value) or isinstance(value, str)}
    return {name: value for name, value in found.items() if name not in DERIVED}


def test_every_threshold_of_the_code_is_on_the_page_and_no_other() -> None:
    assert set(on_the_page()) == set(in_the_code())


@pytest.mark.parametrize("name", sorted(in_the_code()))
def test_a_threshold_on_the_page_is_the_code_s(name: str) -> None:
    written, value = on_the_page()[name], in_the_code()[name]
    if isinstance(value, str):
        assert written == value
        return
    told = [float(Fraction(each)) for each in written.split(", ")]
    assert len(told) == len(numbers(value))
    assert all(math.isclose(x, y, rel_tol=1e-12) for x, y in zip(told, numbers(value), strict=True))


def test_a_number_that_is_not_named_decides_nothing() -> None:
    """In the filter, the label and relative strength: no bare number but 0, 1, 2, 3 states and a half."""
    for module in WHOLE[:3]:
        source = Path(importlib.import_module(module).__file__ or "").read_text(encoding="utf-8")
        assert set(bare(ast.parse(source))) <= {0, 1, 2, 3, 0.5}, module


def bare(tree: ast.Module) -> Iterator[float]:
    """The numbers inside functions."""
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        for node in ast.walk(function):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, int | float)
                and not isinstance(node.value, bool)
            ):
                yield node.value


def test_every_gauge_stands_on_the_page_with_what_a_high_value_leans_to() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = {row.split("|")[1].strip(): row for row in page.splitlines() if row.startswith("| ")}
    for meter in meters(simulated().view().scope):
        row = rows[meter.name]
        assert f"| {meter.high.removeprefix('RISK_')} |" in row
        expressions = re.findall("`([^`]+)`", row)
        assert expressions == [meter.text] or (expressions == ["rho(RUT, …)"] and "rho(RUT, SOL)" in meter.text)


def test_the_example_is_what_regime_answers_of_a_simulated_market() -> None:
    answer = to_plain(ask_offline(simulated(SEED).view(SESSION), "/regime").html)
    example = f"```\n{answer}\n```\n"
    if os.environ.get("GOLDEN") == "write":
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
        PAGE.write_text(f"{before}{START}{example}{END}{rest.partition(END)[2]}", encoding="utf-8")
        return
    assert section("example") == example


def test_every_line_of_the_example_has_a_row_that_explains_it() -> None:
    example, _, explained = PAGE.read_text(encoding="utf-8").partition(START)[2].partition(END)
    rows = [row.split("|")[1] for row in explained.partition("\n## ")[0].splitlines() if row.startswith("| `")]
    words = [word for row in rows for word in re.findall(r"`([^`]+)`", row)]
    lines = [line for line in example.splitlines()[2:-1] if not line.startswith("   ")]
    assert [line for line in lines if not any(stands_in(word, line) for word in words)] == []
    assert [word for word in words if not any(stands_in(word, line) for line in lines)] == []


def stands_in(word: str, line: str) -> bool:
    """As a word of its own; where it has a gap, anything may stand there."""
    parts = ".+".join(re.escape(part) for part in word.split("…"))
    return re.search(rf"(?<!\w){parts}(?!\w)", line) is not None
