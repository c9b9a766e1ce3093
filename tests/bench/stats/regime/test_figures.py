"""Metrics on labels written down by hand."""

from __future__ import annotations

import numpy as np
import pytest

from bot.tuning.worlds.found import SHORTEST
from bot.tuning.worlds.pairs import ROWS, YEAR
from bot.tuning.worlds.regime import NEUTRAL, OFF, ON, WARMUP
from rules.bars import Ints
from tests.bench.stats.regime.figures import (
    EXCUSED,
    Told,
    accuracy_of_all,
    accuracy_of_off,
    delays,
    false_entries_a_year,
    flips_a_year,
    long_delay,
    median_delay,
    missed,
    pooled,
)

YEARS = (ROWS - WARMUP) / YEAR


def off(*spells: tuple[int, int]) -> Ints:
    """A path that is RISK_OFF from the first row of each spell up to and without its second, else NEUTRAL."""
    rows = np.full((ROWS, 1), NEUTRAL)
    for first, stop in spells:
        rows[first:stop] = OFF
    return rows


def told(label: Ints, truth: Ints | None = None) -> Told:
    """A path, by default of a world where nothing happens."""
    return Told(label.astype(np.float64), off() if truth is None else truth)


def test_a_spell_is_told_after_so_many_rows_and_0_says_in_its_first() -> None:
    truth = off((800, 840), (1000, 1040), (1200, 1240))
    assert delays(told(off((800, 850), (1007, 1030), (1210, 1260)), truth)).tolist() == [0, 7, 10]


def test_an_alarm_in_force_when_the_spell_begins_has_a_delay_of_nothing() -> None:
    assert delays(told(off((790, 810)), off((800, 840)))).tolist() == [0]


def test_a_spell_is_missed_where_risk_off_is_on_none_of_its_rows_and_counts_with_its_length() -> None:
    truth = off((800, 840), (1000, 1020))
    early_and_late = told(off((780, 800), (1020, 1100)), truth)
    assert missed(early_and_late) == 1
    assert delays(early_and_late).tolist() == [40, 20]
    assert missed(told(off((839, 900)), truth)) == 0.5


def test_median_and_p90_are_over_the_spells_of_all_paths() -> None:
    several = pooled(told(off((800 + late, 900)), off((800, 900))) for late in range(11))
    assert median_delay(several) == 5
    assert long_delay(several) == 9
    assert missed(several) == 0


def test_a_spell_that_begins_in_the_warm_up_is_scored_on_its_rows_after_it() -> None:
    truth = off((WARMUP - 30, WARMUP + 20))
    assert delays(told(off((WARMUP - 10, WARMUP)), truth)).tolist() == [20]
    assert delays(told(off((WARMUP - 10, WARMUP + 1)), truth)).tolist() == [0]
    assert len(delays(told(off(), off((WARMUP - 30, WARMUP))))) == 0


def test_a_spell_with_fewer_than_five_rows_after_the_warm_up_is_not_scored() -> None:
    short = off((WARMUP - 30, WARMUP + SHORTEST - 1), (ROWS - SHORTEST + 1, ROWS))
    assert len(delays(told(off(), short))) == 0
    assert np.isnan(median_delay(told(off(), short)))
    assert np.isnan(missed(told(off(), short)))
    assert delays(told(off(), off((ROWS - SHORTEST, ROWS)))).tolist() == [SHORTEST]


def test_an_entry_is_false_outside_a_true_spell_and_the_ten_rows_after_it() -> None:
    truth = off((800, 840))
    for first in (800, 839, 840, 840 + EXCUSED - 1):
        assert false_entries_a_year(told(off((first, first + 3)), truth)) == 0
    for first in (799, 840 + EXCUSED):
        assert false_entries_a_year(told(off((first, first + 3)), truth)) == pytest.approx(1 / YEARS)


def test_an_alarm_that_only_goes_on_is_no_entry_and_one_in_the_warm_up_does_not_count() -> None:
    truth = off((800, 840))
    assert false_entries_a_year(told(off((830, 1500)), truth)) == 0
    assert false_entries_a_year(told(off((WARMUP - 1, 700)), truth)) == 0
    assert false_entries_a_year(told(off((WARMUP, 700)), truth)) == pytest.approx(1 / YEARS)


def test_a_spell_that_ends_with_the_warm_up_excuses_the_rows_after_it() -> None:
    truth = off((WARMUP - 30, WARMUP))
    assert false_entries_a_year(told(off((WARMUP + EXCUSED - 1, 700)), truth)) == 0
    assert false_entries_a_year(told(off((WARMUP + EXCUSED, 700)), truth)) > 0


def test_flips_are_changes_of_risk_off_against_the_rest() -> None:
    label = off((700, 720), (1990, ROWS))
    label[900:1000] = ON
    assert flips_a_year(told(label)) == pytest.approx(3 / YEARS)


def test_balanced_accuracy_gives_each_state_the_same_weight_however_rare_it_is() -> None:
    truth = off((800, 840))
    truth[1000:1100] = ON
    label = off((800, 820))
    assert accuracy_of_off(told(label, truth)) == pytest.approx((0.5 + 1) / 2)
    assert accuracy_of_all(told(label, truth)) == pytest.approx((0.5 + 1 + 0) / 3)
    assert accuracy_of_all(told(truth, truth)) == accuracy_of_off(told(truth, truth)) == 1


def test_balanced_accuracy_pools_the_rows_of_all_paths_and_forgets_the_warm_up() -> None:
    whole, half = told(off((800, 1000)), off((800, 1000))), told(off(), off((800, 900)))
    assert accuracy_of_off(pooled([whole, half])) == pytest.approx((200 / 300 + 1) / 2)
    assert accuracy_of_off(told(off((0, WARMUP)), off((800, 900)))) == 0.5


def test_balanced_accuracy_needs_a_row_of_each_state() -> None:
    assert np.isnan(accuracy_of_off(told(off())))


def test_a_detector_that_knows_risk_off_alone_is_not_asked_about_the_other_states() -> None:
    alone = Told(np.where(off((800, 840)) == OFF, OFF, np.nan), off((800, 840)))
    assert np.isnan(accuracy_of_all(alone))
    assert accuracy_of_off(alone) == 1
    assert flips_a_year(alone) == pytest.approx(2 / YEARS)
