"""Statistics of single samples, for answers. Undefined is None, never a guess."""

from __future__ import annotations

import math

import numpy as np

from rules.bars import Floats
from rules.windows import FLAT, LEAST_RANKED


def kendall(x: Floats, y: Floats) -> float | None:
    """sin(pi tau / 2), tau Kendall's tau-b of two samples of one length: a correlation that outliers do not move.

    Equal to Pearson's for any elliptical distribution. None where a leg does not move. (Kendall 1938;
    Lindskog, McNeil & Schmock 2003)
    """
    agree = untied_x = untied_y = 0.0
    for row in range(1, len(x)):
        p, q = np.sign(x[:row] - x[row]), np.sign(y[:row] - y[row])
        agree += float((p * q).sum())
        untied_x += float(np.abs(p).sum())
        untied_y += float(np.abs(q).sum())
    if not untied_x * untied_y > 0 or min(float(x.std()), float(y.std())) < FLAT:
        return None
    tau = min(1.0, max(-1.0, agree / math.sqrt(untied_x * untied_y)))
    return math.sin(math.pi / 2.0 * tau)


def change_test(r: float, error: float, before: float, error_before: float) -> tuple[float, float] | None:
    """Whether two correlations of samples without a common return differ: z and its two-sided p.

    An `error` is of atanh r. None where a correlation is +-1 or an error unknown. (Fisher 1921)
    """
    if not (abs(r) < 1 and abs(before) < 1 and error > 0 and error_before > 0):
        return None
    z = (math.atanh(r) - math.atanh(before)) / math.hypot(error, error_before)
    return z, math.erfc(abs(z) / math.sqrt(2.0))


def percentile(history: Floats) -> float | None:
    """Share of the known values that are not above the newest, in [0, 1]; None among fewer than LEAST_RANKED."""
    known = history[~np.isnan(history)]
    return float((known <= known[-1]).mean()) if len(known) >= LEAST_RANKED else None
