"""The line to one exchange: one ccxt object for the life of a feed, questions one after another, faults told apart.

ccxt's own throttler reads the wall clock, and stalls for as long as that is set back; so it is off, and requests are
paced here by the monotonic clock. A question that is not answered in time costs the object its life, because nobody
knows what state it was left in; the next question makes another. Nothing here knows what a bar is.
"""

from __future__ import annotations

import asyncio
import importlib
import re
import textwrap
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from bot.feeds._venues import Venue, exchange_class
from bot.feeds.contract import Barred, Busy, FeedError, NoSuchBars, SourceDown, told_time, wait_of
from rules.model import Instant

Question = Callable[[Any], Awaitable[Any]]
"""What to ask a ccxt exchange."""

TOO_MANY = (418, 429)
"""Statuses of a venue that counts requests."""

RELOAD = 3600
"""Seconds for which a list of markets is believed that lacks one."""

_STATUS = re.compile(r" (?:GET|POST) \S+ (\d{3})\b")
_BARRED = re.compile(r"restricted location|block access from your country", re.IGNORECASE)
_NO_MARKET = re.compile(r"\bNOT_FOUND\b|valid product_id", re.IGNORECASE)
"""What coinbase says of a market that is no more, and ccxt has no error of its own for."""

_ADDRESS = re.compile(r"\s*\b(?:GET|POST)?\s*https?://\S+")
_PARSING_FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What ccxt raises when it parses an answer of another form than it expects."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How an answer came: its HTTP status, and its headers by names in small letters; empty without any."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> Instant | None:
        """The venue's own time of the answer, where it says so."""
        return told_time(self.headers.get("date"), self.headers.get("age"))

    @property
    def wait(self) -> int | None:
        """The seconds for which the venue wants to be left alone, where it says so."""
        return wait_of(self.headers.get("retry-after"), self.at)


