"""The regime as words of the language. Labels describe risk, not direction."""

from __future__ import annotations

import numpy as np

from rules.bars import Floats
from rules.columns import Node, Window
from rules.functions.registry import Condition, Probability, RegimeName, function
from rules.model import Label
from rules.regime.filter import ALERTS_AFTER, STATES, USES, probabilities, rows_seen
from rules.regime.label import label as label_node


@function("P(RISK_ON)", uses=USES)
def p_risk_on() -> Probability:
    """Probability in [0, 1] that the market is in its calm state, given everything up to this close.

    From the S&P 500's and Bitcoin's returns against their own scale and the VIX against its own median. UNKNOWN for the
    first 250 rows. (Hamilton 1989) Example: p_risk_on() >= 70%
    """
    return _after_warmup(_probability(Label.RISK_ON))


@function("P(RISK_OFF)", uses=USES)
def p_risk_off() -> Probability:
    """Probability in [0, 1] that the market is in its turbulent state, given everything up to this close.

    UNKNOWN for the first 250 rows. (Hamilton 1989) Example: p_risk_off() >= 80%
    """
    return _after_warmup(_probability(Label.RISK_OFF))


@function("the regime is {label}", uses=USES, context=("p_risk_on()", "p_risk_off()"))
def regime_is(label: RegimeName) -> Condition:
    """TRUE while the regime's label is this one.

    RISK_OFF enters at P >= .80 and leaves at P <= .20, RISK_ON enters at .70 and leaves at .40, else NEUTRAL.
    UNKNOWN for the first 250 rows. Example: regime_is(RISK_OFF)
    """
    return _after_warmup(Window(_is, (label_node(),), (STATES.index(label),)))


def _probability(label: Label) -> Node:
    return Window(_pick, (probabilities(),), (STATES.index(label),))


def _after_warmup(x: Node) -> Node:
    """Silent until the filter has seen enough rows."""
    return Window(_late, (x, rows_seen()))


def _late(x: Floats, seen: Floats) -> Floats:
    return np.where(seen > ALERTS_AFTER, x, np.nan)


def _is(label: Floats, index: int) -> Floats:
    return np.where(np.isnan(label), np.nan, (label == index).astype(np.float64))


def _pick(probabilities: Floats, index: int) -> Floats:
    return np.ascontiguousarray(probabilities[:, index])
