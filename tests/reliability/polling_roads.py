"""The ways from the bot to Telegram that polling is tried on, each with something in the middle that can break.

Which proxy a client uses it reads from the environment when it is made, so one road is open at a time.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.error import URLError

from bot.telegram import wire
from tests.servers.certificates import certificate
from tests.servers.proxy import Proxy, Relay
from tests.servers.telegram import TelegramServer

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE")
NOWHERE = "telegram.test"
"""A name that the resolver knows only as long as it works."""


@dataclass(frozen=True)
class Road:
    """Where the bot finds Telegram, what can break on the way, and what can break the names of places."""

    server: TelegramServer
    url: str
    network: Relay
    names: Names


class Names:
    """The resolver of this process, which can fail."""

    def __init__(self) -> None:
        self._resolve = socket.getaddrinfo
        self._works = True

    def fail(self) -> None:
        """No name is known."""
        self._works = False

    def come_back(self) -> None:
        """They are known again."""
        self._works = True

    def __call__(self, host: Any, *more: Any, **named: Any) -> Any:
        """Instead of `socket.getaddrinfo`."""
        if host not in (NOWHERE, NOWHERE.encode()):
            return self._resolve(host, *more, **named)
        if not self._works:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._resolve("127.0.0.1", *more, **named)


@contextmanager
def directly() -> Iterator[Road]:
    """Over one piece of wire, to a name that must be looked up."""
    names = Names()
    looked_up = mock.patch("socket.getaddrinfo", names)
    with TelegramServer() as server, Relay(server.url) as cable, _environment({}), looked_up:
        yield Road(server, cable.url.replace("127.0.0.1", NOWHERE), cable, names)


@contextmanager
def through_a_proxy() -> Iterator[Road]:
    """Plain HTTP: the proxy is told whole addresses."""
    with TelegramServer() as server, Proxy() as proxy, _environment({"HTTP_PROXY": proxy.url}):
        yield Road(server, server.url, proxy, Names())
        assert proxy.asked, "nobody used the proxy"


@contextmanager
def through_a_tunnel() -> Iterator[Road]:
    """HTTPS, as to the real one: the proxy is asked to CONNECT."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = certificate(folder, dt.datetime.now(dt.UTC))
        server = stack.enter_context(TelegramServer())
        front = stack.enter_context(Relay(server.url, tls=ours.context))
        proxy = stack.enter_context(Proxy())
        stack.enter_context(_environment({"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(ours.authority)}))
        yield Road(server, front.url, proxy, Names())
        assert proxy.asked, "nobody used the proxy"


ROADS: Mapping[str, Callable[[], Any]] = {
    "directly": directly,
    "through a proxy": through_a_proxy,
    "through a CONNECT tunnel": through_a_tunnel,
}


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """What clients read: whom to trust and which proxy to use. What they have read before is forgotten."""
    clean = {name: value for name, value in os.environ.items() if name.upper() not in _PROXIES}
    with mock.patch.dict(os.environ, {**clean, **variables}, clear=True):
        wire._certificates.cache_clear()
        try:
            yield
        finally:
            wire._certificates.cache_clear()


class Rival:
    """Another process that polls with the same token."""

    def __init__(self) -> None:
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def begins(self, server: TelegramServer) -> None:
        """Poll, and whatever comes of it, poll again."""
        self._ends.clear()
        self._thread = threading.Thread(target=self._polls, args=(server,), daemon=True)
        self._thread.start()

    def ends(self) -> None:
        """Until its last poll is answered."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join(10)

    def _polls(self, server: TelegramServer) -> None:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not self._ends.is_set():
            try:
                with direct.open(f"{server.url}/bot{server.token}/getUpdates?timeout=1", timeout=5) as answer:
                    answer.read()
            except (URLError, OSError):
                time.sleep(0.1)
