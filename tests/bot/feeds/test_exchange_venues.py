"""The exchanges that stand by for coinbase, each in its own wire format: what is asked, and where the answer is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from email.utils import formatdate
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from bot.feeds.contract import Request, SourceDown
from bot.feeds.exchange import ExchangeFeed
from rules.bars import Interval, Origin
from rules.model import Source
from tests.bot.feeds.exchanges import BTC, TEN_TO_NINE, play
from tests.bot.markets import at
from tests.servers.loopback import Loopback
from tests.servers.redirect_ccxt import redirect_ccxt

ETH = replace(BTC, id="ETH", sources=(Source("exchange", "ETH/USD"),))
HOURS = [at(f"2025-12-04T{hour}:00Z") for hour in (18, 19, 20)]
"""When the candles open; the last is in progress."""
OHLC = ("92000.5", "92100", "91900", "92050.25")
MILLISECONDS = TEN_TO_NINE * 1000


@dataclass(frozen=True)
class Wire:
    """How a venue speaks: the paths of its three answers, and the answers."""

    quote: str
    markets: tuple[str, Any]
    candles: tuple[str, Any]
    tickers: tuple[str, Any]
    tells_when: bool = True


def _rows(factor: int, tail: list[str], order: tuple[int, ...] = (0, 1, 2, 3)) -> list[list[str]]:
    """Candles newest first: the instant, four prices in the venue's order, and what follows."""
    return [[str(start * factor), *(OHLC[column] for column in order), *tail] for start in reversed(HOURS)]


