"""The correlation filter and the shift told a second time: STATS D1 to D3 as plain loops over prices read by pandas."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

from rules.bars import Floats
from rules.panel import Clock

nodes: Floats = np.round(0.05 * np.arange(-19, 20), 2)
"""The values of rho that D2 knows."""


def prices_at_closes(folder: Path, clock: Clock, coin: str) -> pd.DataFrame:
    """RUT by session date, and the close of the coin's hourly bar that ends at the session's closing instant."""
    index = pd.read_csv(folder / "RUT_1d.csv.gz", index_col="timestamp")["close"]
    hours = pd.read_csv(folder / f"{coin}_1h.csv.gz", index_col="timestamp")["close"]
    starts = pd.to_datetime(clock.closes - 3600, unit="s").strftime("%Y-%m-%dT%H:00:00Z")
    labels = pd.to_datetime(clock.sessions).strftime("%Y-%m-%dT00:00:00Z")
    both = {"RUT": index.reindex(labels).to_numpy(), coin: hours.reindex(starts).to_numpy()}
    return pd.DataFrame(both, index=pd.to_datetime(clock.sessions))


def devolatilised(prices: pd.Series[float]) -> list[float]:
    """D1: returns in units of their volatility the row before."""
    decay, variance, squares, seen, out = 0.5 ** (1 / 10), math.nan, 0.0, 0, []
    for r in np.diff(np.log(prices), prepend=math.nan).tolist():
        if math.isnan(r):
            out.append(math.nan)
            continue
        s = math.sqrt(variance)
        out.append(max(-4.0, min(4.0, r / s)) if s > 0 else math.nan)
        if seen < 40:
            seen, squares = seen + 1, squares + r * r
            variance = squares / seen
        else:
            variance = decay * variance + (1 - decay) * min(abs(r), 6 * s) ** 2
    return out


def posteriors(prices: pd.DataFrame) -> Floats:
    """D2: the probability of each of `nodes`, a row each; NaN on the first 120 joint rows and without a leg."""
    free, p, joint, out = 1 - nodes**2, np.full(39, 1 / 39), 0, []
    for u, v in zip(*(devolatilised(prices[name]) for name in prices), strict=True):
        if math.isnan(u + v):
            out.append(np.full(39, math.nan))
            continue
        padded = np.concatenate([p[:1], p, p[-1:]])
        q = (1 - 1 / 500) * (0.98 * p + 0.01 * (padded[:-2] + padded[2:])) + 1 / 500 / 39
        p = q * free**-0.5 * (1 + (u * u + v * v - 2 * nodes * u * v) / (3 * free)) ** -3.5
        p, joint = p / p.sum(), joint + 1
        out.append(p if joint > 120 else np.full(39, math.nan))
    return np.array(out)


def coupled(p: Floats, level: float) -> Floats:
    """P(rho >= level), a row each."""
    above: Floats = p[:, nodes >= level].sum(axis=1)
    return above


def shifted(p: Floats, by: float = 0.2) -> Floats:
    """D3: the greater of P(rho > reference + by) and P(rho < reference - by), a row each."""
    reference, wait, decay, out = math.nan, 0, 0.5 ** (1 / 125), []
    for row in p:
        mean = float(row @ nodes)
        reference = mean if wait else reference
        found = max(row[nodes > reference + by].sum(), row[nodes < reference - by].sum())
        out.append(math.nan if math.isnan(reference + mean) else found)
        if math.isnan(mean):
            continue
        if not wait and found > 0.9:
            reference, wait = mean, 20
        elif wait or math.isnan(reference):
            reference, wait = mean, max(0, wait - 1)
        else:
            reference = decay * reference + (1 - decay) * mean
    return np.array(out)
