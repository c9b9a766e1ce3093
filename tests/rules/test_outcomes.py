"""What followed a row: the number that `ret` has later, the worst and the best on the way, and nothing too early."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.outcomes import HORIZONS, followed
from tests.rules.markets import column, market, relinked, written

seeds = st.integers(0, 2**32 - 1)


@given(seeds)
def test_an_outcome_is_the_return_that_a_rule_reads_later_to_the_last_bit(seed: int) -> None:
    panel = market(seed, 120)
    for name in ("RUT", "SOL"):
        for each in followed(panel, name):
            later = column(f"ret({name}, {each.horizon})", panel)[each.horizon :]
            np.testing.assert_array_equal(each.end[: len(panel) - each.horizon], later)
            assert np.isnan(each.end[len(panel) - each.horizon :]).all()


@given(seeds)
def test_the_worst_and_the_best_lie_round_the_outcome(seed: int) -> None:
    for each in followed(market(seed, 120), "RUT"):
        known = ~np.isnan(each.end)
        assert (each.worst[known] <= each.end[known]).all()
        assert (each.best[known] >= each.end[known]).all()
        assert (np.isnan(each.worst) == ~known).all()
        assert (np.isnan(each.best) == ~known).all()


@given(seeds, st.integers(30, 110))
def test_what_is_known_of_an_outcome_does_not_depend_on_what_comes_after(seed: int, stop: int) -> None:
    panel = market(seed, 120)
    for whole, cut in zip(followed(panel, "RUT"), followed(panel[:stop], "RUT"), strict=True):
        for name in ("end", "worst", "best"):
            early, late = getattr(cut, name), getattr(whole, name)[:stop]
            there = ~np.isnan(early)
            np.testing.assert_array_equal(early[there], late[there])
            assert not there[max(0, stop - whole.horizon) :].any()


def test_what_followed_is_what_one_counts_by_hand() -> None:
    panel = written(RUT="100 90 120 110 . 130")
    one, two, three = followed(panel, "RUT", (1, 2, 3))
    assert one.end[:3] == pytest.approx([-0.1, 1 / 3, 110 / 120 - 1])
    assert np.isnan(one.end[3:]).all()
    assert two.end[:2] == pytest.approx([0.2, 110 / 90 - 1])
    assert (two.worst[0], two.best[0]) == pytest.approx((-0.1, 0.2))
    assert three.end[0] == pytest.approx(0.1)
    assert (three.worst[0], three.best[0]) == pytest.approx((-0.1, 0.2))
    assert np.isnan(three.end[1]), "the close at its end is missing"
    assert three.end[2] == pytest.approx(130 / 120 - 1)
    assert three.worst[2] == pytest.approx(110 / 120 - 1), "a gap on the way is passed over"


def test_a_change_of_venue_is_no_gain() -> None:
    panel = relinked(written(SOL="100 100 200 200"), "SOL", 2, 2.0)
    assert followed(panel, "SOL", (1, 2))[1].end[:2] == pytest.approx([0.0, 0.0])


def test_nothing_is_known_of_what_has_no_bars_and_on_no_rows() -> None:
    panel = written(RUT="100 101 102")
    assert all(np.isnan(each.end).all() for each in followed(panel, "SOL"))
    assert [len(each.end) for each in followed(panel[:0], "RUT")] == [0] * len(HORIZONS)
