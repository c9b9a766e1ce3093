"""How tightly two instruments move together, as a probability: returns freed of their volatility, then a filter on rho.

A rolling correlation that crosses .70 does so 3.7 times a year where the truth is constantly .50; the filter here does
.03 times, and finds a change from .2 to .8 as fast. It says P(rho >= theta), not a point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Folded, Node
from rules.scan import State, where
from rules.windows import FLAT, log_return

GRID: Floats = np.round(0.05 * np.arange(-19, 20), 2)
"""The 39 values of rho the filter knows, -.95 to .95."""

SILENT_ROWS = 120
"""Joint rows before the filter speaks."""


@dataclass(frozen=True)
class Devolatilise:
    """u_t = clip(r_t / s_{t-1}, -clip, clip): a return in units of its volatility as known the row before.

    s^2 is an EWMA (zero mean) of r winsorised at `winsor` s, over the first `opening` returns an expanding second
    moment. A missing return gives NaN and leaves the state. (RiskMetrics 1996)
    """

    half_life: float = 10.0
    opening: int = 40
    clip: float = 4.0
    winsor: float = 6.0
    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"variance": np.full(lanes, np.nan), "count": np.zeros(lanes), "squares": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (r,) = row
        known = ~np.isnan(r)
        if not known.any():
            return state, np.full((len(r), 1), np.nan)
        scale = np.sqrt(state["variance"])
        moves = scale > FLAT
        u = np.minimum(np.maximum(r / np.where(moves, scale, np.nan), -self.clip), self.clip)
        limit = np.where(moves, self.winsor * scale, np.inf)
        tame = np.minimum(np.maximum(r, -limit), limit)
        decay = 0.5 ** (1.0 / self.half_life)
        moved = decay * state["variance"] + (1.0 - decay) * tame * tame
        opening = known & (state["count"] < self.opening)
        if not opening.any():  # on nearly every row
            return {**state, "variance": where(known, moved, state["variance"])}, u[:, None]
        count = where(opening, state["count"] + 1.0, state["count"])
        squares = where(opening, state["squares"] + r * r, state["squares"])
        with np.errstate(divide="ignore", invalid="ignore"):
            moved = np.where(opening, squares / count, moved)
        variance = where(known, moved, state["variance"])
        return {"variance": variance, "count": count, "squares": squares}, u[:, None]


@dataclass(frozen=True)
class PairFilter:
    """Posterior of rho on GRID given devolatilised returns of a pair; outputs 39 probabilities a row.

    Between rows a little mass drifts to the neighbours and a little jumps anywhere; the likelihood is a bivariate
    Student's t with `nu` degrees of freedom. A missing leg gives NaN and leaves the posterior; NaN for the first
    `silent` joint rows. (Shiryaev 1963; Hamilton 1989; Adams & MacKay 2007; Fearnhead & Liu 2007)
    """

    hazard: float = 1 / 500
    drift: float = 0.02
    nu: float = 5.0
    silent: int = SILENT_ROWS
    width: int = len(GRID)

    def initial(self, lanes: int) -> State:
        return {"p": np.full((lanes, self.width), 1.0 / self.width), "count": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        return self.advance(state, *self.prepare(*row))

    def prepare(self, *inputs: Floats) -> tuple[Floats, ...]:
        """The likelihood of each rho, the highest 1; NaN where a leg is missing."""
        u, v = inputs
        distance = (u * u + v * v)[..., None] - (2.0 * (u * v))[..., None] * GRID
        power = -(self.nu + 2.0) / 2.0
        loglik = power * np.log(1.0 + distance / (_SPREAD * (self.nu - 2.0))) - _HALF_LOG_SPREAD
        return (np.exp(loglik - loglik.max(axis=-1, keepdims=True)),)

    def advance(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (likelihood,) = row
        known = ~np.isnan(likelihood[:, 0])
        if not known.any():
            return state, np.full(likelihood.shape, np.nan)
        weight = self._predict(state["p"]) * likelihood
        p = where(known, weight / weight.sum(axis=-1, keepdims=True), state["p"])
        count = state["count"] + known
        spoken = known & (count > self.silent)
        return {"p": p, "count": count}, np.where(spoken[:, None], p, np.nan)

    def _predict(self, p: Floats) -> Floats:
        neighbours = np.empty_like(p)
        neighbours[:, 1:-1] = p[:, :-2] + p[:, 2:]
        neighbours[:, 0] = p[:, 0] + p[:, 1]
        neighbours[:, -1] = p[:, -2] + p[:, -1]
        moved = (1.0 - self.drift) * p + (self.drift / 2.0) * neighbours
        return (1.0 - self.hazard) * moved + self.hazard / self.width


_SPREAD = 1.0 - GRID * GRID
_HALF_LOG_SPREAD = 0.5 * np.log(_SPREAD)


def devolatilised(a: Node, b: Node) -> tuple[Node, ...]:
    """The returns of two price series in units of their volatility; a and b may be swapped."""
    return tuple(Folded(Devolatilise(), (log_return(leg),), 1) for leg in sorted((a, b), key=str))


def posterior(a: Node, b: Node) -> Node:
    """The posterior of the correlation of two price series on GRID, (rows, 39)."""
    return Folded(PairFilter(), devolatilised(a, b), SILENT_ROWS)


def at_least(theta: float) -> int:
    """The first node of GRID that is not below theta."""
    return int(np.searchsorted(GRID, round(theta, 9)))


def mean_of(p: Floats) -> Floats:
    """The means of posteriors (..., 39)."""
    mean: Floats = (p * GRID).sum(axis=-1)
    return mean


def mass_from(p: Floats, first: int) -> Floats:
    """The mass of posteriors (rows, 39) on the nodes from `first` on, at most 1."""
    mass: Floats = np.ascontiguousarray(p[:, first:]).sum(axis=-1)
    return np.minimum(mass, 1.0)


def quantile_of(p: Floats, share: float) -> Floats:
    """The least node of GRID up to which posteriors (rows, 39) hold `share` of their mass; NaN for NaN."""
    reached = np.cumsum(p, axis=-1) >= share
    reached[:, -1] = True
    return np.where(np.isnan(p[:, 0]), np.nan, GRID[np.argmax(reached, axis=-1)])
