"""Bars -> Panel: one row per session of a clock, everything sampled at that session's closing instant.

What trades without pause is sampled at the equity close: the close of the hourly bar that ends there. Pairing by
calendar date instead would join a coin's midnight with an index's afternoon (2025-10-10: ADA -5.2 % by the close,
-22.1 % by the date). A missing bar is NaN, never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np

from rules.bars import DAY, HOUR, Bars, Floats, Interval, Origin, VolumeUnit
from rules.model import ALWAYS, Instrument
from rules.panel import Clock, Columns, Panel

BarSet = Mapping[Interval, Bars]

_TRADED = ("volume", "turnover")


def build_panel(
    clock: Clock, instruments: Mapping[str, Instrument], bars: Mapping[str, BarSet], *, approximate: bool = False
) -> Panel:
    """Align `bars` (by instrument id and interval) on `clock`.

    `approximate` lets coins that have only UTC-day bars fill rows before their first hourly bar, marked; rules never
    ask for that.
    """
    columns: dict[str, Columns] = {}
    origins: dict[str, tuple[Origin, ...]] = {}
    for name, of_one in bars.items():
        used = _used(clock, instruments[name], of_one)
        if used is None:
            continue
        columns[name] = _sampled(clock, used) if used.interval is Interval.DAY else _folded_hours(clock, used)
        origins[name] = used.origins
    hours = {name: bars[name][Interval.HOUR] for name in columns if Interval.HOUR in bars[name]}
    never_stop = {name: each for name, each in hours.items() if instruments[name].calendar == ALWAYS}
    panel = Panel(clock, columns, origins, hours=never_stop)
    return approximated(panel, instruments, bars) if approximate else panel


def approximated(panel: Panel, instruments: Mapping[str, Instrument], bars: Mapping[str, BarSet]) -> Panel:
    """What `build_panel` makes of the same bars where it may approximate, from what it made of them without. All but
    the coins' columns are shared.
    """
    if panel.clock.calendar == ALWAYS:
        return panel
    columns, origins = dict(panel.columns), dict(panel.origins)
    for name in columns:
        if instruments[name].calendar == ALWAYS and Interval.DAY in bars[name]:
            columns[name] = _fill_approximately(panel.clock, columns[name], bars[name], len(origins[name]))
            origins[name] += bars[name][Interval.DAY].origins
    return replace(panel, columns=columns, origins=origins)


def _used(clock: Clock, instrument: Instrument, bars: BarSet) -> Bars | None:
    """The bars an instrument is sampled from: days of its own calendar, else hours; none of another exchange's."""
    if instrument.calendar == clock.calendar and Interval.DAY in bars:
        return bars[Interval.DAY]
    if instrument.calendar != ALWAYS or not len(bars):
        return None
    return bars[Interval.HOUR] if Interval.HOUR in bars else bars[next(iter(bars))].take(slice(0))


def _sampled(clock: Clock, bars: Bars) -> Columns:
    """The bar that ends at each closing instant, as it is."""
    best = bars.preferred()
    at = np.searchsorted(best.end, clock.closes)
    hit = np.zeros(len(clock), dtype=bool)
    inside = at < len(best)
    hit[inside] = best.end[at[inside]] == clock.closes[inside]
    out = _empty(len(clock))
    for name in ("open", "high", "low", "close", "origin"):
        getattr(out, name)[hit] = getattr(best, name)[at[hit]]
    for name, traded in zip(_TRADED, _traded(best), strict=True):
        getattr(out, name)[hit] = traded[at[hit]]
    _link(clock, out, bars)
    return out


def _folded_hours(clock: Clock, bars: Bars) -> Columns:
    """Hours folded between closing instants: the last one's close; open, high, low and volume of all of them."""
    out = _sampled(clock, bars)
    for name in ("open", "high", "low", *_TRADED):
        getattr(out, name)[:] = np.nan
    hours = bars.preferred().upto(int(clock.closes[-1]) if len(clock) else 0)
    edges = np.searchsorted(hours.end, clock.closes, side="right")
    whole = np.flatnonzero((np.diff(edges) * HOUR == np.diff(clock.closes)) & (np.diff(edges) > 0))
    if not len(whole):
        return out
    first = edges[:-1][edges[:-1] < len(hours)]
    out.open[whole + 1] = hours.open[first[whole]]
    out.high[whole + 1] = np.maximum.reduceat(hours.high, first)[whole]
    out.low[whole + 1] = np.minimum.reduceat(hours.low, first)[whole]
    tapes = [origin.tape for origin in bars.origins]
    tape = np.array([tapes.index(each) for each in tapes])[hours.origin]
    one_tape = np.maximum.reduceat(tape, first) == np.minimum.reduceat(tape, first)
    for name, traded in zip(_TRADED, _traded(hours), strict=True):
        getattr(out, name)[whole + 1] = np.where(one_tape, np.add.reduceat(traded, first), np.nan)[whole]
    return out


def _traded(bars: Bars) -> tuple[Floats, Floats]:
    """The volume and the turnover of each bar; NaN where it is not said what the volume counts."""
    said, money = (
        np.array([origin.volume_unit in units for origin in bars.origins], dtype=bool)[bars.origin]
        for units in ((VolumeUnit.BASE, VolumeUnit.QUOTE), (VolumeUnit.QUOTE,))
    )
    volume = np.where(said, bars.volume, np.nan)
    return volume, np.where(money, volume, volume * bars.close)


def _fill_approximately(clock: Clock, columns: Columns, bars: BarSet, origins_before: int) -> Columns:
    """Rows before the first hour get the close of the UTC day of the session's date, marked.

    The days' origins are counted after the `origins_before` of the hours.
    """
    hours = bars.get(Interval.HOUR)
    first_hour = int(hours.end[0]) if hours is not None and len(hours) else np.iinfo(np.int64).max
    midnights = clock.sessions.astype("datetime64[D]").astype(np.int64) * DAY + DAY
    by_day = _sampled(Clock(ALWAYS, clock.sessions, midnights, clock.half_day), bars[Interval.DAY])
    fill = (clock.closes < first_hour) & ~np.isnan(by_day.close)
    names = [column.name for column in fields(Columns)]
    mixed = {name: np.where(fill, getattr(by_day, name), getattr(columns, name)) for name in names}
    mixed["approximate"] = fill
    mixed["origin"] = np.where(fill, by_day.origin + origins_before, columns.origin)
    mixed["link"][np.flatnonzero(np.diff(fill.astype(np.int8)) == -1) + 1] = np.nan
    return Columns(**mixed)


def _link(clock: Clock, columns: Columns, bars: Bars) -> None:
    """Set `link` on the first known row of another venue or quote than the known row before it."""
    columns.link[:] = 1.0
    books = [origin.book for origin in bars.origins]
    known = np.flatnonzero(~np.isnan(columns.close))
    for at in np.flatnonzero(np.diff(columns.origin[known])):
        before, row = known[at], known[at + 1]
        book = books[columns.origin[row]]
        if book != books[columns.origin[before]]:
            own = bars.close_at(int(clock.closes[before]), book)
            columns.link[row] = own / columns.close[before]


def _empty(rows: int) -> Columns:
    unknown = {name: np.full(rows, np.nan) for name in ("open", "high", "low", "close", *_TRADED)}
    approximate, origin = np.zeros(rows, dtype=bool), np.zeros(rows, dtype=np.int64)
    return Columns(**unknown, link=np.ones(rows), approximate=approximate, origin=origin)
