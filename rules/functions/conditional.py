"""Correlation under a condition: what lies behind it, the market that both follow or a spike of volatility."""

from __future__ import annotations

from typing import Any

import numpy as np

from rules.bars import Floats
from rules.columns import Node, Window
from rules.functions.registry import Condition, Correlation, Leg, MaybeLeg, PairRows, Rho, function
from rules.pairs import Z90, adjusted, bound, moving_partial, pearson, returns_of, rise_of, standard_error
from rules.windows import over_known, span

MARKET = ("SPX", "BTC")
"""What small caps and altcoins have in common with everything else."""

DOUBLED = 1.0
"""A rise of variance from which volatility is worth a word."""


@function("{a}-{b} corr given {given}[, {also}]", pair=True)
def pcorr(a: Leg, b: Leg, given: Leg, also: MaybeLeg = None, n: PairRows = 60) -> Correlation:
    """Correlation of a and b over the last n joint returns once what both share with `given` (and `also`) is taken out.

    From the inverse of the correlation matrix, in [-1, 1]; UNKNOWN where that is singular. (Whittaker 1990)
    Example: pcorr(RUT, SOL, given=SPX, also=BTC) > 0.2
    """
    return _partial(a.id, b.id, (given.id, *([also.id] if also else [])), n)


@function("{a}-{b} corr, volatility taken out", pair=True, context=("corr({a}, {b}, {n})",))
def adjcorr(a: Leg, b: Leg, n: PairRows = 60) -> Correlation:
    """corr as it would be at the volatility of before: r / sqrt(1 + d (1 - r^2)), for a spike of volatility lifts r.

    d is the variance of the last n joint returns over that of the 250 before them, less one, of the leg whose variance
    rose most; 0 where none rose. UNKNOWN where corr is, and before n + 250 joint returns.
    (Forbes & Rigobon 2002) Example: adjcorr(RUT, SOL, 60) > 0.6
    """
    return _adjusted(a.id, b.id, n)


@function("Volatility alone may explain it", pair=True, context=("corr({a}, {b}, {n})", "adjcorr({a}, {b}, {n})"))
def vol_driven(a: Leg, b: Leg, above: Rho = 0.6, n: PairRows = 60) -> Condition:
    """Whether corr is at or above `above` by volatility alone: a variance has more than doubled, and adjcorr is below.

    UNKNOWN where adjcorr is. (Forbes & Rigobon 2002) Example: vol_driven(RUT, SOL, 0.6)
    """
    rises = tuple(rise_of(a.id, b.id, leg, n) for leg in sorted((a.id, b.id)))
    return Window(_driven, (pearson(a.id, b.id, n), _adjusted(a.id, b.id, n), *rises), (above,))


@function("Mostly shared with the market", pair=True, uses=MARKET, context=("corr({a}, {b}, {n})",))
def shared(a: Leg, b: Leg, n: PairRows = 60) -> Condition:
    """Whether corr is told from 0 (its 90 % interval is above) and what is left given SPX and BTC is not, half at most.

    Of SPX itself nothing is taken out, so it is FALSE; of BTC only SPX is. What is left has the standard error of corr.
    UNKNOWN where one is. (Whittaker 1990) Example: not shared(RUT, SOL)
    """
    market = MARKET[0]
    controls = () if market in (a.id, b.id) else tuple(each for each in MARKET if each not in (a.id, b.id))
    r, low, error = pearson(a.id, b.id, n), bound(a.id, b.id, n, -1), standard_error(a.id, b.id, n)
    return Window(_shared, (r, low, error, _partial(a.id, b.id, controls, n) if controls else r))


def _partial(a: str, b: str, controls: tuple[str, ...], n: int) -> Node:
    legs = returns_of(*sorted((a, b)), *sorted(set(controls)))
    return Window(_partial_of, legs, (n,), rows=span(n) - 1, warmup=n - 1)


def _partial_of(*legs_and_n: Any) -> Floats:
    *legs, n = legs_and_n
    return over_known(moving_partial, n, *legs)


def _adjusted(a: str, b: str, n: int) -> Node:
    rises = tuple(rise_of(a, b, leg, n) for leg in sorted((a, b)))
    return Window(_adjusted_of, (pearson(a, b, n), *rises))


def _adjusted_of(r: Floats, first: Floats, second: Floats) -> Floats:
    return adjusted(r, np.maximum(first, second))


def _driven(r: Floats, freed: Floats, first: Floats, second: Floats, above: float) -> Floats:
    rise = np.maximum(first, second)
    driven = (r >= above) & (freed < above) & (rise > DOUBLED)
    return np.where(np.isnan(r) | np.isnan(freed), np.nan, driven.astype(np.float64))


def _shared(r: Floats, low: Floats, error: Floats, left: Floats) -> Floats:
    shared = (low > 0.0) & (np.abs(left) <= np.minimum(r / 2.0, np.tanh(Z90 * error)))
    return np.where(np.isnan(low) | np.isnan(left), np.nan, shared.astype(np.float64))
