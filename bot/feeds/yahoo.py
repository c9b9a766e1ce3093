"""Prices from Yahoo Finance: days as far back as they go, hours of two years, five minutes of sixty days.

What lives here is what Yahoo's answers mean. A day is stamped with its opening or its last trade, so only its date
counts; the row in progress looks like any other and is told by the time alone; zero stands for "not said". The price of
an index has no volume: Yahoo's figure for one is of something else. How Yahoo is asked stands in `_yahoo_client`.
"""

from __future__ import annotations

import asyncio
import importlib
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from bot.feeds.contract import NoSuchBars, Request, Setup, SourceDown, Tick, TradingHours
from rules.bars import DAY, Bars, Floats, Interval, Ints, Origin
from rules.model import ALWAYS, Instant, Instrument, Kind
from rules.panel import Dates

if TYPE_CHECKING:
    from bot.feeds._yahoo_client import Answer, Client

NAME = "yahoo"
WORKERS = 2
UNITS = {Kind.INDEX: "none", Kind.VOLATILITY: "none", Kind.ETF: "base", Kind.COIN: "quote"}
"""What volume counts: shares of a fund, dollars of a coin."""


def build(setup: Setup) -> YahooFeed:
    """A feed that asks Yahoo, at most `setup.timeout` seconds a question.

    Loads yfinance, which takes a while: not a thing to do in an event loop.
    """
    importlib.import_module("bot.feeds._yahoo_client")
    return YahooFeed(setup.hours, setup.now, setup.timeout)


class YahooFeed:
    """A `Feed` over yfinance, which blocks: questions wait in two threads of its own, none longer than `timeout`."""

    name = NAME

    def __init__(self, hours: TradingHours, now: Instant, timeout: float) -> None:
        self._hours, self._now, self._timeout = hours, now, timeout
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix=NAME)
        self._opening = threading.Lock()
        self._client: Client | None = None

    def notes(self, known: Iterable[str]) -> list[str]:  # noqa: ARG002 - the same for every configuration
        """What Yahoo's prices may be used for."""
        return ["prices of Yahoo Finance are for personal use, and some are 15 minutes late"]

    async def bars(self, request: Request) -> Bars:
        """The asked bars that had completed when Yahoo answered. Hours and five minutes begin where Yahoo's do.

        `known_at` is when Yahoo answered, or `until`, whichever is earlier. Raises NoSuchBars for what Yahoo does not
        have, SourceDown when it does not give what it owes.
        """
        within = request.after, request.until
        answer = await self._ask(request.instrument, request.interval, f"{request.interval} bars", within)
        return _bars(request, self._hours, answer)

    async def tick(self, instrument: Instrument) -> Tick | None:
        """The latest trade; None where Yahoo knows of none. Raises as `bars` does."""
        answer = await self._ask(instrument, Interval.DAY, "ticks")
        said = (answer.about.get(f"regularMarket{word}") for word in ("Time", "Price", "DayHigh", "DayLow"))
        at, price, high, low = (each if isinstance(each, int | float) else np.nan for each in said)
        opened = np.append(np.nan, answer.prices["Open"])[-1]
        price, opened, high, low = _positive(np.array([price, opened, high, low])).tolist()
        if np.isnan(at) or np.isnan(price):
            return None
        return Tick(instrument.id, int(at), price, opened, high, low, _origin(instrument))

    async def close(self) -> None:
        """Ask nothing more and give the threads back; one that waits for Yahoo ends by its time-out."""
        self._threads.shutdown(wait=False)
        if self._client is not None:
            self._client.close()

    async def _ask(
        self, instrument: Instrument, interval: Interval, noun: str, within: tuple[Instant, Instant] | None = None
    ) -> Answer:
        """Yahoo's rows around the bars that end `within`, or its last day."""
        symbol = next((source.symbol for source in instrument.sources if source.feed == NAME), None)
        if symbol is None:
            raise NoSuchBars(f"{instrument.id} has no yahoo source, so there are no {noun} of it")
        what = f"{noun} of {instrument.id} ({symbol})"
        job = partial(self._answer, symbol, interval, what, within, time.monotonic() + self._timeout)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, job)
        except TimeoutError:
            raise SourceDown(f"yahoo did not give {what}: no answer came in time") from None
        currency = answer.about.get("currency") or instrument.currency
        if currency != instrument.currency:
            raise NoSuchBars(f"yahoo has no {what} in {instrument.currency}: it is priced in {currency}")
        return answer

    def _answer(
        self, symbol: str, interval: Interval, what: str, within: tuple[Instant, Instant] | None, deadline: float
    ) -> Answer:
        """In a thread: ask, by `deadline` of the monotonic clock."""
        from bot.feeds import _yahoo_client as yahoo  # heavy: only here is time for it

        with self._opening:
            client = self._client = self._client or yahoo.Client(self._now)
        span = None
        if within is not None:
            after, until = within
            # A row may be stamped before its bar starts to count, and with a trade after it has ended.
            span = after // DAY * DAY - yahoo.OWED, until // DAY * DAY + 2 * DAY
        return client.ask(yahoo.Question(symbol, interval, what, span), deadline)


def _bars(request: Request, hours: TradingHours, answer: Answer) -> Bars:
    """The rows that are bars, one an end; the later of two rows is the better informed."""
    instrument = request.instrument
    known = request.until if answer.at is None else min(request.until, answer.at)
    prices = {name.lower(): _positive(column) for name, column in answer.prices.items()}
    origin = _origin(instrument)
    if origin.volume_unit == "none":
        prices["volume"] = np.full_like(prices["volume"], np.nan)
    start, end = _spans(answer.stamp, instrument.calendar, request.interval, hours)
    zeros = np.zeros(len(end), dtype=np.int64)
    bars = Bars(request.interval, start, end, **prices, known_at=zeros + known, origin=zeros, origins=(origin,))
    bars = bars.take((end > request.after) & (end > 0) & (end <= known) & ~np.isnan(bars.close))
    bars = bars.take(np.argsort(bars.end, kind="stable"))
    return bars.take(np.append(np.diff(bars.end) != 0, True)[: len(bars)])


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


def _positive(column: Floats) -> Floats:
    """The numbers of a column that can be one of a bar; Yahoo writes zero for what it does not know."""
    return np.where((column > 0) & (column < np.inf), column, np.nan)


def _origin(instrument: Instrument) -> Origin:
    return Origin(NAME, NAME, instrument.currency, UNITS[instrument.kind])
