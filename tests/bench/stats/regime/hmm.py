"""What many build: a hidden Markov model with two Gaussian states on the returns of SPX, fitted again every quarter.

As honest as it can be made: each fit sees only rows before those it judges, and a row is judged by the forward
probability given rows up to it. hmmlearn's own predict_proba is smoothed: it sees the future. (Hamilton 1989)
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from bot.tuning.worlds.regime import WARMUP
from rules.bars import Bools, Floats

QUARTER = 63
"""Rows from one fit to the next."""

ITERATIONS = 100
PERCENT = 100.0
"""Returns are fitted in percent: hmmlearn's prior of a variance, a hundredth, is that of a return of 10 % a day."""

SURE = 500.0
"""Log odds beyond which nothing is surer: their exponential would overflow, or be nothing."""


def turbulent(returns: Floats) -> Bools:
    """Rows on which the state with the greater variance is the likelier one; none before the first fit.

    The first fit is a quarter before the end of the warm-up, so that an alarm can be in force when scoring begins; each
    other one goes on from the last. Fitted afresh it takes five times as long and comes out about the same.
    """
    percent, off = PERCENT * returns, np.zeros(len(returns), dtype=bool)
    first_fit = WARMUP - QUARTER
    model = unfitted(percent[:first_fit])
    for first in range(first_fit, len(returns), QUARTER):
        model.fit(percent[:first, None])
        rows = slice(first, first + QUARTER)
        off[rows] = forward(model, percent[: rows.stop])[rows] > 0.5
    return off


def unfitted(returns: Floats) -> Any:
    """A model that favours no row of these returns: one mean, a small and a great variance, both likely to last."""
    from hmmlearn.hmm import GaussianHMM  # takes a second to import, and only processes that judge by it need to

    logging.getLogger("hmmlearn").setLevel(logging.CRITICAL)  # it would say of every path how its fit went
    model = GaussianHMM(2, n_iter=ITERATIONS, init_params="")
    model.startprob_ = np.array([0.5, 0.5])
    model.transmat_ = np.array([[0.98, 0.02], [0.02, 0.98]])
    model.means_ = np.full((2, 1), returns.mean())
    model.covars_ = np.array([[0.5], [2.0]]) * returns.var()
    return model


def forward(model: Any, returns: Floats) -> Floats:
    """P of the state with the greater variance on each row, given rows up to it."""
    variance, mean = model.covars_.ravel(), model.means_.ravel()
    wild, calm = (1, 0) if variance[1] > variance[0] else (0, 1)
    surprise = (returns[:, None] - mean) ** 2 / variance
    evidence = np.clip(0.5 * (surprise[:, calm] - surprise[:, wild]), -SURE, SURE)
    odds = np.exp(evidence) * np.sqrt(variance[calm] / variance[wild])
    moves = model.transmat_
    out, p = [], float(model.startprob_[wild])
    for row, ratio in enumerate(odds.tolist()):
        if row:
            p = p * moves[wild, wild] + (1.0 - p) * moves[calm, wild]
        p = p * ratio / (p * ratio + 1.0 - p)
        out.append(p)
    return np.array(out)
