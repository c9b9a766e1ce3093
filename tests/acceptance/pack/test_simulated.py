"""Every rule of the pack, on a market that fires it and on the nearest that must not."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.render.lines import PHONE
from bot.settings import load_settings
from rules.engine import evaluate, opened
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Basis, Edge
from rules.panel import Panel
from tests.acceptance.pack.table import PACK

SETTINGS = load_settings()
RULES = {each.rule.id: each for each in SETTINGS.compiled}


def judged(name: str) -> CompiledRule:
    """The rule; one on trades as if each of its rows was a poll (polls are played in tests/bot/test_watch_ticks.py)."""
    return compile_rule(replace(RULES[name].rule, basis=Basis.CLOSE), SETTINGS.scope)


def fired(rule: CompiledRule, panel: Panel) -> list[int]:
    """The rows, counted from the end, on which it fired: -1 is the last."""
    now = int(panel.clock.closes[-1]) + 1
    assert panel.clock.calendar == rule.calendar
    events = evaluate([rule], {rule.calendar: panel}, opened([rule]), now).events
    at = [event.at for event in events if event.edge is Edge.FIRED]
    return [row - len(panel) for row in range(len(panel)) if int(panel.clock.closes[row]) in at]


def test_every_rule_of_the_pack_has_a_market_that_fires_it_and_one_that_must_not() -> None:
    assert PACK.keys() == RULES.keys()
    assert all(case.misses for case in PACK.values())


@pytest.mark.parametrize("name", PACK)
def test_it_fires_on_the_last_row_of_its_market_and_on_no_other(name: str) -> None:
    assert fired(judged(name), PACK[name].fires) == [-1]


@pytest.mark.parametrize("name", PACK)
def test_it_does_not_fire_where_it_nearly_would(name: str) -> None:
    assert [fired(judged(name), miss) for miss in PACK[name].misses] == [[]] * len(PACK[name].misses)


COMPARED = re.compile(r"(.+) (?:>=|<=|>|<) (\S+)")
OWN_LEVELS = r"rut-record-fresh|vix-jump|rut-\w+-shift|regime-.+"
"""Rules that clear where their condition no longer holds: it holds on a single row, or has levels of its own."""


@pytest.mark.parametrize("name", PACK)
def test_it_clears_elsewhere_than_it_fires(name: str) -> None:
    """So that none flaps at its threshold."""
    rule = RULES[name].rule
    assert rule.clear is not None
    both = [COMPARED.fullmatch(text) for text in (rule.when, rule.clear)]
    same = rule.clear == f"not {rule.when}" or (None not in both and len({each.groups() for each in both if each}) == 1)
    assert same == bool(re.fullmatch(OWN_LEVELS, name))


@pytest.mark.parametrize("name", PACK)
def test_its_title_fits_a_line_and_says_what_happened_in_plain_words(name: str) -> None:
    title = RULES[name].rule.title
    assert 0 < len(title) <= PHONE + 5
    assert not re.search(r"[()_<>=]", title.replace("RISK_O", ""))
