"""Bars -> Panel: one row per session of a clock, everything sampled at that session's closing instant.

What trades without pause is sampled at the equity close: the close of the hourly bar that ends there. Pairing by
calendar date instead would join a coin's midnight with an index's afternoon (2025-10-10: ADA -5.2 % by the close,
-22.1 % by the date). A missing bar is NaN, never a guess.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from rules.bars import DAY, HOUR, Bars, Bools, Floats, Interval, Ints, Origin, VolumeUnit
from rules.edge import spreads
from rules.model import ALWAYS, Instant, Instrument

Dates = NDArray[np.datetime64]
BarSet = Mapping[Interval, Bars]

_TRADED = ("volume", "turnover")


@dataclass(frozen=True, slots=True)
class Clock:
    """The sessions an expression is evaluated on, oldest first: their dates and closing instants."""

    calendar: str
    sessions: Dates
    closes: Ints
    half_day: Bools

    def __len__(self) -> int:
        return len(self.closes)

    def __getitem__(self, rows: slice) -> Clock:
        return Clock(self.calendar, self.sessions[rows], self.closes[rows], self.half_day[rows])

    @property
    def rows_a_year(self) -> int:
        """What annualises a daily volatility: 252 sessions, or 365 days where trade never stops."""
        return 365 if self.calendar == ALWAYS else 252

    def session(self, row: int) -> dt.date:
        """The trading date of a row."""
        date: dt.date = self.sessions[row].astype("datetime64[D]").item()
        return date

    def row_of(self, date: dt.date) -> int:
        """The last row whose session is not after `date`; -1 when all are."""
        return int(np.searchsorted(self.sessions, np.datetime64(date), side="right")) - 1

    def index_in_month(self) -> Ints:
        """0 for the first session of a month, then 1, 2 ... A month cut off at the start counts from the cut."""
        months = self.sessions.astype("datetime64[M]").astype(np.int64)
        starts = np.flatnonzero(np.concatenate([[True], np.diff(months) != 0])) if len(self) else np.empty(0, np.int64)
        lengths = np.diff(np.append(starts, len(self)))
        return np.arange(len(self), dtype=np.int64) - np.repeat(starts, lengths)


@dataclass(frozen=True, slots=True)
class Columns:
    """One instrument on a clock; float64 arrays of the clock's length, NaN where nothing is known.

    `open high low volume turnover` span from the previous closing instant to this one and are NaN when any bar between
    is missing. `volume` is in the unit its origin reports, `turnover` in the quote currency, bar by bar at its close;
    both are NaN where that unit is not said, and where hours of several origins are in a row. `link` divides the
    previous close before a return is taken: 1 within one venue and quote; at a switch the new venue's own previous
    close over the old one's; NaN when the new venue has none. `approximate` marks a close that is a UTC day's instead
    of the closing instant's.
    """

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    turnover: Floats
    link: Floats
    approximate: Bools
    origin: Ints

    def __getitem__(self, rows: slice) -> Columns:
        return Columns(*(getattr(self, column.name)[rows] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Panel:
    """Columns aligned on a clock. Slicing by rows gives what was known when the last of them closed.

    `whole` says that the first row is history's first; without it a memory of the past needs a checkpoint.
    `trades` is empty where every row has closed; else the last row is a session in progress, which the next panel will
    not hold, and it says when each instrument was last traded.
    `hours` are the hourly bars of what never stops, for columns that look inside rows. All slices share them: a row
    is made of those alone that had ended by its close.
    """

    clock: Clock
    columns: Mapping[str, Columns]
    origins: Mapping[str, tuple[Origin, ...]]
    whole: bool = True
    trades: Mapping[str, Instant] = field(default_factory=dict)
    hours: Mapping[str, Bars] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.clock)

    @property
    def provisional(self) -> bool:
        """Whether the last row is a session in progress."""
        return bool(self.trades)

    def __getitem__(self, rows: slice) -> Panel:
        first, stop, _ = rows.indices(len(self))
        columns = {name: column[rows] for name, column in self.columns.items()}
        trades = self.trades if first < stop == len(self) else {}
        return Panel(self.clock[rows], columns, self.origins, self.whole and first == 0, trades, self.hours)

    def field(self, instrument: str, name: str, first: int = 0) -> Floats:
        """A column of `instrument` from row `first` on, all NaN when there are no bars of it: one of `Columns`, or
        `tape`, `venue` or `spread`.

        The first two are numbers that stand for who printed the row, NaN on a gap: equal ones for volumes that may be
        compared as they are (`tape`), for turnovers that may be (`venue`). `spread` is the bid-ask spread that the
        hours up to the row's close tell of (rules/edge.py), NaN on a gap and of what has no hours.
        """
        if instrument not in self.columns:
            return np.full(len(self) - first, np.nan)
        held = self.columns[instrument]
        if name == "spread":
            return self._spread(instrument, first)
        if name in ("tape", "venue"):
            numbers = np.array([_number_of(getattr(each, name)) for each in self.origins[instrument]])
            return np.where(np.isnan(held.close), np.nan, numbers[held.origin])[first:]
        column: Floats = getattr(held, name)
        return column[first:]

    def _spread(self, instrument: str, first: int) -> Floats:
        """Worked out when it is asked for, and only of the rows asked for: it reads 720 hours a row."""
        out = np.full(len(self) - first, np.nan)
        priced = np.flatnonzero(~np.isnan(self.columns[instrument].close[first:]))
        if instrument in self.hours:
            out[priced] = spreads(self.hours[instrument], self.clock.closes[first:][priced])
        return out

    def of_clock(self, name: str) -> Floats:
        """What is known of each row's session alone: `session`, `month` or `year`, as counts since 1970."""
        unit = {"session": "D", "month": "M", "year": "Y"}[name]
        return self.clock.sessions.astype(f"datetime64[{unit}]").astype(np.int64).astype(np.float64)

    def origin(self, instrument: str, row: int) -> str | None:
        """Who printed the close on `row`, in words; None on a gap."""
        if instrument not in self.columns or np.isnan(self.columns[instrument].close[row]):
            return None
        return str(self.origins[instrument][int(self.columns[instrument].origin[row])])

    def usual_origin(self, instrument: str) -> str | None:
        """Who is preferred to print it; None when there are no bars of it."""
        return str(self.origins[instrument][0]) if instrument in self.origins else None


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


def due_rows(
    panel: Panel,
    instruments: tuple[str, ...],
    start: int,
    now: Instant,
    grace: int,
    awaited: Collection[str] = (),
    companions: tuple[str, ...] = (),
) -> int:
    """The first row from `start` on that may not be judged yet, or the panel's length.

    A row is due once each of `instruments` and `companions` has its closed bar, or `grace` seconds after its close. No
    grace ends for the rows after the last bar of an instrument that is `awaited`, nor for a session in progress, which
    needs the `instruments` alone.
    """
    known, late = np.ones(len(panel), dtype=bool), panel.clock.closes + grace <= now
    in_progress = np.arange(len(panel)) >= len(panel) - panel.provisional
    late &= ~in_progress
    for name in (*instruments, *companions):
        priced = ~np.isnan(panel.field(name, "close"))
        known &= priced if name in instruments else priced | in_progress
        if name in awaited and name in instruments:
            late[int(np.flatnonzero(priced)[-1]) + 1 if priced.any() else 0 :] = False
    due = (known | late)[start:]
    return start + (int(np.argmin(due)) if not due.all() else len(due))


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


def _number_of(words: str) -> float:
    """A number that stands for words, the same wherever they are met: 32 bits are exact in a float."""
    return float(zlib.crc32(words.encode()))
