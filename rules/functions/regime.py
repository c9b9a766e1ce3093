"""The regime as words of the language. Labels describe risk, not direction."""

from __future__ import annotations

import numpy as np

from rules.bars import Floats
from rules.columns import Node, Window
from rules.functions.registry import (
    Condition,
    Deviations,
    Number,
    Probability,
    RegimeName,
    Times,
    function,
)
from rules.model import Label
from rules.regime.filter import (
    ALERTS_AFTER,
    READS,
    STATES,
    USES,
    btc_size,
    probabilities,
    rows_seen,
    spx_size,
    vix_shift,
)
from rules.regime.label import label as label_node
from rules.regime.label import life


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


_BESIDE = (
    *(f"regime_was({label})" for label in STATES),
    "p_risk_on()",
    "p_risk_off()",
    "regime_spx()",
    "regime_btc()",
    "regime_vix()",
)


@function("the regime is {label}", uses=USES, context=_BESIDE)
def regime_is(label: RegimeName) -> Condition:
    """TRUE while the regime's label is this one.

    RISK_OFF enters at P >= .80 and leaves at P <= .20, RISK_ON enters at .70 and leaves at .40, else NEUTRAL.
    UNKNOWN for the first 250 rows. Example: regime_is(RISK_OFF)
    """
    return _after_warmup(Window(_is, (label_node(),), (STATES.index(label),)))


@function("before it was {label}", uses=USES)
def regime_was(label: RegimeName) -> Condition:
    """TRUE while the label before the one in force is this one: NEUTRAL where there was none.

    UNKNOWN for the first 250 rows. Example: regime_is(NEUTRAL) and regime_was(RISK_OFF)
    """
    return _after_warmup(Window(_is, (_of_life(0),), (STATES.index(label),)))


@function("closes of this regime", uses=USES)
def regime_age() -> Number:
    """Known closes with the label in force, this one included. UNKNOWN for the first 250 rows.

    Example: regime_is(RISK_OFF) and regime_age() >= 20
    """
    return _after_warmup(_of_life(1))


@function("the one before, in closes", uses=USES)
def regime_lasted() -> Number:
    """Known closes that the label before the one in force had lasted; UNKNOWN before the first change.

    Example: regime_lasted() < 5
    """
    return _after_warmup(_of_life(2))


@function("S&P 500 move, in usual moves", uses=(READS.spx,))
def regime_spx() -> Deviations:
    """The S&P 500's return in units of a usual day's, signed: what the regime hears of it, by its size alone.

    r_t / s*_{t-1}, s* the median of 756 volatilities (EWMA, half-life 20), shrunk to 15.5 % a year. UNKNOWN before 60
    returns. (Kritzman, Page & Turkington 2012) Example: regime_spx() < -3
    """
    return spx_size()


# The S&P 500 is named for the closes: a coin alone would be judged at midnights.
@function("Bitcoin move, in usual moves", uses=(READS.spx, READS.btc))
def regime_btc() -> Deviations:
    """Bitcoin's return between equity closes in units of a usual one, signed, as regime_spx but without shrinking.

    UNKNOWN before 60 returns. Example: regime_btc() < -3
    """
    return btc_size()


@function("VIX, of its usual level", uses=(READS.vix,))
def regime_vix() -> Times:
    """The VIX over its usual level: its median of 756 rows, to a quarter 18.5 instead. UNKNOWN before 60 rows.

    Example: regime_vix() > 1.5
    """
    return Window(_ratio, (vix_shift(),))


def _of_life(index: int) -> Node:
    return Window(_pick, (life(),), (index,))


def _probability(label: Label) -> Node:
    return Window(_pick, (probabilities(),), (STATES.index(label),))


def _after_warmup(x: Node) -> Node:
    """Silent until the filter has seen enough rows."""
    return Window(_late, (x, rows_seen()))


def _late(x: Floats, seen: Floats) -> Floats:
    return np.where(seen > ALERTS_AFTER, x, np.nan)


def _is(label: Floats, index: int) -> Floats:
    return np.where(np.isnan(label), np.nan, (label == index).astype(np.float64))


def _pick(columns: Floats, index: int) -> Floats:
    return np.ascontiguousarray(columns[:, index])


def _ratio(shift: Floats) -> Floats:
    ratio: Floats = np.exp(shift)
    return ratio
