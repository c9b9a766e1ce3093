"""Yahoo and Coinbase on loopback that can be made to lie: between the honest answer and the wire stands a lie.

A lie is handed the request and the way to the honest answer, and gives whatever it likes. Those that change prices see
an answer as rows that are the same for both servers, so that one lie serves both. The server remembers when it first
told an untruth of something that has completed: from then on it could be noticed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import formatdate
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
from aiohttp import web

from bot.feeds.contract import TradingHours
from rules.bars import DAY
from rules.model import XNYS, Instant
from tests.servers.coinbase import GRANULARITIES, CoinbaseServer
from tests.servers.yahoo import YahooServer

Response = TypeVar("Response", bound=web.StreamResponse)
FIELDS = ("open", "high", "low", "close", "volume")

Value = float | str | None
"""A number as the wire has it; a word or nothing where it should be one."""


@dataclass(frozen=True)
class Row:
    """A row of an answer: its stamp as told, when what it is of ends, and its values by FIELDS."""

    stamp: float
    end: Instant
    values: tuple[Value, ...]

    def says(self, **values: Value) -> Row:
        """The row with other values."""
        named = dict(zip(FIELDS, self.values, strict=True)) | values
        return replace(self, values=tuple(named[each] for each in FIELDS))

    def times(self, factor: float) -> Row:
        """The row with its prices multiplied."""
        prices = (each * factor if isinstance(each, float | int) else each for each in self.values[:4])
        return replace(self, values=(*prices, self.values[4]))

    @property
    def prices(self) -> tuple[float, float, float, float]:
        """Its prices as numbers, NaN where none is."""
        opened, high, low, close = (each if isinstance(each, float | int) else np.nan for each in self.values[:4])
        return opened, high, low, close


@dataclass(frozen=True)
class Trade:
    """The latest trade as an answer tells it; a list of Coinbase's tells no instant."""

    price: Value
    at: Instant | None


Give = Callable[[], Awaitable[web.Response]]
RowsLie = Callable[[list[Row], Instant], list[Row]]
"""Is told what time it is, too."""
TradeLie = Callable[[Trade], Trade]


class Market(Protocol):
    """A server, as a lie sees it."""

    clock: Callable[[], float]

    def name_of(self, request: web.Request) -> str:
        """The id of what is asked for; empty where it is nothing of a single instrument."""
        ...

    def asks_for(self, request: web.Request, name: str) -> None:
        """Make it a question for another instrument."""
        ...

    def retold(self, request: web.Request, answer: web.Response, rows: RowsLie) -> web.Response:
        """An answer with other rows; one without rows as it is."""
        ...

    def resaid(self, request: web.Request, answer: web.Response, name: str, trade: TradeLie) -> web.Response:
        """An answer with another latest trade of `name`; one without a trade of it as it is."""
        ...

    def is_noticed(self) -> None:
        """From now on it could be known that the server lies."""
        ...


Lie = Callable[[web.Request, Give, Market], Awaitable[web.StreamResponse]]


class _Liar:
    """What both servers have: a lie, and since when it shows. `names` are the ids of their symbols."""

    clock: Callable[[], float]

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names
        self.lie: Lie | None = None
        self.noticed: Instant | None = None
        self.date_is_off = 0

    def is_honest(self) -> None:
        """No lie, and none that was ever noticed."""
        self.lie, self.noticed, self.date_is_off = None, None, 0

    def is_noticed(self) -> None:
        self.noticed = self.noticed if self.noticed is not None else int(self.clock())

    def told(self, old: list[Row], new: list[Row]) -> list[Row]:
        """The new rows; whether they differ from the old ones in anything but the row in progress is remembered."""
        now = self.clock()
        if [each for each in old if not _trades(each, now)] != [each for each in new if not _trades(each, now)]:
            self.is_noticed()
        return new

    def lying(self, routes: list[web.RouteDef], market: Market) -> list[web.RouteDef]:
        """The same routes with the lie before them."""
        return [web.RouteDef(each.method, each.path, self._before(each.handler, market), {}) for each in routes]

    def _before(self, honest: Any, market: Market) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def give(request: web.Request) -> web.Response:
            response: web.Response = await honest(request)
            return self._dated(response)

        async def answer(request: web.Request) -> web.StreamResponse:
            if self.lie is None:
                return await give(request)
            return self._dated(await self.lie(request, partial(give, request), market))

        return answer

    def _dated(self, response: Response) -> Response:
        """With the date by the server's clock; of one that is on its way already it is too late for that."""
        if not response.prepared:
            response.headers["Date"] = formatdate(self.clock() + self.date_is_off, usegmt=True)
        return response


