"""Walk-forward: the best of each training, and what it did in the test that followed it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.tuning.market import Market
from bot.tuning.measure import Fold, Rows, joined, score
from bot.tuning.surface import Point, greatest
from rules.evidence import Outcome, Past, outcome


@dataclass(frozen=True)
class Period:
    """The first and the last session of something; None of no rows."""

    first: dt.date | None
    last: dt.date | None


@dataclass(frozen=True)
class Forward:
    """One step forward: the variant that was best in training (None where none had firings enough), its score there,
    and what followed its firings in the test, beside those of the rule as it is.
    """

    train: Period
    test: Period
    chosen: Point | None
    score: float
    tested: Outcome | None
    as_is: Outcome


@dataclass(frozen=True)
class Walk:
    """All steps; what followed when always the best of the past was taken (`pooled`, None where there never was one),
    and what followed the rule as it is over the same tests.
    """

    steps: tuple[Forward, ...]
    pooled: Outcome | None
    as_is: Outcome


def walk(market: Market, folds: Sequence[Fold], points: Sequence[Point], pasts: Sequence[Past], *, up: bool) -> Walk:
    """`points` and `pasts` are those of all variants, and last those of the rule as it is."""
    scores = [[score(each.measured.trained[at], up=up) for each in points[:-1]] for at in range(len(folds))]
    chosen = [greatest(each) for each in scores]
    steps = [
        Forward(
            train=period(market, fold.train),
            test=period(market, fold.test),
            chosen=None if best is None else points[best],
            score=math.nan if best is None else scores[at][best],
            tested=None if best is None else points[best].measured.tested[at],
            as_is=points[-1].measured.tested[at],
        )
        for at, (fold, best) in enumerate(zip(folds, chosen, strict=True))
    ]
    taken = [(fold.test, best) for fold, best in zip(folds, chosen, strict=True) if best is not None]
    pooled = _of(market, [(pasts[best], test) for test, best in taken]) if taken else None
    tests = [test for test, _ in taken] or [fold.test for fold in folds]
    return Walk(tuple(steps), pooled, _of(market, [(pasts[-1], test) for test in tests]))


def period(market: Market, rows: Rows) -> Period:
    """The sessions of rows."""
    first, stop = rows
    clock = market.panel.clock
    return Period(clock.session(first), clock.session(stop - 1)) if stop > first else Period(None, None)


def _of(market: Market, taken: Sequence[tuple[Past, Rows]]) -> Outcome:
    return outcome(joined(taken), market.moves, np.full(len(market.regimes), np.nan))
