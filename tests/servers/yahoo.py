"""Yahoo Finance on loopback: charts, quotes, crumbs and cookies, in the real wire format, faults included.

It holds whole histories and shows them up to its own clock, the row in progress like any other; what is not known is
null; every answer says in its Date header when it was given. A fault befalls the next charts (or crumbs): as many as
ordered, or all until the server recovers. yfinance asks a second time after a status of 400 or more, so one question of
its may meet two faults.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from aiohttp import web

from bot.feeds.contract import TradingHours
from rules.bars import DAY, Interval
from tests.servers.loopback import Loopback
from tests.servers.yahoo_symbol import COLUMNS, NEW_YORK, TYPES, Symbol, Table, entry_of, nulls

CRUMB = "l00p.B4ck/cr"
REACH = {Interval.HOUR: 730 * DAY, Interval.FIVE_MINUTES: 60 * DAY}
RANGES = {"1d": 1, "5d": 5, "1mo": 30, "3mo": 91, "6mo": 182, "1y": 365, "2y": 730, "5y": 1826, "10y": 3652}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class YahooServer(Loopback):
    """`asked` lists every request as its path and query. `clock` tells UTC seconds."""

    def __init__(self, hours: TradingHours, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.hours, self.clock = hours, clock
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._symbols: dict[str, Symbol] = {}
        self._faults: dict[str, Iterator[Handler]] = {}
        self._swapped: dict[str, str] = {}
        self._repeats = False
        self.date_is_off = 0
        """Seconds by which the Date of its answers is later than its clock."""

    # What it holds

    def holds(
        self,
        symbol: str,
        interval: Interval,
        rows: Iterable[str],
        kind: str = "index",
        zone: str = "",
        quote: str = "USD",
    ) -> Self:
        """Rows `2025-12-31T15:00:00Z,open,high,low,close,volume[,adjclose]` of a price file; an empty cell is null.

        `kind` is index, etf or coin; `zone` is New York's unless said, a coin's UTC.
        """
        table = pd.read_csv(io.StringIO("\n".join(rows)), header=None)
        self._symbol(symbol, kind, zone, quote).hold(interval, table)
        return self

    @classmethod
    def from_folder(
        cls, folder: Path, symbols: Mapping[str, str], hours: TradingHours, clock: Callable[[], float] = time.time
    ) -> Self:
        """A server that holds a folder of price files, each id under its symbol: {"RUT": "^RUT", "BTC": "BTC-USD"}.

        Hours of what trades in sessions are left out: those of the files follow the clock, Yahoo's the opening bell.
        """
        server = cls(hours, clock)
        for name, symbol in symbols.items():
            kind = "index" if symbol.startswith("^") else "coin" if "-" in symbol else "etf"
            for ending in ("adj_1d", "1d", "1h", "5m"):
                path, interval = folder / f"{name}_{ending}.csv.gz", Interval(ending.removeprefix("adj_"))
                if path.exists() and (kind == "coin" or interval is not Interval.HOUR):
                    zone = "America/Chicago" if symbol == "^VIX" else ""
                    server._symbol(symbol, kind, zone).hold(interval, pd.read_csv(path))
        return server

    def pays(self, symbol: str, date: str, amount: float) -> None:
        """A dividend, from the open of `date` on."""
        held = self._symbols[symbol]
        opens, _ = held.spans(np.array([np.datetime64(date, "s").astype(np.int64)]), Interval.DAY)
        held.dividends[int(opens[0])] = amount

    def forgets(self, symbol: str) -> None:
        """The symbol is delisted."""
        del self._symbols[symbol]

    def swaps(self, symbol: str, other: str) -> None:
        """Whoever asks for the chart of a symbol is given that of another."""
        self._swapped[symbol] = other

    def stamps(self, symbol: str, shift: int) -> None:
        """The days of a symbol are stamped so many seconds later."""
        days = self._symbols[symbol].tables[Interval.DAY]
        self._symbols[symbol].tables[Interval.DAY] = replace(days, stamp=days.stamp + shift)

    def shuffles(self, symbol: str) -> None:
        """The first two days of a symbol are told in the wrong order."""
        days = self._symbols[symbol].tables[Interval.DAY]
        self._symbols[symbol].tables[Interval.DAY] = days.take(np.array([1, 0, *range(2, len(days))]))

    def repeats_the_live_row(self) -> None:
        """The newest day comes twice, as at Yahoo at times: first as it opened, then as it is."""
        self._repeats = True

    def _symbol(self, name: str, kind: str, zone: str = "", quote: str = "USD") -> Symbol:
        zone = zone or ("UTC" if kind == "coin" else NEW_YORK)
        return self._symbols.setdefault(name, Symbol(self.hours, kind, zone, quote))

    # Faults

    def fails_with(
        self, status: int, times: int | None = None, on: str = "chart", retry_after: str | None = None
    ) -> None:
        """A status; 429 as Yahoo words it, and for how long the client should wait. `on` is chart, quote or crumb."""
        text = "Too Many Requests\r\n" if status == 429 else f"<html><body>HTTP {status}</body></html>"
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        self.answers(text, times, on, status, "text/plain" if status == 429 else "text/html", headers)

    def answers_html(self, times: int | None = None, on: str = "chart") -> None:
        """A page for people, with status 200."""
        self.answers("<html><body>We will be right with you</body></html>", times, on, 200, "text/html")

    def answers(
        self,
        text: str,
        times: int | None = None,
        on: str = "chart",
        status: int = 200,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """This text, whatever is asked."""

        async def fault(request: web.Request) -> web.StreamResponse:
            told = self._date() | dict(headers or {})
            return web.Response(status=status, text=text, content_type=kind, headers=told)

        self._befalls(fault, times, on)

    def hangs(self, seconds: float, times: int | None = None, on: str = "chart") -> None:
        """No answer for so long, or until the server recovers."""

        async def fault(request: web.Request) -> web.StreamResponse:
            for _ in range(round(seconds / 0.02)):
                if on in self._faults:
                    await asyncio.sleep(0.02)
            return web.Response(status=504)

        self._befalls(fault, times, on)

    def resets(self, times: int | None = None, on: str = "chart") -> None:
        """The connection is cut instead of an answer."""

        async def fault(request: web.Request) -> web.StreamResponse:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

        self._befalls(fault, times, on)

    def recovers(self) -> None:
        """All faults are over."""
        self._faults.clear()

    def stop(self) -> None:
        """Close the port; nobody is kept waiting."""
        self.recovers()
        super().stop()

    def _befalls(self, fault: Handler, times: int | None, on: str) -> None:
        self._faults[on] = itertools.repeat(fault) if times is None else itertools.repeat(fault, times)

    # What it serves

    def routes(self) -> list[web.RouteDef]:
        """The chart, quotes, and what a client fetches before: a cookie and a crumb; the consent page is a dead end."""
        return [
            web.get("/v8/finance/chart/{symbol}", self._journalled("chart", self._chart)),
            web.get("/v7/finance/quote", self._journalled("quote", self._quote)),
            web.get("/v1/test/getcrumb", self._journalled("crumb", self._crumb)),
            web.get("/", self._journalled("cookie", self._cookie)),
            web.get("/consent", self._journalled("cookie", self._cookie)),
        ]

    def _journalled(self, name: str, handler: Handler) -> Handler:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.asked.append((request.path, dict(request.query)))
            return await next(self._faults.get(name, iter(())), handler)(request)

        return answer

    async def _cookie(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=404, text="<html><body>Not found</body></html>", content_type="text/html")
        response.set_cookie("A3", "d=loopback", max_age=365 * DAY)
        return response

    async def _crumb(self, request: web.Request) -> web.StreamResponse:
        return web.Response(text=CRUMB)

    async def _chart(self, request: web.Request) -> web.StreamResponse:
        asked = request.match_info["symbol"]
        name, query = self._swapped.get(asked, asked), request.query
        symbol = self._symbols.get(name)
        interval = Interval(query.get("interval", "1d"))
        if query.get("crumb", CRUMB) != CRUMB:
            return self._refuses(401, "Unauthorized", "Invalid Crumb")
        if symbol is None or interval not in symbol.tables:
            return self._refuses(404, "Not Found", "No data found, symbol may be delisted")
        now = self.clock()
        rows = symbol.shown(interval, now, repeated=self._repeats)
        if "range" in query:
            first = rows.start[-1] // DAY * DAY - (RANGES.get(query["range"], 99_999) - 1) * DAY if len(rows) else 0
            return self._answers(symbol, name, interval, rows.take(np.flatnonzero(rows.stamp >= first)))
        start, end = int(query["period1"]), int(query["period2"])
        span = f"startDate = {start}, endDate = {end}"
        if start < now - REACH.get(interval, np.inf):
            told = f"{interval} data not available for {span}. The requested range must be within the last"
            return self._refuses(422, "Unprocessable Entity", f"{told} {REACH[interval] // DAY} days.")
        if not len(rows) or end <= rows.start[0]:
            return self._refuses(400, "Bad Request", f"Data doesn't exist for {span}")
        within = np.flatnonzero((rows.stamp >= start) & (rows.stamp < end))
        return self._answers(symbol, name, interval, rows.take(within))

    async def _quote(self, request: web.Request) -> web.StreamResponse:
        """The symbols it holds of those that are asked for, and nothing of the others; only with a crumb."""
        if request.query.get("crumb") != CRUMB:
            told = {"code": "Unauthorized", "description": "Invalid Crumb"}
            return self._json({"finance": {"result": None, "error": told}}, 401)
        known = [each for each in request.query["symbols"].split(",") if each in self._symbols]
        entries = [entry_of(each, self._symbols[each], self.clock()) for each in known]
        return self._json({"quoteResponse": {"result": entries, "error": None}})

    # The wire format

    def _answers(self, symbol: Symbol, name: str, interval: Interval, rows: Table) -> web.Response:
        columns = dict(zip(COLUMNS, map(nulls, rows.values.T), strict=True))
        adjusted = columns.pop("adjclose")
        indicators: dict[str, object] = {"quote": [columns if len(rows) else {}]}
        if interval is Interval.DAY:
            indicators["adjclose"] = [{"adjclose": adjusted} if len(rows) else {}]
        meta = {"symbol": name, **self._meta(symbol, interval, rows)}
        result: dict[str, object] = {"meta": meta, "indicators": indicators}
        if len(rows):
            result["timestamp"] = rows.stamp.tolist()
        if paid := {at: amount for at, amount in symbol.dividends.items() if at <= self.clock()}:
            result["events"] = {"dividends": {str(at): {"amount": each, "date": at} for at, each in paid.items()}}
        return self._json({"chart": {"result": [result], "error": None}})

    def _meta(self, symbol: Symbol, interval: Interval, rows: Table) -> dict[str, object]:
        now = self.clock()
        traded, (opened, high, low, close, volume) = symbol.session_so_far(now)
        local = pd.Timestamp(now, unit="s", tz=symbol.zone)
        zone = {"timezone": local.tzname(), "gmtoffset": int(local.tz_localize(None).timestamp() - local.timestamp())}
        (today,) = symbol.periods(np.array([int(now)]))
        meta: dict[str, object] = {
            "currency": symbol.currency, "exchangeName": "LOO", "fullExchangeName": "Loopback", **zone,
            "exchangeTimezoneName": symbol.zone, "instrumentType": TYPES[symbol.kind], "hasPrePostMarketData": False,
            "firstTradeDate": int(symbol.tables[interval].start[0]), "regularMarketTime": traded,
            "regularMarketPrice": close, "regularMarketDayHigh": high, "regularMarketDayLow": low,
            "regularMarketVolume": volume, "chartPreviousClose": opened, "priceHint": 2, "range": "",
            "dataGranularity": str(interval), "validRanges": [*RANGES, "ytd", "max"],
            "currentTradingPeriod": {when: {**zone, **today} for when in ("pre", "regular", "post")},
        }  # fmt: skip
        if interval is not Interval.DAY:
            meta["tradingPeriods"] = [[{**zone, **period}] for period in symbol.periods(rows.start)]
        return meta

    def _refuses(self, status: int, code: str, told: str) -> web.Response:
        return self._json({"chart": {"result": None, "error": {"code": code, "description": told}}}, status)

    def _json(self, content: object, status: int = 200) -> web.Response:
        return web.json_response(content, status=status, headers=self._date(), dumps=json.dumps)

    def _date(self) -> dict[str, str]:
        return {"Date": formatdate(self.clock() + self.date_is_off, usegmt=True)}
