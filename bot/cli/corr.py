"""The correlation of two instruments with its uncertainty, as of a session."""

from __future__ import annotations

import argparse

from bot.answers import Correlation
from bot.cli._options import add_as_of, add_json, add_market, whole_number
from bot.cli._output import opened, print_json
from bot.commands.registry import Refusal, pair
from bot.console import show
from bot.queries.correlation import correlation
from bot.render.answers import correlation_answer
from bot.settings import ConfigurationError, Problem
from rules.functions.registry import LONGEST_WINDOW, SHORTEST_PAIR_WINDOW


def configure(parser: argparse.ArgumentParser) -> None:
    """A B --window N."""
    parser.add_argument("a", metavar="A", help="an instrument, such as RUT")
    parser.add_argument("b", metavar="B", help="another, such as SOL")
    window = whole_number(SHORTEST_PAIR_WINDOW, LONGEST_WINDOW)
    parser.add_argument("--window", type=window, default=60, metavar="N", help="returns (60)")
    add_as_of(parser)
    add_market(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the answer of /corr."""
    app = opened(arguments)
    view = app.view(arguments.as_of)
    try:
        a, b = pair(view, arguments.a, arguments.b)
    except Refusal as refusal:
        raise ConfigurationError([Problem("corr", str(refusal))]) from None
    answer = correlation(view, a.id, b.id, arguments.window)
    if arguments.json:
        print_json(_values(answer), simulated=view.simulated)
    else:
        show(correlation_answer(answer, view.next_open(answer.clock, answer.at)))
    return 0


def _values(answer: Correlation) -> dict[str, object]:
    return {
        "a": answer.a,
        "b": answer.b,
        "window": answer.window,
        "n": answer.n,
        "r": answer.r,
        "ci90": answer.ci90,
        "p_above": answer.p_above,
        "posterior_mean": answer.posterior_mean,
        "percentile": dict(zip(("r_504", "r_all"), answer.percentile, strict=True)),
        "partial": answer.partial,
        "beta": answer.beta,
        "state": answer.coupled,
        "as_of": answer.as_of,
        "alignment": "approximate" if answer.approximate else "close",
    }
