"""How long a reader waits: from the instant a bar counts as closed until Telegram has accepted the alert.

The real process at the speed of real time, with the default poll, on a database that a first process has filled. Its
start lies at three distances before the instant, so that its polls fall soon after it, halfway, and as late as can be.
Printed beside the promise, the poll's interval and five seconds; a machine with other work may be slower than that.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from bot.settings import load_settings
from tests.bot.markets import at
from tests.e2e.world import CHAT, Clock, World, copy_database, needs_faketime, write_folder

pytestmark = [pytest.mark.soak, pytest.mark.e2e, needs_faketime]

RECORD = "Russell 2000 closes at a record"
CLOSED = "2025-11-04T21:30:00Z"
"""A close at a record, and the half hour that it takes to settle."""

STARTS = ("21:29:05", "21:29:30", "21:29:55")
POLL = load_settings().run.poll_seconds
SLACK = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    until = at("2026-01-01T00:00Z")
    return write_folder(tmp_path_factory.mktemp("prices"), SimulatedFeed(Sessions(until), until))


@pytest.fixture(scope="module")
def filled(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a service that has adopted all rules, and was stopped before the close."""
    home = tmp_path_factory.mktemp("filled")
    with World(folder, home, load_settings(), Clock("2025-11-04T20:50:00Z")) as world:
        service = world.starts()
        world.telegram.hears("/start", chat=CHAT)
        world.telegram.waits_for("Alerts come here", 30)
        service.says("82 of 82 rules adopted", 60)
        assert service.stop() == 0
        assert world.texts(RECORD) == []
    return home


@pytest.mark.parametrize("start", STARTS)
def test_an_alert_is_accepted_soon_after_its_bar_has_closed(
    start: str, folder: Path, filled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_database(filled, tmp_path)
    with World(folder, tmp_path, load_settings(), Clock(f"2025-11-04T{start}Z")) as world:
        world.telegram.knows(CHAT)
        closed = time.monotonic() + at(CLOSED) - world.clock()
        service = world.starts()
        told = world.telegram.waits_for(RECORD, 3 * POLL)
        service.says("Sent(message=")
        assert service.stop() == 0
        assert len(world.texts(RECORD)) == 1
    with capsys.disabled():
        print(f"\nstarted at {start}: told {told.at - closed:.1f} s after the bar, promised in {POLL + SLACK} s")
