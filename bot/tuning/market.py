"""What variants are judged on: a panel of what they read, what followed each row, and the regimes.

It is sent to every worker of a cluster once, so it holds no more than is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rules.bars import Floats
from rules.columns import Field, walk
from rules.evaluation import evaluate
from rules.functions.registry import Scope
from rules.language.compile import CompiledRule
from rules.model import XNYS
from rules.outcomes import Followed, followed
from rules.panel import Panel
from rules.regime.label import label


@dataclass(frozen=True)
class Market:
    """One clock's history. `moves` are what followed each row, `regimes` their labels (STATES), NaN where none; `scope`
    is what rules may name.
    """

    panel: Panel
    moves: Followed
    regimes: Floats
    scope: Scope


def market_of(panel: Panel, scope: Scope, rules: Sequence[CompiledRule], instrument: str, horizon: int) -> Market:
    """The part of a panel that these rules read, and what followed in `instrument` over `horizon` rows."""
    (moves,) = followed(panel, instrument, (horizon,))
    is_theirs = bool(rules) and rules[0].calendar == XNYS
    regimes = evaluate([label()], panel).columns[label()] if is_theirs else np.full(len(panel), np.nan)
    return Market(_read_by(rules, panel), moves, regimes, scope)


def _read_by(rules: Sequence[CompiledRule], panel: Panel) -> Panel:
    fields = [
        node for node in walk([each for rule in rules for each in (rule.when, rule.clear)]) if isinstance(node, Field)
    ]
    names = {field.instrument for field in fields}
    by_hours = {field.instrument for field in fields if field.name == "spread"}
    return replace(
        panel,
        columns={name: column for name, column in panel.columns.items() if name in names},
        origins={name: origins for name, origins in panel.origins.items() if name in names},
        hours={name: bars for name, bars in panel.hours.items() if name in by_hours},
    )
