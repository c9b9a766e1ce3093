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
USES = ("SPX", "VIX", "BTC")

STAY = (1 - 1 / 200, 1 - 1 / 100, 1 - 1 / 40)
EXITS = ((0.0, 0.75, 0.25), (0.6, 0.0, 0.4), (0.25, 0.75, 0.0))
SPX_SCALE = (0.70, 1.0, 2.0)
BTC_SCALE = (0.85, 1.0, 1.5)
VIX_SHIFT = (-0.22, 0.0, 0.45)
VIX_SPREAD = 0.17
BTC_WEIGHT, VIX_WEIGHT = 0.3, 0.2
LONG_RUN_VOL = 0.155
LONG_RUN_VIX = 18.5
OWN_WEIGHT, VIX_OWN_WEIGHT = 0.8, 0.75
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
        (loglik,) = row
        known = ~np.isnan(loglik[:, 0])
        if not known.any():
            return state, np.full(loglik.shape, np.nan)
        p = state["p"]
        moved = sum((p[:, i, None] * _TRANSITION[i] for i in range(3)), np.zeros_like(p))
        weight = moved * np.exp(loglik - loglik.max(axis=1, keepdims=True))
        p = where(known, weight / weight.sum(axis=1, keepdims=True), p)
        return {"p": p}, np.where(known[:, None], p, np.nan)


_TRANSITION = np.array([[STAY[i] if i == j else (1 - STAY[i]) * EXITS[i][j] for j in range(3)] for i in range(3)])


def spx_term() -> Node:
    """Log-likelihood of the S&P 500's return under each state, (rows, 3). NaN where the return is missing."""
    returns = log_return(close_of("SPX"))
    scale = Window(_shrunk_scale, (_median_vol(returns),), (OWN_WEIGHT, LONG_RUN_VOL))
    return Window(_student_terms, (returns, scale), (1.0, *SPX_SCALE), rows=1, warmup=1)


def btc_term() -> Node:
    """Log-likelihood of Bitcoin's return between equity closes, weighted, (rows, 3). NaN where it is missing."""
    returns = log_return(close_of("BTC"))
    return Window(_student_terms, (returns, _median_vol(returns)), (BTC_WEIGHT, *BTC_SCALE), rows=1, warmup=1)


def vix_term() -> Node:
    """Log-likelihood of the VIX's level, weighted, (rows, 3). NaN where it is missing."""
    level = Window(_log, (close_of("VIX"),))
    median = Window(trailing_median, (level,), (MEDIAN_ROWS, MEDIAN_LEAST), rows=MEDIAN_ROWS, warmup=MEDIAN_LEAST - 1)
    return Window(_normal_terms, (level, median))


def probabilities() -> Node:
    """P of each of STATES, (rows, 3). NaN before 60 rows and where the S&P 500's return is missing.

    A missing BTC or VIX only drops its term.
    """
    return Folded(RegimeFilter(), (Window(_total, (spx_term(), btc_term(), vix_term())),))


def rows_seen() -> Node:
    """How many S&P 500 returns the filter has seen; rules wait for more than ALERTS_AFTER of them."""
    return Folded(KnownRows(), (log_return(close_of("SPX")),), warmup=ALERTS_AFTER)


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
    scale: Floats = np.exp(own * _log(median) + (1.0 - own) * np.log(long_run / np.sqrt(252.0)))
    return scale


def _student_terms(returns: Floats, scale: Floats, weight: float, *templates: float) -> Floats:
    """weight x log density of Student's t with 5 degrees of freedom, scaled to each template's standard deviation."""
    before = lag(scale, 1)
    size = returns / np.where(before > 0, before, np.nan)
    scaled = size[:, None] / np.array(templates)
    terms: Floats = weight * (-np.log(np.array(templates)) - 3.0 * np.log(1.0 + scaled * scaled / 3.0))
    return terms


def _normal_terms(level: Floats, median: Floats) -> Floats:
    shift = level - ((1.0 - VIX_OWN_WEIGHT) * np.log(LONG_RUN_VIX) + VIX_OWN_WEIGHT * median)
    scaled = (shift[:, None] - np.array(VIX_SHIFT)) / VIX_SPREAD
    terms: Floats = VIX_WEIGHT * (-0.5 * scaled * scaled)
    return terms


def _total(spx: Floats, btc: Floats, vix: Floats) -> Floats:
    return spx + np.where(np.isnan(btc), 0.0, btc) + np.where(np.isnan(vix), 0.0, vix)