class LyingYahoo(_Liar, YahooServer):
    """Yahoo, its rows days of New York's sessions."""

    def __init__(self, hours: TradingHours, clock: Callable[[], float], names: Mapping[str, str]) -> None:
        YahooServer.__init__(self, hours, clock)
        _Liar.__init__(self, names)

    def routes(self) -> list[web.RouteDef]:
        return self.lying(super().routes(), self)

    def name_of(self, request: web.Request) -> str:
        return self.names.get(request.match_info.get("symbol", ""), "")

    def asks_for(self, request: web.Request, name: str) -> None:
        request.match_info["symbol"] = {each: symbol for symbol, each in self.names.items()}[name]

    def retold(self, request: web.Request, answer: web.Response, rows: RowsLie) -> web.Response:
        chart = _chart(answer)
        if chart is None or not chart.get("timestamp"):
            return answer
        quote = chart["indicators"]["quote"][0]
        values = zip(*(quote[each] for each in FIELDS), strict=True)
        ends = self.hours.closes_of(XNYS, (np.array(chart["timestamp"]) // DAY).astype("datetime64[D]"))
        old = [Row(*each) for each in zip(chart["timestamp"], ends.tolist(), values, strict=True)]
        new = self.told(old, rows(old, int(self.clock())))
        if new:
            chart["timestamp"] = [each.stamp for each in new]
        else:
            del chart["timestamp"]
        columns = zip(*(each.values for each in new), strict=True) if new else [[]] * len(FIELDS)
        quote |= dict(zip(FIELDS, map(list, columns), strict=True)) if new else {}
        chart["indicators"] = {
            "quote": [quote if new else {}],
            "adjclose": [{"adjclose": quote["close"]} if new else {}],
        }
        if new and old and new[-1] != old[-1]:
            chart["meta"]["regularMarketPrice"] = new[-1].values[3]
        return _json({"chart": {"result": [chart], "error": None}}, answer)

    def resaid(self, request: web.Request, answer: web.Response, name: str, trade: TradeLie) -> web.Response:
        body = _body(answer)
        if (chart := _chart(answer)) is not None:
            told, body = [chart["meta"]], {"chart": {"result": [chart], "error": None}}
        else:
            told = body.get("quoteResponse", {}).get("result", [])
        for each in told:
            if self.names.get(each["symbol"]) == name:
                old = Trade(each["regularMarketPrice"], each["regularMarketTime"])
                new = trade(old)
                each |= {"regularMarketPrice": new.price, "regularMarketTime": new.at}
                if new != old and (chart is None or "range" in request.query):
                    self.is_noticed()
        return _json(body, answer) if told else answer


class LyingCoinbase(_Liar, CoinbaseServer):
    """Coinbase; its rows are candles, hours or UTC days."""

    def __init__(self, clock: Callable[[], float], names: Mapping[str, str]) -> None:
        CoinbaseServer.__init__(self, clock)
        _Liar.__init__(self, names)

    def routes(self) -> list[web.RouteDef]:
        return self.lying(super().routes(), self)

    def name_of(self, request: web.Request) -> str:
        return self.names.get(request.match_info.get("product", ""), "")

    def asks_for(self, request: web.Request, name: str) -> None:
        request.match_info["product"] = {each: product for product, each in self.names.items()}[name]

    def retold(self, request: web.Request, answer: web.Response, rows: RowsLie) -> web.Response:
        body = _body(answer)
        if "candles" not in body:
            return answer
        step = GRANULARITIES[request.query["granularity"]]
        old = [_candle(each, step) for each in reversed(body["candles"])]
        new = self.told(old, rows(old, int(self.clock())))
        return _json({"candles": [_as_candle(each) for each in reversed(new)]}, answer)

    def resaid(self, request: web.Request, answer: web.Response, name: str, trade: TradeLie) -> web.Response:
        body = _body(answer)
        for each in body.get("products", ()):
            if self.names.get(each["product_id"]) == name:
                each["price"] = self._said(Trade(float(each["price"]), None), trade)[0]
        for each in body.get("trades", ()):
            if self.names.get(each["product_id"]) == name:
                then = int(np.datetime64(each["time"].rstrip("Z"), "s").astype(np.int64))
                each["price"], each["time"] = self._said(Trade(float(each["price"]), then), trade)
        return _json(body, answer) if body else answer

    def _said(self, old: Trade, trade: TradeLie) -> tuple[str, str]:
        """A trade as Coinbase words it."""
        new = trade(old)
        if new != old:
            self.is_noticed()
        stamp = "" if new.at is None else f"{np.datetime64(new.at, 's')}.000000Z"
        return "" if new.price is None else str(new.price), stamp


def _trades(row: Row, now: float) -> bool:
    """Whether it is the row in progress."""
    return row.stamp <= now < row.end


def _candle(told: Mapping[str, str], step: int) -> Row:
    start = int(told["start"])
    return Row(start, start + step, tuple(float(told[each]) for each in FIELDS))


def _as_candle(row: Row) -> dict[str, str]:
    values = ("" if each is None else each if isinstance(each, str) else repr(float(each)) for each in row.values)
    return {"start": f"{row.stamp:.0f}", **dict(zip(FIELDS, values, strict=True))}


def _chart(answer: web.Response) -> dict[str, Any] | None:
    """The chart of an answer; None where it is none."""
    result = _body(answer).get("chart", {}).get("result")
    return result[0] if result else None


def _body(answer: web.Response) -> dict[str, Any]:
    try:
        body = json.loads(answer.text or "")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _json(content: object, answer: web.Response) -> web.Response:
    """Another content of the same answer; not a number where it is none, as JavaScript would never write it."""
    return web.Response(
        text=json.dumps(content), content_type="application/json", headers={"Date": answer.headers["Date"]}
    )
