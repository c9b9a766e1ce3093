"""Trading sessions of the calendars in use, from exchange_calendars: holidays, half days, closing instants.

What is known of the future is bounded, and the bound moves on as time does: a process may live for years.
"""

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

AHEAD, MARGIN = 730, 365
"""Days that are known at least beyond the latest moment anybody asked about, and how few of them may be left."""

_LATEST = dt.date(2100, 1, 1)
"""Whoever asks about later ones made a mistake, or means "for ever"."""


class UnknownCalendar(ValueError):
    """A calendar that exchange_calendars does not know."""


class Sessions:
    """Sessions of every calendar from 1990 until two years after `until`, or after the latest moment asked about, and
    on to the first of a month: it takes a while to work them out, and who asks within weeks of another shares them.

    Safe for several threads: what is known only grows, and each question is answered from one state of it.
    """

    def __init__(self, until: Instant) -> None:
        self._last = _ahead_of(until // DAY)

    def _known(self, day: int) -> dt.date:
        """Until when sessions are known, once `day`, counted from 1970, is well within that."""
        if day + MARGIN > _day(self._last) and day < _day(_LATEST):
            self._last = max(self._last, _ahead_of(day))
        return self._last

    def check(self, calendar: str) -> None:
        """Raises UnknownCalendar for a name that is none."""
        if calendar != ALWAYS:
            _calendar(calendar, self._last)

    def clock(self, calendar: str, until: Instant, first: dt.date = HISTORY_STARTS) -> Clock:
        """The sessions from `first` that have closed by `until`."""
        whole = _clock(calendar, self._known(until // DAY))
        start = int(np.searchsorted(whole.sessions, np.datetime64(first)))
        return whole[start : int(np.searchsorted(whole.closes, until, side="right"))]

    def closes_of(self, calendar: str, dates: Dates) -> Ints:
        """The closing instant of each session date (24/7: the midnight that ends it); -1 where it is none."""
        last = self._known_for(dates)
        return _at(_clock(calendar, last), dates, _clock(calendar, last).closes)

    def opens_of(self, calendar: str, dates: Dates) -> Ints:
        """The opening instant of each session date (24/7: its midnight); -1 where it is none."""
        last = self._known_for(dates)
        return _at(_clock(calendar, last), dates, _opens(calendar, last))

    def _known_for(self, dates: Dates) -> dt.date:
        days = dates.astype("datetime64[D]").astype(np.int64)
        return self._known(int(days.max(initial=0)))

    def cutoff(self, calendar: str, session: dt.date) -> Instant:
        """The last closing instant of `calendar` that belongs to `session` or to an earlier date."""
        whole = _clock(calendar, self._known(_day(session)))
        row = whole.row_of(session)
        return int(whole.closes[row]) if row >= 0 else int(whole.closes[0]) - 1

    def closes_between(self, calendar: str, first: Instant, last: Instant) -> Ints:
        """The closing instants from `first` to `last`, both included."""
        closes = _clock(calendar, self._known(last // DAY)).closes
        return closes[np.searchsorted(closes, first) : np.searchsorted(closes, last, side="right")]

    def last_close(self, calendar: str, until: Instant) -> Instant | None:
        """The closing instant of the newest session that has closed by `until`; None before the first."""
        closes = _clock(calendar, self._known(until // DAY)).closes
        row = int(np.searchsorted(closes, until, side="right")) - 1
        return int(closes[row]) if row >= 0 else None

    def in_progress(self, calendar: str, now: Instant) -> dt.date | None:
        """The session that is trading at `now`; None between sessions."""
        last = self._known(now // DAY)
        whole = _clock(calendar, last)
        row = int(np.searchsorted(whole.closes, now, side="right"))
        return whole.session(row) if row < len(whole) and _opens(calendar, last)[row] <= now else None

    def next_open(self, calendar: str, now: Instant) -> Instant | None:
        """When trading starts next after `now`; None where it never stops."""
        if calendar == ALWAYS:
            return None
        opens = _opens(calendar, self._known(now // DAY))
        row = int(np.searchsorted(opens, now, side="right"))
        return int(opens[row]) if row < len(opens) else None


def _date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)


def _ahead_of(day: int) -> dt.date:
    """Until when sessions are worked out for who asks about `day`."""
    return _date(day + AHEAD + 30).replace(day=1)


def _day(date: dt.date) -> int:
    return (date - dt.date(1970, 1, 1)).days


def _at(whole: Clock, dates: Dates, instants: Ints) -> Ints:
    days = dates.astype("datetime64[D]")
    row = np.minimum(np.searchsorted(whole.sessions, days), len(whole) - 1)
    return np.where(whole.sessions[row] == days, instants[row], -1)


@lru_cache(maxsize=16)
def _calendar(calendar: str, last: dt.date) -> xcals.ExchangeCalendar:
    """Sessions from 1990, or from where the library's knowledge of the exchange begins."""
    first, final = pd.Timestamp(HISTORY_STARTS), pd.Timestamp(last)
    try:
        try:
            return xcals.get_calendar(calendar, start=first, end=final)
        except ValueError:  # less is known of it; between which dates, only a calendar that was made can say
            known = xcals.get_calendar(calendar)
            first = max(first, known.bound_min() or pd.Timestamp.min)
            final = min(final, known.bound_max() or pd.Timestamp.max)
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
