"""Hours and days of coins from one exchange, through ccxt. What differs by exchange stands in `_venues`, how one is
asked in `_line`; here answers become bars.

Candles are asked for forwards, a page at a time. The venue prints the candle in progress as if it were one like the
others, and it comes last: only candles that had ended by `until` are bars. Hours in which nothing was traded are not
printed by some venues; such a gap stays a gap.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import numpy as np

from bot.feeds._line import Line
from bot.feeds._venues import VENUES, Venue, exchange_class
from bot.feeds.contract import FeedError, NoSuchBars, Request, Setup, Tick
from rules.bars import DAY, Bars, Floats, Interval, Ints, Origin
from rules.model import ALWAYS, Instant, Instrument

NAME = "exchange"
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

    A feed lives in one event loop. Volume is in coins. `known_at` of a bar is `until` of the request that brought it.
    """

    name = NAME

    def __init__(self, venue: Venue, timeout: float) -> None:
        self.venue = venue.name
        self._venue = venue
        self._line = Line(venue, timeout)

    def notes(self, known: Iterable[str]) -> list[str]:  # noqa: ARG002 - the same for every configuration
        """What is peculiar to this exchange."""
        return [self._venue.note] if self._venue.note else []

    async def bars(self, request: Request) -> Bars:
        """The asked hours or UTC days; `until` must not lie in the future, or a candle in progress is taken for one
        that has ended. Raises NoSuchBars for a market or interval that the venue does not have, SourceDown for a fault.
        """
        what = f"{request.interval} bars of {request.instrument.id}"
        if request.interval not in INTERVALS:
            raise NoSuchBars(f"{self.venue} is asked for 1h and 1d bars only, not for {what}")
        symbol = await self._symbol(request.instrument, what)
        pages = [page async for page in self._pages(symbol, request)]
        return _bars(np.concatenate([np.empty((0, 6)), *pages]), request, self._origin(symbol))

    async def tick(self, instrument: Instrument) -> Tick | None:
        """The latest trade; None where the venue does not say its price or its instant (kraken, bybit never do).

        Venues tell open, high and low of the last 24 hours, which are no session's: they are NaN here.
        """
        symbol = await self._symbol(instrument, f"price of {instrument.id}")
        ticker = await self._line.ticker(symbol)
        price, milliseconds = ticker["last"], ticker["timestamp"]
        if price is None or not price > 0 or milliseconds is None:
            return None
        unknown = float("nan")
        at = int(milliseconds) // 1000
        return Tick(instrument.id, at, float(price), unknown, unknown, unknown, self._origin(symbol))

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
        markets = await self._line.markets()
        if symbol not in markets:
            others = sorted(name for name, market in markets.items() if market["spot"] and market["base"] == base)
            traded = ", ".join(others[:8]) or f"no {base}"
            raise NoSuchBars(f"{self.venue} has no {what}: it trades {traded}, not {symbol}")
        return symbol

    def _origin(self, symbol: str) -> Origin:
        return Origin(NAME, self.venue, symbol.partition("/")[2], "base")

    async def _pages(self, symbol: str, request: Request) -> AsyncIterator[Floats]:
        """Candles from the first that ends after `after`, page by page; each reaches further than the one before."""
        step = request.interval.seconds
        start = max(request.after, FIRST_COIN) // step * step
        last = request.until // step * step - step
        while start <= last:
            page = await self._page(symbol, request.interval, start, last)
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
        limit = min(self._venue.page, (last - start) // interval.seconds + 1)
        rows = await self._line.candles(symbol, interval.value, start, limit)
        page = np.array(rows, dtype=np.float64).reshape(-1, 6)
        page[:, 0] /= 1000
        page = page[page[:, 0] >= start]
        return page[np.argsort(page[:, 0], kind="stable")]


def _bars(rows: Floats, request: Request, origin: Origin) -> Bars:
    """What of `rows` is a bar: on the grid, closed when asked, with a price. Of a candle told twice, the later."""
    step = request.interval.seconds
    opened, ended = rows[:, 0], rows[:, 0] + step
    close = rows[:, 4]
    asked = (opened % step == 0) & (ended > request.after) & (ended <= request.until)
    rows = rows[asked & (close > 0) & (close < np.inf)]
    opens, kept = np.unique(rows[::-1, 0], return_index=True)
    rows = rows[::-1][kept]
    prices = np.where((rows[:, 1:5] > 0) & (rows[:, 1:5] < np.inf), rows[:, 1:5], np.nan)
    start: Ints = opens.astype(np.int64)
    return Bars(
        request.interval, start, start + step,
        open=prices[:, 0].copy(), high=prices[:, 1].copy(), low=prices[:, 2].copy(), close=prices[:, 3].copy(),
        volume=rows[:, 5].copy(), known_at=np.full(len(start), request.until, dtype=np.int64),
        origin=np.zeros(len(start), dtype=np.int64), origins=(origin,),
    )  # fmt: skip
