"""Which rows of Yahoo's charts are bars, and what is said of the others.

A day is stamped with its opening or its last trade, so only its date counts; the row in progress looks like any other
and is told by the time alone; zero stands for "not said".
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bot.answers.quality import Fault
from bot.feeds._yahoo_chart import Answer
from bot.feeds.contract import PRICES, FeedError, Request, TradingHours, believed_until
from rules.bars import DAY, HOUR, Bars, Floats, Interval, Ints, Origin
from rules.model import ALWAYS, Instant
from rules.panel import Dates

EARLY, LATE = 12 * HOUR, 3 * HOUR
"""How far before its open and after its close a session's day may be stamped: its first trade, or a late print. A day
of what always trades is stamped with its midnight."""

DAYTIME = range(11, 20)
"""The hours in which an exchange closes, where it is."""


def bars_of(request: Request, hours: TradingHours, answer: Answer, origin: Origin, what: str) -> Bars:
    """The rows that are bars, one an end; the later of two rows is the better informed.

    `what` is how the question is called in sentences. Raises FeedError for an answer of another time zone.
    """
    instrument, rows = request.instrument, answer.rows
    priced = rows.prices["close"] > 0  # before the open a day may be there without a trade
    known = believed_until(request.until, answer.at, rows.traded[priced])
    start, end = _spans(rows.stamp, instrument.calendar, request.interval, hours)
    if request.interval is Interval.DAY:
        end = _in_their_days(instrument.calendar, hours, answer, end, what)
    first = rows.traded if instrument.calendar == ALWAYS else rows.traded - EARLY
    request.remarks_future(first, answer.at)
    away = (end < 0) & (rows.traded > request.after) & (rows.traded <= known)
    request.remarks(Fault.OFF_CALENDAR, away)
    zeros = np.zeros(len(end), dtype=np.int64)
    prices = {name: positive(column) for name, column in rows.prices.items()}
    if origin.volume_unit == "none":
        prices["volume"] = np.full_like(prices["volume"], np.nan)
    bars = Bars(request.interval, start, end, **prices, known_at=zeros + known, origin=zeros, origins=(origin,))
    asked = (end > 0) & (end > request.after) & (end <= known)
    request.remarks(Fault.OUT_OF_ORDER, asked & (rows.traded < np.maximum.accumulate(rows.traded)))
    bars = bars.take(np.flatnonzero(asked & request.priced(asked, *(rows.prices[name] for name in PRICES))))
    bars = bars.take(np.argsort(bars.end, kind="stable"))
    newest = np.append(np.diff(bars.end) != 0, True)[: len(bars)]
    request.remarks(Fault.TWICE, ~newest)
    return bars.take(newest)


def _in_their_days(calendar: str, hours: TradingHours, answer: Answer, end: Ints, what: str) -> Ints:
    """The ends of days, -1 for a row that is stamped outside of the day it is said to be of.

    The newest row may be stamped with any later trade. Where most rows are outside, or the exchange would close at
    night, the answer is of another time zone: raises FeedError.
    """
    rows, zone = answer.rows, str(answer.about.get("exchangeTimezoneName"))
    opens = hours.opens_of(calendar, (rows.stamp // DAY).astype("datetime64[D]"))
    first, last = (opens, opens) if calendar == ALWAYS else (opens - EARLY, end + LATE)
    dated = (end > 0) & (rows.traded < rows.traded.max(initial=0))
    outside = dated & ((rows.traded < first) | (rows.traded > last))
    if 2 * np.count_nonzero(outside) > np.count_nonzero(dated):
        raise FeedError(f"yahoo did not give {what}: its days are those of another time zone than {zone}")
    if calendar != ALWAYS and dated.any():
        _check_zone(zone, answer.about.get("gmtoffset"), int(end[dated].max()), what)
    return np.where(outside, -1, end)


def _check_zone(zone: str, offset: object, close: Instant, what: str) -> None:
    """An exchange closes by day, and the offset that is told is its zone's, but for summer time."""
    local = pd.Timestamp(close, unit="s", tz="UTC").tz_convert(zone).tz_localize(None)
    there = int(local.timestamp()) - close
    told = offset if isinstance(offset, int) else there
    if local.hour not in DAYTIME or abs(told - there) > HOUR:
        raise FeedError(f"yahoo did not give {what}: it tells the time of another place ({zone}, {told / HOUR:+g} h)")


def _spans(stamp: Ints, calendar: str, interval: Interval, hours: TradingHours) -> tuple[Ints, Ints]:
    """Where the bar of each stamp starts and ends; the end is -1 for what is of no session.

    Intraday bars are counted from the open of their session, so that the last one is cut short by the close.
    """
    length = interval.seconds
    if calendar == ALWAYS:
        start = stamp // length * length
        return start, start + length
    dates: Dates = (stamp // DAY).astype("datetime64[D]")
    closes = hours.closes_of(calendar, dates)
    if interval is Interval.DAY:
        return stamp, closes
    opens = hours.opens_of(calendar, dates)
    start = opens + (stamp - opens) // length * length
    return start, np.where((start >= opens) & (start < closes), np.minimum(start + length, closes), -1)


def positive(column: Floats) -> Floats:
    """The numbers of a column that can be one of a bar; Yahoo writes zero for what it does not know."""
    return np.where((column > 0) & (column < np.inf), column, np.nan)
