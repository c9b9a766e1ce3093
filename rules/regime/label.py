"""The label on top of the filter: hysteresis, so that a probability near a threshold does not flap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, Node
from rules.model import Label
from rules.regime.filter import STATES, probabilities
from rules.scan import State

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


def label() -> Node:
    """The label's index in STATES on each row."""
    return Folded(RegimeLabel(), (probabilities(),))
