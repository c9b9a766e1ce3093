"""Whether Telegram can be reached at all, by how every request ended, whoever made it: a poll, a message, a look.

Whether what people write comes in is another question: a second process that polls, or an address that Telegram does
not reach, keeps no message from going out.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from http import HTTPStatus

_UNKNOWN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND)
"""How Telegram answers whom it does not know: then it takes nothing either."""


class Reach:
    """Hears of every request. `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None

    @property
    def age(self) -> float:
        """Seconds since Telegram ceased to be reached; 0 while it is."""
        return 0.0 if self._since is None else self._clock() - self._since

    def is_lost(self) -> None:
        """A request got no answer, or none that is of use."""
        if self._since is None:
            self._since = self._clock()

    def answered(self, url: str, code: int, payload: bytes) -> None:
        """A request was answered. What is no word of the API says nothing, be it of Telegram's servers or of a proxy:
        other requests may well pass. A message that it does not take, though, is lost.
        """
        if code in _UNKNOWN or (code >= HTTPStatus.INTERNAL_SERVER_ERROR and _sends(url)):
            self.is_lost()
        elif code < HTTPStatus.INTERNAL_SERVER_ERROR and payload.lstrip()[:1] == b"{":
            self._since = None


def _sends(url: str) -> bool:
    return url.rpartition("/")[2].startswith("send")
