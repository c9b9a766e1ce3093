"""Twenty seeds of lies about real history; the short of it is tests/acceptance/test_corruption.py."""

from __future__ import annotations

import pytest

from tests.acceptance.corruption import Truth, table, trial

pytestmark = [pytest.mark.soak, pytest.mark.shared_data]

SEEDS = range(20)


def test_of_fifty_thousand_lies_hardly_one_makes_a_rule_say_what_does_not_follow() -> None:
    """A lie that goes the way of a true crash, or no further than a usual move, cannot be told from the truth by one
    source: it may move an event by a session. So few do that they are counted."""
    truth = Truth()
    trials = {seed: trial(truth, seed) for seed in SEEDS}
    print(table(trials))
    assert sum(each.lied.total() for each in trials.values()) > 50_000
    assert sum(each.events for each in trials.values()) > 3_900
    assert sum(len(each.invented) for each in trials.values()) <= 8
    assert sum(not each.invented for each in trials.values()) >= 17
    assert all(each.unknown < 0.02 * each.closes for each in trials.values())
    assert sum(each.believed.total() for each in trials.values()) < 150
