"""A terminal, and a small folder of prices for its commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.terminal import Terminal
from tests.bot.markets import Folder, hours, utc_days, weekdays


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUT, SPX and VIX since 2024, BTC with hours and SOL without since 2024-06."""
    folder = Folder(tmp_path_factory.mktemp("prices"))
    for seed, name in enumerate(("RUT", "SPX", "VIX")):
        folder.holds(f"{name}_1d.csv", *weekdays("2024-01-01", "2025-12-31", seed + 20))
    folder.holds("BTC_1d.csv", *utc_days("2024-06-01", "2025-12-31", 24))
    folder.holds("BTC_1h.csv.gz", *hours("2024-06-01", "2025-12-31", 25))
    folder.holds("SOL_1d.csv", *utc_days("2024-06-01", "2025-12-31", 26))
    return folder.path
