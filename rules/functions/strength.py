"""How strongly something has moved over a quarter, alone or against something else, in units of its own movement."""

from __future__ import annotations

from functools import reduce

import numpy as np

from rules.bars import Floats
from rules.columns import Constant, Folded, Node, Window
from rules.elementwise import binary
from rules.folds import Ewma
from rules.functions.registry import Deviations, Leg, Members, Percent, Rows, function
from rules.windows import FLAT, close_of, log_return, ratio

QUARTER = 63
"""Rows over which a change is measured: a quarter of sessions."""

HALF_LIFE = 60
"""Rows, of the volatility it is measured in."""


@function("{a} against {b}, strength", also=("rs_z",), context=("ret({a}, 63)", "ret({b}, 63)"), pair=True)
def rel_strength(a: Leg, b: Leg) -> Deviations:
    """Relative strength of a against b: the change of log(a / b) over 63 rows, in its standard deviations.

    z = change / (s sqrt 63), s^2 the EWMA (zero mean, half-life 60) of the squared daily differences of their log
    returns; NaN unless both ends are known, and where a / b does not move. About +-1 is usual where nothing drives it.
    (Levy 1967; Moskowitz, Ooi & Pedersen 2012) Example: rel_strength(RUT, SPX) > 1.5
    """
    return _in_deviations(_difference(a.id, b.id, 1), _difference(a.id, b.id, QUARTER))


@function("{a} against {b} ({n})", context=("ret({a}, {n})", "ret({b}, {n})"), pair=True)
def rs(a: Leg, b: Leg, n: Rows = QUARTER) -> Percent:
    """Relative return of a against b over n rows, a share: (1 + ret(a, n)) / (1 + ret(b, n)) - 1.

    What a / b has gained; in units of its own movement: rel_strength. NaN unless both ends of both are known.
    (Levy 1967) Example: rs(RUT, SPX, 21) < -5%
    """
    return binary("-", binary("/", ratio(close_of(a.id), n), ratio(close_of(b.id), n)), Constant(1.0))


@function("{basket} against {b}, strength", context=("ret({b}, 63)",))
def rotation(basket: Members, b: Leg) -> Deviations:
    """Relative strength of a basket, all members alike, against b: as rel_strength, of the mean of the members.

    NaN while a single member is unknown: which one is missing would else look like a rotation.
    Example: rotation(ALTS, BTC) > 1.5
    """
    if set(basket) == {b.id}:
        raise ValueError(f"rotation needs a basket of others than {b.id}")
    return _in_deviations(_mean_difference(basket, b.id, 1), _mean_difference(basket, b.id, QUARTER))


@function("{x} strength", context=("ret({x}, 63)",))
def momentum(x: Leg) -> Deviations:
    """Change of log x over 63 rows in its standard deviations: z as in rel_strength, of x alone.

    NaN unless both ends are known, and where x does not move. (Moskowitz, Ooi & Pedersen 2012)
    Example: momentum(SPX) < -1.5
    """
    return _in_deviations(log_return(close_of(x.id)), log_return(close_of(x.id), QUARTER))


def _difference(a: str, b: str, n: int) -> Node:
    return binary("-", log_return(close_of(a), n), log_return(close_of(b), n))


def _mean_difference(basket: tuple[str, ...], b: str, n: int) -> Node:
    total = reduce(lambda x, y: binary("+", x, y), (log_return(close_of(member), n) for member in basket))
    return binary("-", binary("/", total, Constant(float(len(basket)))), log_return(close_of(b), n))


def _in_deviations(daily: Node, quarter: Node) -> Node:
    variance = Folded(Ewma.half_life(HALF_LIFE), (binary("*", daily, daily),))
    return Window(_z, (quarter, variance))


def _z(quarter: Floats, variance: Floats) -> Floats:
    deviation = np.sqrt(variance)
    z: Floats = quarter / (np.where(deviation > FLAT, deviation, np.nan) * np.sqrt(QUARTER))
    return z
