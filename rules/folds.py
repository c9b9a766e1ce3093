"""Folds that more than one family needs: exponentially weighted means, running extremes, counts, turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.scan import State, where


@dataclass(frozen=True)
class Ewma:
    """y_t = decay y_{t-1} + (1 - decay) x_t, from y = the first known x. A missing x leaves y, which is carried.

    Equal to pandas' `ewm(adjust=False)` on gapless columns. NaN before the first known x. (Roberts 1959)
    """

    decay: float
    width: int = 1

    @classmethod
    def half_life(cls, rows: float) -> Ewma:
        """The weight of a row halves every `rows` rows."""
        return cls(0.5 ** (1.0 / rows))

    def initial(self, lanes: int) -> State:
        return {"mean": np.full(lanes, np.nan)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (x,) = row
        mean = state["mean"]
        moved = np.where(np.isnan(mean), x, self.decay * mean + (1.0 - self.decay) * x)
        mean = where(~np.isnan(x), moved, mean)
        return {"mean": mean}, mean[:, None]


@dataclass(frozen=True)
class RunningMax:
    """The greatest known x up to and including this row; NaN before the first."""

    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"peak": np.full(lanes, np.nan)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        peak = np.fmax(state["peak"], row[0])
        return {"peak": peak}, peak[:, None]


@dataclass(frozen=True)
class KnownRows:
    """How many known x there were up to and including this row."""

    width: int = 1

    def initial(self, lanes: int) -> State:
        return {"count": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        count = state["count"] + ~np.isnan(row[0])
        return {"count": count}, count[:, None]


@dataclass(frozen=True)
class DirectionalChange:
    """Two outputs: +1 on the row that completes a rise of `share` from the low since the last down-turn, -1 mirrored,
    else 0; and the low or high that the leg under way began from, before the first turn the first known x.

    Before the first turn both are watched from the first known x. A missing x gives NaN and leaves the state. A turn is
    never taken back. (Guillaume, Dacorogna, Dave, Mueller, Olsen & Pictet 1997)
    """

    share: float
    width: int = 2

    def initial(self, lanes: int) -> State:
        nowhere = {"low": np.full(lanes, np.inf), "high": np.full(lanes, -np.inf), "from": np.full(lanes, np.nan)}
        return {"side": np.zeros(lanes), **nowhere}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        (x,) = row
        side = state["side"]
        low, high = np.fmin(state["low"], x), np.fmax(state["high"], x)
        up = (side <= 0) & (x >= low * (1.0 + self.share))
        down = (side >= 0) & (x <= high * (1.0 - self.share)) & ~up
        turned, known = up | down, ~np.isnan(x)
        begun = np.where(up, low, np.where(down, high, np.where(np.isnan(state["from"]), x, state["from"])))
        turn = np.where(known, up * 1.0 - down, np.nan)
        new = {
            "low": np.where(turned, x, low),
            "high": np.where(turned, x, high),
            "from": begun,
            "side": np.where(turned, turn, side),
        }
        return new, np.stack([turn, np.where(known, begun, np.nan)], axis=1)
