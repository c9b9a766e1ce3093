"""A Coinbase on loopback. It has no sessions: only coins."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bot.feeds.contract import Feed, Setup, build_feed
from tests.bot.feeds.holding import FIRST, LAST, StandIn
from tests.bot.markets import NOW, SESSIONS, hours, utc_days
from tests.servers.coinbase import CoinbaseServer
from tests.servers.redirect_ccxt import redirect_ccxt


def opened(_: Path, opened: ExitStack) -> Feed:
    server = CoinbaseServer(clock=lambda: NOW).holds("BTC", hours(FIRST, LAST), utc_days(FIRST, LAST))
    redirect_ccxt("coinbase", opened.enter_context(server).url)
    return build_feed("exchange", Setup(SESSIONS, NOW, venue="coinbase"))


STAND_IN = StandIn(opened, trades=True, clock=True, coins_only=True, symbols=("RUT", "BTC/USD", "GONE/USD"))
