"""What columns are computed on: a clock of sessions, and per instrument one value a session, NaN where none is known.

rules/alignment.py makes a panel of bars. It says itself which of its rows may be judged.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from rules.bars import Bars, Bools, Floats, Ints, Origin
from rules.edge import spreads
from rules.model import ALWAYS, Instant

Dates = NDArray[np.datetime64]


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


def _number_of(words: str) -> float:
    """A number that stands for words, the same wherever they are met: 32 bits are exact in a float."""
    return float(zlib.crc32(words.encode()))
