"""Yahoo's charts and quotes through yfinance, without its memory: one question, one answer or one clear sentence.

What lives here is how Yahoo is asked, and what each way to fail is called. What yfinance asks through stands in
`_yahoo_door`; what an answer holds is read in `_yahoo_chart`. Importing this module imports yfinance (0.2 s, 27 MB),
so `yahoo` does it with the first question.

yfinance remembers failures for the life of the process: a failed probe of a symbol's time zone, an error page taken for
a crumb. So the class behind its `Ticker` is used, which needs no probe (that halves the requests, too), through a door
that keeps nothing; a crumb that is none is thrown away, and no cookie is written to disk.
"""

from __future__ import annotations

import json
import logging
import os
import re
import warnings
from collections.abc import Sequence

import pandas as pd
import yfinance
from curl_cffi import requests
from yfinance.data import YfData
from yfinance.exceptions import YFRateLimitError
from yfinance.scrapers.history import PriceHistory

from bot.feeds._yahoo_chart import NO_ROWS, Answer, NoQuotes, Question, Quotes, entries_of, rows_of
from bot.feeds._yahoo_door import Door, Session
from bot.feeds.contract import Busy, FeedError, NoSuchBars, SourceDown
from rules.bars import DAY, Interval
from rules.model import Instant

REACH = {Interval.HOUR: 729 * DAY, Interval.FIVE_MINUTES: 59 * DAY}
"""How far back Yahoo has intraday rows, less a day for two clocks that differ."""

_QUOTES = "https://query1.finance.yahoo.com/v7/finance/quote"
_CRUMB = re.compile(r"[^\s<>]{1,40}")
_CURL_SAYS = re.compile(r"curl: \(\d+\) (.+?)\.? See ")

yfinance.config.debug.hide_exceptions = False
yfinance.set_tz_cache_location(os.devnull)  # no folder can be made there, so yfinance keeps no files
warnings.filterwarnings("ignore", category=pd.errors.Pandas4Warning, module="yfinance")
logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what goes wrong is said by what is raised here


class Client:
    """Asks Yahoo, from several threads if need be. `now` is a guess at Yahoo's time; its first answer puts it right."""

    def __init__(self, now: Instant) -> None:
        self._now = now
        self._session = Session()
        self._connection = YfData(session=self._session)  # one for the process; it may know an earlier session
        self._connection._cookie = self._connection._crumb = None

    def ask(self, question: Question, deadline: float) -> Answer:
        """The rows of one symbol, by `deadline` of the monotonic clock.

        Raises NoSuchBars or SourceDown, and FeedError for an answer of another symbol.
        """
        self._session.ends_by(deadline)
        try:
            return self._ask(question)
        except _OutOfReach:
            return self._ask(question)  # the refusal has told the time

    def quotes(self, symbols: Sequence[str], what: str, deadline: float) -> Quotes:
        """What Yahoo says of many symbols in one answer, of those that it knows, by `deadline`.

        Raises NoQuotes where it answers something else, another SourceDown where it does not answer.
        """
        self._session.ends_by(deadline)
        door = Door(self._connection, self._session, "list of quotes")
        try:
            response = door.get(_QUOTES, {"symbols": ",".join(symbols), "formatted": "false"})
            if response.status_code >= 400:
                raise SourceDown
            return Quotes(entries_of(json.loads(response.content)), door.at)
        except Exception as error:
            fault = _fault(what, error, door)
            raise fault if door.response is None or isinstance(fault, Busy) else NoQuotes(str(fault)) from error
        finally:
            self._tidy()

    def close(self) -> None:
        """No request begins after this; one that is on its way ends by its deadline."""
        self._session.close()

    def _ask(self, question: Question) -> Answer:
        span = self._within_reach(question)
        if span is not None and span[0] >= span[1]:
            return Answer(NO_ROWS, {}, None)
        door = Door(self._connection, self._session)
        history = PriceHistory(door, question.symbol, "UTC", self._session)
        asked = {"period": "1d"} if span is None else {"start": span[0], "end": span[1]}
        try:
            history.history(**asked, interval=str(question.interval), auto_adjust=False, actions=False)
            rows = rows_of(door.chart, question.interval)
        except Exception as error:
            if not door.says_fairly_that_there_is_nothing(span):
                raise _fault(question.what, error, door) from error
            rows = NO_ROWS
        finally:
            self._now = door.at or self._now
            self._tidy()
        if (answered_for := str(door.about.get("symbol") or question.symbol)).upper() != question.symbol.upper():
            raise FeedError(f"yahoo did not give {question.what}: it answered for {answered_for[:20]}")
        return Answer(rows, door.about, door.at)

    def _tidy(self) -> None:
        """An error page is no crumb, and a cookie that is here need not be fetched again."""
        connection = self._connection
        if not _CRUMB.fullmatch(connection._crumb or ""):
            connection._crumb = None
        if connection._cookie is None and len(self._session.cookies):
            connection._cookie = True

    def _within_reach(self, question: Question) -> tuple[Instant, Instant] | None:
        if question.span is None:
            return None
        start, end = question.span
        if question.interval in REACH:
            start = max(start, self._now - REACH[question.interval])
        return start or 1, end  # yfinance takes a zero for "not said"


class _OutOfReach(SourceDown):
    """Rows were asked that are older than Yahoo keeps them."""


def _fault(what: str, error: Exception, door: Door) -> FeedError:
    """What happened, in the contract's terms and one sentence."""
    status = door.response.status_code if door.response is not None else 0
    if status == 404 and door.reason:
        return NoSuchBars(f"yahoo has no {what}: the symbol may be delisted or misspelt")
    if isinstance(error, YFRateLimitError) or status == 429:
        told = "it is refusing requests (429); it counts them by address, and goes on for minutes to hours"
        return Busy(f"yahoo did not give {what}: {told}", door.wait)
    kind = _OutOfReach if status == 422 else SourceDown
    return kind(f"yahoo did not give {what}: {_why(error, status, door)}")


def _why(error: Exception, status: int, door: Door) -> str:
    if status >= 400:
        return f"it answered with HTTP {status}" + (f", {door.reason!r}" if door.reason else "")
    if status:
        return f"it answered with something that is no {door.form} ({type(error).__name__})"
    if isinstance(error, requests.exceptions.Timeout):
        return "no answer came in time"
    if isinstance(error, requests.exceptions.RequestException):
        told = _CURL_SAYS.search(str(error))
        return f"the connection failed: {told[1] if told else type(error).__name__}"
    return f"yfinance could not ask ({type(error).__name__})"
