"""What polls and questions cost the sources, counted at Yahoo and Coinbase on loopback; `make bench` prints it too."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.polls import FEW, Row, played
from tests.bench.polls import Day as Market


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    home: Path = tmp_path_factory.mktemp("polls")
    with Market(home, FEW) as market:
        return played(market)


@pytest.mark.soak
def test_no_poll_and_no_question_costs_a_source_more_than_is_owed(rows: list[Row]) -> None:
    assert {row.what: row.most for row in rows if not row.is_enough} == {}


@pytest.mark.soak
def test_the_polls_that_are_counted_are_those_that_cost_something(rows: list[Row]) -> None:
    """A day in which nothing is asked would be within every bound."""
    costs = {row.what: row.most for row in rows}
    assert costs["a coin's new hour"] == (0, 8)
    assert costs["the next ones"] == (1, 1)
    assert costs["100 x /regime, which shows trades"] == (1, 1)
    assert costs["the close of twelve"].yahoo == 11, "the VIX settles later"
    assert costs["after its recovery"].yahoo >= 11
