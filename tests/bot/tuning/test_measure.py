"""Training and test: what is known of which, and outcomes that are shifted in time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from bot.tuning.market import market_of
from bot.tuning.measure import SHIFTS, Judge, folds_of, joined, judge, score, shifts_of, within
from rules.evidence import Past, outcome
from rules.outcomes import followed
from tests.bot.tuning.tuned import DIP, compiled, market
from tests.rules.markets import SCOPE, same_bits


def past(*rows: int, known: tuple[int, int] = (0, 100)) -> Past:
    is_known = np.zeros(100, bool)
    is_known[slice(*known)] = True
    return Past(np.array(rows, np.int64), is_known, np.empty(0, np.int64), by_closes=False)


def test_tests_follow_one_another_and_each_is_trained_on_what_was_over_before_it() -> None:
    folds = folds_of((10, 110), 4, horizon=7)
    assert [fold.test for fold in folds] == [(30, 50), (50, 70), (70, 90), (90, 110)]
    assert [fold.train for fold in folds] == [(10, 23), (10, 43), (10, 63), (10, 83)]
    assert all(fold.train[1] - 1 + 7 < fold.test[0] for fold in folds)


def test_a_horizon_longer_than_the_first_part_leaves_no_training() -> None:
    assert folds_of((0, 40), 3, horizon=30)[0].train == (0, 0)


def test_within_rows_nothing_else_is_known() -> None:
    part = within(past(3, 10, 19, 20, known=(5, 90)), (10, 20))
    assert part.rows.tolist() == [10, 19]
    assert np.flatnonzero(part.is_known).tolist() == list(range(10, 20))


def test_pasts_of_several_variants_join_to_one() -> None:
    both = joined([(past(3, 12), (0, 10)), (past(4, 11, 30), (10, 20))])
    assert both.rows.tolist() == [3, 11]
    assert np.flatnonzero(both.is_known).tolist() == list(range(20))


def test_shifted_outcomes_are_the_same_ones_elsewhere() -> None:
    panel = market(200)
    (moves,) = followed(panel, "RUT", (5,))
    shifted = shifts_of(moves, (20, 200))
    assert len(shifted) == SHIFTS
    for each in shifted:
        assert np.isnan(each.end[:20]).all()
        assert np.isnan(each.end[195:]).all()
        assert not same_bits(each.end, moves.end)
        assert sorted(each.end[20:195]) == sorted(moves.end[20:195])
    assert all(same_bits(one.end, other.end) for one, other in zip(shifted, shifts_of(moves, (20, 200)), strict=True))


def test_a_span_without_outcomes_cannot_be_shifted() -> None:
    (moves,) = followed(market(30), "RUT", (20,))
    assert shifts_of(moves, (0, 30)) == ()
    assert shifts_of(moves, (25, 30)) == ()


def test_the_score_is_what_the_interval_is_above_or_below_the_base() -> None:
    panel = market(900)
    (moves,) = followed(panel, "RUT", (5,))
    spec = Judge((DIP,))
    (found,) = judge(spec, market_of(panel, SCOPE, [compiled(DIP)], "RUT", 5))
    of = outcome(found, moves, np.full(len(panel), np.nan))
    assert score(of, up=True) == of.low - of.base.median
    assert score(of, up=False) == of.base.median - of.high
    few = outcome(within(found, (0, 100)), moves, np.full(len(panel), np.nan))
    assert few.effective < 5
    assert math.isnan(score(few, up=True))


def test_the_market_that_is_handed_on_holds_what_the_rules_read() -> None:
    from tests.rules.markets import market as drawn

    panel = drawn(3)
    handed = market_of(panel, SCOPE, [compiled(DIP)], "SPX", 5)
    assert list(handed.panel.columns) == ["RUT"]
    assert not handed.panel.hours
    (moves,) = followed(panel, "SPX", (5,))
    assert same_bits(handed.moves.end, moves.end)


@pytest.mark.parametrize("count", [1, 5, 20])
def test_every_row_after_the_first_part_is_tested_once(count: int) -> None:
    tested = [row for fold in folds_of((7, 507), count, 3) for row in range(*fold.test)]
    assert tested == list(range(tested[0], 507))
