"""What the tests of the exchange feed share: an evening at coinbase, and a feed to ask it with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from bot.feeds.contract import Request, Setup, build_feed
from bot.feeds.exchange import ExchangeFeed
from rules.bars import Bars, Interval
from rules.model import ALWAYS, Instant, Instrument, Kind, Source
from tests.bot.markets import SESSIONS, at, hours, utc_days
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt

T = TypeVar("T")

BTC = Instrument(
    "BTC", "Bitcoin", Kind.COIN, ALWAYS, sources=(Source("yahoo", "BTC-USD"), Source("exchange", "BTC/USD"))
)
TEN_TO_NINE = at("2025-12-04T20:50Z")
FIRST, LAST = "2025-07-01", "2025-12-31"


@contextmanager
def evening() -> Iterator[CoinbaseServer]:
    """Half a year of BTC at a coinbase that ccxt speaks to, at ten to nine in the evening of 2025-12-04."""
    with CoinbaseServer(clock=lambda: TEN_TO_NINE).holds("BTC", hours(FIRST, LAST), utc_days(FIRST, LAST)) as server:
        redirect_ccxt("coinbase", server.url)
        yield server


def play(scene: Callable[[ExchangeFeed], Awaitable[T]], venue: str = "coinbase", timeout: float = 10.0) -> T:
    """What a scene with a feed of its own comes to."""

    async def whole() -> T:
        feed = build_feed("exchange", Setup(SESSIONS, TEN_TO_NINE, venue=venue, timeout=timeout))
        assert isinstance(feed, ExchangeFeed)
        try:
            return await scene(feed)
        finally:
            await feed.close()

    return asyncio.run(whole())


def request(
    interval: Interval = Interval.HOUR, after: Instant = 0, until: Instant = TEN_TO_NINE, instrument: Instrument = BTC
) -> Request:
    """By default, every hour of BTC there is."""
    return Request(instrument, interval, after, until)


def ask(wanted: Request) -> Bars:
    """The answer of a feed that is asked nothing else."""
    return play(lambda feed: feed.bars(wanted))
