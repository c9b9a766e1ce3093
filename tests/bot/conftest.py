"""The shell reads its environment; its tests start from an empty one. Where their databases lie: store/fixtures.py."""

from __future__ import annotations

import os

import pytest

from tests.bot.store.fixtures import migrated, new_place, place, postgres

__all__ = ["migrated", "new_place", "place", "postgres"]


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [each for each in os.environ if each.upper().startswith("BELLWETHER_")]:
        monkeypatch.delenv(variable)
