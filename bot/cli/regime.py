"""Risk-on, neutral or risk-off as of a session, or every change of it."""

from __future__ import annotations

import argparse

from bot.cli._options import add_as_of, add_json, add_market
from bot.cli._output import opened, print_json
from bot.console import show
from bot.queries.regime import regime, regime_changes
from bot.render.alerts import SIMULATED_LINE
from bot.render.answers import regime_answer
from rules.model import XNYS


def configure(parser: argparse.ArgumentParser) -> None:
    """--history."""
    parser.add_argument("--history", action="store_true", help="every change of the label")
    add_as_of(parser)
    add_market(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the answer of /regime, or the changes."""
    view = opened(arguments).view(arguments.as_of)
    if arguments.history:
        if view.simulated and not arguments.json:
            show(SIMULATED_LINE)
        for change in regime_changes(view):
            if arguments.json:
                values = {"session": change.session, "label": str(change.label), "previous": str(change.previous)}
                print_json(values, simulated=view.simulated)
            else:
                print(f"{change.session}  {change.label:<8}  after {change.previous}")
        return 0
    answer = regime(view)
    if not arguments.json:
        show(regime_answer(answer, view.next_open(XNYS, answer.at)))
        return 0
    values = {
        "label": str(answer.label),
        "raw": str(answer.raw),
        "since": answer.since,
        "probabilities": answer.probabilities,
        "drivers": answer.drivers,
        "as_of": answer.as_of,
    }
    print_json(values, simulated=view.simulated)
    return 0
