"""Columns of a graph on a panel, computed once for all who ask.

Only the rows asked for are computed, and behind each node only the look-back its readers need; folds resume from their
checkpoints. The result is bit for bit the one of a full replay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from rules.bars import Floats
from rules.columns import Constant, Field, Folded, Node, OfClock, Window, children, walk
from rules.panel import Panel
from rules.scan import Checkpoint, Fold, State, lane, run, stack

Checkpoints = Mapping[str, Checkpoint]


def lookback(roots: Iterable[Node]) -> int:
    """Rows before the first one asked for that a panel must hold when every fold has its checkpoint.

    A fold resumes after a row that the panel must hold too.
    """
    plan = _Plan(tuple(roots), first=0)
    reach = -min(plan.wanted.values(), default=0)
    of_folds = (1 - plan.wanted[node] for node in plan.order if isinstance(node, Folded))
    return max(reach, max(of_folds, default=0))


@dataclass(frozen=True)
class Evaluated:
    """The asked columns from row `start` on, and the checkpoints that the next evaluation may resume from."""

    start: int
    columns: Mapping[Node, Floats]
    checkpoints: Checkpoints


def evaluate(
    roots: Iterable[Node],
    panel: Panel,
    start: int = 0,
    checkpoints: Checkpoints | None = None,
    next_start: int | None = None,
) -> Evaluated:
    """Compute `roots` on the rows of `panel` from `start` on: arrays of shape (rows,) or (rows, width).

    A fold resumes from its checkpoint where that reaches back far enough, and else from the panel's first row: raises
    ValueError where that is not history's first. The new checkpoints fit an evaluation that starts at `next_start`, by
    default the row after this panel's last.
    """
    plan = _Plan(tuple(dict.fromkeys(roots)), start)
    following = len(panel) if next_start is None else next_start
    work = _Work(panel, plan, plan.resume(panel, checkpoints or {}), following)
    for layer in plan.layers():
        banks: dict[tuple[Fold, int], list[Folded]] = defaultdict(list)
        for node in layer:
            if isinstance(node, Folded):
                banks[node.fold, work.begin[node]].append(node)
            else:
                work.values[node] = work.simple(node)
        for (fold, begin), nodes in banks.items():
            work.bank(fold, begin, nodes)
    return Evaluated(start, {node: work.rows(node, start) for node in plan.roots}, work.saved)


class _Plan:
    """Which rows of which node are wanted: `wanted[node]` is the first, negative before the panel begins."""

    def __init__(self, roots: tuple[Node, ...], first: int) -> None:
        self.roots, self.first = roots, first
        self.order = list(walk(roots))
        self.wanted = dict.fromkeys(self.order, first)
        for node in reversed(self.order):
            reach = node.rows if isinstance(node, Window) else 0
            for child in children(node):
                self.wanted[child] = min(self.wanted[child], self.wanted[node] - reach)
        self.asked = dict(self.wanted)

    def resume(self, panel: Panel, checkpoints: Checkpoints) -> dict[Folded, tuple[int, State]]:
        """Where each fold starts and with which state; pulls what it reads back to that row."""
        states: dict[Folded, tuple[int, State]] = {}
        for node in reversed(self.order):
            first = self.wanted[node]
            if isinstance(node, Folded):
                row, state = _usable(checkpoints.get(str(node)), panel, first)
                states[node] = (row, state if state is not None else node.fold.initial(1))
                first = row
            reach = node.rows if isinstance(node, Window) else 0
            for child in children(node):
                self.wanted[child] = min(self.wanted[child], first - reach)
        return states

    def layers(self) -> list[list[Node]]:
        """Nodes by depth, so that all folds of one kind at one depth can share a bank."""
        depth: dict[Node, int] = {}
        for node in self.order:
            depth[node] = 1 + max((depth[child] for child in children(node)), default=-1)
        layers: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
        for node, level in depth.items():
            layers[level].append(node)
        return layers


def _usable(checkpoint: Checkpoint | None, panel: Panel, first: int) -> tuple[int, State | None]:
    """The row after the checkpoint and its state, or the panel's first row and None when it does not fit."""
    if checkpoint is not None:
        row = int(np.searchsorted(panel.clock.closes, checkpoint.at))
        if row < len(panel) and panel.clock.closes[row] == checkpoint.at and row + 1 <= first:
            return row + 1, checkpoint.state
    if not panel.whole:
        raise ValueError("a fold without a fitting checkpoint needs a panel that begins where history does")
    return 0, None


class _Work:
    """Values in the making. `begin[node]` is the panel row of the first element of `values[node]`."""

    def __init__(self, panel: Panel, plan: _Plan, resumed: dict[Folded, tuple[int, State]], following: int) -> None:
        self.panel, self.plan, self.resumed, self.following = panel, plan, resumed, following
        self.begin = {node: max(0, plan.wanted[node]) for node in plan.order}
        self.begin.update({node: row for node, (row, _) in resumed.items()})
        self.values: dict[Node, Floats] = {}
        self.saved: dict[str, Checkpoint] = {}

    def rows(self, node: Node, first: int) -> Floats:
        """The values of `node` from panel row `first` on."""
        return self.values[node][max(0, first) - self.begin[node] :]

    def simple(self, node: Field | OfClock | Constant | Window) -> Floats:
        """A node without memory."""
        begin = self.begin[node]
        if isinstance(node, Field):
            return self.panel.field(node.instrument, node.name, begin)
        if isinstance(node, OfClock):
            return self.panel.of_clock(node.name)[begin:]
        if isinstance(node, Constant):
            return np.full(len(self.panel) - begin, node.value)
        back = max(0, begin - node.rows)
        return node.apply(*(self.rows(child, back) for child in node.inputs), *node.parameters)[begin - back :]

    def bank(self, fold: Fold, begin: int, nodes: list[Folded]) -> None:
        """Run equal folds side by side, one lane each, and keep the states that the next evaluation needs."""
        state = stack([self.resumed[node][1] for node in nodes])
        inputs = [
            np.ascontiguousarray(np.stack([self.rows(node.inputs[i], begin) for node in nodes], axis=1))
            for i in range(len(nodes[0].inputs))
        ]
        keep = [self.following - (self.plan.first - self.plan.asked[node]) for node in nodes]
        outputs, row = [], begin
        for stop in sorted({*(k for k in keep if k >= begin), len(self.panel)}):
            state, out = run(fold, [column[row - begin : stop - begin] for column in inputs], state)
            outputs.append(out)
            row = stop
            for index, node in enumerate(nodes):
                if keep[index] == stop and stop > 0:
                    at = int(self.panel.clock.closes[stop - 1])
                    self.saved[str(node)] = Checkpoint(at, lane(state, index))
        joined = np.concatenate(outputs)
        for index, node in enumerate(nodes):
            column = joined[:, index]
            self.values[node] = np.ascontiguousarray(column[:, 0] if fold.width == 1 else column)
