"""What the correlation filter says of a pair: how probable each level is, and whether the pair was coupled at it."""

from __future__ import annotations

import numpy as np

from bot.queries.view import View, number
from rules.alerting import Firing
from rules.bars import Bools
from rules.course import follow
from rules.language.meaning import read
from rules.model import Timing

LEVELS = (0.5, 0.6, 0.7)

COUPLING = Timing(confirm=2)
"""Coupled after two closes with P >= .50, uncoupled after one with P <= .05, as in the default rules."""

_FILTERED = {
    "ewma": "ewcorr({a}, {b})",
    "mean": "rho({a}, {b})",
    "low": "rho_low({a}, {b})",
    "high": "rho_high({a}, {b})",
}


class Coupling:
    """Of one pair on a clock. All that is asked of the filter, in one go, from the exact panel: it never looks at an
    approximate one.
    """

    def __init__(self, view: View, a: str, b: str, clock: str) -> None:
        texts = dict(_FILTERED)
        for level in LEVELS:
            p = f"p_corr({{a}}, {{b}}, above={level})"
            texts |= {f"p {level}": p, f"enter {level}": f"{p} >= 50%", f"leave {level}": f"{p} <= 5%"}
        nodes = {name: read(text.format(a=a, b=b), view.scope, clock).column for name, text in texts.items()}
        found = view.columns(nodes.values(), clock)
        self._columns = {name: found[node] for name, node in nodes.items()}
        self._closes = view.panel(clock).clock.closes

    def on(self, row: int) -> dict[str, float | None]:
        """Every number on a row: `ewma`, `mean`, `low` and `high` of rho, and `p 0.5` for each level."""
        return {name: number(column[row]) for name, column in self._columns.items()}

    def states(self, level: float, row: int) -> Bools | None:
        """Whether the pair was coupled at a level on each row up to `row`; None where the filter never spoke."""
        enters, leaves = self._columns[f"enter {level}"][: row + 1], self._columns[f"leave {level}"][: row + 1]
        if np.isnan(enters).all():
            return None
        states = follow(COUPLING, enters, leaves, self._closes[: row + 1])
        return np.array([isinstance(state, Firing) for state in states])
