"""The bot in this terminal: /corr, /regime, /price, /rules, /rule, /history, /help."""

from __future__ import annotations

import argparse
import sys

from bot.cli._options import add_as_of, add_market
from bot.cli._output import opened
from bot.clock import now
from bot.commands.registry import Desk, Reply, answer
from bot.console import TERMINAL, converse
from bot.render.alerts import SIMULATED


def configure(parser: argparse.ArgumentParser) -> None:
    """The shared options."""
    add_as_of(parser)
    add_market(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer lines until the input ends."""
    view = opened(arguments).view(arguments.as_of)
    interactive = sys.stdin.isatty()
    if interactive:
        market = f"a {SIMULATED} market" if view.simulated else "real prices"
        print(f"Bellwether on {market}. /help lists the commands, /quit leaves. Not investment advice.\n")

    def ask(line: str) -> Reply:
        return answer(Desk(view, TERMINAL, None, now()), line)

    converse(ask, sys.stdin, prompt="> " if interactive else "")
    return 0
