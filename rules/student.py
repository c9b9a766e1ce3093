"""Student's t: where the quantiles of its tails lie, for degrees of freedom that need not be whole."""

from __future__ import annotations

import math
from statistics import NormalDist

_LARGE = 100.0
"""From here on a ratio of gammas is its asymptotic series, to the last digit; far beyond it the gammas overflow."""

_SERIES = (1.0, -1 / 8, 1 / 128, 5 / 1024, -21 / 32_768, -399 / 262_144)

_CLOSE = 1e-14
"""A relative step that is none."""


def upper_quantile(share: float, freedom: float) -> float:
    """The value that Student's t of `freedom` degrees, one or more, is above with probability `share`, below a half: to
    twelve digits where that is .04 or more.

    Newton's method. It starts from the normal quantile, which lies below; since the distribution is concave there, each
    step ends below too, and the first that leads nowhere is the last. (Student 1908)
    """
    t = NormalDist().inv_cdf(1.0 - share)
    while True:
        between, density = _from_zero_to(t, freedom)
        step = (0.5 - share - between) / density
        if step <= _CLOSE * t:
            return t
        t += step


def _from_zero_to(t: float, freedom: float) -> tuple[float, float]:
    """The probability of [0, t], and the density at t.

    The incomplete beta function as a sum without a negative term, so that no digit is lost: t times the density times
    the sum over k of y^k (v+1)(v+3)...(v+2k-1) / (3 5...(2k+1)), y = t^2 / (v + t^2). (Abramowitz & Stegun 1964,
    26.5.4)
    """
    density = math.exp(-(freedom + 1.0) / 2.0 * math.log1p(t * t / freedom)) * _peak(freedom)
    term = total = 1.0
    factor, odd = t * t / (freedom + t * t), 1.0
    while term > 1e-17 * total:
        term *= factor * (freedom + odd) / (odd + 2.0)
        total += term
        odd += 2.0
    return t * density * total, density


def _peak(freedom: float) -> float:
    """The density at zero."""
    x = freedom / 2.0
    if x < _LARGE:
        ratio = math.gamma(x + 0.5) / math.gamma(x)
    else:
        ratio = math.sqrt(x) * sum(factor / x**power for power, factor in enumerate(_SERIES))
    return ratio / math.sqrt(math.pi * freedom)
