"""A Yahoo on loopback, which also holds rows of holidays."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bot.feeds.contract import Feed, Setup, build_feed
from rules.bars import Interval
from tests.bot.feeds.holding import FIRST, LAST, StandIn
from tests.bot.markets import NOW, SESSIONS, hours, utc_days, weekdays
from tests.servers.redirect_yahoo import redirect_yahoo
from tests.servers.yahoo import YahooServer


def opened(_: Path, opened: ExitStack) -> Feed:
    server = YahooServer(SESSIONS, clock=lambda: NOW).holds("^RUT", Interval.DAY, weekdays(FIRST, LAST))
    server.holds("BTC-USD", Interval.DAY, utc_days(FIRST, LAST), kind="coin")
    server.holds("BTC-USD", Interval.HOUR, hours(FIRST, LAST), kind="coin")
    opened.enter_context(redirect_yahoo(opened.enter_context(server).url))
    return build_feed("yahoo", Setup(SESSIONS, NOW))


STAND_IN = StandIn(opened, holidays=True, trades=True, clock=True, symbols=("^RUT", "BTC-USD", "GONE"))
