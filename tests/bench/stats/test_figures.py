"""Metrics on alarms written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bot.tuning.worlds.found import CENSORED
from bot.tuning.worlds.pairs import CHANGE, ROWS, WARMUP, YEAR
from rules.bars import Bools
from tests.bench.stats.figures import (
    Told,
    balanced_accuracy,
    entries_a_year,
    flips_a_year,
    flips_per_true_one,
    long_delay,
    long_exit,
    median_delay,
    median_exit,
    median_wait,
    missed,
    pooled,
    share_firing,
    share_silent,
)

YEARS = (ROWS - WARMUP) / YEAR


def fires(*spells: tuple[int, int]) -> Bools:
    """A path that fires from the first row of each spell up to and without its second."""
    rows = np.zeros((ROWS, 1), dtype=bool)
    for first, stop in spells:
        rows[first:stop] = True
    return rows


def told(*paths: Bools, truth: Bools | None = None) -> Told:
    """Paths side by side, by default of a world where nothing is true."""
    return pooled(Told(path, np.zeros_like(path) if truth is None else truth) for path in paths)


def late(*rows: int) -> Told:
    """A path for each number of rows after the change from which on it fires."""
    return told(*(fires((CHANGE + row, ROWS)) for row in rows))


def test_a_year_is_252_rows_after_the_warm_up() -> None:
    assert entries_a_year(told(fires((400, 410), (900, 901)))) == pytest.approx(2 / YEARS)
    assert entries_a_year(told(fires((400, 410)), fires())) == pytest.approx(0.5 / YEARS)


def test_an_entry_in_the_warm_up_does_not_count_and_its_end_after_it_is_one_flip() -> None:
    early = told(fires((WARMUP - 5, WARMUP + 5)))
    assert entries_a_year(early) == 0
    assert flips_a_year(early) == pytest.approx(1 / YEARS)


def test_an_entry_on_the_first_row_after_the_warm_up_counts() -> None:
    assert entries_a_year(told(fires((WARMUP, WARMUP + 1)))) == pytest.approx(1 / YEARS)


def test_a_spell_is_two_flips_and_one_still_open_is_one() -> None:
    assert flips_a_year(told(fires((400, 410), (1990, ROWS)))) == pytest.approx(3 / YEARS)


def test_a_path_is_silent_where_no_row_after_the_warm_up_fires() -> None:
    quiet, since_the_warm_up, late_one = fires((0, WARMUP)), fires((0, WARMUP + 1)), fires((1999, ROWS))
    assert share_silent(told(quiet)) == 1
    assert share_silent(told(quiet, since_the_warm_up, late_one, fires())) == 0.5


def test_the_share_of_rows_is_of_those_after_the_warm_up_on_all_paths() -> None:
    assert share_firing(told(fires((0, WARMUP + 175)), fires())) == pytest.approx(0.05)


def test_an_alarm_in_the_row_of_the_change_has_a_delay_of_nothing() -> None:
    assert median_delay(late(0)) == 0


def test_delays_are_counted_in_rows_and_a_tenth_may_take_longer_than_the_long_one() -> None:
    several = late(*range(10, 21))
    assert median_delay(several) == 15
    assert long_delay(several) == 19
    assert missed(several) == 0


def test_a_change_found_too_late_is_missed_and_counts_with_the_longest_delay() -> None:
    some = late(0, CENSORED - 1, CENSORED, 900)
    assert missed(some) == 0.5
    assert median_delay(some) == CENSORED - 0.5
    assert long_delay(some) == CENSORED


def test_a_path_already_inside_when_the_change_comes_is_left_out() -> None:
    inside, found = fires((CHANGE - 1, ROWS)), fires((CHANGE + 30, ROWS))
    assert median_delay(told(inside, found)) == 30
    assert np.isnan(median_delay(told(inside)))
    assert np.isnan(missed(told(inside)))


def test_a_path_that_was_inside_and_left_before_the_change_is_not_left_out() -> None:
    assert median_delay(told(fires((400, CHANGE - 1), (CHANGE + 7, ROWS)))) == 7


def test_an_exit_is_late_by_the_rows_until_the_alarm_ends_and_a_path_outside_is_left_out() -> None:
    leaving = [fires((500, CHANGE + row)) for row in range(10, 21)]
    outside = fires((500, CHANGE - 1))
    assert median_exit(told(*leaving, outside)) == 15
    assert long_exit(told(*leaving, outside)) == 19


def test_an_instant_before_the_change_leaves_no_path_out() -> None:
    assert median_wait(told(fires((CHANGE - 1, CHANGE), (CHANGE + 12, CHANGE + 13)))) == 12
    assert median_wait(told(fires((CHANGE, CHANGE + 1)))) == 0


def test_balanced_accuracy_gives_both_sides_one_half_however_rare_one_is() -> None:
    truth = fires((1000, 1100))
    assert balanced_accuracy(told(fires((1000, 1100)), truth=truth)) == 1
    assert balanced_accuracy(told(fires(), truth=truth)) == 0.5
    assert balanced_accuracy(told(fires((1000, 1050)), truth=truth)) == 0.75
    assert balanced_accuracy(told(~truth, truth=truth)) == 0


def test_balanced_accuracy_pools_the_rows_of_all_paths_and_forgets_the_warm_up() -> None:
    often, seldom = Told(fires((500, 700)), fires((500, 700))), Told(fires(), fires((500, 600)))
    assert balanced_accuracy(pooled([often, seldom])) == pytest.approx((200 / 300 + 1) / 2)
    early = Told(fires((0, WARMUP)), fires((500, 700)))
    assert balanced_accuracy(early) == 0.5


def test_balanced_accuracy_needs_both_sides() -> None:
    assert np.isnan(balanced_accuracy(told(fires())))


def test_flips_are_held_against_the_true_ones() -> None:
    truth = fires((500, 700), (900, ROWS))
    assert flips_per_true_one(told(truth, truth=truth)) == 1
    assert flips_per_true_one(told(fires((500, 600), (610, 700)), truth=truth)) == pytest.approx(4 / 3)
    assert np.isnan(flips_per_true_one(told(fires())))
