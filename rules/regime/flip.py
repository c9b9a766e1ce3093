"""What the label would be at the next close, for any prices: the filter's own step, on many futures side by side.

Nothing is inverted and nothing is assumed to be monotone: the futures are the prices that can be quoted, one tick after
another, and each is judged as the engine would judge it, to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rules.bars import Floats, Ints
from rules.columns import Node
from rules.regime.filter import (
    BTC_SCALE,
    BTC_WEIGHT,
    MEDIAN_LEAST,
    MEDIAN_ROWS,
    SPX_SCALE,
    RegimeFilter,
    btc_scale,
    log_vix,
    normal_terms,
    probabilities,
    spx_scale,
    student_terms,
    total,
    usual_vix,
)
from rules.regime.label import RegimeLabel, label


@dataclass(frozen=True)
class NextClose:
    """What the close after a row is judged on: probabilities (3,) and label so far, usual sizes, the VIX's past.

    `spx_scale` and `btc_scale` are usual sizes of a return as of the row, NaN where there is none yet; `vix_past` are
    the logarithms of the VIX that its next median is taken over, NaN where one is missing.
    """

    p: Floats
    label: float
    spx_scale: float
    btc_scale: float
    vix_past: Floats

    def judge(self, spx: Floats, btc: Floats, vix: Floats) -> tuple[Floats, Ints]:
        """Probabilities (futures, 3) and the label's index in STATES (futures,) after each of several futures.

        A future is a log return of the S&P 500, one of Bitcoin and a level of the VIX; all have one length. A NaN of
        Bitcoin or the VIX drops that term.
        """
        level = np.log(vix)
        terms = (
            student_terms(spx / self.spx_scale, 1.0, *SPX_SCALE),
            student_terms(btc / self.btc_scale, BTC_WEIGHT, *BTC_SCALE),
            normal_terms(level - usual_vix(self._medians(level))),
        )
        lanes = len(spx)
        _, p = RegimeFilter().step({"p": np.tile(self.p, (lanes, 1))}, total(*terms))
        _, labels = RegimeLabel().step({"label": np.full(lanes, self.label)}, p)
        return p, labels[:, 0].astype(np.int64)

    def _medians(self, level: Floats) -> Floats:
        """The median of the past and of one more value, for each such value: it is the middle one, or beside it."""
        past = np.sort(self.vix_past[~np.isnan(self.vix_past)])
        if len(past) + 1 < MEDIAN_LEAST:
            return np.full(level.shape, np.nan)
        middle = len(past) // 2
        if len(past) % 2 == 0:
            return np.clip(level, past[middle - 1], past[middle])
        other = np.clip(level, past[middle - 1], past[middle + 1])
        median: Floats = (np.minimum(past[middle], other) + np.maximum(past[middle], other)) / 2
        return median

    @classmethod
    def after(cls, columns: Mapping[Node, Floats], row: int) -> NextClose | None:
        """What the close after `row` is judged on, given the columns of NEEDED; None while there is no label yet."""
        spx, btc, levels, p, labels = (columns[node][: row + 1] for node in NEEDED)
        known = np.flatnonzero(~np.isnan(labels))
        if not len(known) or not spx[-1] > 0:
            return None
        usual = float(spx[-1]), float(btc[-1]) if btc[-1] > 0 else np.nan
        return cls(p[known[-1]], float(labels[known[-1]]), *usual, levels[max(0, row + 2 - MEDIAN_ROWS) :])


NEEDED: tuple[Node, ...] = (spx_scale(), btc_scale(), log_vix(), probabilities(), label())
"""The columns that say what the next close is judged on."""
