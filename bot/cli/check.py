"""Check a configuration file: every fault at once, with its path and line."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.app import settings_of
from bot.market.preference import EXCHANGE
from bot.market.sessions import HISTORY_STARTS
from bot.render.alerts import SIMULATED
from bot.render.numbers import counted
from bot.settings import MarketSettings, Prices, Settings, TelegramSettings, warnings

SIMULATED_MARKET = f"a {SIMULATED} market"


def configure(parser: argparse.ArgumentParser) -> None:
    """[FILE]."""
    text = "a TOML file laid over config.example.toml; without one: BELLWETHER_CONFIG, or the built-in configuration"
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=text)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the same")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found."""
    settings = settings_of(arguments.file or arguments.config)
    for warning in warnings(settings, HISTORY_STARTS):
        print(f"warning: {warning}")
    rules, instruments = counted(len(settings.compiled), "rule"), counted(len(settings.instruments), "instrument")
    print(f"ok: {rules} on {instruments}")
    print(f"alerts go to: {_alerts(settings.telegram)}")
    print(f"bellwether run watches: {_watched(settings)}")
    print(f"it keeps its state in: {settings.store.place}")
    print(f"other commands read: {_read(settings.market)}")
    return 0


def _read(market: MarketSettings) -> str:
    return f"the files in {market.data}" if market.data else SIMULATED_MARKET


def _alerts(telegram: TelegramSettings) -> str:
    if not telegram.given:
        return "the terminal (no Telegram token is set)"
    allowed = "anybody" if telegram.everyone else f"{len(telegram.allow)} allowed id{'s' * (len(telegram.allow) != 1)}"
    return f"Telegram (the token is set), for {allowed}"


def _watched(settings: Settings) -> str:
    """The live feeds that any instrument names; the exchange feed is its venues."""
    if settings.run.source is Prices.SIMULATED:
        return f"{SIMULATED_MARKET} at the pace of the clock"
    venues = f"exchange ({', '.join(settings.feeds.venues)})"
    named = {feed for instrument in settings.instruments.values() for feed in instrument.sources}
    return ", ".join(venues if feed == EXCHANGE else feed for feed in sorted(named)) or "nothing"
