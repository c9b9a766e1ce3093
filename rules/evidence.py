"""How a rule did: when it fired, what followed, and what followed all other sessions.

All of it is of a panel: `panel[: row + 1]` gives what could be known when that row closed, so an alert is never told
the outcome of a firing whose horizon had not passed.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rules.bars import DAY, Bools, Floats, Ints
from rules.columns import Node
from rules.course import firing_rows
from rules.evaluation import evaluate
from rules.language.compile import CompiledRule
from rules.model import XNYS, Basis, Instrument, Kind, Timing
from rules.outcomes import HORIZONS, Followed, followed
from rules.panel import Panel
from rules.regime.filter import STATES
from rules.regime.label import label
from rules.resampling import blocks, effective_size, median_interval

MOST_OWN = 3
"""Of a basket that decides: what followed in all eight of its members says little more."""

_YEAR = 365.25

LEAST = 5
"""Outcomes, effective ones too, under which nothing is claimed."""

Columns = Mapping[Node, Floats]


class Finding(enum.StrEnum):
    """What may be said of outcomes against the base rate."""

    TOO_FEW = "too few"
    NO_EDGE = "no edge seen"
    OF_THE_REGIME = "no edge beyond the regime"
    ABOVE = "above"
    BELOW = "below"


@dataclass(frozen=True)
class Past:
    """A rule over a panel: `rows` on which it fired, where it `is_known` whether it holds, for how many rows each of
    its alerts that are over lasted (`spells`). `by_closes` says that a rule on trades was judged on closes, where
    polls count nothing.
    """

    rows: Ints
    is_known: Bools
    spells: Ints
    by_closes: bool

    @property
    def first(self) -> int | None:
        """The first row on which it could have fired; None without one."""
        return int(np.argmax(self.is_known)) if self.is_known.any() else None

    def since(self, row: int) -> Past:
        """The same from a row on, as if nothing was looked at before; an alert that was firing then is left out."""
        before = int(np.searchsorted(self.rows, row))
        is_known = self.is_known & (np.arange(len(self.is_known)) >= row)
        return Past(self.rows[before:], is_known, self.spells[before:], self.by_closes)


@dataclass(frozen=True)
class Base:
    """What followed sessions: how many (`n`), the median return, and the share of them that ended `up`."""

    n: int
    median: float
    up: float


@dataclass(frozen=True)
class Outcome:
    """What followed the firings of a rule: one instrument, one horizon in rows of the rule's clock.

    `n` firings have a known outcome, and say as much as `effective` that share no session. `median`, `worst` and `best`
    are medians of the returns and of the worst and best closes on the way, as shares; `ups` ended higher. `low` and
    `high` bound the median with 90 %. NaN where there is none: without any outcome, of the interval under `LEAST`.
    `base` is of all sessions on which the rule could have fired; `same` of sessions in the regimes of its firings, as
    often each, None where no regime is known.
    """

    instrument: str
    horizon: int
    n: int
    effective: float
    median: float
    ups: int
    low: float
    high: float
    worst: float
    best: float
    base: Base
    same: Base | None

    @property
    def finding(self) -> Finding:
        """What may be claimed. An interval that covers a base rate claims nothing."""
        if self.n < LEAST or math.isnan(self.low):
            return Finding.TOO_FEW
        sides = [_side(self, base) for base in (self.base, self.same) if base is not None and base.n]
        if not sides[0]:
            return Finding.NO_EDGE
        if sides[-1] != sides[0]:
            return Finding.OF_THE_REGIME
        return Finding.ABOVE if sides[0] > 0 else Finding.BELOW


@dataclass(frozen=True)
class Evidence:
    """How a rule did from session `since`, the first on which it could have fired, to `through`, over so many `years`.

    `fired` are the sessions on which it did. `spell` is the median number of rows that its alerts lasted, NaN where
    none is over. `since` is None where it never could have fired.
    """

    rule: str
    fired: tuple[dt.date, ...]
    since: dt.date | None
    through: dt.date | None
    years: float
    spell: float
    outcomes: tuple[Outcome, ...]
    by_closes: bool

    @property
    def a_year(self) -> float:
        """Firings a year; NaN where it never could have fired."""
        return len(self.fired) / self.years if self.years else math.nan

    def of(self, instrument: str, horizon: int) -> Outcome | None:
        """What followed in one instrument after so many rows; None where that was not looked at."""
        found = (each for each in self.outcomes if (each.instrument, each.horizon) == (instrument, horizon))
        return next(found, None)


def past_of(rule: CompiledRule, panel: Panel, columns: Columns | None = None) -> Past:
    """A rule over all rows of a panel of closes, whenever it was made. `columns` may hold its conditions, of as many
    rows as the panel has.
    """
    known = columns if columns is not None else evaluate([rule.when, rule.clear], panel).columns
    when, clear = known[rule.when], known[rule.clear]
    by_closes = rule.rule.basis is Basis.TICK
    timing = Timing() if by_closes else rule.rule.timing
    firing, is_known = firing_rows(timing, when, clear)
    turns = np.diff(firing.astype(np.int8), prepend=0)
    fired, ended = np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
    return Past(fired, is_known, ended - fired[: len(ended)], by_closes)


def evidence_of(
    rule: CompiledRule,
    panel: Panel,
    instruments: Sequence[str],
    horizons: Sequence[int] = HORIZONS,
    columns: Columns | None = None,
    moves: Mapping[str, Sequence[Followed]] | None = None,
    first_row: int = 0,
) -> Evidence:
    """How a rule did on a panel of its calendar's closes, and what followed in each of `instruments`.

    `columns` may hold what it needs (`nodes_of`), of as many rows as the panel has, and `moves` what followed each row
    in each of the instruments after `horizons`. What fired before `first_row` is not counted, nor are the sessions
    before it, though the rule remembers them.
    """
    known = columns if columns is not None else evaluate(nodes_of(rule), panel).columns
    past = past_of(rule, panel, known).since(first_row)
    regimes = known[label()] if rule.calendar == XNYS else np.full(len(panel), np.nan)
    after = {name: followed(panel, name, horizons) for name in instruments} if moves is None else moves
    first = past.first
    days = 0 if first is None else int((panel.clock.closes[-1] - panel.clock.closes[first]) // DAY)
    return Evidence(
        rule=rule.rule.id,
        fired=tuple(panel.clock.session(row) for row in past.rows.tolist()),
        since=None if first is None else panel.clock.session(first),
        through=panel.clock.session(len(panel) - 1) if len(panel) else None,
        years=days / _YEAR,
        spell=float(np.median(past.spells)) if len(past.spells) else math.nan,
        outcomes=tuple(outcome(past, each, regimes) for name in instruments for each in after[name]),
        by_closes=past.by_closes,
    )


def evidence_of_all(
    asked: Sequence[tuple[CompiledRule, Sequence[str]]],
    panel: Panel,
    horizons: Sequence[int] = HORIZONS,
    columns: Columns | None = None,
) -> list[Evidence]:
    """The evidence of many rules of one calendar, each with the instruments looked at after it: bit for bit what
    `evidence_of` says of each, in a fraction of the time, since what they share is computed once.
    """
    if columns is None:
        columns = evaluate([node for rule, _ in asked for node in nodes_of(rule)], panel).columns
    names = dict.fromkeys(name for _, instruments in asked for name in instruments)
    moves = {name: followed(panel, name, horizons) for name in names}
    return [evidence_of(rule, panel, instruments, horizons, columns, moves) for rule, instruments in asked]


def nodes_of(rule: CompiledRule) -> tuple[Node, ...]:
    """The columns that evidence of a rule is made from."""
    return (rule.when, rule.clear, *([label()] if rule.calendar == XNYS else []))


def outcome(past: Past, moves: Followed, regimes: Floats) -> Outcome:
    """What followed a rule's firings and all sessions. `regimes` are labels (STATES) by row, NaN where none."""
    rows = past.rows[~np.isnan(moves.end[past.rows])]
    ends, groups = moves.end[rows], blocks(rows, moves.horizon)
    size = min(effective_size(rows, moves.horizon), float(groups[-1] + 1) if len(groups) else 0.0)
    low, high = median_interval(ends, groups, size) if size >= LEAST else (math.nan, math.nan)
    looked_at = past.is_known & ~np.isnan(moves.end)
    return Outcome(
        instrument=moves.instrument,
        horizon=moves.horizon,
        n=len(rows),
        effective=size,
        median=_median(ends),
        ups=int((ends > 0).sum()),
        low=low,
        high=high,
        worst=_median(moves.worst[rows]),
        best=_median(moves.best[rows]),
        base=_base(moves.end[looked_at]),
        same=_same(moves.end, rows, looked_at, regimes),
    )


