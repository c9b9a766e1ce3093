"""P(RISK_ON), P(NEUTRAL), P(RISK_OFF) given everything up to a close. Nothing is fitted, so no refit moves a label.

Three terms speak for or against each state: the size of the S&P 500's return against its own scale, the size of
Bitcoin's, and the level of the VIX against its own median. Templates, transition odds and weights are fixed here.
(Hamilton 1989; Bulla 2011; Kritzman, Page & Turkington 2012)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, Node, Window
from rules.folds import Ewma, KnownRows
from rules.model import Label
from rules.scan import State, where
from rules.windows import close_of, lag, log_return, trailing_median

STATES = (Label.RISK_ON, Label.NEUTRAL, Label.RISK_OFF)

STAY = (1 - 1 / 200, 1 - 1 / 100, 1 - 1 / 40)
EXITS = ((0.0, 0.75, 0.25), (0.6, 0.0, 0.4), (0.25, 0.75, 0.0))
SPX_SCALE = (0.70, 1.0, 2.0)
BTC_SCALE = (0.85, 1.0, 1.5)
VIX_SHIFT = (-0.22, 0.0, 0.45)
VIX_SPREAD = 0.17
NU = 5.0
"""Degrees of freedom of the Student's t that a return is held against."""
BTC_WEIGHT, VIX_WEIGHT = 0.3, 0.2
LONG_RUN_VOL, YEAR = 0.155, 252
"""Of the S&P 500, a year of so many sessions."""
LONG_RUN_VIX = 18.5
OWN_WEIGHT, VIX_OWN_WEIGHT = 0.8, 0.75
"""Of what a series' own past says is usual; the long run has the rest."""
MEDIAN_ROWS, MEDIAN_LEAST = 756, 60
VOL_HALF_LIFE = 20
ALERTS_AFTER = 250
"""Known S&P 500 returns before a rule may use the regime."""


