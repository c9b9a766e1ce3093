"""The made market of the fault matrix: an index and its kin, and three coins, with one true event for each feed.

RUT closes at a record on 2025-12-03, with IWM, SPX and SPY moving along; SOL does so at the midnight after it, with BTC
and ETH. Before that both were 5 % and more below their records, so that their rules are armed; nothing else happens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from rules.bars import DAY, HOUR, Floats, Ints
from rules.model import XNYS, Instant
from tests.bot.markets import SESSIONS, at

FIRST, LAST = "2024-09-16", "2025-12-12"
EQUITY_EVENT, COIN_EVENT = at("2025-12-03T21:00Z"), at("2025-12-04T00:00Z")

SYMBOLS = {"RUT": "^RUT", "IWM": "IWM", "SPX": "^GSPC", "SPY": "SPY"}
COINS = ("SOL", "BTC", "ETH")
PRICES = {"RUT": 2200.0, "IWM": 220.0, "SPX": 6000.0, "SPY": 600.0, "SOL": 150.0, "BTC": 90_000.0, "ETH": 3_000.0}
KNOTS = {
    -240: -0.02, -180: 0.01, -140: 0.03, -110: 0.04, -80: 0.07, -60: 0.12, -48: 0.06, -36: 0.05, -24: 0.06, -12: 0.075,
    -6: 0.085, -3: 0.09, -2: 0.097, -1: 0.1, 0: 0.132, 1: 0.128, 2: 0.126, 5: 0.128,
}  # fmt: skip
"""The logarithm of a price against its first, by rows from the event's: a record, a pullback, a record again."""

SHARES = {"RUT": 1.0, "IWM": 1.0, "SPX": 0.8, "SPY": 0.8, "SOL": 1.6, "BTC": 1.2, "ETH": 1.4}
"""How much of the knots' way each goes."""


@dataclass(frozen=True)
class Path:
    """A price, bar by bar: where each opens and ends, and what it was when it did."""

    start: Ints
    end: Ints
    price: Floats

    def rows(self, rng: np.random.Generator, wick: float) -> list[str]:
        """As the rows of a price file: each opens where the last one closed."""
        opened = np.append(self.price[0], self.price[:-1])
        above, below = 1 + rng.uniform(0.0, wick, (2, len(self.price)))
        high, low = np.maximum(opened, self.price) * above, np.minimum(opened, self.price) / below
        volume = rng.uniform(1e6, 2e6, len(self.price)).round()
        stamps = pd.to_datetime(self.start, unit="s").strftime("%Y-%m-%dT%H:%M:%SZ")
        columns = zip(stamps, opened.tolist(), high.tolist(), low.tolist(), self.price.tolist(), volume, strict=True)
        return [f"{stamp},{o!r},{h!r},{lo!r},{c!r},{v:.0f}" for stamp, o, h, lo, c, v in columns]


@cache
def rows() -> Mapping[str, Sequence[str]]:
    """Days of what trades in sessions, hours of the coins, by id."""
    rng = np.random.default_rng(20251203)
    common = _walk(rng, _sessions(), 0.006)
    small, large = common + _walk(rng, _sessions(), 0.003), common + _walk(rng, _sessions(), 0.002)
    steps = {"RUT": small, "IWM": small, "SPX": large, "SPY": large}
    found: dict[str, Sequence[str]] = {}
    for name in SYMBOLS:
        path = _priced(name, _sessions(), EQUITY_EVENT, steps[name] + rng.normal(0.0, 0.0003, len(steps[name])))
        dates = path.end // DAY * DAY
        found[name] = Path(dates, path.end, path.price).rows(rng, 0.004)
    rng = np.random.default_rng(4)
    common = _walk(rng, _hours(), 0.0025)
    for name in COINS:
        found[name] = _priced(name, _hours(), COIN_EVENT, common + _walk(rng, _hours(), 0.001)).rows(rng, 0.002)
    return found


def days_of(coin: str) -> list[str]:
    """A coin's UTC days, as they are made of its hours."""
    hours = [row.split(",") for row in rows()[coin]]
    days: dict[str, list[list[str]]] = {}
    for hour in hours:
        days.setdefault(hour[0][:10], []).append(hour)
    return [_day(date, of_day) for date, of_day in days.items()]


def _day(date: str, hours: list[list[str]]) -> str:
    highest = max((hour[2] for hour in hours), key=float)
    lowest = min((hour[3] for hour in hours), key=float)
    volume = sum(float(hour[5]) for hour in hours)
    return f"{date}T00:00:00Z,{hours[0][1]},{highest},{lowest},{hours[-1][4]},{volume:.0f}"


def _sessions() -> Ints:
    dates = np.arange(np.datetime64(FIRST), np.datetime64(LAST) + 1)
    ends = SESSIONS.closes_of(XNYS, dates)
    return ends[ends > 0]


def _hours() -> Ints:
    return np.arange(at(f"{FIRST}T00:00Z"), at(f"{LAST}T00:00Z"), HOUR) + HOUR


def _walk(rng: np.random.Generator, ends: Ints, sigma: float) -> Floats:
    """A random walk of logarithms."""
    steps: Floats = np.cumsum(rng.normal(0.0, sigma, len(ends)))
    return steps


def _priced(name: str, ends: Ints, event: Instant, walk: Floats) -> Path:
    """A walk that is bent to go through the knots."""
    per_row = DAY if name in COINS else None
    knots = np.array([_knot(ends, event, row, per_row) for row in KNOTS])
    pinned = np.append(0, np.searchsorted(ends, knots))
    wanted = np.append(0.0, [SHARES[name] * each for each in KNOTS.values()])
    bent = walk + np.interp(np.arange(len(ends)), pinned, wanted - walk[pinned])
    start = np.append(ends[0] - (ends[1] - ends[0]), ends[:-1])
    return Path(start, ends, PRICES[name] * np.exp(bent))


def _knot(ends: Ints, event: Instant, row: int, step: int | None) -> int:
    if step is not None:
        return event + row * step
    return int(ends[np.searchsorted(ends, event) + row])
