"""What `replay` puts out: a rule as JSON, tables as CSV, and how far it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from bot.answers.stats import Stat
from bot.cli._files import cell, table
from bot.cli._output import event_values
from bot.render.evidence import TOLD
from rules.evidence import Base, Outcome
from rules.model import AlertEvent

EVENT_COLUMNS = ("event", "rule", "session", "at", "severity", "title", "values")
RULE_COLUMNS = (
    "rule", "title", "severity", "tags", "since", "through", "firings", "per_year", "median_spell", "last_fired",
    "by_closes", "nearest_session", "nearest_values", "instrument", "horizon", "n", "effective_n", "median", "low",
    "high", "up", "worst", "best", "base_n", "base_median", "base_up", "same_n", "same_median", "same_up", "finding",
)  # fmt: skip


def rule_values(found: Stat) -> dict[str, object]:
    """A rule and how it did, as `replay --summary --json` prints it."""
    rule, evidence, miss = found.rule.rule, found.evidence, found.miss
    headline = found.outcome(TOLD)
    return {
        "rule": rule.id,
        "title": rule.title,
        "severity": str(rule.severity),
        "tags": rule.tags,
        "since": evidence.since,
        "through": evidence.through,
        "firings": len(evidence.fired),
        "per_year": evidence.a_year,
        "median_spell": evidence.spell,
        "last_fired": found.last,
        "by_closes": evidence.by_closes,
        "nearest_miss": None
        if miss is None
        else {
            "session": miss.session,
            "held": miss.held,
            "needed": miss.needed,
            "values": {each.text: value for each, value in miss.values},
        },
        "outcome": None if headline is None or not headline.base.n else _outcome(headline),
        "outcomes": [_outcome(each) for each in evidence.outcomes if each.base.n],
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "instrument": outcome.instrument,
        "horizon": outcome.horizon,
        "n": outcome.n,
        "effective_n": outcome.effective,
        "median": outcome.median,
        "ci90": [outcome.low, outcome.high],
        "up": outcome.ups,
        "worst": outcome.worst,
        "best": outcome.best,
        "base": _base(outcome.base),
        "same_regime": None if outcome.same is None else _base(outcome.same),
        "finding": str(outcome.finding),
    }


def _base(base: Base) -> dict[str, object]:
    return {"n": base.n, "median": base.median, "up": base.up}


def events_csv(events: Sequence[AlertEvent]) -> str:
    """A line an event, as `--json` has them; the values in one cell, as JSON."""
    rows = [event_values(event) for event in events]
    return table(EVENT_COLUMNS, [[cell(row[column]) for column in EVENT_COLUMNS] for row in rows])


def rules_csv(rules: Sequence[Stat]) -> str:
    """A line for each rule and outcome; one that has none has a line too."""
    return table(RULE_COLUMNS, [row for found in rules for row in _rows(found)])


def _rows(found: Stat) -> Iterator[list[str]]:
    values = rule_values(found)
    miss = found.miss
    nearest = [miss.session, {each.text: value for each, value in miss.values}] if miss is not None else [None, None]
    first = [*(cell(values[column]) for column in RULE_COLUMNS[:11]), *map(cell, nearest)]
    outcomes = [each for each in found.evidence.outcomes if each.base.n]
    for each in outcomes:
        same: tuple[object, ...] = (None,) * 3 if each.same is None else (each.same.n, each.same.median, each.same.up)
        told = (
            each.instrument, each.horizon, each.n, each.effective, each.median, each.low, each.high, each.ups,
            each.worst, each.best, each.base.n, each.base.median, each.base.up, *same, str(each.finding),
        )  # fmt: skip
        yield [*first, *map(cell, told)]
    if not outcomes:
        yield [*first, *[""] * (len(RULE_COLUMNS) - len(first))]


@contextmanager
def shown(what: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A bar of how many of `total` are done, where somebody looks on."""
    with tqdm(
        desc=what, total=total, unit=f" {unit}", leave=False, file=sys.stderr, disable=not sys.stderr.isatty()
    ) as bar:

        def told(more: int) -> None:
            bar.update(more)

        yield told
