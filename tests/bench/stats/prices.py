"""Paths as the program sees them: prices of pairs of instruments on a panel, and columns that the rule language names.

An expression is written once, with `{pair}` for its two instruments; all paths of a batch are evaluated together, so
that equal folds run as one bank.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from bot.tuning.worlds.pairs import Paths
from rules.bars import Floats
from rules.columns import Node
from rules.evaluation import evaluate
from rules.functions.registry import Scope
from rules.language.meaning import read
from rules.model import XNYS
from rules.panel import Panel
from tests.rules.markets import TAPE, columns_of, instrument, weekdays


def panel_of(paths: Paths) -> Panel:
    """Prices that begin at 100 a row before the first return."""
    closes = {
        name: 100.0 * np.exp(np.concatenate([[0.0], returns.cumsum()]))
        for path, legs in enumerate(zip(paths.x.T, paths.y.T, strict=True))
        for name, returns in zip(legs_of(path), legs, strict=True)
    }
    columns = {name: columns_of(close) for name, close in closes.items()}
    return Panel(weekdays(len(paths.x) + 1), columns, dict.fromkeys(closes, (TAPE,)))


def legs_of(path: int) -> tuple[str, str]:
    """The instruments of a path by its place on the panel."""
    return f"X{path}", f"Y{path}"


def scope_of(path: int) -> Scope:
    """What an expression of that path may name."""
    return Scope({name: instrument(name) for name in legs_of(path)}, {})


def written(template: str, path: int) -> str:
    """An expression of that path."""
    return template.format(pair=", ".join(legs_of(path)))


@cache
def column_of(template: str, path: int) -> Node:
    """The column of an expression of that path."""
    return read(written(template, path), scope_of(path), XNYS).column


def columns(templates: Sequence[str], panel: Panel) -> list[Floats]:
    """Of each expression its columns for all paths of the panel, (returns, paths): NaN where not known."""
    paths = len(panel.columns) // 2
    nodes = [[column_of(template, path) for path in range(paths)] for template in templates]
    found = evaluate([node for each in nodes for node in each], panel).columns
    return [np.stack([found[node][1:] for node in each], axis=1) for each in nodes]
