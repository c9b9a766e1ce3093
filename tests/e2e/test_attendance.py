"""What administrators hear of processes that come and go."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.simulated import hangs_up, simulated
from tests.servers.telegram import TelegramServer

pytestmark = [pytest.mark.e2e, pytest.mark.soak]


def test_each_start_and_each_stop_is_told_once_and_a_kill_by_the_next(tmp_path: Path) -> None:
    with TelegramServer() as telegram:
        telegram.knows(1001)
        with simulated(tmp_path, tmp_path, telegram) as first:
            telegram.waits_for("has started", 40)
            hangs_up(first)
            first.says("configuration", 20)
            assert first.stop() == 0
            assert "was stopped" in telegram.sent[-1].plain, "it was told before the process ended"
        with simulated(tmp_path, tmp_path, telegram) as second:
            telegram.waits_for("Stopped before for", 40)
            second.says("Sent(message=")  # and is settled: else the next would send it as a possible repeat
            second.kill()
        with simulated(tmp_path, tmp_path, telegram) as third:
            telegram.waits_for("The last process said no good-bye", 40)
            telegram.goes_down()
            assert third.stop() == 0
            telegram.comes_back()
        with simulated(tmp_path, tmp_path, telegram):
            telegram.waits_for(lambda posted: "Stopped before for" in posted.plain, 40, after=len(telegram.sent))
        first_lines = [each.plain.split("\n")[0].split(" ", 3)[3] for each in telegram.sent]
        started, stopped = "has started", "was stopped"
        assert [each for each in first_lines if each in (started, stopped)] == [
            started, stopped, started, started, stopped, started
        ]  # fmt: skip
