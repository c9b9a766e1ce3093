"""The honesty of evidence: in a market whose days came in another order nothing follows from anything.

`python -m tests.acceptance.shuffled [SEEDS] [FIRST]` shuffles the real days of ../shared/data so often, replays all
rules and prints how many of them seem to say something about what follows. A 90 % interval may be wrong in a tenth.
"""

from __future__ import annotations

import dataclasses
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from bot.queries.view import View
from rules.bars import Floats, Ints
from rules.columns import Node
from rules.evaluation import evaluate
from rules.evidence import LEAST, Evidence, evidence_of, nodes_of, subjects
from rules.language.compile import CompiledRule
from rules.model import Basis
from rules.panel import Columns, Panel
from tests.acceptance.real import real_view

TOLD = 20
"""The horizon of the one outcome that an alert tells."""


def shuffled(panel: Panel, seed: int) -> Panel:
    """The same days in another order: each keeps what all instruments did on it together. What began to trade later
    does so still: days change places only among those that priced the same instruments.
    """
    order = _order(panel, np.random.default_rng(seed))
    columns = {name: _reordered(column, order) for name, column in panel.columns.items()}
    return replace(panel, columns=columns, hours={})


def _order(panel: Panel, chance: np.random.Generator) -> Ints:
    """Which row of the market comes on each row; the first of each run of alike days stays, to begin from."""
    there = np.array([~np.isnan(column.close) for column in panel.columns.values()])
    begun = np.maximum.accumulate(there, axis=1)
    alike = np.concatenate([[0], np.cumsum((begun[:, 1:] != begun[:, :-1]).any(axis=0))])
    order = np.arange(len(panel))
    for part in range(int(alike[-1]) + 1):
        rows = np.flatnonzero(alike == part)[1:]
        order[rows] = chance.permutation(rows)
    return order


def _reordered(column: Columns, order: Ints) -> Columns:
    """Prices that rise from row to row as they did on the rows of `order`; a gap stays where its day goes."""
    known = np.flatnonzero(~np.isnan(column.close))
    if not len(known):
        return column
    before = np.full(len(order), np.nan)
    before[known[1:]] = column.close[known[:-1]]
    made = {each.name: getattr(column, each.name)[order] for each in dataclasses.fields(Columns)}
    rises = (column.close / before)[order]
    there = ~np.isnan(rises)
    path = np.where(there, rises, 1.0)
    closes = column.close[known[0]] * np.cumprod(np.where(np.arange(len(order)) > known[0], path, 1.0))
    beginning = np.concatenate([[np.nan], closes[:-1]])
    for name in ("open", "high", "low"):
        made[name] = (getattr(column, name) / before)[order] * beginning
    made["close"] = np.where(there | (np.arange(len(order)) == known[0]), closes, np.nan)
    made["link"] = np.ones(len(order))
    return Columns(**made)


@dataclass
class Tally:
    """Of outcomes that claim something (`claimable`), how many seem to differ from all days (`seeming`)."""

    claimable: Counter[str] = field(default_factory=Counter)
    seeming: Counter[str] = field(default_factory=Counter)

    def count(self, evidence: Evidence, headline: str) -> None:
        """Under `headline`, and all of them under `any`."""
        for each in evidence.outcomes:
            if each.n < LEAST or np.isnan(each.low):
                continue
            excludes = not each.low <= each.base.median <= each.high
            told = each.instrument == headline and each.horizon == TOLD
            for name in (f"next {each.horizon}", *(["told"] if told else [])):
                self.claimable[name] += 1
                self.seeming[name] += excludes

    def share(self, name: str) -> float:
        """Of those that claim something."""
        return self.seeming[name] / self.claimable[name]


def rules_of(view: View) -> list[CompiledRule]:
    """All that a replay looks at; rules on trades by their closes only where they are."""
    return [rule for rule in view.rules if rule.rule.basis is Basis.CLOSE]


def tally(view: View, seeds: range) -> Iterator[Tally]:
    """What has been counted after each seed."""
    rules, counted = rules_of(view), Tally()
    panels = {rule.calendar: view.panel(rule.calendar) for rule in rules}
    for seed in seeds:
        for calendar, panel in panels.items():
            made, ours = shuffled(panel, seed), [rule for rule in rules if rule.calendar == calendar]
            columns: Mapping[Node, Floats] = evaluate([node for rule in ours for node in nodes_of(rule)], made).columns
            for rule in ours:
                names = subjects(rule, view.scope.instruments, view.follow)
                counted.count(evidence_of(rule, made, names, columns=columns), names[0])
        yield counted


def main(arguments: list[str]) -> None:
    """Print the shares as they come, and in the end all of them."""
    count, first = (int(each) for each in [*arguments, *["200", "0"][len(arguments) :]])
    counted = Tally()
    for seed, counted in enumerate(tally(real_view(), range(first, first + count)), start=first):
        print(f"seed {seed}: {counted.share('told'):.1%} of {counted.claimable['told']}", file=sys.stderr, flush=True)
    print(f"{count} orders of the real days; 90 % intervals of the median that exclude that of all days:")
    for name in sorted(counted.claimable):
        print(f"  {name:8} {counted.share(name):6.1%} of {counted.claimable[name]}")


if __name__ == "__main__":
    main(sys.argv[1:])