class Pace:
    """Leaves at least `pause` seconds between requests, by a clock that nobody sets."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._free_at = clock()

    async def turn(self, pause: float) -> None:
        """Wait until a request may go out, and take the `pause` after it."""
        now = self._clock()
        if now < self._free_at:
            await self._sleep(self._free_at - now)
        self._free_at = max(now, self._free_at) + pause


class Line:
    """A connection to `venue`; an answer may take `timeout` seconds. Belongs to the event loop it is first used in.

    Every question raises SourceDown when asking later may help, Barred, NoSuchBars or FeedError when it will not.
    """

    def __init__(self, venue: Venue, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._venue, self._timeout, self._clock = venue, timeout, clock
        self._loaded = clock()
        self._turn = asyncio.Lock()
        self._pace = Pace()
        self._exchange: Any = None
        self._reply = Reply()

    async def markets(self, wanted: str) -> Mapping[str, Any]:
        """ccxt's description of every market of the venue, by symbol. Asked for once; and again when `wanted` is not
        among them, for it may have been listed since, but seldom."""
        async with self._turn:
            exchange = await self._opened()
            if wanted not in exchange.markets and self._clock() - self._loaded >= RELOAD:
                await self._load(exchange)
            markets: Mapping[str, Any] = exchange.markets
            return markets

    async def candles(
        self, symbol: str, interval: str, since: int, limit: int
    ) -> tuple[list[list[float | None]], Instant | None]:
        """Up to `limit` candles that open at `since` (UTC seconds) or later: [ms, open, high, low, close, volume]; and
        the instant of the answer by the venue's own clock."""

        async def question(exchange: Any) -> Any:
            candles = await exchange.fetch_ohlcv(symbol, interval, since * 1000, limit)
            return candles, exchange.market(symbol)["id"], exchange.last_json_response, self._reply.at

        candles: list[list[float | None]]
        at: Instant | None
        candles, asked, answer, at = await self._ask(question, self._venue.candles)
        told = self._venue.markets_of(answer)
        if told and asked not in told:  # ccxt would hand it over, or find no candles
            raise SourceDown(f"{self._venue.name} answered for {min(told)} when asked for {asked}")
        return candles, at

    async def ticker(self, symbol: str) -> Mapping[str, Any]:
        """ccxt's ticker: the last price and its time."""
        answer: Mapping[str, Any] = await self._ask(lambda exchange: exchange.fetch_ticker(symbol), self._venue.ticker)
        if answer["symbol"] != symbol:
            raise SourceDown(f"{self._venue.name} answered for {answer['symbol']} when asked for {symbol}")
        return answer

    async def tickers(self, symbols: Sequence[str]) -> tuple[Mapping[str, Mapping[str, Any]], Instant | None]:
        """ccxt's tickers of markets by symbol, in one answer, and the instant of that by the venue's own clock."""

        async def question(exchange: Any) -> Any:
            answer = await exchange.fetch_tickers(list(symbols))
            return answer, self._reply.at

        answer: tuple[Mapping[str, Mapping[str, Any]], Instant | None] = await self._ask(question, self._venue.tickers)
        return answer

    async def close(self) -> None:
        """Give back the connections."""
        async with self._turn:
            await self._drop()

    async def _ask(self, question: Question, key: str) -> Any:
        """An answer with `key` in it, as this venue gives: ccxt reads any other as nothing, but it is a fault."""
        async with self._turn:
            exchange = await self._opened()
            answer = await self._bounded(exchange, question)
            if not self._venue.is_answer(exchange.last_json_response, key):
                raise SourceDown(f"{self._venue.name} answered something that is not an answer of its interface")
            return answer

    async def _opened(self) -> Any:
        """The exchange, with its markets loaded."""
        if self._exchange is None:
            self._exchange = self._made()
        exchange = self._exchange
        if not exchange.markets:
            await self._load(exchange)
        return exchange

    async def _load(self, exchange: Any) -> None:
        await self._bounded(exchange, lambda exchange: exchange.load_markets(True))
        if not exchange.markets:
            await self._drop()  # ccxt would remember that there are none
            raise SourceDown(f"{self._venue.name} answered with an empty list of markets")
        self._loaded = self._clock()

    def _made(self) -> Any:
        config = {
            "enableRateLimit": False,
            "enableLastJsonResponse": True,
            "timeout": int(2000 * self._timeout),  # the bound here comes first
            "has": {"fetchCurrencies": False},  # no prices in them
            "options": dict(self._venue.options),
        }
        exchange = exchange_class(self._venue.name)(config)
        exchange.on_rest_response = self._listen
        return exchange

    def _listen(
        self, status: int, _reason: str, _url: str, _method: str, headers: Mapping[str, str], body: str, *_: object
    ) -> str:
        """ccxt calls this with every answer before it reads it: of what it refuses it tells neither status nor date."""
        self._reply = Reply(status, {name.lower(): str(value) for name, value in headers.items()})
        return body

    async def _bounded(self, exchange: Any, question: Question) -> Any:
        await self._pace.turn(self._venue.cost * exchange.rateLimit / 1000)
        errors = importlib.import_module("ccxt.base.errors")
        self._reply = Reply()
        try:
            async with asyncio.timeout(self._timeout):
                return await question(exchange)
        except TimeoutError:
            await self._drop()
            raise SourceDown(f"{self._venue.name} did not answer within {self._timeout:g} s") from None
        except errors.BaseError as error:
            raise told(self._venue.name, error, errors, self._reply) from None
        except OSError as error:
            raise SourceDown(f"{self._venue.name} cannot be reached ({type(error).__name__})") from None
        except _PARSING_FAULTS as error:
            what = f"({type(error).__name__})"
            raise SourceDown(f"{self._venue.name} answered something that ccxt cannot read {what}") from None

    async def _drop(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()


def told(venue: str, error: Exception, errors: ModuleType, reply: Reply) -> FeedError:
    """One of ccxt's errors as one of ours. ccxt quotes addresses and whole pages; a sentence of ours does not.

    A refusal in JSON says why in its own words, which ccxt raises without looking at the status.
    """
    text = str(error)
    status = int(found[1]) if (found := _STATUS.search(text)) else None
    if 451 in (status, reply.status) or _BARRED.search(text) or isinstance(error, errors.RestrictedLocation):
        said = 451 if reply.status == 451 else status or "restricted"
        return Barred(f"{venue} does not serve this location ({said})")
    if isinstance(error, errors.BadSymbol) or _NO_MARKET.search(text):
        return NoSuchBars(f"{venue} has no such market: {_short(text)}")
    if isinstance(error, (errors.DDoSProtection, errors.RateLimitExceeded)) or reply.status in TOO_MANY:
        return Busy(f"{venue} is busy and wants fewer requests", reply.wait)
    if status is not None:
        return SourceDown(f"{venue} answered with status {status}")
    if isinstance(error, errors.RequestTimeout):
        return SourceDown(f"{venue} did not answer in time")
    if isinstance(error, errors.NetworkError):
        return SourceDown(f"{venue} cannot be reached")
    if isinstance(error, (errors.BadRequest, errors.NotSupported)):
        return FeedError(f"{venue} refused the question: {_short(text)}")
    if not reply.status:
        return SourceDown(f"{venue} answered only in part, or something that ccxt cannot read")
    return SourceDown(f"{venue} answered with an error: {_short(text)}")


def _short(text: str) -> str:
    return textwrap.shorten(_ADDRESS.sub("", text), 120, placeholder=" ...")
