"""Folds over a pair that need no level: has its correlation left where it was, and what is it lately.

A level such as .70 is rare for small caps and altcoins; a shift is measured against the pair's own past.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, Node, Window
from rules.coupling import GRID, devolatilised, mean_of, posterior
from rules.folds import Ewma
from rules.scan import State, where

ALARM = 0.9
"""Probability of having left the reference by more than `by` at which a shift is told."""

SILENT_AFTER = 20
"""Joint rows after a shift in which the reference follows the filter, so that one shift is told once."""


@dataclass(frozen=True)
class Shift:
    """How probable it is that rho has left its reference by more than `by`; outputs P(above), P(below), reference.

    The reference is an EWMA of the posterior's mean, moved after each test; after an alarm it is that mean itself for
    `silent` rows, on which no probability is above `alarm`. Input is a posterior on GRID; NaN leaves
    the state and gives NaN, as does the first row, which is held against nothing.
    """

    by: float = 0.2
    alarm: float = ALARM
    half_life: float = 125.0
    silent: int = SILENT_AFTER
    width: int = 3

    def initial(self, lanes: int) -> State:
        return {"reference": np.full(lanes, np.nan), "wait": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        return self.advance(state, *self.prepare(*row))

    def prepare(self, *inputs: Floats) -> tuple[Floats, ...]:
        """Posteriors and their means."""
        (p,) = inputs
        return p, mean_of(p)

    def advance(self, state: State, *row: Floats) -> tuple[State, Floats]:
        p, mean = row
        known = ~np.isnan(mean)
        waiting = state["wait"] > 0
        reference = np.where(waiting, mean, state["reference"])
        with np.errstate(invalid="ignore"):
            above = np.where((reference + self.by)[:, None] < GRID, p, 0.0).sum(axis=-1)
            below = np.where((reference - self.by)[:, None] > GRID, p, 0.0).sum(axis=-1)
        above, below = (np.where(waiting, np.minimum(each, self.alarm), each) for each in (above, below))
        tested = known & ~np.isnan(reference)
        alarmed = tested & ~waiting & (np.maximum(above, below) > self.alarm)
        decay = 0.5 ** (1.0 / self.half_life)
        first = np.isnan(state["reference"])
        moved = np.where(first | waiting | alarmed, mean, decay * state["reference"] + (1.0 - decay) * mean)
        wait = np.where(alarmed, float(self.silent), np.maximum(state["wait"] - 1.0, 0.0))
        new = {
            "reference": where(known, moved, state["reference"]),
            "wait": where(known, wait, state["wait"]),
        }
        out = np.where(tested[:, None], np.array([above, below, reference]).T, np.nan)
        return new, out


@dataclass(frozen=True)
class EwmaCorrelation:
    """EWMA(uv) / sqrt(EWMA(u^2) EWMA(v^2)), in [-1, 1]; a missing leg gives NaN and leaves the state.

    NaN for the first `half_life` joint rows. (RiskMetrics 1996)
    """

    half_life: int
    width: int = 1

    def initial(self, lanes: int) -> State:
        return {**{name: np.full(lanes, np.nan) for name in ("uv", "uu", "vv")}, "count": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        u, v = row
        known = ~(np.isnan(u) | np.isnan(v))
        decay = Ewma.half_life(self.half_life).decay
        now: dict[str, Floats] = {}
        for name, x in (("uv", u * v), ("uu", u * u), ("vv", v * v)):
            old = state[name]
            now[name] = where(known, np.where(np.isnan(old), x, decay * old + (1.0 - decay) * x), old)
        count = state["count"] + known
        spread = now["uu"] * now["vv"]
        moving = known & (count > self.half_life) & (spread > 0)
        r = np.clip(now["uv"] / np.sqrt(np.where(moving, spread, np.nan)), -1.0, 1.0)
        return {**now, "count": count}, r[:, None]


def shift(a: Node, b: Node, by: float) -> Node:
    """P(above), P(below) and the reference of a pair of price series, (rows, 3)."""
    return Folded(Shift(by), (posterior(a, b),), 1)


def ewma_correlation(a: Node, b: Node, half_life: int) -> Node:
    """The exponentially weighted correlation of a pair's devolatilised returns."""
    return Folded(EwmaCorrelation(half_life), devolatilised(a, b), half_life)


def probability_of_shift(a: Node, b: Node, by: float) -> Node:
    """The greater of P(above) and P(below)."""
    return Window(_greater, (shift(a, b, by),))


def reference_of(a: Node, b: Node, by: float) -> Node:
    """The correlation that the row was held against."""
    return Window(_reference, (shift(a, b, by),))


def _greater(shifted: Floats) -> Floats:
    return np.minimum(np.maximum(shifted[:, 0], shifted[:, 1]), 1.0)


def _reference(shifted: Floats) -> Floats:
    return np.ascontiguousarray(shifted[:, 2])
