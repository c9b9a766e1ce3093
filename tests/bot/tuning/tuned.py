"""Small markets whose truth is planted, and rules tuned on them in this process."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from bot.tuning.grid import grid_of
from bot.tuning.market import Market
from bot.tuning.running import Here, Silent
from bot.tuning.tune import Opened, Request, Tuning, tune
from rules.bars import Floats
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Rule, Timing
from rules.panel import Panel
from tests.rules.markets import SCOPE, TAPE, columns_of, weekdays

DIP = Rule("dip", "ret(RUT) <= -2%", "ret(RUT) > -2%", timing=Timing(cooldown=5))
"""Fires where the last return was bad."""

GRID = ("enter=-4%:-1%:1%", "leave=-1%,0%")


def market(rows: int = 900, seed: int = 1, *, drift: float = 0.0, after: float = -0.02) -> Panel:
    """A walk of RUT, which after a return of `after` or less rises by `drift` on each of five rows more than else."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(0.0, 0.012, rows)
    returns, left = np.zeros(rows), 0
    for row in range(rows):
        returns[row] = drawn[row] + (drift if left else 0.0)
        left = 5 if not left and drawn[row] <= after else max(0, left - 1)
    return panel_of(100.0 * np.exp(returns.cumsum()))


def panel_of(close: Floats) -> Panel:
    """Closes of RUT."""
    return Panel(weekdays(len(close)), {"RUT": columns_of(close)}, {"RUT": (TAPE,)})


def in_process(market: Market) -> nullcontext[Here]:
    return nullcontext(Here(market))


def request(rule: Rule = DIP, **changes: object) -> Request:
    asked = Request(compiled(rule), instrument="RUT", horizon=5, folds=3, up=True, paths=0, seed=1)
    return replace(asked, **changes)  # type: ignore[arg-type]


def compiled(rule: Rule) -> CompiledRule:
    return compile_rule(rule, SCOPE)


def tuned(panel: Panel, *words: str, rule: Rule = DIP, opened: Opened = in_process, **changes: object) -> Tuning:
    asked = request(rule, **changes)
    return tune(asked, grid_of(asked.rule, words or GRID, SCOPE), panel, SCOPE, opened, Silent())
