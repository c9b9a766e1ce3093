"""The shell reads its environment; its tests start from an empty one."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [each for each in os.environ if each.upper().startswith("BELLWETHER_")]:
        monkeypatch.delenv(variable)
