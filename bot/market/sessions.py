"""Trading sessions of the calendars in use, from exchange_calendars: holidays, half days, closing instants."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import exchange_calendars as xcals
import numpy as np
import pandas as pd

from rules.bars import DAY, Ints
from rules.model import ALWAYS, Instant
from rules.panel import Clock, Dates

HISTORY_STARTS = dt.date(1990, 1, 2)
"""Nothing before this session is looked at."""


class UnknownCalendar(ValueError):
    """A calendar that exchange_calendars does not know."""


class Sessions:
    """Sessions of every calendar from 1990 until two years after `until`."""

    def __init__(self, until: Instant) -> None:
        self._last = dt.date(1970, 1, 1) + dt.timedelta(days=until // DAY + 730)

    def check(self, calendar: str) -> None:
        """Raises UnknownCalendar for a name that is none."""
        if calendar != ALWAYS:
            _calendar(calendar, self._last)

    def clock(self, calendar: str, until: Instant, first: dt.date = HISTORY_STARTS) -> Clock:
        """The sessions from `first` that have closed by `until`."""
        whole = _clock(calendar, self._last)
        start = int(np.searchsorted(whole.sessions, np.datetime64(first)))
        return whole[start : int(np.searchsorted(whole.closes, until, side="right"))]

    def closes_of(self, calendar: str, dates: Dates) -> Ints:
        """The closing instant of each session date (24/7: the midnight that ends it); -1 where it is none."""
        return self._at(calendar, dates, _clock(calendar, self._last).closes)

    def opens_of(self, calendar: str, dates: Dates) -> Ints:
        """The opening instant of each session date (24/7: its midnight); -1 where it is none."""
        return self._at(calendar, dates, _opens(calendar, self._last))

    def _at(self, calendar: str, dates: Dates, instants: Ints) -> Ints:
        sessions, days = _clock(calendar, self._last).sessions, dates.astype("datetime64[D]")
        row = np.minimum(np.searchsorted(sessions, days), len(sessions) - 1)
        return np.where(sessions[row] == days, instants[row], -1)

    def cutoff(self, calendar: str, session: dt.date) -> Instant:
        """The last closing instant of `calendar` that belongs to `session` or to an earlier date."""
        whole = _clock(calendar, self._last)
        row = whole.row_of(session)
        return int(whole.closes[row]) if row >= 0 else int(whole.closes[0]) - 1

    def last_close(self, calendar: str, until: Instant) -> Instant | None:
        """The closing instant of the newest session that has closed by `until`; None before the first."""
        closes = _clock(calendar, self._last).closes
        row = int(np.searchsorted(closes, until, side="right")) - 1
        return int(closes[row]) if row >= 0 else None

    def in_progress(self, calendar: str, now: Instant) -> dt.date | None:
        """The session that is trading at `now`; None between sessions."""
        whole = _clock(calendar, self._last)
        row = int(np.searchsorted(whole.closes, now, side="right"))
        return whole.session(row) if row < len(whole) and _opens(calendar, self._last)[row] <= now else None

    def next_open(self, calendar: str, now: Instant) -> Instant | None:
        """When trading starts next after `now`; None where it never stops."""
        if calendar == ALWAYS:
            return None
        opens = _opens(calendar, self._last)
        return int(opens[np.searchsorted(opens, now, side="right")])


@lru_cache(maxsize=16)
def _calendar(calendar: str, last: dt.date) -> xcals.ExchangeCalendar:
    """Sessions from 1990, or from where the library's knowledge of the exchange begins."""
    try:
        known = xcals.get_calendar(calendar)
        first = max(pd.Timestamp(HISTORY_STARTS), known.bound_min() or pd.Timestamp.min)
        final = min(pd.Timestamp(last), known.bound_max() or pd.Timestamp.max)
        return xcals.get_calendar(calendar, start=first, end=final)
    except xcals.errors.InvalidCalendarName:
        raise UnknownCalendar(f"unknown calendar {calendar}; use XNYS, 24/7 or another exchange's code") from None
    except (NotImplementedError, xcals.errors.CalendarError, ValueError):
        raise UnknownCalendar(f"calendar {calendar} cannot be used; no sessions of it are known here") from None


@lru_cache(maxsize=16)
def _clock(calendar: str, last: dt.date) -> Clock:
    if calendar == ALWAYS:
        days = np.arange(np.datetime64(HISTORY_STARTS), np.datetime64(last), dtype="datetime64[D]")
        return Clock(calendar, days, days.astype(np.int64) * DAY + DAY, np.zeros(len(days), dtype=bool))
    schedule = _calendar(calendar, last)
    early = np.isin(schedule.sessions, schedule.early_closes)
    sessions = schedule.sessions.to_numpy().astype("datetime64[D]")
    return Clock(calendar, sessions, _seconds(schedule.closes), early)


@lru_cache(maxsize=16)
def _opens(calendar: str, last: dt.date) -> Ints:
    if calendar == ALWAYS:
        return _clock(calendar, last).closes - DAY
    return _seconds(_calendar(calendar, last).opens)


def _seconds(instants: pd.Series[pd.Timestamp]) -> Ints:
    """Instants as whole UTC seconds, whatever resolution pandas chose."""
    return pd.DatetimeIndex(instants).as_unit("s").asi8
