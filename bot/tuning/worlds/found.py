"""What alerts in worlds are worth: how often they begin, and how late a change or a spell is told."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bot.tuning.worlds.pairs import CHANGE, YEAR
from bot.tuning.worlds.regime import OFF
from bot.tuning.worlds.regime import WARMUP as REGIME_WARMUP
from rules.bars import Bools, Floats, Ints

CENSORED = 250
"""Rows after a change in which it is found, or missed."""

SHORTEST = 5
"""Rows after the warm-up that a true spell must have to be scored."""


def entries_a_year(fires: Bools, warmup: int) -> float:
    """How often an alarm begins, on rows (rows, paths) after the warm-up; a year is 252 of them."""
    return a_year(fires[warmup:] & ~fires[warmup - 1 : -1])


def delays(fires: Bools) -> Floats:
    """Rows from the change to the first that fires, CENSORED at most; 0 for the row of the change itself."""
    after = fires[CHANGE : CHANGE + CENSORED]
    return np.where(after.any(axis=0), after.argmax(axis=0), CENSORED).astype(np.float64)


def delays_of_state(inside: Bools) -> Floats:
    """The delays of the paths that were not inside when the change came."""
    return delays(inside[:, ~inside[CHANGE - 1]])


def spells(off: Bools, state: Ints) -> Iterator[Bools]:
    """Of each true spell of RISK_OFF that is scored, whether an alarm is on its rows after the warm-up."""
    true, told = state[REGIME_WARMUP:] == OFF, off[REGIME_WARMUP:]
    for path in range(true.shape[1]):
        edges = np.flatnonzero(np.diff(true[:, path], prepend=False, append=False))
        for first, stop in edges.reshape(-1, 2):
            if stop - first >= SHORTEST:
                yield told[first:stop, path]


def delays_of_spells(off: Bools, state: Ints) -> Floats:
    """Of each true spell the rows until an alarm is on, 0 where it already was; its length where it never is."""
    found = [int(rows.argmax()) if rows.any() else len(rows) for rows in spells(off, state)]
    return np.array(found, dtype=np.float64)


def share_missed(off: Bools, state: Ints) -> float:
    """Share of the true spells during which an alarm is on at no row; NaN where there is no spell."""
    found = [bool(rows.any()) for rows in spells(off, state)]
    return 1.0 - float(np.mean(found)) if found else np.nan


def a_year(events: Bools) -> float:
    """How many of them a year of rows has; NaN without rows."""
    return float(events.mean()) * YEAR if events.size else np.nan


def quantile(values: Floats, share: float) -> float:
    """NaN where there are no values."""
    return float(np.quantile(values, share)) if len(values) else np.nan