def subjects(rule: CompiledRule, known: Mapping[str, Instrument], beside: Sequence[str]) -> tuple[str, ...]:
    """Whose prices are looked at after a rule's firings: the first `MOST_OWN` of its own that can be held, then those
    in `beside`. Nobody holds a volatility index.
    """
    own = [name for name in rule.instruments if name in known and known[name].kind is not Kind.VOLATILITY]
    return tuple(dict.fromkeys((*own[:MOST_OWN], *beside)))


def _base(ends: Floats) -> Base:
    return Base(len(ends), _median(ends), float((ends > 0).mean()) if len(ends) else math.nan)


def _same(ends: Floats, rows: Ints, looked_at: Bools, regimes: Floats) -> Base | None:
    """Sessions in the regimes of the firings, each regime as often as it was the firings'. (Direct standardisation)"""
    of_firings = regimes[rows][~np.isnan(regimes[rows])]
    weight = np.zeros(len(ends))
    for state in range(len(STATES)):
        there = looked_at & (regimes == state)
        weight[there] = (of_firings == state).sum() / max(1, there.sum())
    counted = weight > 0
    if not counted.any():
        return None
    values, weights = ends[counted], weight[counted] / weight[counted].sum()
    return Base(int(counted.sum()), _weighted_median(values, weights), float(weights[values > 0].sum()))


def _weighted_median(values: Floats, weights: Floats) -> float:
    """The value with half of the weight on either side, half way between two where it falls between them."""
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weights[order])
    half = 0.5 - _ROUNDING
    low, high = (int(np.searchsorted(below, at)) for at in (half, 0.5 + _ROUNDING))
    return float(values[order[low]] + values[order[min(high, len(values) - 1)]]) / 2.0


_ROUNDING = 1e-12
"""Sums of weights that should be a half."""


def _median(values: Floats) -> float:
    return float(np.median(values)) if len(values) else math.nan


def _side(of: Outcome, base: Base) -> int:
    """On which side of a base rate the interval lies; 0 where it covers it."""
    return (of.low > base.median) - (of.high < base.median)
