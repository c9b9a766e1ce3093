"""`python -m tests.acceptance.rates`: how often what STATS D6 to D9 define speaks on the real prices of 1990-2025.

Every rule is folded by the real engine over all of history, coins by UTC days. A year is one of the calendar, counted
from the first close on which the rule knows an answer.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from bot.queries.view import View
from rules.engine import evaluate, opened
from rules.evaluation import evaluate as evaluate_columns
from rules.language.compile import CompiledRule, compile_rule
from rules.model import Edge, Rule
from tests.acceptance.real import real_view

YEAR = dt.timedelta(days=365.25)


@dataclass(frozen=True)
class Asked:
    """A rule, and what STATS says that it writes down: the definition, where it enters and where it leaves."""

    says: str
    when: str
    clear: str | None = None


def _ladder(enter: int, leave: int) -> Asked:
    return Asked(f"D6 VIX {enter}/{leave}", f"close(VIX) >= {enter}", f"close(VIX) <= {leave}")


def _both_sides(measure: str) -> tuple[Asked, Asked]:
    strong = Asked("D9 1.5/.5", f"{measure} >= 1.5", f"{measure} <= 0.5")
    return strong, Asked("D9 mirrored", f"{measure} <= -1.5", f"{measure} >= -0.5")


def _turns(*names: str, shares: Sequence[str]) -> tuple[Asked, ...]:
    ways = (("rally", "up"), ("drawdown", "down"))
    return tuple(
        Asked(f"D8 {word} {share}", f"{way}_turn({name}, {share})")
        for name in names
        for share in shares
        for word, way in ways
    )


INDICES = ("RUT", "SPX")

ASKED = (
    *(_ladder(enter, leave) for enter, leave in ((20, 17), (25, 20), (30, 24), (40, 30))),
    Asked("D6 VIX jump 4", "vix_jump() >= 4"),
    *(Asked("D6 realised .60/.30", f"vol_ratio({x}) >= 0.6", f"vol_ratio({x}) <= 0.3") for x in INDICES),
    *(Asked("D7 fresh: 5% or 60", f"fresh_record({x})") for x in INDICES),
    *(Asked("D7 and per +5%", f"fresh_record({x}, step=5%)") for x in INDICES),
    *(Asked("D7 plain", f"close({x}) > record({x})") for x in INDICES),
    *(Asked("D7 plain, after 3%", f"close({x}) > record({x})", f"drawdown({x}) > 3%") for x in INDICES),
    *_turns(*INDICES, shares=("10%", "20%")),
    *_turns("BTC", shares=("20%", "30%")),
    *_turns("ETH", "SOL", "ADA", "XRP", shares=("30%", "50%")),
    *_both_sides("rel_strength(RUT, SPX)"),
    *_both_sides("rotation(ALTS, BTC)"),
)


@dataclass(frozen=True)
class Rate:
    """The closes on which a rule fired, and the years in which it knew an answer."""

    asked: Asked
    entries: tuple[dt.date, ...]
    years: float

    @property
    def a_year(self) -> float:
        """Entries in one of them, on average."""
        return len(self.entries) / self.years

    @property
    def most(self) -> tuple[int, int]:
        """The calendar year with the most entries, and how many: the first of equals."""
        return max(Counter(day.year for day in self.entries).items(), key=lambda each: (each[1], -each[0]))


def measured(view: View, asked: Iterable[Asked] = ASKED) -> tuple[Rate, ...]:
    """Each rule folded over all closes."""
    wanted = tuple(asked)
    rules = [compile_rule(Rule(f"rule-{k}", each.when, each.clear), view.scope) for k, each in enumerate(wanted)]
    panels = {each.calendar: view.panel(each.calendar) for each in rules}
    last = max(int(panel.clock.closes[-1]) for panel in panels.values())
    fired = [each for each in evaluate(rules, panels, opened(rules), last, grace=0).events if each.edge is Edge.FIRED]
    return tuple(
        Rate(each, tuple(event.session for event in fired if event.rule == rule.rule.id), _years(view, rule))
        for each, rule in zip(wanted, rules, strict=True)
    )


def _years(view: View, rule: CompiledRule) -> float:
    """From the first close on which the rule knows an answer to the last."""
    panel = view.panel(rule.calendar)
    known = np.flatnonzero(~np.isnan(evaluate_columns([rule.when], panel).columns[rule.when]))
    return (panel.clock.session(int(known[-1])) - panel.clock.session(int(known[0]))) / YEAR


def table(rates: Iterable[Rate]) -> str:
    """Entries beside what STATS defines, in Markdown."""
    lines = [
        "| STATS | enters | leaves | years | entries | a year | most in a year | first | last |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *map(_line, rates)])


def _line(rate: Rate) -> str:
    asked, (year, most) = rate.asked, rate.most
    leaves = f"`{asked.clear}`" if asked.clear else "not so any more"
    counted = f"{rate.years:.1f} | {len(rate.entries)} | {rate.a_year:.2f} | {most} ({year})"
    return f"| {asked.says} | `{asked.when}` | {leaves} | {counted} | {rate.entries[0]} | {rate.entries[-1]} |"


if __name__ == "__main__":
    print(table(measured(real_view())))
