"""Sixty kills for each back end, at instants that differ from run to run: the seed stands in the table.

`python -m tests.reliability kills --seed N` plays the story again.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.bot.store.postgres import CannotRun
from tests.e2e.world import needs_faketime
from tests.reliability.kills import play, table
from tests.reliability.lives import Size
from tests.reliability.phases import PHASES
from tests.reliability.places import BACK_ENDS

pytestmark = [pytest.mark.soak, pytest.mark.e2e, needs_faketime]


@pytest.mark.parametrize("store", BACK_ENDS)
def test_sixty_kills_lose_nothing(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        outcome = play(store, tmp_path, Size(), seed=random.randrange(10**6))
    except CannotRun as reason:
        pytest.skip(f"no PostgreSQL can be had here: {reason}")
    with capsys.disabled():
        print("\n".join(table(outcome)))
    assert outcome.complaints == []
    assert {kill.phase for kill in outcome.kills} == PHASES.keys()
