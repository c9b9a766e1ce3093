"""What yfinance asks Yahoo through: a session whose requests end in time, and a door that keeps nothing but what came.

yfinance's own caches are passed by; what it raises and keeps to itself is seen here.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from curl_cffi import requests
from yfinance.data import YfData

from bot.feeds._yahoo_chart import OWED
from bot.feeds.contract import instant_of, told_time, wait_of
from rules.model import Instant


class Session(requests.Session[requests.Response]):
    """A browser's session. Every request, also for cookies and crumbs, ends by the deadline of the thread it is in.

    `newest` is the newest response in this thread: yfinance raises what is refused, and keeps it to itself.
    """

    def __init__(self) -> None:
        super().__init__(impersonate="chrome")
        self._ours = threading.local()

    def ends_by(self, deadline: float) -> None:
        """From now on, in this thread."""
        self._ours.deadline, self._ours.newest = deadline, None

    @property
    def newest(self) -> requests.Response | None:
        """None before the first response to what is asked until the deadline."""
        newest: requests.Response | None = self._ours.newest
        return newest

    def request(self, *args: Any, **options: Any) -> requests.Response:
        """As in the base class, except for the time-out."""
        left = self._ours.deadline - time.monotonic()
        if left < 0.001:
            raise requests.exceptions.Timeout("no time left")
        self._ours.newest = response = super().request(*args, **{**options, "timeout": left})
        return response


class Door:
    """What PriceHistory asks through: every question goes out, also where yfinance would answer from memory.

    `form` is what an answer should be.
    """

    def __init__(self, connection: YfData, session: Session, form: str = "chart of prices") -> None:
        self._connection, self._session, self.form = connection, session, form
        self.response: requests.Response | None = None

    def get(self, url: str, params: Mapping[str, Any] | None = None, timeout: float = 30) -> requests.Response:
        """The connection's response, which is kept to be looked at."""
        response: requests.Response = self._connection.get(url, params, timeout)
        self.response = response
        return response

    cache_get = get

    @property
    def at(self) -> Instant | None:
        """When Yahoo answered, by its own clock; None when it did not, or does not say."""
        if self.response is None:
            return None
        return told_time(self.response.headers.get("date"), self.response.headers.get("age"))

    @property
    def wait(self) -> int | None:
        """The seconds for which Yahoo wants to be left alone, where it says so."""
        newest = self._session.newest
        if newest is None:
            return None
        return wait_of(newest.headers.get("retry-after"), instant_of(newest.headers.get("date")))

    @property
    def about(self) -> Mapping[str, Any]:
        """The chart's `meta`; empty without one."""
        try:
            return dict(self.chart["result"][0]["meta"])
        except (KeyError, IndexError, TypeError):
            return {}

    @property
    def reason(self) -> str:
        """Yahoo's own words for why there is no chart; empty without any."""
        error = self.chart.get("error")
        return str(error.get("description") or "") if isinstance(error, dict) else ""

    def says_fairly_that_there_is_nothing(self, span: tuple[Instant, Instant] | None) -> bool:
        """Whether there is a chart, without rows, and none were owed; the last day may always have none yet."""
        if self.reason.startswith("Data doesn't exist"):
            return True
        about, refused = self.about, self.response is None or self.response.status_code >= 400
        if refused or not about or self.chart["result"][0].get("timestamp"):
            return False
        if span is None:
            return True
        first, now = about.get("firstTradeDate") or span[0], self.at or span[1]
        return bool(min(span[1], now) - max(span[0], first) < OWED)

    @cached_property
    def chart(self) -> dict[str, Any]:
        """The chart that came; empty where none did."""
        try:
            chart = json.loads(self.response.content)["chart"] if self.response is not None else {}
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
        return chart if isinstance(chart, dict) else {}
