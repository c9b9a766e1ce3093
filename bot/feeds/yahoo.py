"""Prices from Yahoo Finance: days as far back as they go, hours of two years, five minutes of sixty days.

How Yahoo is asked stands in `_yahoo_client`, how its answers are read in `_yahoo_chart`, what rows of them are bars in
`_yahoo_bars`. The price of an index has no volume: Yahoo's figure for one is of something else.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bot.answers.quality import Fault
from bot.feeds._yahoo_bars import bars_of, positive
from bot.feeds._yahoo_chart import OWED, Answer, NoQuotes, Question
from bot.feeds.contract import NoSuchBars, Request, Setup, SourceDown, TradeRemark, TradingHours, untold
from rules.bars import DAY, Bars, Interval, Origin, Tick
from rules.model import Instant, Instrument, Kind

if TYPE_CHECKING:
    from bot.feeds._yahoo_client import Client

T = TypeVar("T")

log = logging.getLogger(__name__)

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
        self._quotes = True
        self.told_at: Instant | None = None

    def notes(self, known: Iterable[str]) -> list[str]:  # noqa: ARG002 - the same for every configuration
        """What Yahoo's prices may be used for."""
        return ["prices of Yahoo Finance are for personal use, and some are 15 minutes late"]

    async def bars(self, request: Request) -> Bars:
        """The asked bars that had completed when Yahoo answered. Hours and five minutes begin where Yahoo's do.

        `known_at` is when Yahoo answered, or `until`, whichever is earlier. Raises NoSuchBars for what Yahoo does not
        have, SourceDown when it does not give what it owes, FeedError for what is of another symbol or time zone.
        """
        instrument, interval = request.instrument, request.interval
        what = f"{interval} bars of {instrument.id}"
        self.told_at = None
        symbol = _symbol(instrument, what)
        answer = await self._chart(symbol, interval, f"{what} ({symbol})", (request.after, request.until))
        _check_currency(answer.about, instrument, f"{what} ({symbol})")
        return bars_of(request, self._hours, answer, _origin(instrument), f"{what} ({symbol})")

    async def ticks(self, instruments: Sequence[Instrument], remark: TradeRemark = untold) -> dict[str, Tick]:
        """The latest trades, of those that Yahoo knows one of in the instrument's currency: one request for all.

        Where Yahoo gives no quotes each chart is asked, which tells the same: a rule on ticks must not cost the closing
        bars their source. Raises SourceDown where neither comes.
        """
        self.told_at = None
        symbols = {each: source.symbol for each in instruments for source in each.sources if source.feed == NAME}
        if not symbols:
            return {}
        wanted = list(dict.fromkeys(symbols.values()))
        what = f"trades of {', '.join(each.id for each in symbols)}"
        try:
            quotes = await self._in_thread(what, lambda client, by: client.quotes(wanted, what, by))
        except NoQuotes as reason:
            if self._quotes:
                log.warning("%s; the charts are asked one by one", reason)
            self._quotes = False
            return await self._ticks_by_chart(symbols, remark)
        self._quotes, self.told_at = True, quotes.at
        told = ((each, quotes.entries.get(symbol.upper(), {})) for each, symbol in symbols.items())
        ticks = [_tick(each, said, said.get("regularMarketOpen"), remark) for each, said in told]
        return {tick.instrument: tick for tick in ticks if tick is not None}

    async def close(self) -> None:
        """Ask nothing more and give the threads back; one that waits for Yahoo ends by its time-out."""
        self._threads.shutdown(wait=False)
        if self._client is not None:
            self._client.close()

    async def _ticks_by_chart(self, symbols: Mapping[Instrument, str], remark: TradeRemark) -> dict[str, Tick]:
        found: dict[str, Tick] = {}
        for instrument, symbol in symbols.items():
            try:
                answer = await self._chart(symbol, Interval.DAY, f"trades of {instrument.id} ({symbol})", None)
            except NoSuchBars:
                continue
            opened = np.append(np.nan, answer.rows.prices["open"])[-1]
            if (tick := _tick(instrument, answer.about, float(opened), remark)) is not None:
                found[instrument.id] = tick
        return found

    async def _chart(
        self, symbol: str, interval: Interval, what: str, within: tuple[Instant, Instant] | None
    ) -> Answer:
        """Yahoo's rows around the bars that end `within`, or its last day."""
        question = _question(symbol, interval, what, within)
        answer = await self._in_thread(what, lambda client, by: client.ask(question, by))
        self.told_at = answer.at
        return answer

    async def _in_thread(self, what: str, job: Callable[[Client, float], T]) -> T:
        """What a job comes to in one of the threads; it is given the client, and the monotonic time it must end by."""
        try:
            async with asyncio.timeout(self._timeout):
                by = time.monotonic() + self._timeout
                work = partial(self._with_client, job, by)
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError:
            raise SourceDown(f"yahoo did not give {what}: no answer came in time") from None

    def _with_client(self, job: Callable[[Client, float], T], by: float) -> T:
        """In a thread."""
        from bot.feeds._yahoo_client import Client  # heavy: only here is time for it

        with self._opening:
            client = self._client = self._client or Client(self._now)
        return job(client, by)


def _symbol(instrument: Instrument, what: str) -> str:
    for source in instrument.sources:
        if source.feed == NAME:
            return source.symbol
    raise NoSuchBars(f"{instrument.id} has no yahoo source, so there are no {what}")


def _question(symbol: str, interval: Interval, what: str, within: tuple[Instant, Instant] | None) -> Question:
    if within is None:
        return Question(symbol, interval, what)
    after, until = within
    # A row may be stamped before its bar starts to count, and with a trade after it has ended.
    return Question(symbol, interval, what, (after // DAY * DAY - OWED, until // DAY * DAY + 2 * DAY))


def _check_currency(about: Mapping[str, Any], instrument: Instrument, what: str) -> None:
    currency = about.get("currency") or instrument.currency
    if currency != instrument.currency:
        raise NoSuchBars(f"yahoo has no {what} in {instrument.currency}: it is priced in {currency}")


def _tick(instrument: Instrument, said: Mapping[str, Any], opened: object, remark: TradeRemark) -> Tick | None:
    """The latest trade by what Yahoo says of a symbol; None where it knows of none, or of one in other money."""
    if (price := _number(said.get("regularMarketPrice"))) < 0 or np.isinf(price):
        remark(instrument.id, Fault.NOT_A_PRICE)
    names = ("Time", "Price", "DayHigh", "DayLow")
    numbers = [_number(each) for each in (opened, *(said.get(f"regularMarket{name}") for name in names))]
    opened_at, at, price, high, low = positive(np.array(numbers)).tolist()
    if np.isnan(at) or np.isnan(price) or said.get("currency", instrument.currency) != instrument.currency:
        return None
    return Tick(instrument.id, int(at), price, opened_at, high, low, _origin(instrument))


def _number(said: object) -> float:
    return float(said) if isinstance(said, int | float) and not isinstance(said, bool) else np.nan


def _origin(instrument: Instrument) -> Origin:
    return Origin(NAME, NAME, instrument.currency, UNITS[instrument.kind])
