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
from collections.abc import Awaitable, Callable, Mapping
from types import ModuleType
from typing import Any

from bot.feeds._venues import Venue, exchange_class
from bot.feeds.contract import FeedError, NoSuchBars, SourceDown

Question = Callable[[Any], Awaitable[Any]]
"""What to ask a ccxt exchange."""

_STATUS = re.compile(r" (?:GET|POST) \S+ (\d{3})\b")
_BARRED = re.compile(r"restricted location|block access from your country", re.IGNORECASE)
_PARSING_FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What ccxt raises when it parses an answer of another form than it expects."""


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

    Every question raises SourceDown when asking later may help, NoSuchBars or FeedError when it will not.
    """

    def __init__(self, venue: Venue, timeout: float) -> None:
        self._venue, self._timeout = venue, timeout
        self._turn = asyncio.Lock()
        self._pace = Pace()
        self._exchange: Any = None

    async def markets(self) -> Mapping[str, Any]:
        """ccxt's description of every market of the venue, by symbol; asked for once."""
        async with self._turn:
            markets: Mapping[str, Any] = (await self._opened()).markets
            return markets

    async def candles(self, symbol: str, interval: str, since: int, limit: int) -> list[list[float | None]]:
        """Up to `limit` candles that open at `since` (UTC seconds) or later: [ms, open, high, low, close, volume]."""
        answer: list[list[float | None]] = await self._ask(
            lambda exchange: exchange.fetch_ohlcv(symbol, interval, since * 1000, limit), self._venue.candles
        )
        return answer

    async def ticker(self, symbol: str) -> Mapping[str, Any]:
        """ccxt's ticker: the last price and its time."""
        answer: Mapping[str, Any] = await self._ask(lambda exchange: exchange.fetch_ticker(symbol), self._venue.ticker)
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
            await self._bounded(exchange, lambda exchange: exchange.load_markets())
        if not exchange.markets:
            await self._drop()  # ccxt would remember that there are none
            raise SourceDown(f"{self._venue.name} answered with an empty list of markets")
        return exchange

    def _made(self) -> Any:
        config = {
            "enableRateLimit": False,
            "enableLastJsonResponse": True,
            "timeout": int(2000 * self._timeout),  # the bound here comes first
            "has": {"fetchCurrencies": False},  # no prices in them
            "options": dict(self._venue.options),
        }
        return exchange_class(self._venue.name)(config)

    async def _bounded(self, exchange: Any, question: Question) -> Any:
        await self._pace.turn(self._venue.cost * exchange.rateLimit / 1000)
        errors = importlib.import_module("ccxt.base.errors")
        try:
            async with asyncio.timeout(self._timeout):
                return await question(exchange)
        except TimeoutError:
            await self._drop()
            raise SourceDown(f"{self._venue.name} did not answer within {self._timeout:g} s") from None
        except errors.BaseError as error:
            raise told(self._venue.name, error, errors) from None
        except OSError as error:
            raise SourceDown(f"{self._venue.name} cannot be reached ({type(error).__name__})") from None
        except _PARSING_FAULTS as error:
            what = f"({type(error).__name__})"
            raise SourceDown(f"{self._venue.name} answered something that ccxt cannot read {what}") from None

    async def _drop(self) -> None:
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            await exchange.close()


def told(venue: str, error: Exception, errors: ModuleType) -> FeedError:
    """One of ccxt's errors as one of ours. ccxt quotes whole pages; a sentence of ours does not."""
    text = str(error)
    status = int(found[1]) if (found := _STATUS.search(text)) else None
    if status == 451 or _BARRED.search(text) or isinstance(error, errors.RestrictedLocation):
        return NoSuchBars(f"{venue} does not serve this location ({status or 'restricted'})")
    if isinstance(error, errors.BadSymbol):
        return NoSuchBars(f"{venue} has no such market: {_short(text)}")
    if isinstance(error, (errors.DDoSProtection, errors.RateLimitExceeded)):
        return SourceDown(f"{venue} is busy and wants fewer requests")
    if status is not None:
        return SourceDown(f"{venue} answered with status {status}")
    if isinstance(error, errors.RequestTimeout):
        return SourceDown(f"{venue} did not answer in time")
    if isinstance(error, errors.NetworkError):
        return SourceDown(f"{venue} cannot be reached")
    if isinstance(error, (errors.BadRequest, errors.NotSupported)):
        return FeedError(f"{venue} refused the question: {_short(text)}")
    return SourceDown(f"{venue} answered with an error: {_short(text)}")


def _short(text: str) -> str:
    return textwrap.shorten(text, 120, placeholder=" ...")
