"""A broadcast to hundreds, within Telegram's limits, and nobody who asks waits for it. tests/soak has the long form."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reliability.load import SHORT, table
from tests.reliability.load_run import play
from tests.reliability.load_telegram import Window

MOST_BETWEEN = 120
"""Alerts that may be accepted between a command and its answer. A chat that has just been told something rests for a
second: that is 28 alerts, and the rest is for a machine with other work. In line with the broadcast it would be 500."""


@pytest.mark.soak
def test_a_broadcast_stays_within_the_limits_and_commands_are_answered_amid_it(tmp_path: Path) -> None:
    figures = play(tmp_path, SHORT)
    assert (figures.sent, figures.lost, figures.twice, figures.overtaken) == (SHORT.deliveries, 0, 0, 0)
    assert figures.refusals == []
    assert figures.unanswered == 0
    assert len(figures.delays) == SHORT.commands
    assert max(figures.passed) < MOST_BETWEEN, "\n".join(table(figures))


@pytest.mark.parametrize(("at", "full"), [(0.5, True), (0.99, True), (1.0, False), (1.2, False)])
def test_the_judge_counts_by_any_second(at: float, full: bool) -> None:
    window = Window(2, 1.0)
    window.counts(0.0)
    window.counts(0.4)
    assert window.is_full(at) is full
