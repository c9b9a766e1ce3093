"""What labels of the regime are worth: how late RISK_OFF is, how often without a cause, how true.

Each metric takes `Told` and gives one number, NaN where nothing can be said. Only rows after the warm-up count; a year
is 252 of them. Detectors that know RISK_OFF alone are told apart by a label of NaN elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from bot.tuning.worlds.found import a_year, delays_of_spells, quantile, share_missed
from bot.tuning.worlds.regime import OFF, WARMUP
from rules.bars import Bools, Floats, Ints

EXCUSED = 10
"""Rows after a true spell on which an alarm is late, not false."""


@dataclass(frozen=True)
class Told:
    """The label of each row and the true state, as indices in STATES, both (rows, paths)."""

    label: Floats
    state: Ints

    @property
    def off(self) -> Bools:
        """The rows on which RISK_OFF is in force."""
        off: Bools = self.label == OFF
        return off


def pooled(parts: Iterable[Told]) -> Told:
    """The paths of several as one."""
    each = list(parts)
    return Told(*(np.concatenate([getattr(one, name) for one in each], axis=1) for name in ("label", "state")))


def median_delay(told: Told) -> float:
    """Half of the true spells of RISK_OFF are told within so many rows; one that is missed counts with its length."""
    return quantile(delays(told), 0.5)


def long_delay(told: Told) -> float:
    """Nine of ten true spells are told within so many rows."""
    return quantile(delays(told), 0.9)


def missed(told: Told) -> float:
    """Share of the true spells during which RISK_OFF is in force on no row."""
    return share_missed(told.off, told.state)


def false_entries_a_year(told: Told) -> float:
    """How often RISK_OFF begins outside a true spell and the EXCUSED rows after it."""
    true = told.state == OFF
    near = true.copy()
    for rows in range(1, EXCUSED + 1):
        near[rows:] |= true[:-rows]
    now, before = told.off[WARMUP:], told.off[WARMUP - 1 : -1]
    return a_year(now & ~before & ~near[WARMUP:])


def flips_a_year(told: Told) -> float:
    """How often RISK_OFF begins or ends."""
    return a_year(told.off[WARMUP:] != told.off[WARMUP - 1 : -1])


def accuracy_of_off(told: Told) -> float:
    """Balanced accuracy of RISK_OFF against the rest, over all rows and paths."""
    return _balanced(told.off[WARMUP:], told.state[WARMUP:] == OFF, (True, False))


def accuracy_of_all(told: Told) -> float:
    """Balanced accuracy of all three labels; NaN for a detector that does not know them."""
    label = told.label[WARMUP:]
    return np.nan if np.isnan(label).any() else _balanced(label, told.state[WARMUP:], np.unique(told.state))


def delays(told: Told) -> Floats:
    """Of each true spell the rows until RISK_OFF is in force, 0 where it already was; its length where it never is."""
    return delays_of_spells(told.off, told.state)


def _balanced(told: Bools | Floats, truth: Bools | Ints, classes: Iterable[object]) -> float:
    """Mean over the classes of the share of their rows that are told as such; NaN where one has no row."""
    hits = [told[truth == each] == each for each in classes]
    return float(np.mean([each.mean() for each in hits])) if all(map(len, hits)) else np.nan
