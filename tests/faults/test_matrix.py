"""A sample of the fault matrix, and the tests of its own teeth; all of it runs in `make soak`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.faults.catalogue import FAULTS, cells
from tests.faults.cells import Cell
from tests.faults.deeds import EXCHANGE, YAHOO, Lies
from tests.faults.market import COIN_EVENT, EQUITY_EVENT
from tests.faults.matrix import opened, play
from tests.faults.play import Play
from tests.faults.stage import Stage
from tests.faults.verdict import WELL, complaints
from tests.servers import market_lies as told

SAMPLE = (
    "HTTP 503 / yahoo",
    "HTTP 429 as text / exchange",
    "a page for people / exchange",
    "half an answer / yahoo",
    "prices that are null / yahoo",
    "100 times all prices / yahoo",
    "a spike down by 30 % / exchange",
    "the same bar again and again / yahoo",
)


@pytest.fixture(scope="module")
def theatre() -> Iterator[tuple[Stage, Play]]:
    with opened() as stage_and_clean:
        yield stage_and_clean


def cell(name: str) -> Cell:
    return next(each for each in cells() if each.name == name)


def test_without_a_fault_the_two_true_events_are_told_at_once_and_nothing_else(theatre: tuple[Stage, Play]) -> None:
    _, clean = theatre
    assert [event.key for event in clean.events] == [
        f"rut-record/fired/{EQUITY_EVENT}",
        f"sol-record/fired/{COIN_EVENT}",
    ]
    assert sorted(clean.told) == [EQUITY_EVENT + 31 * 60, COIN_EVENT + 3 * 60]
    assert [len(each) for each in clean.told.values()] == [1, 1]
    assert all(WELL in status for status in clean.said.values())
    assert clean.raised == []


@pytest.mark.parametrize("name", SAMPLE)
def test_a_fault_leads_to_no_false_alert_and_the_true_one_comes(theatre: tuple[Stage, Play], name: str) -> None:
    stage, clean = theatre
    assert complaints(cell(name), play(stage, cell(name)), clean) == []


def test_a_lie_that_nothing_contradicts_is_told_as_if_it_were_true(theatre: tuple[Stage, Play]) -> None:
    """Else the matrix would be green because nobody listens: a little is added to all, and a record comes too soon."""
    stage, clean = theatre
    lie = Lies(YAHOO, told.each(lambda row: row.times(1.025), EQUITY_EVENT - 30 * 3600))
    found = stage.plays(lie)
    wrong = complaints(Cell("a little more", YAHOO, lie, "never said"), found, clean)
    assert any(each.startswith("false: rut-record fired of 2025-12-02") for each in wrong)
    assert any(each.startswith("owed, though false") for each in wrong)
    assert any(each.startswith("not named") for each in wrong)


def test_what_never_comes_what_raises_and_what_stays_ill_is_complained_of(theatre: tuple[Stage, Play]) -> None:
    _, clean = theatre
    deaf = replace(
        clean, owed=[], first=min(clean.said), raised=["it broke"], said=dict.fromkeys(clean.said, "⚠ yahoo is tired")
    )
    assert complaints(cell("HTTP 503 / yahoo"), deaf, clean) == [
        "raised it broke",
        "rut-record never came",
        "sol-record never came",
        "not named in /status: never",
        "not well at Thu 2025-12-04 22:03Z: ⚠ yahoo is tired",
        "not well at Fri 2025-12-05 00:09Z: ⚠ yahoo is tired",
    ]


def test_there_are_eighty_faults_for_each_feed_and_no_two_are_called_the_same() -> None:
    assert min(Counter(each.feed for each in cells()).values()) >= 80
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {each.feed for each in cells()} == {YAHOO, EXCHANGE}
    assert all(fault.why for fault in FAULTS if len(fault.feeds) < 2)
