"""Check a configuration file: every fault at once, with its path and line."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.app import settings_of
from bot.settings import warnings


def configure(parser: argparse.ArgumentParser) -> None:
    """[FILE]."""
    text = "a TOML file laid over config.example.toml; without one: BELLWETHER_CONFIG, or the built-in configuration"
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help=text)
    parser.add_argument("--config", type=Path, metavar="FILE", help="the same")


def run(arguments: argparse.Namespace) -> int:
    """Print what was found."""
    settings = settings_of(arguments.file or arguments.config)
    for warning in warnings(settings):
        print(f"warning: {warning}")
    prices = f"the files in {settings.market.data}" if settings.market.data else "a SIMULATED market"
    token = "set" if settings.telegram.token.get_secret_value() else "not set: alerts go to the terminal"
    print(f"ok: {len(settings.compiled)} rules on {len(settings.instruments)} instruments")
    print(f"prices: {prices}; Telegram token: {token}")
    return 0
