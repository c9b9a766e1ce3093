"""Coinbase on loopback: public products, candles and ticker of its Advanced Trade interface, in the real wire format.

It holds whole histories and shows them up to its own clock, the candle in progress included: newest first, numbers as
strings, a range of 350 candles at most, both ends included. Faults are ordered in advance, and befall the next
requests, whatever they ask for.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from aiohttp import web

from rules.bars import DAY, HOUR, Floats, Ints
from tests.servers.loopback import Loopback

MOST_CANDLES = 350
GRANULARITIES = {"ONE_HOUR": HOUR, "ONE_DAY": DAY}
PRODUCTS = "/api/v3/brokerage/market/products"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Candles:
    """A history: when each candle opens, and its open, high, low, close and volume."""

    start: Ints
    values: Floats

    def between(self, first: int, last: int) -> Candles:
        """Those that open at `first` or later, and not after `last`."""
        rows = slice(*np.searchsorted(self.start, [first, last + 1]))
        return Candles(self.start[rows], self.values[rows])


class CoinbaseServer(Loopback):
    """`asked` lists every request, `connections` counts who came. `clock` tells UTC seconds; the Date of its answers is
    `date_is_off` seconds later."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.clock = clock
        self.asked: list[str] = []
        self.date_is_off = 0
        self._histories: dict[str, dict[int, Candles]] = {}
        self._frozen: dict[str, float] = {}
        self._faults: deque[Handler] = deque()
        self._callers: set[object] = set()

    # What it holds

    def holds(self, base: str, hours: Iterable[str] = (), days: Iterable[str] = (), quote: str = "USD") -> Self:
        """A product and its history, as rows `2025-12-31T15:00:00Z,open,high,low,close,volume` of a price file.

        Days that are not given are made of the hours.
        """
        return self._holds(base, quote, *(_candles("\n".join(rows)) for rows in (hours, days)))

    @classmethod
    def from_folder(cls, folder: Path, ids: Iterable[str], clock: Callable[[], float] = time.time) -> Self:
        """A server that holds the coins of a folder of price files named like SOL_1h.csv.gz and SOL_1d.csv.gz."""
        server = cls(clock)
        for each in ids:
            files = (folder / f"{each}_{interval}.csv.gz" for interval in ("1h", "1d"))
            texts = (gzip.decompress(file.read_bytes()).decode() if file.exists() else "" for file in files)
            server._holds(each, "USD", *map(_candles, texts))
        return server

    def loses(self, base: str, quote: str = "USD") -> None:
        """The product is taken off the list."""
        del self._histories[f"{base}-{quote}"]

    def freezes(self, base: str, price: float, quote: str = "USD") -> None:
        """From now on the product's price is told to be this, whatever its candles say."""
        self._frozen[f"{base}-{quote}"] = price

    def _holds(self, base: str, quote: str, hours: Candles, days: Candles) -> Self:
        self._histories[f"{base}-{quote}"] = {HOUR: hours, DAY: days if len(days.start) else _days_of(hours)}
        return self

    # Faults

    def fails_with(self, status: int, body: str = "", times: int = 1, retry_after: str | None = None) -> None:
        """A status and a body, JSON or not; and for how long the client should wait."""
        kind = "application/json" if body.startswith("{") else "text/html"
        headers = {} if retry_after is None else {"Retry-After": retry_after}

        async def fault(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, text=body, content_type=kind, headers=headers)

        self._faults.extend([fault] * times)

    def answers_html(self, times: int = 1) -> None:
        """A page for people, with status 200."""
        self.fails_with(200, f"<html><body>We will be back soon.{' ' * 1_000}</body></html>", times)

    def answers_empty(self, times: int = 1) -> None:
        """Nothing, with status 200."""
        self.fails_with(200, "", times)

    def answers_false_gzip(self, times: int = 1) -> None:
        """Bytes that are said to be packed, and are not."""

        async def fault(request: web.Request) -> web.StreamResponse:
            return web.Response(body=b"\x1f\x8b\x08 nothing packed", headers={"Content-Encoding": "gzip"})

        self._faults.extend([fault] * times)

    def breaks_off(self, times: int = 1) -> None:
        """The connection is cut in the middle of an answer."""

        async def fault(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"candles": [')
            if request.transport is not None:
                request.transport.abort()
            return response

        self._faults.extend([fault] * times)

    def hangs(self, seconds: float, times: int = 1) -> None:
        """No answer for so long, or until the client has gone, and then a late one."""

        async def fault(request: web.Request) -> web.StreamResponse:
            loop = asyncio.get_running_loop()
            end = loop.time() + seconds
            while loop.time() < end and request.transport is not None:
                await asyncio.sleep(0.02)
            return web.Response(status=504)

        self._faults.extend([fault] * times)

    def resets(self, times: int = 1) -> None:
        """The connection is cut instead of an answer. A client may try an old connection's request once more."""

        async def fault(request: web.Request) -> web.StreamResponse:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

        self._faults.extend([fault] * times)

    def recovers(self) -> None:
        """The faults that are still to come do not."""
        self._faults.clear()

    # What it serves

    @property
    def connections(self) -> int:
        """How many connections have asked something."""
        return len(self._callers)

    def routes(self) -> list[web.RouteDef]:
        """The three questions that ccxt asks without a key; the first also for the prices of some products."""
        return [
            web.get(PRODUCTS, self._journalled(self._products)),
            web.get(PRODUCTS + "/{product}/candles", self._journalled(self._product_candles)),
            web.get(PRODUCTS + "/{product}/ticker", self._journalled(self._ticker)),
        ]

    def _journalled(self, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.asked.append(request.path_qs)
            if request.transport is not None:
                self._callers.add(request.transport.get_extra_info("peername"))
            response = await (self._faults.popleft() if self._faults else handler)(request)
            if not response.prepared:
                response.headers["Date"] = formatdate(self.clock() + self.date_is_off, usegmt=True)
            return response

        return answer

    async def _products(self, request: web.Request) -> web.Response:
        ids = [] if request.query.get("product_type") == "FUTURE" else sorted(self._histories)
        if wanted := request.query.getall("product_ids", []):
            ids = [each for each in ids if each in wanted]
        return web.json_response({"products": [self._product(each) for each in ids], "num_products": str(len(ids))})

    def _product(self, product: str) -> dict[str, object]:
        base, quote = product.split("-")
        return {
            "product_id": product, "price": _number(self._last_price(product)), "price_percentage_change_24h": "0.5",
            "volume_24h": "10967.87426597", "volume_percentage_change_24h": "14.5", "base_increment": "0.00000001",
            "quote_increment": "0.01", "quote_min_size": "1", "quote_max_size": "150000000",
            "base_min_size": "0.00000001", "base_max_size": "3400", "base_name": base, "quote_name": quote,
            "watched": False, "is_disabled": False, "new": False, "status": "online", "cancel_only": False,
            "limit_only": False, "post_only": False, "trading_disabled": False, "auction_mode": False,
            "product_type": "SPOT", "quote_currency_id": quote, "base_currency_id": base,
            "fcm_trading_session_details": None, "mid_market_price": "", "alias": "", "alias_to": [],
            "base_display_symbol": base, "quote_display_symbol": quote, "view_only": False, "price_increment": "0.01",
            "display_name": product, "product_venue": "CBE",
        }  # fmt: skip

    async def _product_candles(self, request: web.Request) -> web.Response:
        product, step = request.match_info["product"], GRANULARITIES.get(request.query.get("granularity", ""))
        if product not in self._histories:
            return _refusal(404, "NOT_FOUND", "valid product_id is required")
        if step is None:
            return _refusal(400, "INVALID_ARGUMENT", "unsupported granularity")
        first, last = int(request.query["start"]), int(request.query["end"])
        if not 0 <= (last - first) // step < MOST_CANDLES:
            told = f"start and end argument is invalid - number of candles requested should be less than {MOST_CANDLES}"
            return _refusal(400, "INVALID_ARGUMENT", told)
        shown = self._shown(product, step, first, last)
        names = ("start", "open", "high", "low", "close", "volume")
        rows = zip(shown.start[::-1].tolist(), shown.values[::-1].tolist(), strict=True)
        candles = [dict(zip(names, [str(start), *map(_number, values)], strict=True)) for start, values in rows]
        return web.json_response({"candles": candles})

    async def _ticker(self, request: web.Request) -> web.Response:
        product = request.match_info["product"]
        if product not in self._histories:
            return _refusal(404, "NOT_FOUND", "valid product_id is required")
        price = _number(self._last_price(product))
        stamp = datetime.fromtimestamp(self.clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        trade = {
            "trade_id": "518078013", "product_id": product, "price": price, "size": "0.00659179", "time": stamp,
            "side": "BUY", "bid": "", "ask": "",
        }  # fmt: skip
        return web.json_response({"trades": [trade] if price else [], "best_bid": price, "best_ask": price})

    def _last_price(self, product: str) -> float:
        """The latest close that its clock allows, of the candle in progress if there is one; NaN before the first."""
        if product in self._frozen:
            return self._frozen[product]
        now = int(self.clock())
        for step in (HOUR, DAY):
            shown = self._shown(product, step, now - 40 * DAY, now)
            if len(shown.start):
                return float(shown.values[-1, 3])
        return float("nan")

    def _shown(self, product: str, step: int, first: int, last: int) -> Candles:
        """The candles of a range as they look by now: nothing that opens later, and the last one only so far."""
        now, history = self.clock(), self._histories[product]
        found = history[step].between(first, min(last, int(np.ceil(now)) - 1))
        if not len(found.start) or found.start[-1] + step <= now:
            return found
        values, opened = found.values.copy(), int(found.start[-1])
        inside = self._shown(product, HOUR, opened, last) if step == DAY else Candles(found.start[:0], values[:0])
        values[-1] = _days_of(inside).values[-1] if len(inside.start) else _so_far(values[-1], (now - opened) / step)
        return Candles(found.start, values)


def _candles(text: str) -> Candles:
    """Rows of a price file, with or without its header line."""
    rows = text.removeprefix("timestamp,open,high,low,close,volume").strip()
    if not rows:
        return Candles(np.empty(0, np.int64), np.empty((0, 5)))
    table = pd.read_csv(io.StringIO(rows), header=None)
    return Candles(pd.DatetimeIndex(table[0]).as_unit("s").asi8, table.loc[:, 1:5].to_numpy(np.float64))


def _days_of(hours: Candles) -> Candles:
    """The UTC days that these hours make."""
    days, first = np.unique(hours.start // DAY * DAY, return_index=True)
    if not len(days):
        return hours
    opened, high, low, close, volume = hours.values.T
    last = np.append(first[1:], len(hours.start)) - 1
    folds = (np.maximum.reduceat(high, first), np.minimum.reduceat(low, first))
    return Candles(days, np.column_stack([opened[first], *folds, close[last], np.add.reduceat(volume, first)]))


def _so_far(candle: Floats, share: float) -> Floats:
    """A candle of which this share of its time has passed: on its way from its open to its close."""
    opened, _, _, close, volume = candle.tolist()
    price = opened + (close - opened) * share
    return np.array([opened, max(opened, price), min(opened, price), price, volume * share])


def _number(value: float) -> str:
    """A number as a string that reads back as the same number, never with an exponent; nothing for NaN."""
    if np.isnan(value):
        return ""
    text = repr(value)
    return np.format_float_positional(value) if "e" in text else text


def _refusal(status: int, error: str, told: str) -> web.Response:
    return web.json_response({"error": error, "error_details": told, "message": told}, status=status)
