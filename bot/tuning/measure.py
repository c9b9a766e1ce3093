"""The tasks on real history: where variants fired, and what followed in training and in test.

Each is a pure function of a spec and the market, and of nothing else: who computes it, and in what order, is no matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from bot.tuning.market import Market
from rules.bars import Floats
from rules.evaluation import evaluate
from rules.evidence import Outcome, Past, outcome, past_of
from rules.language.compile import compile_rule
from rules.model import Rule
from rules.outcomes import Followed
from rules.splitmix import splitmix64

SHIFTS = 19
"""How often outcomes are shifted in time, to see what the best of as many variants is by chance: if none does as well,
chance does so in one of twenty."""

Rows = tuple[int, int]
"""[first, stop)"""


@dataclass(frozen=True)
class Fold:
    """A test period, and the training that was known before it began. Every outcome of `train` had ended by then."""

    train: Rows
    test: Rows


@dataclass(frozen=True)
class Judge:
    """Rules to be folded over history."""

    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Measure:
    """Where variants fired, to be measured over rows `span` and over each of `folds`; `up` as rises or as falls."""

    pasts: tuple[Past, ...]
    span: Rows
    folds: tuple[Fold, ...]
    up: bool


@dataclass(frozen=True)
class Measured:
    """What followed a variant's firings over the whole span (`whole`), and of each fold in training and in test.

    `chance` are the scores that it would have over the span with outcomes shifted in time, NaN as `score` is.
    """

    firings: int
    whole: Outcome
    trained: tuple[Outcome, ...]
    tested: tuple[Outcome, ...]
    chance: tuple[float, ...]


def judge(spec: Judge, market: Market) -> tuple[Past, ...]:
    """Each rule's past over all rows of the market."""
    rules = [compile_rule(rule, market.scope) for rule in spec.rules]
    columns = evaluate([node for rule in rules for node in (rule.when, rule.clear)], market.panel).columns
    return tuple(past_of(rule, market.panel, columns) for rule in rules)


def measure(spec: Measure, market: Market) -> tuple[Measured, ...]:
    """What followed each variant's firings."""
    shifted = shifts_of(market.moves, spec.span)
    return tuple(_measured(past, spec, market, shifted) for past in spec.pasts)


def _measured(past: Past, spec: Measure, market: Market, shifted: Sequence[Followed]) -> Measured:
    unknown = np.full(len(market.regimes), np.nan)
    whole = within(past, spec.span)
    return Measured(
        firings=len(whole.rows),
        whole=outcome(whole, market.moves, market.regimes),
        trained=tuple(outcome(within(past, fold.train), market.moves, unknown) for fold in spec.folds),
        tested=tuple(outcome(within(past, fold.test), market.moves, unknown) for fold in spec.folds),
        chance=tuple(score(outcome(whole, moves, unknown), up=spec.up) for moves in shifted),
    )


def score(of: Outcome, *, up: bool) -> float:
    """How much better than all sessions the median outcome is at the least, as a share: the near end of its 90 %
    interval against the base rate, counted in the direction that is hoped for.

    A median of few firings has a wide interval, so luck that is thin scores low. NaN with fewer than five effective
    outcomes: nothing may be chosen by them.
    """
    return of.low - of.base.median if up else of.base.median - of.high


def within(past: Past, rows: Rows) -> Past:
    """A past as if nothing else were known than these rows."""
    first, stop = rows
    known = np.zeros_like(past.is_known)
    known[first:stop] = past.is_known[first:stop]
    return replace(past, rows=past.rows[(past.rows >= first) & (past.rows < stop)], is_known=known)


def joined(pasts: Sequence[tuple[Past, Rows]]) -> Past:
    """One past out of several, each of rows of its own that follow one another."""
    parts = [within(past, rows) for past, rows in pasts]
    known = np.logical_or.reduce([part.is_known for part in parts])
    rows = np.concatenate([part.rows for part in parts])
    return Past(rows, known, np.empty(0, np.int64), parts[0].by_closes)


def folds_of(span: Rows, count: int, horizon: int) -> tuple[Fold, ...]:
    """`count` test periods of equal length after a first part that only trains; each is trained on all before it but
    the `horizon` rows whose outcomes would reach into it. (Lopez de Prado 2018, chapter 7)
    """
    first, stop = span
    edges = [first + (stop - first) * part // (count + 1) for part in range(1, count + 2)]
    return tuple(Fold((first, max(first, start - horizon)), (start, end)) for start, end in pairwise(edges))


def shifts_of(moves: Followed, span: Rows) -> tuple[Followed, ...]:
    """The outcomes of a span, turned round in time by amounts that look like chance.

    What follows what stays as it is, so that outcomes overlap and come in clusters as they did; only the firings are
    others'. Offsets are a horizon away from none at least.
    """
    first, stop = span
    known = np.flatnonzero(~np.isnan(moves.end[first:stop]))
    stop = first + int(known[-1]) + 1 if len(known) else first
    room = stop - first - 2 * moves.horizon
    if room < 1:
        return ()
    offsets = moves.horizon + (splitmix64(SHIFTS) % np.uint64(room)).astype(np.int64)
    return tuple(replace(moves, end=_turned(moves.end, first, stop, int(offset))) for offset in offsets)


def _turned(ends: Floats, first: int, stop: int, offset: int) -> Floats:
    out = np.full(len(ends), math.nan)
    out[first:stop] = np.roll(ends[first:stop], offset)
    return out
