"""Functions that fold over rows: an initial state, a step, a checkpoint.

Every fold is written once, over lanes: `step` takes one row of inputs for all lanes and returns the next state and one
row of outputs. Lanes never mix, so a bank of a hundred pairs and a single pair agree to the last bit, and so do a
replay from the first row and a run resumed from a checkpoint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from rules.bars import Bools, Floats
from rules.model import Instant

BLOCK = 256
"""Rows for which a fold prepares at a time: what it makes of them may be forty times as much as they are."""

State = Mapping[str, Floats]
"""A fold's memory: float64 arrays whose first axis is the lane."""


class Fold(Protocol):
    """A frozen, hashable description of a fold. Equal folds share a bank."""

    @property
    def width(self) -> int:
        """Outputs per row and lane."""
        ...

    def initial(self, lanes: int) -> State:
        """The state before the first row."""
        ...

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        """The state after a row, and its outputs of shape (lanes, width); inputs have shape (lanes,) or (lanes, k)."""
        ...


@runtime_checkable
class Prepared(Fold, Protocol):
    """A fold of which a part needs no state. That part is worked out for many rows at once, to the same bits:
    `step(state, *row)` is `advance(state, *prepare(*row))`.
    """

    def prepare(self, *inputs: Floats) -> tuple[Floats, ...]:
        """What `advance` takes of inputs, whose first axes may be (lanes,) or (rows, lanes)."""
        ...

    def advance(self, state: State, *row: Floats) -> tuple[State, Floats]:
        """What `step` returns, of a row that is prepared."""
        ...


@dataclass(frozen=True)
class Checkpoint:
    """The state of one lane after the row that closed at `at`."""

    at: Instant
    state: State

    def dump(self) -> dict[str, object]:
        """As plain values for strict JSON; floats survive exactly, NaN and the infinities as words."""
        return {"at": self.at, "state": {name: _plain(values.tolist()) for name, values in self.state.items()}}

    @classmethod
    def load(cls, plain: Mapping[str, object]) -> Checkpoint:
        """The inverse of `dump`."""
        at, state = plain["at"], plain["state"]
        if not isinstance(at, int) or not isinstance(state, Mapping):
            raise ValueError("a checkpoint holds a whole number 'at' and a table 'state'")
        return cls(at, {name: np.asarray(_exact(values), dtype=np.float64) for name, values in state.items()})


def _plain(values: object) -> object:
    if isinstance(values, list):
        return [_plain(each) for each in values]
    return values if isinstance(values, float) and math.isfinite(values) else str(values)


def _exact(values: object) -> object:
    return [_exact(each) for each in values] if isinstance(values, list) else float(str(values))


def run(fold: Fold, inputs: Sequence[Floats], state: State) -> tuple[State, Floats]:
    """Fold over all rows of `inputs`, each of shape (rows, lanes) or (rows, lanes, k).

    Returns the last state and outputs of shape (rows, lanes, width).
    """
    rows, lanes = inputs[0].shape[:2]
    out = np.empty((rows, lanes, fold.width))
    for first in range(0, rows, BLOCK):
        columns, step = [column[first : first + BLOCK] for column in inputs], fold.step
        if isinstance(fold, Prepared):
            columns, step = list(fold.prepare(*columns)), fold.advance
        for row, given in enumerate(zip(*columns, strict=True), first):
            state, out[row] = step(state, *given)
    return state, out


def stack(states: Sequence[State]) -> State:
    """Single lanes as one bank."""
    return {name: np.concatenate([state[name] for state in states]) for name in states[0]}


def lane(state: State, index: int) -> State:
    """One lane of a bank, still with a lane axis of length one."""
    return {name: values[index : index + 1].copy() for name, values in state.items()}


def where(known: Bools, new: Floats, old: Floats) -> Floats:
    """`new` in the lanes that are known, `old` in the others."""
    return np.where(known if new.ndim == 1 else known.reshape(known.shape + (1,) * (new.ndim - 1)), new, old)
