"""Paths as the program sees them: prices of four instruments a path on one panel, and columns that are named of them.

An expression is written once, with `{spx}`, `{rut}`, `{btc}` and `{vix}` for its instruments; all paths of a batch are
evaluated together, so that equal folds run as one bank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from bot.tuning.worlds.regime import Paths
from rules.bars import Floats
from rules.columns import Node
from rules.evaluation import evaluate
from rules.functions.registry import Scope
from rules.language.meaning import read
from rules.model import XNYS
from rules.panel import Panel
from rules.regime.filter import Reads
from rules.regime.label import label
from tests.rules.markets import TAPE, columns_of, instrument, weekdays

PRICED = ("spx", "rut", "btc")
NAMES = (*PRICED, "vix")


def panel_of(paths: Paths) -> Panel:
    """Prices that begin at 100 a row before the first return, where the VIX is not known yet."""
    rows, count = paths.spx.shape
    closes: dict[str, Floats] = {}
    for path in range(count):
        for word, name in ids_of(path).items():
            drawn = getattr(paths, word)[:, path]
            closes[name] = np.append(np.nan, drawn) if word == "vix" else _price(drawn)
    columns = {name: columns_of(close) for name, close in closes.items()}
    return Panel(weekdays(rows + 1), columns, dict.fromkeys(closes, (TAPE,)))


def ids_of(path: int) -> Mapping[str, str]:
    """The instruments of a path by its place on the panel, by the words that stand for them in an expression."""
    return {word: f"{word.upper()}{path}" for word in NAMES}


def scope_of(path: int) -> Scope:
    """What an expression of that path may name."""
    return Scope({name: instrument(name) for name in ids_of(path).values()}, {})


def written(template: str, path: int) -> str:
    """An expression of that path."""
    return template.format(**ids_of(path))


@cache
def column_of(template: str, path: int) -> Node:
    """The column of an expression of that path."""
    return read(written(template, path), scope_of(path), XNYS).column


def columns(templates: Sequence[str], panel: Panel) -> list[Floats]:
    """Of each expression its columns for all paths of the panel, (returns, paths): NaN where not known."""
    return _columns([[column_of(template, path) for path in _paths(panel)] for template in templates], panel)


def labels(panel: Panel) -> Floats:
    """The label of the regime's filter on all paths of the panel as an index in STATES, (returns, paths)."""
    (found,) = _columns([[label_of(path) for path in _paths(panel)]], panel)
    return found


def label_of(path: int) -> Node:
    """The label of that path."""
    ids = ids_of(path)
    return label(Reads(spx=ids["spx"], vix=ids["vix"], btc=ids["btc"]))


def _columns(nodes: Sequence[Sequence[Node]], panel: Panel) -> list[Floats]:
    found = evaluate([node for each in nodes for node in each], panel).columns
    return [np.stack([found[node][1:] for node in each], axis=1) for each in nodes]


def _paths(panel: Panel) -> range:
    return range(len(panel.columns) // len(NAMES))


def _price(returns: Floats) -> Floats:
    price: Floats = 100.0 * np.exp(np.append(0.0, returns.cumsum()))
    return price
