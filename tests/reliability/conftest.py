"""Databases that the tests of this folder start from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bot.store.postgres import CannotRun
from tests.reliability.places import Place, place
from tests.reliability.points import settle


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.soak)], scope="session")
def settled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """What `settle` has left, on each back end; it takes a minute each, so the second one's turn is the soak's."""
    home = tmp_path_factory.mktemp("settled")
    try:
        with place(request.param, home) as found:
            settle(home, found)
            yield found
    except CannotRun as reason:
        pytest.skip(f"no PostgreSQL can be had here: {reason}")
