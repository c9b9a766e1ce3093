"""A rule with other numbers in it: what each would have done, out of sample too, and what is to be doubted.

Every variant is folded over history; by walk-forward the best of the past is held against what came then; simulated
worlds tell of false alarms and delay. It never writes a configuration.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from bot.cli._files import refuse_unwritable, write
from bot.cli._options import add_json, add_market, whole_number
from bot.cli._output import opened, print_json
from bot.cli._surface import surface_lines
from bot.cli._surface_values import surface_csv, toml_of, values_of
from bot.console import show
from bot.queries.view import NoAnswer, View
from bot.render.alerts import SIMULATED_LINE
from bot.settings import ConfigurationError, Problem
from bot.tuning.cluster import cluster
from bot.tuning.grid import grid_of
from bot.tuning.knobs import Unknown
from bot.tuning.market import Market
from bot.tuning.running import Here, Runner
from bot.tuning.tune import Request, Tuning, tune
from rules.evidence import subjects
from rules.language.compile import CompiledRule, compile_rule
from rules.language.errors import listing, nearest, short
from rules.model import Rule

_ID = re.compile(r"[a-z0-9-]+")


def configure(parser: argparse.ArgumentParser) -> None:
    """RULE and what of it is to be tuned."""
    parser.add_argument("rule", metavar="RULE", help='a rule\'s id, or an expression such as "ret(RUT, 21) > 5%%"')
    parser.add_argument("--clear", metavar="EXPR", help="of an expression: when it clears")
    values = "NAME=START:STOP:STEP or NAME=A,B,C, such as window=20:120:10; once a parameter"
    parser.add_argument("--param", action="append", metavar="NAME=VALUES", required=True, help=values)
    parser.add_argument("--instrument", metavar="ID", help="what is hoped to move; by default the rule's first")
    parser.add_argument("--direction", choices=("up", "down"), default="up", help="where to; by default up")
    horizon = "sessions after a firing (20)"
    parser.add_argument("--horizon", type=whole_number(1, 250), default=20, metavar="N", help=horizon)
    parser.add_argument("--folds", type=whole_number(1, 20), default=5, metavar="N", help="tests one after another (5)")
    paths = "paths of each simulated world (20); 0: no worlds"
    parser.add_argument("--paths", type=whole_number(0, 500), default=20, metavar="N", help=paths)
    seed = "which simulated worlds (1)"
    parser.add_argument("--world-seed", type=whole_number(0, 2**32), default=1, metavar="N", help=seed)
    where = "let the Dask cluster of this scheduler compute it, such as tcp://10.0.0.5:8786"
    parser.add_argument("--scheduler", metavar="ADDRESS", help=where)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the surface into this file too")
    add_market(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the surface, the steps forward, the worlds, the doubts, and the best as lines to paste."""
    if arguments.csv is not None:
        refuse_unwritable("--csv", arguments.csv)
    view = opened(arguments).view()
    rule = _rule(view, arguments.rule, arguments.clear)
    found = _tuned(view, rule, arguments)
    if arguments.csv is not None:
        write("--csv", arguments.csv, surface_csv(found))
    if arguments.json:
        print_json(values_of(found), simulated=view.simulated)
        return 0
    if view.simulated:
        show(SIMULATED_LINE)
    print(*surface_lines(found), sep="\n")
    if found.best is not None:
        print("\nNothing was written. For who insists, the best (its title is still the old one):\n")
        print(*toml_of(found.best.variant.rule), sep="\n")
    return 0


def _tuned(view: View, rule: CompiledRule, arguments: argparse.Namespace) -> Tuning:
    panel = view.panel(rule.calendar)
    try:
        grid = grid_of(rule, arguments.param, view.scope)
    except Unknown as unknown:
        raise ConfigurationError([Problem("--param", str(unknown))]) from None
    request = Request(
        rule=rule,
        instrument=_instrument(view, rule, arguments.instrument),
        horizon=arguments.horizon,
        folds=arguments.folds,
        up=arguments.direction == "up",
        paths=arguments.paths,
        seed=arguments.world_seed,
    )
    if request.instrument not in panel.columns:
        raise NoAnswer(f"{request.instrument} has no price here at the closes of {rule.calendar}")
    print(f"{len(grid.variants)} variant{'s' * (len(grid.variants) != 1)}, and the rule as it is", file=sys.stderr)

    @contextmanager
    def where(market: Market) -> Iterator[Runner]:
        if arguments.scheduler is None:
            yield Here(market)
            return
        with cluster(arguments.scheduler, market) as runner:
            yield runner

    with _Bar() as bar:
        return tune(request, grid, panel, view.scope, where, bar)


def _rule(view: View, word: str, clear: str | None) -> CompiledRule:
    known = {rule.rule.id: rule for rule in view.rules}
    if word in known:
        if clear is not None:
            raise ConfigurationError(
                [Problem("--clear", f"goes with an expression; {word} says itself when it clears")]
            )
        return known[word]
    if _ID.fullmatch(word):
        reason = f"unknown rule {short(word)}{nearest(word, known) or f' (known: {listing(known, 8)})'}"
        raise ConfigurationError([Problem("RULE", reason)])
    return compile_rule(Rule("tuned", word, clear), view.scope)


def _instrument(view: View, rule: CompiledRule, asked: str | None) -> str:
    known = view.scope.instruments
    if asked is not None and asked not in known:
        reason = f"unknown instrument {short(asked)}{nearest(asked, known)} (known: {listing(known)})"
        raise ConfigurationError([Problem("--instrument", reason)])
    names = [asked] if asked is not None else subjects(rule, known, view.follow)
    if not names:
        raise ConfigurationError([Problem("--instrument", "must say whose prices are looked at after this rule")])
    return names[0]


class _Bar:
    """A bar on a terminal, of tasks."""

    def __init__(self) -> None:
        self._bar = tqdm(total=0, desc="tune", unit=" tasks", leave=False, file=sys.stderr, disable=None)

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def more(self, tasks: int) -> None:
        """So many are to be done."""
        self._bar.total = (self._bar.total or 0) + tasks
        self._bar.refresh()

    def done(self) -> None:
        """One of them is."""
        self._bar.update()
