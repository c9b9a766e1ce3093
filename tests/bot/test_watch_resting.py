"""Alerts that rest are left out of a tick, and whoever watches cannot tell: days in the life of two watches, each on a
file of its own, of which one judges all alerts in every tick.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings

from tests.bot.audit.audited import audited, faults
from tests.bot.days import Step, Town, story


def live_the_same(steps: Sequence[Step]) -> None:
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        rests, judges = Town(Path(one), judges_all=False), Town(Path(other), judges_all=True)
        with rests.station, judges.station:
            for step in steps:
                rests.does(step)
                judges.does(step)
                assert rests.events == judges.events, step
                assert rests.owed == judges.owed, step
                assert rests.kept == judges.kept, step
                assert rests.stands == judges.stands, step
            assert faults(audited(rests.station)) == []  # whatever they were, what was recorded can be recomputed


@settings(max_examples=max(settings().max_examples // 8, 1))
@given(story)
def test_who_leaves_out_what_rests_says_keeps_and_owes_what_who_judges_all_does(steps: list[Step]) -> None:
    live_the_same(steps)


@pytest.mark.soak
@settings(max_examples=5 * settings().max_examples, derandomize=False)
@given(story)
def test_so_it_does_on_many_days(steps: list[Step]) -> None:
    live_the_same(steps)
