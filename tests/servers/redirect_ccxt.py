"""Makes ccxt speak to a server on loopback instead of an exchange. Third-party classes are changed, ours never."""

from __future__ import annotations

import functools
import re
from typing import Any

from bot.feeds._venues import exchange_class


def redirect_ccxt(venue: str, url: str) -> None:
    """From now on every new exchange object of this venue in this process speaks to `url`, for its paths are kept.

    There it needs no rate limit, and no time for TLS to say good-bye. A second redirection replaces the first.
    """
    kind = exchange_class(venue)
    describe = getattr(kind.describe, "__wrapped__", kind.describe)

    @functools.wraps(describe)
    def redirected(self: Any) -> Any:
        told = describe(self)
        told["urls"]["api"] = _moved(told["urls"]["api"], url)
        return told | {"rateLimit": 0, "timeout_on_exit": 0}

    kind.describe = redirected


def _moved(addresses: Any, url: str) -> Any:
    """The same paths on another host, at any depth of ccxt's tables."""
    if isinstance(addresses, dict):
        return {name: _moved(each, url) for name, each in addresses.items()}
    return re.sub(r"^https?://[^/]+", url, addresses)
