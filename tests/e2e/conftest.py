"""Markets that the end-to-end tests play: the real autumn of 2025, or a simulated one where real prices are absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.feeds.simulated import SimulatedFeed
from bot.market.sessions import Sessions
from tests.bot.markets import at
from tests.conftest import SHARED_DATA
from tests.e2e.world import write_folder


@pytest.fixture(scope="session")
def simulated_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four years of a simulated market that ends in 2025, as a folder of price files."""
    until = at("2026-01-01T00:00Z")
    return write_folder(tmp_path_factory.mktemp("simulated"), SimulatedFeed(Sessions(until), until))


@pytest.fixture(params=[pytest.param("real", marks=pytest.mark.soak), "simulated"], scope="session")
def folder(request: pytest.FixtureRequest) -> Path:
    """Each market in turn."""
    if request.param == "simulated":
        found: Path = request.getfixturevalue("simulated_folder")
        return found
    if not SHARED_DATA.is_dir():
        pytest.skip("real prices are not at hand")
    return SHARED_DATA
