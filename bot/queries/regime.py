"""The regime: the label, how probable each state is, and what speaks for it."""

from __future__ import annotations

import numpy as np

from bot.answers import Regime, RegimeChange
from bot.queries.view import NoAnswer, View, origins_of
from rules.bars import Floats
from rules.evaluation import evaluate
from rules.model import XNYS, Label
from rules.regime.filter import STATES, btc_term, probabilities, spx_term, vix_term
from rules.regime.label import label as label_node


def regime(view: View) -> Regime:
    """The regime as of the last session with a number. Raises NoAnswer before the first."""
    panel = view.panel(XNYS)
    terms = {"SPX": spx_term(), "BTC": btc_term(), "VIX": vix_term()}
    p, label = probabilities(), label_node()
    columns = evaluate([p, label, *terms.values()], panel).columns
    known = np.flatnonzero(~np.isnan(columns[label]))
    if not len(known):
        raise NoAnswer("the regime needs 61 sessions of S&P 500 closes, and there are fewer here")
    row = int(known[-1])
    labels = columns[label][known]
    changed = np.flatnonzero(np.diff(labels) != 0)
    first = int(known[changed[-1] + 1]) if len(changed) else int(known[0])
    return Regime(
        label=STATES[int(columns[label][row])],
        raw=STATES[int(np.argmax(columns[p][row]))],
        since=panel.clock.session(first),
        sessions=int((known >= first).sum()),
        probabilities={state: float(columns[p][row, i]) for i, state in enumerate(STATES)},
        drivers={name: _by_state(columns[node][row]) for name, node in terms.items()},
        as_of=panel.clock.session(row),
        at=int(panel.clock.closes[row]),
        origins=origins_of(panel, tuple(terms), row),
    )


def regime_changes(view: View) -> list[RegimeChange]:
    """Every session on which the label changed, from its first number on."""
    panel = view.panel(XNYS)
    column = evaluate([label_node()], panel).columns[label_node()]
    known = np.flatnonzero(~np.isnan(column))
    labels = [STATES[int(value)] for value in column[known]]
    before = [Label.NEUTRAL, *labels][: len(labels)]
    return [
        RegimeChange(panel.clock.session(int(row)), label, previous)
        for row, label, previous in zip(known, labels, before, strict=True)
        if label is not previous
    ]


def _by_state(terms: Floats) -> dict[Label, float] | None:
    return None if np.isnan(terms).any() else {state: float(terms[i]) for i, state in enumerate(STATES)}
