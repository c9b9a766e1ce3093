"""Two processes on one PostgreSQL; the short version, on shorter terms, is tests/bot/store/test_lease.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.store.postgres import CannotRun
from tests.e2e.world import needs_faketime
from tests.reliability.standby import SCENES, play, table

pytestmark = [pytest.mark.soak, pytest.mark.e2e, needs_faketime]


@pytest.mark.parametrize("scene", SCENES)
def test_a_broadcast_goes_on_whatever_becomes_of_the_one_that_sends_it(
    scene: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        result = play(scene, tmp_path)
    except CannotRun as reason:
        pytest.skip(f"no PostgreSQL can be had here: {reason}")
    with capsys.disabled():
        print("\n" + "\n".join(table([result])))
    assert result.complaints == []
