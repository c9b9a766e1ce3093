"""`python -m tests.docs.pictures`: draw the pictures of the documentation again: every kind that the bot answers with,
on light and on dark paper, of the simulated market alone. The same machine gives the same bytes.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from bot.answers import Picture
from bot.answers.theme import Theme
from bot.queries.condition import condition_picture
from bot.queries.correlation import correlation, pair_picture
from bot.queries.correlations import against_all, matrix
from bot.queries.price import Own, price_picture
from bot.queries.regime import regime, regime_picture
from bot.queries.stats import outcome_picture, stats_of
from bot.queries.view import View
from bot.render.charts import draw
from bot.render.charts.packing import packed
from rules.engine import evaluate, opened
from rules.language.compile import compile_rule
from rules.model import Rule, Severity
from tests.bot.markets import simulated

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
AS_OF = dt.date(2025, 12, 10)
"""A session by which the simulated market has had records, a drawdown and all three labels in a year."""


def main(words: Sequence[str] | None = None) -> int:
    """Draw into `docs/pictures`, or into the folder named."""
    parser = argparse.ArgumentParser(prog="pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args(words).folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, drawn in PICTURES.items():
        (folder / f"{name}.png").write_bytes(drawn())
    return 0


def price(view: View) -> Picture:
    """A year of the Russell 2000, with an alert that somebody has made for himself."""
    return price_picture(view, "RUT", own=[_own(view)])


def condition(view: View, rule: str) -> Picture:
    """A year of a rule of the default pack."""
    return condition_picture(view, next(each for each in view.rules if each.rule.id == rule))


def pair(view: View) -> Picture:
    """Two years of a pair."""
    picture = pair_picture(view, correlation(view, "RUT", "SOL", 60))
    assert picture is not None
    return picture


def outcomes(view: View) -> Picture:
    """What followed the VIX above 20."""
    rule = Rule("backtest", "close(VIX) > 20", "close(VIX) < 18", title="VIX closes above 20")
    picture = outcome_picture(view, stats_of(view, compile_rule(rule, view.scope)))
    assert picture is not None
    return picture


def _own(view: View) -> Own:
    """An alert of one's own, and what happened to it."""
    rule = compile_rule(
        Rule("#1.1", "drawdown(RUT) > 20%", "drawdown(RUT) < 10%", severity=Severity.HIGH, personal=True), view.scope
    )
    panel = view.panel(rule.calendar)
    outcome = evaluate([rule], {rule.track: panel}, opened([rule]), int(panel.clock.closes[-1]), grace=0)
    return rule, outcome.events


KINDS: Mapping[str, Callable[[View], Picture]] = {
    "price": price,
    "condition-record": partial(condition, rule="rut-record-close"),
    "condition-coupled": partial(condition, rule="rut-sol-coupled"),
    "condition-turn": partial(condition, rule="rut-rally-10"),
    "outcomes": outcomes,
    "pair": pair,
    "against": lambda view: against_all(view, "RUT", 60),
    "matrix": lambda view: matrix(view, "RISK", 60),
    "regime": lambda view: regime_picture(view, regime(view)),
}


@cache
def answered(kind: str, theme: Theme) -> bytes:
    """A picture as the bot draws it, in fewer colours."""
    return packed(draw(KINDS[kind](simulated().view(AS_OF)), theme))


PICTURES: Mapping[str, Callable[[], bytes]] = {
    f"{kind}-{theme}": partial(answered, kind, theme) for kind in KINDS for theme in Theme
}


if __name__ == "__main__":
    raise SystemExit(main())
