"""The exchanges that can be asked, what differs between them, and the one class of ccxt that speaks to each.

`import ccxt.async_support` imports over a hundred exchanges: 99 MB and 0.5 s (ccxt 4.5.90). A venue's own module needs
of all that only its bases, but to import it is to import its packages first, and those import everything. So the two
packages are entered into `sys.modules` bare, with their paths and the few names that the bases take from them: one
venue is then 43 MB and 0.2 s, and 5 MB where aiohttp, requests and cryptography are there already.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec, module_from_spec
from threading import Lock
from types import ModuleType
from typing import Any


@dataclass(frozen=True, slots=True)
class Venue:
    """An exchange as this program needs to know it.

    `page`: candles that one request may ask for. `cost`: what a request for candles counts against the venue's limit,
    in units of ccxt's `rateLimit` milliseconds. `candles`, `ticker`, `tickers`: the key under which an answer holds
    them, empty for a bare list; an answer without it is a fault, which ccxt would hand over as no candles. `dollar`:
    the currency in which the venue quotes dollars. `options`: ccxt's, so that only spot markets are loaded. `note`:
    what a user should know.
    """

    name: str
    page: int
    cost: float
    candles: str
    ticker: str
    tickers: str
    dollar: str = "USD"
    options: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def is_answer(self, answer: object, key: str) -> bool:
        """Whether what came over the wire has the form of this venue's answers."""
        return isinstance(answer, dict) and answer.get(key) is not None if key else isinstance(answer, list)

    def markets_of(self, answer: Mapping[str, Any] | list[Any]) -> set[str]:
        """The ids of the markets that an answer of candles says it is of: kraken names them, and bybit; of the others
        it is empty."""
        content = answer[self.candles] if isinstance(answer, Mapping) else answer
        if not isinstance(content, Mapping):
            return set()
        return {str(content["symbol"])} if "symbol" in content else {name for name in content if name != "last"}


_SPOT: dict[str, Any] = {"fetchMarkets": {"types": ["spot"]}}
_SPOT_WITHOUT_FEES: dict[str, Any] = {"fetchMarkets": {"types": ["spot"], "fetchTickersFees": False}}
_IN_TETHER = "{} quotes coins in USDT, not in USD: its prices are in USDT"
_LAST_720 = "kraken keeps only its last 720 candles: 30 days of hours, and two years of days"

VENUES = {
    venue.name: venue
    for venue in (
        Venue("coinbase", 300, 3.0, "candles", "trades", "products"),
        Venue("kraken", 720, 1.2, "result", "result", "result", note=_LAST_720),
        Venue("okx", 300, 1.0, "data", "data", "data", "USDT", _SPOT, _IN_TETHER.format("okx")),
        Venue("bybit", 1000, 5.0, "result", "result", "result", "USDT", _SPOT, _IN_TETHER.format("bybit")),
        Venue("kucoin", 1500, 3.0, "data", "data", "data", "USDT", _SPOT_WITHOUT_FEES, _IN_TETHER.format("kucoin")),
        Venue("binance", 1000, 0.4, "", "lastPrice", "", "USDT", _SPOT, _IN_TETHER.format("binance")),
    )
}
"""In order of preference: the first pages through the deepest hourly history."""


_ALONE = Lock()
"""Between the bare packages and what is imported through them nobody else may import from ccxt."""


def exchange_class(venue: str) -> type[Any]:
    """ccxt's asynchronous class for a venue; imports that venue's module and no other.

    In a process that has imported all of ccxt before, it is the same class as `ccxt.async_support.<venue>`. Should a
    later ccxt need more of its packages than is known here, all of it is imported. Any thread may ask.
    """
    with _ALONE:
        return _imported(venue)


def _imported(venue: str) -> type[Any]:
    if "ccxt" in sys.modules:
        return _class_of(venue)
    try:
        _enter_bare_packages()
        return _class_of(venue)
    except ImportError:
        for name in [each for each in sys.modules if each.partition(".")[0] == "ccxt"]:
            del sys.modules[name]
        return _class_of(venue)


def _class_of(venue: str) -> type[Any]:
    found: type[Any] = getattr(importlib.import_module(f"ccxt.async_support.{venue}"), venue)
    return found


def _enter_bare_packages() -> None:
    """ccxt and ccxt.async_support without their contents, but for the errors and the class that the bases import."""
    ccxt = _bare("ccxt")
    errors = importlib.import_module("ccxt.base.errors")
    vars(ccxt).update({name: getattr(errors, name) for name in errors.__all__})
    vars(ccxt).update(Exchange=importlib.import_module("ccxt.base.exchange").Exchange)
    vars(ccxt).update(async_support=_bare("ccxt.async_support"))


def _bare(package: str) -> ModuleType:
    """A package that knows where its modules are, and has not run."""
    spec = find_spec(package)
    if spec is None:
        raise ModuleNotFoundError(f"No module named {package!r}", name=package)
    sys.modules[package] = module_from_spec(spec)
    return sys.modules[package]
