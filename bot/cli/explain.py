"""What an expression of the rule language means, and what it is now.

Shows the canonical line, its type and clock, the prices it reads, when it is first known, and every part's value.
"""

from __future__ import annotations

import argparse

from bot.cli._options import add_as_of, add_json, add_market
from bot.cli._output import note_before_history, opened, print_json
from bot.console import show
from bot.queries.explain import explain
from bot.render.answers import explained_answer


def configure(parser: argparse.ArgumentParser) -> None:
    """EXPR."""
    parser.add_argument("expression", metavar="EXPR", help='such as "close(RUT) > record(RUT)"')
    add_as_of(parser)
    add_market(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the meaning."""
    app = opened(arguments)
    note_before_history(app, "--as-of", arguments.as_of)
    view = app.view(arguments.as_of)
    answer = explain(view, arguments.expression)
    if not arguments.json:
        show(explained_answer(answer, simulated=view.simulated))
        return 0
    values = {
        "expression": answer.typed.text,
        "words": answer.typed.spoken,
        "type": answer.typed.type,
        "clock": answer.calendar,
        "instruments": answer.instruments,
        "warmup": answer.warmup,
        "lookback": answer.lookback,
        "anchors": answer.anchors,
        "value": answer.value,
        "parts": {shown.text: value for shown, value in answer.parts},
        "as_of": answer.as_of,
    }
    print_json(values, simulated=view.simulated)
    return 0
