"""What would have happened to every rule, session by session, over files or a simulated market.

The real engine is folded over all of history from its beginning; the events of the asked period are printed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterable

from bot.cli._options import add_json, add_market, date
from bot.cli._output import event_values, opened, print_json
from bot.console import show
from bot.render.alerts import SIMULATED, summary
from bot.settings import ConfigurationError, Problem
from rules.language.errors import listing, nearest


def configure(parser: argparse.ArgumentParser) -> None:
    """--from, --to, --rule."""
    add_market(parser)
    parser.add_argument("--from", dest="first", type=date, metavar="DATE", help="first session to print")
    parser.add_argument("--to", dest="last", type=date, metavar="DATE", help="last session seen")
    parser.add_argument("--rule", metavar="ID", help="only this rule")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the events of the period, oldest first."""
    first, last = arguments.first or dt.date.min, arguments.last
    if last is not None and first > last:
        raise ConfigurationError([Problem("--from", f"{first} is after --to {last}")])
    app = opened(arguments)
    view = app.view(last)
    ids = [rule.rule.id for rule in view.rules]
    if arguments.rule is not None and arguments.rule not in ids:
        reason = f"unknown rule {arguments.rule}{nearest(arguments.rule, ids)} (known: {listing(ids)})"
        raise ConfigurationError([Problem("--rule", reason)])
    _note(rule.rule.id for rule in view.live_only if arguments.rule in (None, rule.rule.id))
    events = [event for event in view.events(arguments.rule) if event.session >= first]
    for event in events:
        if arguments.json:
            print_json(event_values(event), simulated=view.simulated)
        else:
            show(f"{summary(event)} [{event.rule}]")
    if not arguments.json:
        print(f"{len(events)} events{f', {SIMULATED}' if view.simulated else ''}")
    return 0


def _note(ids: Iterable[str]) -> None:
    """Which of the asked rules need prices between the closes, on the side."""
    if names := ", ".join(ids):
        print(f"not replayed, because only a live market has ticks: {names}", file=sys.stderr)
