"""One symbol of the Yahoo on loopback: the histories held of it, and how they look at a moment.

A row exists from the moment it starts. The one in progress is made of the finest prices held of it; where there are
none it is as it will be. As at Yahoo, a day is stamped with its opening, the newest one with its last trade.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np
import pandas as pd

from bot.feeds.contract import TradingHours
from rules.bars import DAY, HOUR, Floats, Interval, Ints
from rules.model import XNYS

COLUMNS = ("open", "high", "low", "close", "volume", "adjclose")
NEW_YORK = "America/New_York"
TYPES = {"index": "INDEX", "etf": "ETF", "coin": "CRYPTOCURRENCY"}


@dataclass(frozen=True)
class Table:
    """Rows of one interval: when each starts and ends, how it is stamped, and its values by COLUMNS."""

    start: Ints
    end: Ints
    stamp: Ints
    values: Floats

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: Ints) -> Table:
        """The rows at `rows`, the caller's own."""
        return Table(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass
class Symbol:
    """What is held of one symbol; `kind` is index, etf or coin. A dividend is known by the instant it is paid."""

    hours: TradingHours
    kind: str
    zone: str
    currency: str
    tables: dict[Interval, Table] = field(default_factory=dict)
    dividends: dict[int, float] = field(default_factory=dict)

    def hold(self, interval: Interval, table: pd.DataFrame) -> None:
        """Rows of a price file: its time stamp, then COLUMNS; without the last one nothing was ever paid."""
        if table.shape[1] == len(COLUMNS):
            table = table.assign(adjusted=table.iloc[:, 4])
        stamps = pd.DatetimeIndex(pd.to_datetime(table.iloc[:, 0], utc=True)).as_unit("s").asi8
        start, end = self.spans(stamps, interval)
        self.tables[interval] = Table(start, end, start, table.iloc[:, 1:].to_numpy(np.float64))

    def spans(self, stamps: Ints, interval: Interval) -> tuple[Ints, Ints]:
        """Where bars start and end; a day of no session is given the usual hours."""
        if self.kind == "coin":
            return stamps, stamps + interval.seconds
        dates = (stamps // DAY).astype("datetime64[D]")
        midnight = pd.DatetimeIndex(dates).tz_localize(NEW_YORK).as_unit("s").asi8
        opens, closes = self.hours.opens_of(XNYS, dates), self.hours.closes_of(XNYS, dates)
        opens = np.where(opens < 0, midnight + 9 * HOUR + HOUR // 2, opens)
        closes = np.where(closes < 0, midnight + 16 * HOUR, closes)
        return (opens, closes) if interval is Interval.DAY else (stamps, np.minimum(stamps + interval.seconds, closes))

    def periods(self, instants: Ints) -> list[dict[str, int]]:
        """The trading hours of each day of `instants`."""
        start, end = self.spans(np.unique(instants // DAY * DAY), Interval.DAY)
        return [{"start": first, "end": last} for first, last in zip(start.tolist(), end.tolist(), strict=True)]

    def shown(self, interval: Interval, now: float, *, repeated: bool = False) -> Table:
        """The rows by now. `repeated`: the newest day comes twice, first as it opened."""
        held = self.tables[interval]
        rows = held.take(np.arange(np.searchsorted(held.start, now, side="right")))
        if len(rows) and rows.end[-1] > now:
            rows.values[-1] = self._so_far(interval, int(rows.start[-1]), now, rows.values[-1])
        if len(rows) and interval is Interval.DAY:
            if repeated:
                rows = rows.take(np.append(np.arange(len(rows)), len(rows) - 1))
                rows.values[-2, 1:4] = rows.values[-2, 0]
            rows.stamp[-1] = self.last_trade(rows, now)
        return rows

    def session_so_far(self, now: float) -> tuple[int | None, list[float | None]]:
        """When it was last traded, and open, high, low, last price and volume of that day; nulls before the first."""
        newest = self.shown(Interval.DAY if Interval.DAY in self.tables else min(self.tables), now)
        if not len(newest):
            return None, [None] * 5
        return self.last_trade(newest, now), nulls(newest.values[-1])[:5]

    def last_trade(self, rows: Table, now: float) -> int:
        """When the newest row was last traded; a coin's day ends with the second before the next."""
        return int(min(now, rows.end[-1] - (self.kind == "coin")))

    def _so_far(self, interval: Interval, start: int, now: float, finally_: Floats) -> Floats:
        for finer in (Interval.FIVE_MINUTES, Interval.HOUR):
            if finer in self.tables and finer.seconds < interval.seconds:
                inside = self.shown(finer, now)
                opened, high, low, close, volume, adjusted = inside.values[inside.start >= start].T
                if len(close):
                    return np.array([opened[0], high.max(), low.min(), close[-1], volume.sum(), adjusted[-1]])
        return finally_


def entry_of(name: str, symbol: Symbol, now: float) -> dict[str, object]:
    """The entry of a symbol in a list of quotes; what Yahoo does not know of it is left out."""
    at, (opened, high, low, price, volume) = symbol.session_so_far(now)
    local = pd.Timestamp(now, unit="s", tz=symbol.zone)
    offset = int(local.tz_localize(None).timestamp() - local.timestamp())
    entry = {
        "language": "en-US", "region": "US", "quoteType": TYPES[symbol.kind], "quoteSourceName": "Delayed Quote",
        "triggerable": True, "currency": symbol.currency, "exchange": "LOO", "fullExchangeName": "Loopback",
        "marketState": "REGULAR", "regularMarketPrice": price, "regularMarketTime": at, "regularMarketOpen": opened,
        "regularMarketDayHigh": high, "regularMarketDayLow": low, "regularMarketVolume": volume,
        "exchangeTimezoneName": symbol.zone, "exchangeTimezoneShortName": local.tzname(),
        "gmtOffSetMilliseconds": 1000 * offset, "esgPopulated": False, "tradeable": False, "cryptoTradeable": False,
        "hasPrePostMarketData": False, "priceHint": 2, "sourceInterval": 15, "exchangeDataDelayedBy": 0,
        "shortName": name, "symbol": name,
    }  # fmt: skip
    return {key: value for key, value in entry.items() if value is not None}


def nulls(column: Floats) -> list[float | None]:
    """Numbers as JSON has them."""
    return [None if value != value else value for value in column.tolist()]
