"""Risk-on, neutral or risk-off as of a session: the label, the panel beside it, or every change of it."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.answers import Contribution, Gauge, Regime, RegimePanel, Spell
from bot.cli._options import add_as_of, add_json, add_market
from bot.cli._output import draw, opened, print_json
from bot.console import show
from bot.queries.gauges import regime_panel
from bot.queries.regime import regime, regime_changes, regime_picture
from bot.queries.view import View
from bot.render.alerts import SIMULATED_LINE
from bot.render.regime import dwells, panel_answer, regime_answer
from rules.model import XNYS


def configure(parser: argparse.ArgumentParser) -> None:
    """--history, --panel, --picture FILE."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--history", action="store_true", help="every change of the label")
    what.add_argument("--panel", action="store_true", help="the cross-asset panel beside the label")
    what.add_argument("--picture", type=Path, metavar="FILE", help="draw it into this PNG file too")
    add_as_of(parser)
    add_market(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the answer of /regime, the panel, or the changes."""
    app = opened(arguments)
    view = app.view(arguments.as_of)
    if arguments.history:
        _print_changes(view, json=arguments.json)
        return 0
    answer = regime(view)
    panel = regime_panel(view, answer)
    if arguments.json:
        print_json(_values(answer, panel), simulated=view.simulated)
    else:
        text = regime_answer(answer, panel, view.next_open(XNYS, answer.at))
        show(panel_answer(panel) if arguments.panel else text)
    if arguments.picture is not None:
        draw(regime_picture(view, answer), arguments.picture, app.settings.pictures.theme)
    return 0


def _print_changes(view: View, *, json: bool) -> None:
    if view.simulated and not json:
        show(SIMULATED_LINE)
    for change in regime_changes(view):
        if json:
            values = {"session": change.session, "label": str(change.label), "previous": str(change.previous)}
            print_json(values, simulated=view.simulated)
        else:
            print(f"{change.session}  {change.label:<8}  after {change.previous}")
    if not json:
        print("\nSessions of the spells that are over:", *dwells(regime(view).spells), sep="\n")


def _values(answer: Regime, panel: RegimePanel) -> dict[str, object]:
    return {
        "label": str(answer.label),
        "raw": str(answer.raw),
        "since": answer.since,
        "sessions": answer.sessions,
        "usual": answer.usual,
        "probabilities": answer.probabilities,
        "emerging": vars(answer.emerging) if answer.emerging else None,
        "drivers": {name: _driver(found) for name, found in answer.drivers.items()},
        "flips": None if answer.flips is None else [vars(flip) for flip in answer.flips],
        "panel": [_gauge(each, panel) for each in panel.gauges],
        "spells": [_spell(each) for each in answer.spells[:-6:-1]],
        "seen": answer.seen,
        "needed": answer.needed,
        "gap": answer.gap,
        "waiting": answer.waiting,
        "late": answer.late,
        "origins": answer.origins,
        "as_of": answer.as_of,
    }


def _driver(found: Contribution | None) -> dict[str, object] | None:
    """A price, in units of its usual one, and the log-likelihoods of the states."""
    if found is None:
        return None
    terms = {str(label): term for label, term in found.terms.items()}
    return {"price": found.price, "move": found.move, "size": found.size, **terms}


def _gauge(each: Gauge, panel: RegimePanel) -> dict[str, object]:
    agrees = None if each.leans is None else each.leans is panel.label
    return {**vars(each), "agrees": agrees}


def _spell(each: Spell) -> dict[str, object]:
    return {"label": str(each.label), "since": each.since, "sessions": each.sessions}
