"""What Yahoo's answers hold, read strictly: the rows of a chart as they came, the entries of a list of quotes.

What stamps and zeros mean lives in `_yahoo_bars`, how Yahoo is asked in `_yahoo_client`. yfinance could read a chart
too, but it leaves out rows without saying so: those without a price, those told twice, those outside of what it takes
for trading hours. What is of another form than it should be raises LookupError, TypeError, ValueError or OverflowError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from bot.feeds.contract import SourceDown
from rules.bars import DAY, Floats, Interval, Ints
from rules.model import Instant

COLUMNS = ("open", "high", "low", "close", "volume")

OWED = 7 * DAY
"""In any stretch this long a symbol that trades has rows; an answer without any is a fault."""


@dataclass(frozen=True, slots=True)
class Question:
    """Rows of `interval` stamped within `span`, its end not included; without a span, the last day.

    `what` is how the question is called in sentences.
    """

    symbol: str
    interval: Interval
    what: str
    span: tuple[Instant, Instant] | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a chart in Yahoo's own order.

    `traded` is the instant that Yahoo stamps a row with; `stamp` the same, but of a day its date where it is traded, at
    00:00Z. `prices` are raw, by COLUMNS: NaN where Yahoo says nothing, zero where it says nothing of a volume.
    """

    stamp: Ints
    traded: Ints
    prices: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and what Yahoo says of the symbol: `about` is the chart's `meta`, `at` Yahoo's own time of the answer, None
    where it does not say."""

    rows: Rows
    about: Mapping[str, Any]
    at: Instant | None


@dataclass(frozen=True, slots=True)
class Quotes:
    """The entries of a list of quotes by their symbols, and Yahoo's own time of the answer."""

    entries: Mapping[str, Mapping[str, Any]]
    at: Instant | None


class NoQuotes(SourceDown):
    """Yahoo answered, and not with quotes: it has no crumb for us, or another mind. Its charts may be had."""


NO_ROWS = Rows(np.empty(0, np.int64), np.empty(0, np.int64), {name: np.empty(0) for name in COLUMNS})


def rows_of(chart: Mapping[str, Any], interval: Interval) -> Rows:
    """The rows of the one result of a chart."""
    result = chart["result"][0]
    if not result.get("timestamp"):
        return NO_ROWS
    traded = np.array([_whole(stamp) for stamp in result["timestamp"]], dtype=np.int64)
    (quote,) = result["indicators"]["quote"]
    prices = {name: _numbers(quote[name]) for name in COLUMNS}
    if any(len(column) != len(traded) for column in prices.values()):
        raise ValueError("columns of different lengths")
    stamp = traded if interval is not Interval.DAY else _dates(traded, result["meta"]["exchangeTimezoneName"])
    return Rows(stamp, traded, prices)


def entries_of(content: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The entries of a list of quotes by their symbols, as Yahoo spells them."""
    listed = content["quoteResponse"]["result"]
    return {str(entry["symbol"]).upper(): dict(entry) for entry in listed}


def _dates(traded: Ints, zone: str) -> Ints:
    """The date of each instant in a time zone, at 00:00Z."""
    local = pd.DatetimeIndex(traded.astype("datetime64[s]")).tz_localize("UTC").tz_convert(zone).tz_localize(None)
    return local.normalize().as_unit("s").asi8.copy()


def _whole(stamp: object) -> int:
    if not isinstance(stamp, int):
        raise TypeError("a time stamp that is no whole number")
    return stamp


def _numbers(column: Sequence[object]) -> Floats:
    """A column of numbers, NaN for each null."""
    for value in column:
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise TypeError("a price that is no number")
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)
