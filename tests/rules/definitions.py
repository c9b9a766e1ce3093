"""The correlation statistics as plain loops: one row, one node, one pair of values at a time, straight from STATS.

Slow, and written from the definitions alone; nothing here shares a line with `rules`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

Column = np.ndarray

NODES = [round(0.05 * k, 2) for k in range(-19, 20)]
"""The values of rho that the filter knows."""

SILENT = 120
"""Joint rows before the filter speaks."""

SPAN = 0.8
"""The share of rows on which a window's values must be known."""

FLAT = 1e-9
"""Returns that deviate less than this from their mean do not move."""


def clip(x: float, bound: float) -> float:
    return max(-bound, min(bound, x))


def joint_windows(n: int, *columns: Column) -> list[list[int] | None]:
    """Per row the last n rows on which all columns are known, within ceil(n / 0.8) rows; None where there are fewer."""
    known = ~np.isnan(sum(columns))
    reach = math.ceil(n / SPAN)
    out: list[list[int] | None] = []
    for row in range(len(known)):
        joint = [r for r in range(max(0, row - reach + 1), row + 1) if known[r]][-n:]
        out.append(joint if known[row] and len(joint) == n else None)
    return out


def moves(x: Column) -> bool:
    return bool(np.sqrt(np.mean((x - x.mean()) ** 2)) > FLAT)


def devolatilised(returns: Column) -> list[float]:
    """STATS D1, one return at a time."""
    decay, variance, seen, squares, out = 0.5 ** (1 / 10), None, 0, 0.0, []
    for r in returns.tolist():
        if math.isnan(r):
            out.append(math.nan)
            continue
        s = math.sqrt(variance) if variance is not None else math.nan
        out.append(clip(r / s, 4) if s > 0 else math.nan)
        if seen < 40:
            seen, squares = seen + 1, squares + r * r
            variance = squares / seen
        else:
            variance = decay * (variance or 0.0) + (1 - decay) * clip(r, 6 * s) ** 2
    return out


def posteriors(u: list[float], v: list[float]) -> Column:
    """STATS D2, one row and one node at a time; NaN where a leg is missing or in the first 120 joint rows."""
    h, d, nu, last = 1 / 500, 0.02, 5, len(NODES) - 1
    p, joint, out = [1 / len(NODES)] * len(NODES), 0, []
    for x, y in zip(u, v, strict=True):
        if math.isnan(x) or math.isnan(y):
            out.append([math.nan] * len(NODES))
            continue
        spread = [(1 - d) * p[k] + d / 2 * (p[max(k - 1, 0)] + p[min(k + 1, last)]) for k in range(len(NODES))]
        predicted = [(1 - h) * q + h / len(NODES) for q in spread]
        weight = []
        for q, rho in zip(predicted, NODES, strict=True):
            free = 1 - rho**2
            distance = (x * x + y * y - 2 * rho * x * y) / (free * (nu - 2))
            weight.append(q * math.exp(-0.5 * math.log(free) - (nu + 2) / 2 * math.log1p(distance)))
        p = [w / math.fsum(weight) for w in weight]
        joint += 1
        out.append(p if joint > SILENT else [math.nan] * len(NODES))
    return np.array(out)


@dataclass(frozen=True)
class Tested:
    """One row of STATS D3: the probabilities of having left the reference, the reference, whether it is an alarm."""

    above: float = math.nan
    below: float = math.nan
    reference: float = math.nan
    alarm: bool = False


def shifts(posterior: Column, by: float = 0.2) -> list[Tested]:
    """STATS D3, one row at a time: the reference starts at the first row the filter speaks on, untested."""
    decay, reference, held, out = 0.5 ** (1 / 125), math.nan, 0, []
    for p in posterior.tolist():
        if any(map(math.isnan, p)):
            out.append(Tested())
            continue
        mean = math.fsum(q * rho for q, rho in zip(p, NODES, strict=True))
        if math.isnan(reference):
            reference = mean
            out.append(Tested())
            continue
        reference = mean if held else reference
        above = math.fsum(q for q, rho in zip(p, NODES, strict=True) if rho > reference + by)
        below = math.fsum(q for q, rho in zip(p, NODES, strict=True) if rho < reference - by)
        alarm = not held and max(above, below) > 0.9
        out.append(Tested(above, below, reference, alarm))
        if held:
            held -= 1
        elif alarm:
            held = 20
        else:
            reference = decay * reference + (1 - decay) * mean
    return out


def ewma_correlation(u: list[float], v: list[float], half_life: int) -> Column:
    """The exponentially weighted correlation of two columns without their gaps, started at the first joint row."""
    decay, joint, sums, out = 0.5 ** (1 / half_life), 0, [0.0, 0.0, 0.0], []
    for x, y in zip(u, v, strict=True):
        if math.isnan(x) or math.isnan(y):
            out.append(math.nan)
            continue
        products = [x * y, x * x, y * y]
        old = [decay * s + (1 - decay) * q for s, q in zip(sums, products, strict=True)]
        sums, joint = (old if joint else products), joint + 1
        spread = sums[1] * sums[2]
        out.append(sums[0] / math.sqrt(spread) if joint > half_life and spread > 0 else math.nan)
    return np.array(out)


def tail_factor(x: Column, y: Column) -> float:
    """STATS D4: g = mean psi^2 of one sample, centred and scaled by its own standard deviations."""
    u, v = (x - x.mean()) / x.std(), (y - y.mean()) / y.std()
    r = float((u * v).mean())
    return float(np.mean(((u * v - r * (u**2 + v**2) / 2) / (1 - r**2)) ** 2))


def interval(r: float, n: int, g: float) -> tuple[float, float]:
    """STATS D4: tanh(atanh r -+ 1.645 sqrt(max(1, g) / (n - 3)))."""
    half = 1.645 * math.sqrt(max(1.0, g) / (n - 3))
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