WIRES = {
    "kraken": Wire(
        "USD",
        ("/0/public/AssetPairs", {"error": [], "result": {"XXBTZUSD": {
            "altname": "XBTUSD", "wsname": "XBT/USD", "aclass_base": "currency", "base": "XXBT",
            "aclass_quote": "currency", "quote": "ZUSD", "pair_decimals": 1, "lot_decimals": 8, "lot_multiplier": 1,
            "leverage_buy": [], "leverage_sell": [], "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]],
            "ordermin": "0.0001", "costmin": "0.5", "tick_size": "0.1", "status": "online",
        }}}),
        ("/0/public/OHLC", {"error": [], "result": {
            "XXBTZUSD": [[int(row[0]), *row[1:5], "92010.0", "12.5", 99] for row in reversed(_rows(1, []))],
            "last": HOURS[-2],
        }}),
        ("/0/public/Ticker", {"error": [], "result": {"XXBTZUSD": {
            "a": ["92051", "1", "1.0"], "b": ["92050", "1", "1.0"], "c": ["92050.25", "0.1"], "v": ["1", "2"],
            "p": ["92000", "92000"], "t": [1, 2], "l": ["91900", "91000"], "h": ["92100", "93000"], "o": "92000.5",
        }}}),
        tells_when=False,
    ),
    "okx": Wire(
        "USDT",
        ("/api/v5/public/instruments", {"code": "0", "msg": "", "data": [{
            "instType": "SPOT", "instId": "BTC-USDT", "baseCcy": "BTC", "quoteCcy": "USDT", "tickSz": "0.1",
            "lotSz": "0.00000001", "minSz": "0.00001", "state": "live", "listTime": "1548133413000", "ctType": "",
        }]}),
        ("/api/v5/market/", {"code": "0", "msg": "", "data": _rows(1000, ["12.5", "1150000", "1150000", "1"])}),
        ("/api/v5/market/tickers", {"code": "0", "msg": "", "data": [
            {"instType": "SPOT", "instId": "BTC-USDT", "last": "92050.25", "ts": str(MILLISECONDS)}
        ]}),
    ),
    "bybit": Wire(
        "USDT",
        ("/v5/market/instruments-info", {"retCode": 0, "retMsg": "OK", "result": {"category": "spot", "list": [{
            "symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "Trading", "marginTrading": "both",
            "lotSizeFilter": {"basePrecision": "0.000001", "quotePrecision": "0.01", "minOrderQty": "0.00005"},
            "priceFilter": {"tickSize": "0.01"},
        }]}}),
        ("/v5/market/kline", {"retCode": 0, "retMsg": "OK", "result": {
            "symbol": "BTCUSDT", "category": "spot", "list": _rows(1000, ["12.5", "1150000"]),
        }}),
        ("/v5/market/tickers", {"retCode": 0, "retMsg": "OK", "result": {"category": "spot", "list": [
            {"symbol": "BTCUSDT", "lastPrice": "92050.25", "highPrice24h": "93000", "lowPrice24h": "91000"}
        ]}}),
        tells_when=False,
    ),
    "kucoin": Wire(
        "USDT",
        ("/symbols", {"code": "200000", "data": [{
            "symbol": "BTC-USDT", "name": "BTC-USDT", "baseCurrency": "BTC", "quoteCurrency": "USDT",
            "baseMinSize": "0.00001", "quoteMinSize": "0.1", "baseIncrement": "0.00000001", "priceIncrement": "0.1",
            "isMarginEnabled": True, "enableTrading": True,
        }]}),
        ("/api/v1/market/candles", {"code": "200000", "data": _rows(1, ["12.5", "1150000"], order=(0, 3, 1, 2))}),
        ("/api/v1/market/allTickers", {"code": "200000", "data": {"time": MILLISECONDS, "ticker": [
            {"symbol": "BTC-USDT", "symbolName": "BTC-USDT", "last": "92050.25", "high": "93000", "low": "91000"}
        ]}}),
    ),
    "binance": Wire(
        "USDT",
        ("/api/v3/exchangeInfo", {"symbols": [{
            "symbol": "BTCUSDT", "status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT",
            "isSpotTradingAllowed": True, "permissions": ["SPOT"], "filters": [], "orderTypes": ["LIMIT"],
        }]}),
        ("/api/v3/klines", [
            [int(row[0]), *row[1:], int(row[0]) + 3_599_999, "1150000", 99, "6", "575000", "0"]
            for row in reversed(_rows(1000, ["12.5"]))
        ]),
        ("/api/v3/ticker/24hr", [
            {"symbol": "BTCUSDT", "lastPrice": "92050.25", "highPrice": "93000", "closeTime": MILLISECONDS}
        ]),
    ),
}  # fmt: skip


