"""The correlation of two instruments with its uncertainty, of one with all, or of a basket, as of a session."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.answers import Against, Correlation, CorrelationList, Picture
from bot.cli._options import add_as_of, add_json, add_market, whole_number
from bot.cli._output import draw, opened, print_json
from bot.commands.corr import BASKET, DEFAULT_WINDOW, Found, asked, picture_of, text_of
from bot.commands.registry import Refusal
from bot.console import show
from bot.queries.view import NoAnswer
from bot.settings import ConfigurationError, Problem
from rules.functions.registry import LONGEST_WINDOW, SHORTEST_PAIR_WINDOW


def configure(parser: argparse.ArgumentParser) -> None:
    """[A [B]] --window N --picture FILE."""
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"RUT SOL: a pair; RUT: one against all; none: the basket {BASKET}"
    )
    window = whole_number(SHORTEST_PAIR_WINDOW, LONGEST_WINDOW)
    parser.add_argument(
        "--window", type=window, default=DEFAULT_WINDOW, metavar="N", help=f"returns ({DEFAULT_WINDOW})"
    )
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw it into this PNG file too")
    add_as_of(parser)
    add_market(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the answer of /corr."""
    app = opened(arguments)
    view = app.view(arguments.as_of)
    try:
        answer = asked(view, arguments.names, arguments.window)
    except Refusal as refusal:
        raise ConfigurationError([Problem("corr", str(refusal))]) from None
    if arguments.json:
        print_json(_values(answer), simulated=view.simulated)
    else:
        show(text_of(view, answer))
    if arguments.picture is not None:
        draw(_drawable(picture_of(view, answer)), arguments.picture, app.settings.pictures.theme)
    return 0


def _drawable(picture: Picture | None) -> Picture:
    """Raises NoAnswer where there is nothing to draw."""
    if picture is None:
        raise NoAnswer("there is nothing to draw: r was never defined in these sessions")
    return picture


def _values(answer: Found) -> dict[str, object]:
    if isinstance(answer, Correlation):
        return _pair(answer)
    about = {"window": answer.window, "as_of": answer.as_of, "clock": answer.clock}
    if isinstance(answer, CorrelationList):
        return {"a": answer.a, **about, "level": answer.level, "against": [_line(line) for line in answer.lines]}
    names = answer.instruments
    rows = {name: dict(zip(names, row.tolist(), strict=True)) for name, row in zip(names, answer.r, strict=True)}
    return {"basket": answer.basket, **about, "r": rows, "average": answer.average, "late": answer.late}


def _line(line: Against) -> dict[str, object]:
    return {
        "b": line.b,
        "n": line.n,
        "r": line.r,
        "ci90": line.ci90,
        "p_above": line.p_above,
        "percentile": line.percentile,
        "change": vars(line.change) if line.change else None,
        "as_of": line.as_of,
    }


def _pair(answer: Correlation) -> dict[str, object]:
    return {
        "a": answer.a,
        "b": answer.b,
        "window": answer.window,
        "n": answer.n,
        "r": answer.r,
        "ci90": answer.ci90,
        "kendall": answer.kendall,
        "ewma": answer.ewma,
        "p_above": answer.p_above,
        "posterior_mean": answer.posterior_mean,
        "posterior90": answer.posterior90,
        "percentile": dict(zip(("r_504", "r_all"), answer.percentile, strict=True)),
        "partial": answer.partial,
        "beta": answer.beta,
        "month_ago": answer.month_ago,
        "change": vars(answer.change) if answer.change else None,
        "volatility": vars(answer.volatility) if answer.volatility else None,
        "state": answer.coupled,
        "as_of": answer.as_of,
        "alignment": "approximate" if answer.approximate else "close",
        **({"reason": answer.reason} if answer.reason else {}),
    }
