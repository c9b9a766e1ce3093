"""Who judges: the regime's filter as the program runs it, and beside it what others call risk-off.

Two of them are rules that anyone could type; nothing is computed here.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import numpy as np

from bot.tuning.worlds.regime import OFF
from rules.bars import Bools, Floats
from rules.model import Rule
from rules.panel import Panel
from tests.bench.stats.detectors import fires_of
from tests.bench.stats.regime.hmm import turbulent
from tests.bench.stats.regime.prices import columns, labels

HMM_PATHS = 20
"""Paths of a world that the slow one judges: its figures are only shown."""


class Detector(enum.StrEnum):
    """Who judges."""

    OURS = "ours"
    VIX = "VIX 25/20"
    COMPOSITE = "composite ≥ 75 %"
    HMM = f"HMM, {HMM_PATHS} paths"


FEAR = (
    "percentile({vix}, 252)",
    "percentile(vol({spx}, 20), 252)",
    "percentile(sma({spx}, 125) / {spx}, 252)",
    "percentile(ret({spx}, 20) - ret({rut}, 20), 252)",
)
"""What the composite score is the mean of: ranks in a year of how high the VIX is, how much the S&P 500 moves, how far
it is below its average of half a year, and how far small caps have fallen behind it. That is how public gauges of fear
and greed are made; extreme fear is the worst quarter of their scale, and nothing holds it there."""

RULES: Mapping[Detector, Rule] = {
    Detector.VIX: Rule("vix", when="close({vix}) >= 25", clear="close({vix}) <= 20"),
    Detector.COMPOSITE: Rule("composite", when=f"({' + '.join(FEAR)}) / {len(FEAR)} >= 75%"),
}


def judge(panel: Panel) -> dict[Detector, Floats]:
    """The labels of all detectors but the slow one on all paths of a panel, (rows, paths), as indices in STATES.

    NaN where a detector that knows RISK_OFF alone says that it is not, and where ours has no number yet.
    """
    fires = fires_of(RULES.values(), panel, columns)
    return {
        Detector.OURS: labels(panel),
        **{detector: label_of(fires[rule.id]) for detector, rule in RULES.items()},
    }


def judge_slowly(spx: Floats) -> dict[Detector, Floats]:
    """The labels of the hidden Markov model on returns of SPX, (rows, paths)."""
    return {Detector.HMM: label_of(np.stack([turbulent(path) for path in spx.T], axis=1))}


def label_of(off: Bools) -> Floats:
    """RISK_OFF where it is said, else nothing."""
    return np.where(off, float(OFF), np.nan)