@dataclass(frozen=True)
class RegimeFilter:
    """Input: log-likelihoods of the three states, (lanes, 3). Output: their probabilities. A NaN row leaves them."""

    width: int = 3

    def initial(self, lanes: int) -> State:
        return {"p": np.full((lanes, 3), 1 / 3)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        return self.advance(state, *self.prepare(*row))

    def prepare(self, *inputs: Floats) -> tuple[Floats, ...]:
        """Likelihoods, the highest 1."""
        (loglik,) = inputs
        return (np.exp(loglik - loglik.max(axis=-1, keepdims=True)),)

    def advance(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (likelihood,) = row
        known = ~np.isnan(likelihood[:, 0])
        if not known.any():
            return state, np.full(likelihood.shape, np.nan)
        p = state["p"]
        moved = p[:, :1] * _TRANSITION[0] + p[:, 1:2] * _TRANSITION[1] + p[:, 2:] * _TRANSITION[2]
        weight = moved * likelihood
        p = where(known, weight / weight.sum(axis=1, keepdims=True), p)
        return {"p": p}, np.where(known[:, None], p, np.nan)


_TRANSITION = np.array([[STAY[i] if i == j else (1 - STAY[i]) * EXITS[i][j] for j in range(3)] for i in range(3)])


@dataclass(frozen=True)
class Reads:
    """The ids of the instruments that the three terms read."""

    spx: str = "SPX"
    vix: str = "VIX"
    btc: str = "BTC"


READS = Reads()
USES = (READS.spx, READS.vix, READS.btc)


def spx_scale(reads: Reads = READS) -> Node:
    """The usual size of a day's return of the S&P 500 as of each row, shrunk to its long run. NaN before 60 returns."""
    return Window(_shrunk_scale, (_median_vol(log_return(close_of(reads.spx))),), (OWN_WEIGHT, LONG_RUN_VOL))


def btc_scale(reads: Reads = READS) -> Node:
    """The usual size of Bitcoin's return between equity closes as of each row. NaN before 60 returns."""
    return _median_vol(log_return(close_of(reads.btc)))


def spx_size(reads: Reads = READS) -> Node:
    """The S&P 500's return in units of its usual size as of the row before, signed."""
    return _sized(log_return(close_of(reads.spx)), spx_scale(reads))


def btc_size(reads: Reads = READS) -> Node:
    """Bitcoin's return between equity closes in units of its usual size as of the row before, signed."""
    return _sized(log_return(close_of(reads.btc)), btc_scale(reads))


def vix_shift(reads: Reads = READS) -> Node:
    """How far the VIX stands above what is usual, as a log ratio: its own median, a quarter its long run."""
    level = log_vix(reads)
    median = Window(trailing_median, (level,), (MEDIAN_ROWS, MEDIAN_LEAST), rows=MEDIAN_ROWS, warmup=MEDIAN_LEAST - 1)
    return Window(_shift, (level, median))


def log_vix(reads: Reads = READS) -> Node:
    """The logarithm of the VIX."""
    return Window(_log, (close_of(reads.vix),))


def spx_term(reads: Reads = READS) -> Node:
    """Log-likelihood of the S&P 500's return under each state, (rows, 3). NaN where the return is missing."""
    return Window(student_terms, (spx_size(reads),), (1.0, *SPX_SCALE))


def btc_term(reads: Reads = READS) -> Node:
    """Log-likelihood of Bitcoin's return between equity closes, weighted, (rows, 3). NaN where it is missing."""
    return Window(student_terms, (btc_size(reads),), (BTC_WEIGHT, *BTC_SCALE))


def vix_term(reads: Reads = READS) -> Node:
    """Log-likelihood of the VIX's level, weighted, (rows, 3). NaN where it is missing."""
    return Window(normal_terms, (vix_shift(reads),))


def probabilities(reads: Reads = READS) -> Node:
    """P of each of STATES, (rows, 3). NaN before 60 rows and where the S&P 500's return is missing.

    A missing BTC or VIX only drops its term.
    """
    return Folded(RegimeFilter(), (Window(total, (spx_term(reads), btc_term(reads), vix_term(reads))),))


def rows_seen(reads: Reads = READS) -> Node:
    """How many S&P 500 returns the filter has seen; rules wait for more than ALERTS_AFTER of them."""
    return Folded(KnownRows(), (log_return(close_of(reads.spx)),), warmup=ALERTS_AFTER)


def student_terms(size: Floats, weight: float, *templates: float) -> Floats:
    """weight x log density of Student's t with NU degrees of freedom, scaled to each template's standard deviation.

    But for a constant, the same for all states.
    """
    scaled = size[:, None] / np.array(templates)
    tails = (NU + 1.0) / 2.0 * np.log(1.0 + scaled * scaled / (NU - 2.0))
    terms: Floats = weight * (-np.log(np.array(templates)) - tails)
    return terms


def normal_terms(shift: Floats) -> Floats:
    """Weighted log density of a normal distribution round each state's shift of the VIX, but for a constant."""
    scaled = (shift[:, None] - np.array(VIX_SHIFT)) / VIX_SPREAD
    terms: Floats = VIX_WEIGHT * (-0.5 * scaled * scaled)
    return terms


def usual_vix(median: Floats) -> Floats:
    """The logarithm of the VIX's usual level, given the median of its own logarithm."""
    usual: Floats = (1.0 - VIX_OWN_WEIGHT) * np.log(LONG_RUN_VIX) + VIX_OWN_WEIGHT * median
    return usual


def total(spx: Floats, btc: Floats, vix: Floats) -> Floats:
    """The sum of the terms, without those that are missing; NaN where the S&P 500's is."""
    return spx + np.where(np.isnan(btc), 0.0, btc) + np.where(np.isnan(vix), 0.0, vix)


def _sized(returns: Node, scale: Node) -> Node:
    return Window(_in_units_of_before, (returns, scale), rows=1, warmup=1)


def _median_vol(returns: Node) -> Node:
    variance = Folded(Ewma.half_life(VOL_HALF_LIFE), (Window(_square, (returns,)),))
    vol = Window(_sqrt, (variance,))
    return Window(trailing_median, (vol,), (MEDIAN_ROWS, MEDIAN_LEAST), rows=MEDIAN_ROWS, warmup=MEDIAN_LEAST - 1)


def _square(x: Floats) -> Floats:
    return x * x


def _sqrt(x: Floats) -> Floats:
    return np.sqrt(x)


def _log(x: Floats) -> Floats:
    return np.log(np.where(x > 0, x, np.nan))


def _shrunk_scale(median: Floats, own: float, long_run: float) -> Floats:
    """A geometric blend of the series' own median volatility and a long-run annual one."""
    scale: Floats = np.exp(own * _log(median) + (1.0 - own) * np.log(long_run / np.sqrt(YEAR)))
    return scale


def _in_units_of_before(returns: Floats, scale: Floats) -> Floats:
    before = lag(scale, 1)
    size: Floats = returns / np.where(before > 0, before, np.nan)
    return size


def _shift(level: Floats, median: Floats) -> Floats:
    return level - usual_vix(median)
