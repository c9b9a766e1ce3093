"""Volumes of two venues are never compared: what looks back over volumes sees the row's own venue alone.

A coin trades 17 times as much on a perpetual exchange as on a spot one. So a window over volumes, or over anything made
of them, holds rows of one tape (venue, quote and unit), the one of its last row; a fold begins anew with each change.
Functions of the vocabulary know nothing of it: their nodes are rewritten when they are built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rules.bars import Bools, Floats
from rules.columns import Field, Folded, Node, Window, walk
from rules.scan import Fold, State, where

TRADED = ("volume", "turnover")
"""The columns of an instrument that are counted by who prints it."""


def by_tape(node: Node) -> Node:
    """`node` with everything under it that looks back over volumes kept to one tape a row."""
    traded: dict[Node, tuple[str, ...]] = {}
    made: dict[Node, Node] = {}
    for each in walk([node]):
        if isinstance(each, Window | Folded):
            traded[each] = tuple(dict.fromkeys(name for under in each.inputs for name in traded[under]))
            made[each] = _kept(each, tuple(made[under] for under in each.inputs), traded[each])
        else:
            traded[each] = (each.instrument,) if isinstance(each, Field) and each.name in TRADED else ()
            made[each] = each
    return made[node]


def _kept(node: Window | Folded, inputs: tuple[Node, ...], traded: tuple[str, ...]) -> Node:
    """`node` over `inputs`, which volumes of `traded` are under: to each row the rows of its tapes alone."""
    new = node if inputs == node.inputs else replace(node, inputs=inputs)
    if not traded or _is_kept(node):
        return new
    tapes = tuple(Field(name, "tape") for name in traded)
    if isinstance(new, Folded):
        return replace(new, fold=Anew(new.fold, len(tapes)), inputs=(*tapes, *inputs))
    if not new.rows:
        return new
    return replace(new, apply=OneTape(new.apply, len(tapes)), inputs=(*tapes, *inputs))


def _is_kept(node: Window | Folded) -> bool:
    return isinstance(node.fold, Anew) if isinstance(node, Folded) else isinstance(node.apply, OneTape)


class OneTape:
    """`apply` to the rows of each tape as if there were no others. The first `tapes` columns say which those are."""

    def __init__(self, apply: Callable[..., Floats], tapes: int) -> None:
        self._apply, self._tapes = apply, tapes
        self.__qualname__ = f"{type(self).__name__}({apply.__module__}.{apply.__qualname__}, {tapes})"

    def __call__(self, *given: Floats) -> Floats:
        tapes, rest = np.stack(given[: self._tapes], axis=1), given[self._tapes :]
        known = _all(~np.isnan(tapes))
        out = np.full(len(tapes), np.nan)
        for one in np.unique(tapes[known], axis=0):
            own = _all(tapes == one)
            out[own] = self._apply(*(_only(own, each) for each in rest))[own]
        return out


def _all(rows: Bools) -> Bools:
    """Where every element of a row is true."""
    return np.asarray(rows.all(axis=1))


def _only(own: Bools, given: Any) -> Any:
    """A column without the rows that are not `own`; a parameter as it is."""
    if not isinstance(given, np.ndarray):
        return given
    return np.where(own if given.ndim == 1 else own[:, None], given, np.nan)


@dataclass(frozen=True)
class Anew:
    """`fold`, which begins anew on the first row of another tape that it learns from. Its first `tapes` inputs are
    those; a row without its other inputs tells it nothing, so a day at another venue leaves the memory of a mean.
    """

    fold: Fold
    tapes: int

    @property
    def width(self) -> int:
        """As many outputs as `fold`."""
        return self.fold.width

    def initial(self, lanes: int) -> State:
        return {"tapes": np.full((lanes, self.tapes), np.nan), **self.fold.initial(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        tapes, before = np.stack(row[: self.tapes], axis=1), state["tapes"]
        other = _all(~np.isnan(tapes)) & ~_all(tapes == before)
        inner = {name: each for name, each in state.items() if name != "tapes"}
        if not other.any():  # on nearly every row
            moved, out = self.fold.step(inner, *row[self.tapes :])
            return {"tapes": before, **moved}, out
        given = [np.reshape(each, (len(tapes), -1)) for each in row[self.tapes :]]
        known = _all(~np.isnan(np.concatenate(given, axis=1)))
        changed, away = other & known, other & ~known
        if changed.any():
            fresh = self.fold.initial(len(tapes))
            inner = {name: where(changed, fresh[name], each) for name, each in inner.items()}
        moved, out = self.fold.step(inner, *row[self.tapes :])
        if away.any():
            moved = {name: where(away, inner[name], each) for name, each in moved.items()}
            out = where(away, np.full(out.shape, np.nan), out)
        return {"tapes": where(changed, tapes, before), **moved}, out
