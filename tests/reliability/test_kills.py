"""A few lives and their violent ends, with everything that tests/soak/test_kills.py has sixty of."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.world import needs_faketime
from tests.reliability.kills import play, table
from tests.reliability.lives import Size

pytestmark = [pytest.mark.e2e, needs_faketime]


def test_a_few_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = play("sqlite", tmp_path, Size(kills=5, faithful=8, fickle=3), seed=1)
    with capsys.disabled():
        print("\n".join(table(outcome)))
    assert outcome.complaints == []
    assert len(outcome.kills) == 5
    assert len(outcome.case.expected) > 0
