"""The built-in correlation rules where the truth is known: they find what is there, and how often what is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from bot.tuning.worlds.pairs import CHANGE, ROWS, YEAR
from rules.coupling import SILENT_ROWS
from rules.language.compile import CompiledRule, compile_rule
from rules.model import AlertEvent, Edge, Rule
from rules.panel import Panel
from tests.acceptance.coupled import COINS, drawn, even, pack, told
from tests.rules.markets import SCOPE

LEVELS = {"coupled-50": 0.5, "coupled": 0.6, "coupled-70": 0.7}
ENDS = 1500
SOON = 100
"""Rows after a change within which every rule has seen it."""

MARKETS = range(1, 11)
YEARS = len(MARKETS) * len(COINS) * (ROWS - SILENT_ROWS) / YEAR
"""Pair-years that rules are judged for in MARKETS."""


@pytest.fixture(scope="module")
def rules() -> list[CompiledRule]:
    return pack()


@pytest.fixture(scope="module")
def bare(rules: list[CompiledRule]) -> list[CompiledRule]:
    """The rules without the numbers they show beside, which decide nothing."""
    return [replace(rule, context=()) for rule in rules]


def kind(rule: str) -> str:
    """`coupled-50` of rut-sol-coupled-50."""
    return rule.split("-", 2)[2]


def by_rule(events: Sequence[AlertEvent], panel: Panel) -> dict[str, list[tuple[Edge, int]]]:
    """Of each rule its edges and their rows, from CHANGE on."""
    found: dict[str, list[tuple[Edge, int]]] = defaultdict(list)
    for event in events:
        if (row := int(np.searchsorted(panel.clock.closes, event.at))) >= CHANGE:
            found[event.rule].append((event.edge, row))
    return found


def test_the_pack_has_three_levels_and_a_shift_of_each_coin(rules: list[CompiledRule]) -> None:
    kinds = (*LEVELS, "shift")
    assert {rule.rule.id for rule in rules} == {f"rut-{coin.lower()}-{each}" for coin in COINS for each in kinds}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_rule_fires_on_a_coupling_and_every_level_resolves_when_it_ends(
    rules: list[CompiledRule], seed: int
) -> None:
    """From .20 to .85 and back. The shift fires on both, each time for one session."""
    row = np.arange(ROWS)
    panel = drawn(seed, np.where((row >= CHANGE) & (row < ENDS), 0.85, 0.2))
    found = by_rule(told(rules, panel), panel)
    for rule in (each.rule.id for each in rules):
        (first, began), (second, ended), *later = found[rule]
        assert (first, second) == (Edge.FIRED, Edge.RESOLVED), rule
        assert began < CHANGE + SOON, rule
        if kind(rule) == "shift":
            assert ended == began + 1, rule
            assert any(edge is Edge.FIRED and ENDS <= at < ENDS + SOON for edge, at in later), rule
        else:
            assert ENDS <= ended < ENDS + SOON, rule


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_rule_is_silent_where_each_ten_returns_hold_a_correlation_of_45(
    rules: list[CompiledRule], seed: int
) -> None:
    """Where chance has no part, .45 is under .50 for all of eight years."""
    assert told(rules, even(seed, 0.45)) == ()


@pytest.mark.parametrize(
    ("rho", "bounds"),
    [
        (0.20, {"coupled-50": 0.07, "coupled": 0.05, "coupled-70": 0.04, "shift": 0.04}),
        pytest.param(
            0.45, {"coupled-50": 0.50, "coupled": 0.16, "coupled-70": 0.05, "shift": 0.04}, marks=pytest.mark.soak
        ),
    ],
)
def test_what_fires_by_chance_on_a_constant_correlation_is_rare_and_known(
    bare: list[CompiledRule], rho: float, bounds: dict[str, float]
) -> None:
    """Entries a pair and year. Over 60 markets at .20: .038, .021, .014, .017; over 120 at .45: .39, .10, .023, .016.

    Samples of .45 often look like .50 and more, so a level next to the truth is not silent. The bounds are above what
    any ten of those in a row gave. The markets are `drawn`, and entries count from the filter's first word on, when no
    pair is coupled yet. The table of docs/correlation.md is of the pairs of `bench.stats.rungs`, which have a warm-up
    of 250 rows: at .45 it says .33 of the lowest level, and counted as here it would be .39 too.
    """
    plain = [
        compile_rule(Rule(f"rut-{coin.lower()}-plain-{each}", f"corr(RUT, {coin}, 30) >= {level}", None), SCOPE)
        for coin in COINS
        for each, level in LEVELS.items()
    ]
    fired: Counter[str] = Counter()
    for seed in MARKETS:
        events = told([*bare, *plain], drawn(seed, np.full(ROWS, rho)))
        fired.update(kind(event.rule) for event in events if event.edge is Edge.FIRED)
    assert {each: fired[each] / YEARS for each in bounds if fired[each] / YEARS > bounds[each]} == {}
    assert all(fired[f"plain-{each}"] > 12 * fired[each] for each in LEVELS)
