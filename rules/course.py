"""The course of one alert over rows: where it stands after each, what happens on the way, and whether it has data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rules.alerting import AlertState, Coverage, Firing, Inactive, cover, step
from rules.bars import Bools, Floats, Ints
from rules.model import Edge, Instant, Timing, Verdict
from rules.telling import Move

PATIENCE = 3
"""Rows in a row without a verdict until a rule is said to have no data."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Of one rule: it is folded over [first, stop), and what is from `fresh` on was not judged before."""

    first: int
    fresh: int
    stop: int


@dataclass(frozen=True, slots=True)
class Course:
    """From row `first` on: the alert before it and after each row, what happened, which rows have a verdict."""

    first: int
    states: tuple[AlertState, ...]
    moves: tuple[Move, ...]
    known: tuple[bool, ...]

    def after(self, row: int) -> AlertState:
        """Where the alert stands after a row, or before the first."""
        return self.states[max(0, row + 1 - self.first)]

    def fires(self, row: int) -> bool:
        """Whether it fires after a row."""
        return isinstance(self.after(row), Firing)


def course(
    timing: Timing, before: AlertState, when: Floats, clear: Floats, ends: Sequence[Instant], first: int
) -> Course:
    """An alert over the verdicts on rows from `first` on, which end at `ends`."""
    states, moves, known = [before], list[Move](), list[bool]()
    verdicts = zip(_verdicts(when), _verdicts(clear), ends, strict=True)
    for row, (enters, leaves, end) in enumerate(verdicts, start=first):
        if enters is Verdict.UNKNOWN or leaves is Verdict.UNKNOWN:  # before a coin was there most rows are: no step
            states.append(states[-1])
            known.append(False)
            continue
        alert, edge = step(timing, states[-1], enters, leaves, end)
        since = states[-1].since if edge is Edge.RESOLVED and isinstance(states[-1], Firing) else None
        moves += [Move(edge, row, since)] if edge is not None else []
        states.append(alert)
        known.append(True)
    return Course(first, tuple(states), tuple(moves), tuple(known))


def covered(
    before: Coverage, of: Course, fresh: int, last_closed: int, ends: Sequence[Instant]
) -> tuple[Coverage, list[Move]]:
    """Whether there is data after rows from `fresh` on, and what is to be said of it.

    Rows that were dark when they were judged may have a verdict by now: they do not count any more.
    """
    dark = next((back for back, known in enumerate(reversed(of.known[: fresh - of.first])) if known), before.unknown)
    state = replace(before, unknown=min(before.unknown, dark))
    moves = []
    for row, known in enumerate(of.known[fresh - of.first :], start=fresh):
        if known or row <= last_closed:  # minutes without a verdict are not sessions without one
            state, edge = cover(PATIENCE, state, known, ends[row - of.first])
            moves += [Move(edge, row)] if edge is not None else []
    return state, moves


def follow(timing: Timing, when: Floats, clear: Floats, closes: Ints) -> list[AlertState]:
    """Where an alert stands after each of the verdicts on the bars that ended at `closes`."""
    return list(course(timing, Inactive(), when, clear, closes.tolist(), 0).states[1:])


def firing_rows(timing: Timing, when: Floats, clear: Floats) -> tuple[Bools, Bools]:
    """Of each row whether an alert fires after it that was inactive before the first, and whether it has a verdict.

    It is what `course` says, without its states: where no row is counted, the last verdict that moves it decides.
    """
    known = np.isin(when, (0.0, 1.0)) & np.isin(clear, (0.0, 1.0))
    if timing != Timing():
        taken = course(timing, Inactive(), when, clear, range(len(when)), 0)
        return np.array([isinstance(state, Firing) for state in taken.states[1:]], dtype=bool), known
    enters, leaves = known & (when == 1.0) & (clear == 0.0), known & (clear == 1.0)
    last = np.maximum.accumulate(np.where(enters | leaves, np.arange(len(when)), -1)) if len(when) else known
    return (last >= 0) & enters[last], known


def _verdicts(column: Floats) -> list[Verdict]:
    return [_VERDICTS.get(value, Verdict.UNKNOWN) for value in column.tolist()]


_VERDICTS = {1.0: Verdict.TRUE, 0.0: Verdict.FALSE}
