"""The bid-ask spread of Ardia, Guidotti & Kroencke (2024) as it is defined, one pair of bars after the other."""

from __future__ import annotations

import math
from statistics import fmean

from rules.bars import Floats

Prices = tuple[Floats, Floats, Floats, Floats]
"""Open, high, low and close of some bars."""


def plainly(prices: Prices) -> float:
    """The squared spread of all bars."""
    o, h, low, c = ([math.log(each) for each in column] for column in prices)
    middle = [(top + bottom) / 2 for top, bottom in zip(h, low, strict=True)]
    pairs = range(1, len(o))
    u = [float(h[t] != low[t] or low[t] != c[t - 1]) for t in pairs]
    po = fmean(u[t - 1] * ((o[t] != h[t]) + (o[t] != low[t])) for t in pairs)
    pc = fmean(u[t - 1] * ((c[t - 1] != h[t - 1]) + (c[t - 1] != low[t - 1])) for t in pairs)
    if sum(u) < 2 or po == 0 or pc == 0:
        return math.nan
    r1 = [middle[t] - o[t] for t in pairs]
    r2 = [o[t] - middle[t - 1] for t in pairs]
    r3 = [middle[t] - c[t - 1] for t in pairs]
    r4 = [c[t - 1] - middle[t - 1] for t in pairs]
    r5 = [o[t] - c[t - 1] for t in pairs]
    d1, d3, d5 = ([x - fmean(r) / fmean(u) * moved for x, moved in zip(r, u, strict=True)] for r in (r1, r3, r5))
    x1 = [-4 / po * a * b - 4 / pc * p * q for a, b, p, q in zip(d1, r2, d3, r4, strict=True)]
    x2 = [-4 / po * a * b - 4 / pc * p * q for a, b, p, q in zip(d1, r5, d5, r4, strict=True)]
    e1, e2 = fmean(x1), fmean(x2)
    v1, v2 = fmean(x * x for x in x1) - e1**2, fmean(x * x for x in x2) - e2**2
    return (v2 * e1 + v1 * e2) / (v1 + v2) if v1 + v2 > 0 else (e1 + e2) / 2
