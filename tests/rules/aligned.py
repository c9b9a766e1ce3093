"""Bars on a clock, for tests: New York's times, hours that are counted, panels of one instrument."""

from __future__ import annotations

from rules.alignment import build_panel
from rules.bars import Bars, Interval, Origin
from rules.panel import Clock, Panel
from tests.rules.markets import INSTRUMENTS, bars_of, clock_of, hours_of

A, B = Origin("ccxt", "alpha", volume_unit="base"), Origin("ccxt", "beta", volume_unit="base")
B_EURO = Origin("ccxt", "alpha", quote="EUR")
FIELDS = ("open", "high", "low", "close", "volume", "link")

WEEK = clock_of("2024-03-07 16:00", "2024-03-08 16:00", "2024-03-11 16:00", "2024-03-12 16:00")
"""Thursday to Tuesday, with the weekend in which New York puts its clocks forward."""


def on(clock: Clock, name: str, *, approximate: bool = False, **bars: Bars) -> Panel:
    """A panel of one instrument: `on(WEEK, "BTC", hours=..., days=...)`."""
    intervals = {"hours": Interval.HOUR, "days": Interval.DAY}
    by_interval = {intervals[key]: each for key, each in bars.items()}
    return build_panel(clock, INSTRUMENTS, {name: by_interval}, approximate=approximate)


def hourly(first_end: str, last_end: str, *, without: tuple[str, ...] = ()) -> Bars:
    """Bars counted 1, 2, 3 ...: the k-th has open k, high k + .7, low k - .7, close k + .5, volume 1."""
    return bars_of(Interval.HOUR, *hours_of(first_end, last_end, without=without), origins=(A,))


def daily(*lines: str, origins: tuple[Origin, ...] = (A, B)) -> Bars:
    return bars_of(Interval.DAY, *lines, origins=origins)
