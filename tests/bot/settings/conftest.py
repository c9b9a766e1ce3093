"""A place for a user's file."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "my.toml"
