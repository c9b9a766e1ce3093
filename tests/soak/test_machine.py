"""The outbox under everything that can happen to it: 200 stories of 50 steps, each time others, on both back ends."""

from __future__ import annotations

import pytest

from tests.bot.store.fixtures import migrated, new_place, place, postgres
from tests.bot.store.machine import tries
from tests.bot.store.stores import Place

__all__ = ["migrated", "new_place", "place", "postgres"]

pytestmark = pytest.mark.soak

STORIES = 200


def test_whatever_happens_the_outbox_holds_what_is_owed(place: Place) -> None:
    tries(place, STORIES, derandomize=False)
