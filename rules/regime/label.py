"""The label on top of the filter: hysteresis, so that a probability near a threshold does not flap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, Node
from rules.model import Label
from rules.regime.filter import READS, STATES, Reads, probabilities
from rules.scan import State, where

OFF_ENTER, OFF_LEAVE = 0.80, 0.20
ON_ENTER, ON_LEAVE = 0.70, 0.40

ON, NEUTRAL, OFF = (float(STATES.index(label)) for label in (Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF))


@dataclass(frozen=True)
class RegimeLabel:
    """Input: probabilities of the states, (lanes, 3). Output: the label's index in STATES; NEUTRAL at the start.

    RISK_OFF enters at P >= .80 from anywhere and leaves at P <= .20; else RISK_ON enters at P >= .70 and leaves at
    P <= .40; else NEUTRAL. A NaN row gives NaN and leaves the label.
    """

    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"label": np.full(lanes, NEUTRAL)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (p,) = row
        before = state["label"]
        risk_on, risk_off = p[:, 0], p[:, 2]
        left = ((before == OFF) & (risk_off <= OFF_LEAVE)) | ((before == ON) & (risk_on <= ON_LEAVE))
        label = np.where(left, NEUTRAL, before)
        label = np.where((label == NEUTRAL) & (risk_on >= ON_ENTER), ON, label)
        label = np.where(risk_off >= OFF_ENTER, OFF, label)
        return {"label": label}, np.where(np.isnan(risk_on), np.nan, label)[:, None]


def label(reads: Reads = READS) -> Node:
    """The label's index in STATES on each row."""
    return Folded(RegimeLabel(), (probabilities(reads),))


@dataclass(frozen=True)
class RegimeLife:
    """Input: a label's index. Output: the one before it, rows with this one so far, rows the one before had lasted.

    The first is NEUTRAL until another came, the last NaN. A NaN row gives NaN and leaves the state.
    """

    width: int = 3

    def initial(self, lanes: int) -> State:
        unknown = np.full(lanes, np.nan)
        return {"label": unknown, "before": np.full(lanes, NEUTRAL), "rows": np.zeros(lanes), "lasted": unknown}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (label,) = row
        known = ~np.isnan(label)
        began = known & ~np.isnan(state["label"]) & (label != state["label"])
        lasted = where(began, state["rows"], state["lasted"])
        before = where(began, state["label"], state["before"])
        rows = where(known, np.where(began, 1.0, state["rows"] + 1.0), state["rows"])
        state = {"label": where(known, label, state["label"]), "before": before, "rows": rows, "lasted": lasted}
        return state, np.where(known[:, None], np.array([before, rows, lasted]).T, np.nan)


def life(reads: Reads = READS) -> Node:
    """The label before, rows in the label, rows of the one before; (rows, 3)."""
    return Folded(RegimeLife(), (label(reads),))
