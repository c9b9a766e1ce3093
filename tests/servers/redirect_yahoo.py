"""Makes yfinance speak to a server on loopback instead of Yahoo. A third-party class is changed, ours never."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi import requests


def redirect_yahoo(url: str) -> ExitStack:
    """From now on every request of this process to a host of yahoo.com goes to `url`, its path and query kept.

    A second redirection replaces the first. Leaving the returned stack (`with redirect_yahoo(url): ...`) takes it back.
    """
    request = getattr(requests.Session.request, "__wrapped__", requests.Session.request)

    here = urlsplit(url)

    def redirected(self: Any, method: Any, url: str, *args: Any, **options: Any) -> Any:
        asked = urlsplit(url)
        if (asked.hostname or "").endswith("yahoo.com"):
            url = urlunsplit((here.scheme, here.netloc, asked.path or "/", asked.query, ""))
        return request(self, method, url, *args, **options)

    redirected.__wrapped__ = request  # type: ignore[attr-defined]
    requests.Session.request = redirected  # type: ignore[method-assign]
    undo = ExitStack()
    undo.callback(setattr, requests.Session, "request", request)
    return undo
