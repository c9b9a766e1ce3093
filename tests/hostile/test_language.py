"""Whatever is typed as a condition means something, or is refused by the language's own error; nothing else happens."""

from __future__ import annotations

import pytest

from tests.hostile.language import read_all

SAMPLE, ALL = 2_000, 200_000
SEED = 20_251_126


def test_two_thousand_hostile_conditions_mean_something_or_are_refused_in_a_sentence() -> None:
    found = read_all(SAMPLE, SEED)
    assert found.faults == []
    assert found.meant > SAMPLE // 10


@pytest.mark.soak
def test_two_hundred_thousand_hostile_conditions_mean_something_or_are_refused_in_a_sentence() -> None:
    found = read_all(ALL, SEED + 1)
    assert found.faults == []
    assert found.meant > ALL // 10
