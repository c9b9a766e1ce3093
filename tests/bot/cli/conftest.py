"""A terminal, and a small folder of prices for its commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.cli.terminal import Terminal
from tests.bot.markets import HEADER, Folder, hours, utc_days, weekdays


@pytest.fixture
def terminal(capsys: pytest.CaptureFixture[str]) -> Terminal:
    return Terminal(capsys)


@pytest.fixture(scope="session")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUT, SPX and VIX since 2024, BTC with hours and SOL without since 2024-06; no coin has volumes of use."""
    folder = Folder(tmp_path_factory.mktemp("prices"))
    for seed, name in enumerate(("RUT", "SPX", "VIX")):
        folder.holds(f"{name}_1d.csv", *weekdays("2024-01-01", "2025-12-31", seed + 20))
    coins = {
        "BTC_1d.csv": utc_days("2024-06-01", "2025-12-31", 24),
        "BTC_1h.csv.gz": hours("2024-06-01", "2025-12-31", 25),
        "SOL_1d.csv": utc_days("2024-06-01", "2025-12-31", 26),
    }
    for file, rows in coins.items():
        folder.holds(file, *(f"{row},none" for row in rows), header=f"{HEADER},volume_unit")
    return folder.path