class VenueServer(Loopback):
    """Answers what a venue answers, whatever the question's details; `asked` lists the paths."""

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._answers = dict(sorted([wire.markets, wire.candles, wire.tickers], key=lambda each: -len(each[0])))

    def answers(self, path: str, answer: Any) -> None:
        """From now on, something else."""
        self._answers[path] = answer

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/{path:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        for path, answer in self._answers.items():
            if path in request.path:
                return web.json_response(answer, headers={"Date": formatdate(TEN_TO_NINE, usegmt=True)})
        return web.Response(status=404)


@pytest.fixture(params=WIRES)
def venue(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(venue: str) -> Iterator[VenueServer]:
    with VenueServer(WIRES[venue]) as server:
        redirect_ccxt(venue, server.url)
        yield server


def since(hour: int) -> Request:
    return Request(BTC, Interval.HOUR, HOURS[hour], TEN_TO_NINE)


def test_candles_of_every_venue_become_the_same_bars(venue: str, server: VenueServer) -> None:
    bars = play(lambda feed: feed.bars(since(0)), venue)
    assert bars.start.tolist() == HOURS[:2]
    assert bars.origins == (Origin("exchange", venue, WIRES[venue].quote, "base"),)
    prices = np.column_stack([bars.open, bars.high, bars.low, bars.close]).tolist()
    assert prices == [[92000.5, 92100.0, 91900.0, 92050.25]] * 2
    assert bars.volume.tolist() == [12.5, 12.5]


def test_only_the_spot_markets_and_the_candles_are_asked_for(venue: str, server: VenueServer) -> None:
    play(lambda feed: feed.bars(since(0)), venue)
    markets, *candles = server.asked
    assert WIRES[venue].markets[0] in markets
    assert all(WIRES[venue].candles[0] in path for path in candles)
    assert len(candles) <= 2


def test_a_tick_needs_a_price_and_an_instant(venue: str, server: VenueServer) -> None:
    ticks = play(lambda feed: feed.ticks([BTC]), venue)
    if not WIRES[venue].tells_when:
        assert ticks == {}
        return
    tick = ticks["BTC"]
    assert (tick.at, tick.price, tick.origin.quote) == (TEN_TO_NINE, 92050.25, WIRES[venue].quote)
    assert np.isnan([tick.open, tick.high, tick.low]).all()


def test_trades_are_one_question_once_the_venue_is_known(venue: str, server: VenueServer) -> None:
    async def scene(feed: ExchangeFeed) -> list[str]:
        await feed.ticks([BTC])
        before = len(server.asked)
        await feed.ticks([BTC, ETH])
        return server.asked[before:]

    (asked,) = play(scene, venue)
    assert WIRES[venue].tickers[0] in asked


def test_where_no_instant_is_told_a_price_is_of_the_moment_it_is_first_seen(venue: str, server: VenueServer) -> None:
    path, answer = WIRES[venue].tickers

    async def scene(feed: ExchangeFeed) -> list[int | None]:
        seen = []
        for price in ("92050.25", "92050.25", "92051.5"):
            server.answers(path, json.loads(json.dumps(answer).replace("92050.25", price)))
            tick = (await feed.ticks([BTC])).get("BTC")
            seen.append(None if tick is None else tick.at)
        return seen

    known = TEN_TO_NINE if WIRES[venue].tells_when else None
    assert play(scene, venue) == [known, known, TEN_TO_NINE]


def test_an_answer_of_another_form_is_a_fault_and_not_a_time_without_trades(venue: str, server: VenueServer) -> None:
    async def scene(feed: ExchangeFeed) -> None:
        await feed.bars(since(0))
        server.answers(WIRES[venue].candles[0], {"oops": 1})
        with pytest.raises(SourceDown):
            await feed.bars(since(0))

    play(scene, venue)


@pytest.mark.parametrize(
    ("venue", "told"),
    [
        ("kraken", "kraken answered for XETHZUSD when asked for XXBTZUSD"),
        ("bybit", "bybit answered for ETHUSDT when asked for BTCUSDT"),
    ],
)
def test_an_answer_for_another_market_is_refused_where_the_venue_says_so(
    venue: str, told: str, server: VenueServer
) -> None:
    path, answer = WIRES[venue].candles
    swapped = json.dumps(answer).replace("XXBTZUSD", "XETHZUSD").replace("BTCUSDT", "ETHUSDT")
    server.answers(path, json.loads(swapped))
    with pytest.raises(SourceDown) as refused:
        play(lambda feed: feed.bars(since(0)), venue)
    assert str(refused.value) == told


def test_a_note_says_what_is_peculiar(venue: str, server: VenueServer) -> None:
    (note,) = play(lambda feed: asyncio.sleep(0, feed.notes(["BTC"])), venue)
    assert note.startswith(venue)
    assert ("USDT" in note) == (WIRES[venue].quote == "USDT")


@pytest.mark.parametrize("venue", ["kucoin"])
def test_an_answer_that_ccxt_stumbles_over_is_a_fault(venue: str, server: VenueServer) -> None:
    server.answers(WIRES[venue].markets[0], {"code": "200000", "data": [{"symbol": "BTC"}]})
    with pytest.raises(SourceDown) as told:
        play(lambda feed: feed.bars(since(0)), venue)
    assert str(told.value) == "kucoin answered something that ccxt cannot read (ValueError)"
