"""5,000 deliveries to 2,000 chats, and the same time before a queue of 20,000: what came of them, and how fast.

What was lost or refused is asserted; speed, delays and memory are printed beside what is promised.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.load import DEEP, LONG, table
from tests.reliability.load_run import Load, play

pytestmark = pytest.mark.soak


@pytest.mark.parametrize("load", [LONG, DEEP], ids=["all of 5,000", "5,000 of 20,000"])
def test_thousands_of_chats_are_told_within_the_limits(
    load: Load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = play(tmp_path, load)
    with capsys.disabled():
        print("\n".join(table(figures)))
    assert (figures.lost, figures.twice, figures.overtaken) == (0, 0, 0)
    assert figures.sent >= load.goal
    assert figures.refusals == []
    assert figures.unanswered == 0
