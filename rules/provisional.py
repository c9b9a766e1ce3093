"""A session in progress as one more row of a panel, for rules that do not wait for the close.

The row is never part of history: the next panel is made without it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from rules.bars import Origin, Tick
from rules.panel import Clock, Columns, Panel

_PRICES = ("open", "high", "low", "close", "volume", "turnover")


def with_provisional(panel: Panel, session: dt.date, ticks: Mapping[str, Tick]) -> Panel:
    """`panel` with a last row, which ends with the newest of `ticks` and in which each of them is a close.

    Instruments without a tick are NaN there, and so is every volume; ticks of instruments that the panel does not hold
    are left out. Raises ValueError when no tick is left, or when one is not after the last close.
    """
    trades = {name: tick.at for name, tick in ticks.items() if name in panel.columns}
    if not trades or (len(panel) and min(trades.values()) <= int(panel.clock.closes[-1])):
        raise ValueError("a provisional row is made of trades after every close")
    clock = Clock(
        panel.clock.calendar,
        np.append(panel.clock.sessions, np.datetime64(session)),
        np.append(panel.clock.closes, max(trades.values())),
        np.append(panel.clock.half_day, False),
    )
    origins = {name: list(known) for name, known in panel.origins.items()}
    columns = {name: _extended(column, ticks.get(name), origins[name]) for name, column in panel.columns.items()}
    known = {name: tuple(each) for name, each in origins.items()}
    return replace(panel, clock=clock, columns=columns, origins=known, trades=trades)


def _extended(column: Columns, tick: Tick | None, origins: list[Origin]) -> Columns:
    """A column with one row more. A tick of another venue or quote than the last close has no return."""
    numbers, origin, link = dict.fromkeys(_PRICES, np.nan), 0, 1.0
    if tick is not None:
        numbers |= {"open": tick.open, "high": tick.high, "low": tick.low, "close": tick.price}
        if tick.origin not in origins:
            origins.append(tick.origin)
        origin = origins.index(tick.origin)
        known = np.flatnonzero(~np.isnan(column.close))
        last = origins[int(column.origin[known[-1]])].book if len(known) else None
        link = 1.0 if last == tick.origin.book else np.nan
    rows = {name: np.append(getattr(column, name), value) for name, value in numbers.items()}
    return Columns(
        **rows,
        link=np.append(column.link, link),
        approximate=np.append(column.approximate, False),
        origin=np.append(column.origin, origin),
    )
