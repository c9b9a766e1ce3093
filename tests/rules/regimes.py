"""Markets that visit every label of the regime, and one more close of them: what a flip is held against."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np

from rules.bars import DAY, Floats, Origin, Tick
from rules.panel import Panel
from rules.provisional import with_provisional
from tests.rules.markets import TAPE, columns_of, weekdays

SPX, BTC, VIX = "SPX", "BTC", "VIX"

VOLATILITY = {SPX: (0.09, 0.16, 0.38), BTC: (0.45, 0.6, 1.0)}
LEVEL = (12.0, 18.0, 31.0)
"""Calm, usual, wild: volatilities a year, and where the VIX goes to."""


def restless(seed: int, rows: int = 1_000, *, gaps: bool = False) -> Panel:
    """SPX, BTC and VIX that turn calm, usual and wild every few months, in any order; with `gaps` each lacks 2 %."""
    rng = np.random.default_rng(seed)
    states = np.repeat(rng.integers(0, 3, rows), rng.integers(15, 130, rows))[:rows]
    paths = {
        name: np.log(first) + np.cumsum(rng.standard_t(5, rows) * np.sqrt(0.6 / 252) * np.array(by_state)[states])
        for (name, by_state), first in zip(VOLATILITY.items(), (3_000.0, 9_000.0), strict=True)
    }
    paths[VIX] = _reverting(np.log(np.array(LEVEL))[states], rng.normal(0.0, 0.05, rows))
    closes = {name: np.exp(path) for name, path in paths.items()} | {VIX: np.round(np.exp(paths[VIX]), 2)}
    if gaps:
        closes = {name: np.where(rng.random(rows) < 0.02, np.nan, close) for name, close in closes.items()}
    columns = {name: columns_of(close) for name, close in closes.items()}
    return Panel(weekdays(rows), columns, dict.fromkeys(columns, (TAPE,)))


def _reverting(towards: Floats, noise: Floats) -> Floats:
    out, level = np.empty(len(towards)), towards[0]
    for row, aim in enumerate(towards):
        level += 0.1 * (aim - level) + noise[row]
        out[row] = level
    return out


def with_close(panel: Panel, **prices: float) -> Panel:
    """The panel and one more session that has closed at these prices; an instrument without one has a gap there."""
    at = int(panel.clock.closes[-1]) + DAY
    session = panel.clock.session(len(panel) - 1) + dt.timedelta(days=1)
    ticks = {
        name: Tick(name, at, price, np.nan, np.nan, np.nan, _printer(panel, name)) for name, price in prices.items()
    }
    return replace(with_provisional(panel, session, ticks), trades={})


def _printer(panel: Panel, name: str) -> Origin:
    """Who printed the last close that is known."""
    known = np.flatnonzero(~np.isnan(panel.field(name, "close")))
    venue, _, quote = str(panel.origin(name, int(known[-1]))).rpartition(" ")
    return Origin("test", venue, quote, simulated=not venue)
