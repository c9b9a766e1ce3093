"""Hours and days of coins from one exchange, through ccxt. What differs by exchange stands in `_venues`, how one is
asked in `_line`; here answers become bars.

Candles are asked for forwards, a page at a time. The venue prints the candle in progress as if it were one like the
others, and it comes last: only candles that had ended by `until` are bars. Hours in which nothing was traded are not
printed by some venues; such a gap stays a gap.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from bot.answers.quality import Fault
from bot.feeds._line import Line
from bot.feeds._venues import VENUES, Venue, exchange_class
from bot.feeds.contract import FeedError, NoSuchBars, Request, Setup, TradeRemark, believed_until, untold
from rules.bars import DAY, Bars, Floats, Interval, Ints, Origin, Tick
from rules.model import ALWAYS, Instant, Instrument

NAME = "exchange"
SPARE = 3
"""Candles that are asked for beyond those that are wanted: the one in progress comes, and perhaps a copy, or what
should not be there at all."""

INTERVALS = (Interval.HOUR, Interval.DAY)
FIRST_COIN = 1_230_940_800
"""2009-01-03, the first block of Bitcoin: no exchange has an older candle."""


def build(setup: Setup) -> ExchangeFeed:
    """A feed of the exchange `setup.venue`. Raises FeedError for one that is not known here.

    Loads what speaks to that exchange, which takes a while: not a thing to do in an event loop.
    """
    if setup.venue not in VENUES:
        asked = f"there is no exchange {setup.venue!r} here" if setup.venue else "the exchange feed needs a venue"
        raise FeedError(f"{asked}; the exchanges are {', '.join(VENUES)}")
    exchange_class(setup.venue)
    return ExchangeFeed(VENUES[setup.venue], setup.timeout)


class ExchangeFeed:
    """A `Feed` of the coins that one exchange trades. Nothing is opened before the first question.

    A feed lives in one event loop. Volume is in coins. `known_at` of a bar is when the venue answered,
    or `until` of the request that brought it, whichever is earlier.
    """

    name = NAME

    def __init__(self, venue: Venue, timeout: float) -> None:
        self.venue = venue.name
        self._venue = venue
        self._line = Line(venue, timeout)
        self._seen: dict[str, tuple[float, Instant | None]] = {}
        """The price that each market was last told to have, and since when."""
        self.told_at: Instant | None = None

    def notes(self, known: Iterable[str]) -> list[str]:  # noqa: ARG002 - the same for every configuration
        """What is peculiar to this exchange."""
        return [self._venue.note] if self._venue.note else []

    async def bars(self, request: Request) -> Bars:
        """The asked hours or UTC days that had ended when the venue answered, by its own clock.

        Raises NoSuchBars for a market or interval that the venue does not have, Barred where it serves nobody from
        here, SourceDown for a fault.
        """
        self.told_at = None
        what = f"{request.interval} bars of {request.instrument.id}"
        if request.interval not in INTERVALS:
            raise NoSuchBars(f"{self.venue} is asked for 1h and 1d bars only, not for {what}")
        symbol = await self._symbol(request.instrument, what)
        pages = [page async for page in self._pages(symbol, request)]
        rows = np.concatenate([np.empty((0, 6)), *pages])
        return _bars(rows, request, self.told_at, self._origin(symbol))

    async def ticks(self, instruments: Sequence[Instrument], remark: TradeRemark = untold) -> dict[str, Tick]:
        """The latest trades in one answer, of markets that the venue trades and whose instant is known.

        Venues that list prices without their instants (coinbase, kraken, bybit) are watched: a price is of the instant
        at which it was first told, so that one that is frozen grows old. The first one is asked for by itself, and is
        of an unknown instant where the venue does not tell it then either (kraken, bybit). Venues tell open, high and
        low of the last 24 hours, which are no session's: they are NaN here.
        """
        self.told_at = None
        symbols: dict[Instrument, str] = {}
        for each in instruments:
            with suppress(NoSuchBars):
                symbols[each] = await self._symbol(each, f"price of {each.id}")
        if not symbols:
            return {}
        tickers, self.told_at = await self._tickers(list(dict.fromkeys(symbols.values())))
        found: dict[str, Tick] = {}
        for each, symbol in symbols.items():
            price = _price(tickers.get(symbol))
            if price is not None and not 0 < price < np.inf:
                remark(each.id, Fault.NOT_A_PRICE)
            elif price and (tick := await self._tick(each, symbol, price, tickers[symbol])) is not None:
                found[each.id] = tick
        return found

    async def close(self) -> None:
        """Give back the connections."""
        await self._line.close()

    async def _symbol(self, instrument: Instrument, what: str) -> str:
        """The market that stands for an instrument here. Raises NoSuchBars, naming the coin's other markets."""
        asked = next((source.symbol for source in instrument.sources if source.feed == NAME), "")
        base, _, quote = asked.partition("/")
        if not quote or instrument.calendar != ALWAYS:
            reason = "no market of an exchange is among its sources" if not quote else "it trades in sessions"
            raise NoSuchBars(f"{self.venue} has no {what}: {reason}")
        symbol = f"{base}/{self._venue.dollar if quote == 'USD' else quote}"
        markets = await self._line.markets(symbol)
        if symbol not in markets:
            others = sorted(name for name, market in markets.items() if market["spot"] and market["base"] == base)
            traded = ", ".join(others[:8]) or f"no {base}"
            raise NoSuchBars(f"{self.venue} has no {what}: it trades {traded}, not {symbol}")
        return symbol

    async def _tickers(self, symbols: Sequence[str]) -> tuple[Mapping[str, Mapping[str, Any]], Instant | None]:
        """The tickers of markets; one by one where one that is no more would spoil the others."""
        try:
            return await self._line.tickers(symbols)
        except NoSuchBars:
            found: dict[str, Mapping[str, Any]] = {}
            for symbol in symbols:
                with suppress(NoSuchBars):
                    found[symbol] = await self._line.ticker(symbol)
            return found, None

    async def _tick(self, instrument: Instrument, symbol: str, price: float, ticker: Mapping[str, Any]) -> Tick | None:
        at = _seconds(ticker)
        if at is None and symbol not in self._seen:
            self._seen[symbol] = price, _seconds(await self._line.ticker(symbol))
        if at is None:
            if price != self._seen[symbol][0]:
                self._seen[symbol] = price, self.told_at
            at = self._seen[symbol][1]
        unknown = float("nan")
        return None if at is None else Tick(instrument.id, at, price, unknown, unknown, unknown, self._origin(symbol))

    def _origin(self, symbol: str) -> Origin:
        return Origin(NAME, self.venue, symbol.partition("/")[2], "base")

    async def _pages(self, symbol: str, request: Request) -> AsyncIterator[Floats]:
        """Candles from the first that ends after `after`, page by page; each reaches further than the one before.

        ccxt cuts an answer to the number that was asked for, perhaps between two copies of one candle. So the last
        candle of a page that is full is not taken from it, and the next page begins with it.
        """
        step = request.interval.seconds
        start = max(request.after, FIRST_COIN) // step * step
        last = request.until // step * step - step
        while start <= last:
            page = await self._page(symbol, request.interval, start, last)
            if len(page) >= self._limit(request.interval, start, last) and start < int(page[-1, 0]) <= last:
                start = int(page[-1, 0])
                yield page[page[:, 0] < start]
                continue
            if len(page):
                yield page
                start = int(page[-1, 0]) // step * step + step
                continue
            start += self._venue.page * step
            if request.interval is Interval.HOUR and start <= last:
                start = await self._next_day_with_trades(symbol, start, last)

    async def _next_day_with_trades(self, symbol: str, start: Instant, last: Instant) -> Instant:
        """Where to look for hours after a page without any: days see further, and years may lie before a listing."""
        day = start // DAY * DAY
        while day <= last:
            page = await self._page(symbol, Interval.DAY, day, last)
            if len(page):
                return max(start, int(page[0, 0]))
            day += self._venue.page * DAY
        return last + 1

    async def _page(self, symbol: str, interval: Interval, start: Instant, last: Instant) -> Floats:
        """A page of the candles that open at `start` or later, in order: seconds, open, high, low, close, volume."""
        limit = self._limit(interval, start, last)
        rows, self.told_at = await self._line.candles(symbol, interval.value, start, limit)
        page = np.array(rows, dtype=np.float64).reshape(-1, 6)
        page[:, 0] /= 1000
        page = page[page[:, 0] >= start]
        return page[np.argsort(page[:, 0], kind="stable")]

    def _limit(self, interval: Interval, start: Instant, last: Instant) -> int:
        return min(self._venue.page, (last - start) // interval.seconds + 1 + SPARE)


def _price(ticker: Mapping[str, Any] | None) -> float | None:
    """The latest price as it was told; None where none was."""
    price = ticker["last"] if ticker is not None else None
    return float(price) if price is not None else None


def _seconds(ticker: Mapping[str, Any]) -> Instant | None:
    return int(ticker["timestamp"]) // 1000 if ticker["timestamp"] is not None else None


def _bars(rows: Floats, request: Request, told_at: Instant | None, origin: Origin) -> Bars:
    """What of `rows` is a bar: on the grid, closed when asked, with a price. Of a candle told twice, the later.

    `told_at` is the venue's own time of the answer.
    """
    step = request.interval.seconds
    opened, ended = rows[:, 0], rows[:, 0] + step
    known = believed_until(request.until, told_at, opened)
    request.remarks_future(opened, told_at)
    asked = (ended > request.after) & (ended <= known)
    off_grid = opened % step != 0
    request.remarks(Fault.OFF_GRID, asked & off_grid)
    asked &= ~off_grid
    rows = rows[asked & request.priced(asked, *rows[:, 1:5].T)]
    opens, kept = np.unique(rows[::-1, 0], return_index=True)
    request.remarks(Fault.TWICE, np.repeat(True, len(rows) - len(kept)))
    rows = rows[::-1][kept]
    prices = np.where((rows[:, 1:5] > 0) & (rows[:, 1:5] < np.inf), rows[:, 1:5], np.nan)
    start: Ints = opens.astype(np.int64)
    return Bars(
        request.interval, start, start + step,
        open=prices[:, 0].copy(), high=prices[:, 1].copy(), low=prices[:, 2].copy(), close=prices[:, 3].copy(),
        volume=rows[:, 5].copy(), known_at=np.full(len(start), known, dtype=np.int64),
        origin=np.zeros(len(start), dtype=np.int64), origins=(origin,),
    )  # fmt: skip
