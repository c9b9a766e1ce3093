"""Whether the servers that are needed can be reached, and if not at which step; and what they say of this machine's
clock.
"""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from bot.cli._signs import Sign
from bot.settings import Settings
from bot.settings.service import Prices
from rules.model import Instant

TIMEOUT = 10.0
"""Seconds that a server has for each step."""

WRONG_CLOCK = 10
"""Seconds between a server's clock and this machine's that are worth a word; a Date is of a whole second, and old by
as long as it travels.
"""

YAHOO = "https://query2.finance.yahoo.com"
VENUES = {
    "binance": "https://api.binance.com",
    "bybit": "https://api.bybit.com",
    "coinbase": "https://api.coinbase.com",
    "kraken": "https://api.kraken.com",
    "kucoin": "https://api.kucoin.com",
    "okx": "https://www.okx.com",
}

Clock = Callable[[], Instant]


@dataclass(frozen=True, slots=True)
class Reached:
    """A server that was asked: whether it answered, a sentence about it, and by how many seconds its clock is ahead of
    this machine's; None where it does not say.
    """

    name: str
    host: str
    works: bool
    told: str
    ahead: int | None = None


async def network(settings: Settings, clock: Clock) -> list[Sign]:
    """Every server that is needed, and the clock; nothing where none is."""
    if not (asked := servers(settings)):
        return []
    reached = await asyncio.gather(*(asyncio.to_thread(reach, name, url, clock) for name, url in asked.items()))
    signs = [Sign(f"network {each.name}", each.works, each.told) for each in reached]
    return [*signs, clock_sign(reached)]


def servers(settings: Settings) -> Mapping[str, str]:
    """What is needed, by a name, and where it is. Of a URL that holds a secret only the server is asked."""
    found: dict[str, str] = {}
    if settings.telegram.given:
        found["telegram"] = settings.telegram.base_url
    if settings.run.source is Prices.LIVE:
        found["yahoo"] = YAHOO
        found.update((venue.value, VENUES[venue]) for venue in settings.feeds.venues)
    if ping := settings.watchdog.ping_url.get_secret_value():
        url = urlsplit(ping)
        found["dead-man's switch"] = f"{url.scheme}://{url.netloc}"
    return found


def reach(name: str, url: str, clock: Clock, timeout: float = TIMEOUT) -> Reached:
    """Ask a server for nothing in particular: whatever it answers, it was reached."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = "" if proxy_bypass(host) else getproxies().get(parts.scheme, "")
    way = f" by the proxy {urlsplit(proxy).hostname}" if proxy else ""
    connection = _connection(parts.scheme, host, parts.port, proxy, timeout)
    try:
        connection.connect()
        connection.request("HEAD", "/", headers={"User-Agent": "bellwether-doctor"})
        answer = connection.getresponse()
        ahead = _ahead(answer.headers.get("Date"), clock())
    except (OSError, http.client.HTTPException) as error:
        return Reached(name, host, works=False, told=f"{host}{way}: {_failure(error, timeout)}")
    finally:
        connection.close()
    return Reached(name, host, works=True, told=f"{host} answers{way}", ahead=ahead)


def _connection(scheme: str, host: str, port: int | None, proxy: str, timeout: float) -> http.client.HTTPConnection:
    encrypted = scheme == "https"
    kind = http.client.HTTPSConnection if encrypted else http.client.HTTPConnection
    if not proxy:
        return kind(host, port, timeout=timeout)
    middle = urlsplit(proxy)
    connection = kind(middle.hostname or "", middle.port or 80, timeout=timeout)
    connection.set_tunnel(host, port or (443 if encrypted else 80))
    return connection


def _failure(error: OSError | http.client.HTTPException, timeout: float) -> str:
    """Which step failed, and what it said."""
    if isinstance(error, socket.gaierror):
        return f"its name cannot be looked up (DNS: {error.strerror or error})"
    if isinstance(error, ssl.SSLError):
        why = getattr(error, "verify_message", "") or error.reason or str(error)
        return f"connected, but not encrypted (TLS: {why})"
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout:g} s"
    if isinstance(error, http.client.HTTPException):
        return f"connected, but what answers speaks no HTTP ({type(error).__name__})"
    return f"no connection ({(error.strerror or str(error)).lower()})"


def _ahead(date: str | None, now: Instant) -> int | None:
    try:
        return None if date is None else round(parsedate_to_datetime(date).timestamp()) - now
    except (ValueError, TypeError):
        return None


def clock_sign(reached: Iterable[Reached]) -> Sign:
    """What most servers say of this machine's clock: one may be wrong itself."""
    told = sorted((each.ahead, each.host) for each in reached if each.ahead is not None)
    if not told:
        return Sign("clock", works=False, told="not compared: no server was reached that says what time it is")
    ahead, host = told[len(told) // 2]
    others = f" and {len(told) - 1} more" if len(told) > 1 else ""
    if abs(ahead) < WRONG_CLOCK:
        return Sign("clock", works=True, told=f"within {max(1, abs(ahead))} s of {host}{others}")
    way = "slow" if ahead > 0 else "fast"
    return Sign("clock", works=False, told=f"{abs(ahead)} s {way} by {host}{others}; set it by NTP")
