"""How often the 90 % interval of a correlation holds the truth, over worlds in which that is constant.

Every row counts on which the window begins after the warm-up, so that tails are measured over full 250 returns. Windows
of neighbouring rows overlap; a mean over them is as true as one over windows that do not, and steadier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bot.tuning.worlds.pairs import WARMUP
from rules.bars import Floats
from rules.pairs import Z90
from rules.panel import Panel
from tests.bench.stats.prices import columns

WINDOWS = (20, 30, 60, 90)


@dataclass(frozen=True)
class Coverage:
    """Of so many intervals those that hold the truth: the interval shown, and plain Fisher's."""

    count: int = 0
    ours: int = 0
    plain: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        return Coverage(self.count + other.count, self.ours + other.ours, self.plain + other.plain)

    def share(self, hits: int) -> float:
        """Hits among all, NaN where there are none."""
        return hits / self.count if self.count else np.nan


def coverage(panel: Panel, rho: Floats) -> dict[int, Coverage]:
    """The intervals of all windows of n returns, by n; `rho` is (returns, paths). One not known holds nothing."""
    texts = [text.format(pair="{pair}", n=n) for n in WINDOWS for text in _INTERVAL]
    found = columns(texts, panel)
    return {n: _held(n, rho, *found[at : at + 3]) for n, at in zip(WINDOWS, range(0, len(found), 3), strict=True)}


_INTERVAL = ("corr_low({pair}, {n})", "corr({pair}, {n})", "corr_high({pair}, {n})")


def _held(n: int, rho: Floats, *interval: Floats) -> Coverage:
    truth, low, r, high = (column[WARMUP + n - 1 :] for column in (rho, *interval))
    ours = (low <= truth) & (truth <= high)
    plain = np.abs(np.arctanh(r) - np.arctanh(truth)) <= Z90 / np.sqrt(n - 3)
    return Coverage(truth.size, int(ours.sum()), int(plain.sum()))
