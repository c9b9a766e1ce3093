"""The real process, killed exactly there, and started again: nothing is lost, and what comes twice says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.world import needs_faketime
from tests.reliability.places import Place
from tests.reliability.points import PEOPLE, POINTS, Point, dies_at, town_after
from tests.reliability.town import Town
from tests.reliability.verdict import Case, complaints

pytestmark = [pytest.mark.e2e, needs_faketime]


def comes_to_rest(town: Town, in_flight: int) -> Case:
    """Another process takes over, and works until nothing is left to do."""
    heir = town.starts()
    assert town.rests(heir, 60), heir.output[-2000:]
    heir.kill()
    return town.case([in_flight])


SHORTLY = {"a tick"}
"""Killed before and after their commit in `make test`; of the others one side, in `make soak` both."""

SOME = {"after the commit of a claim", "before the commit of a line that was received"}


def in_time(point: Point) -> object:
    """A case of `make test`, or one of `make soak` only."""
    short = point.name in SOME or point.name.partition(" commit of ")[2] in SHORTLY
    return pytest.param(point, id=point.name, marks=() if short else pytest.mark.soak)


@pytest.mark.parametrize("point", [in_time(point) for point in POINTS])
def test_a_process_that_is_killed(point: Point, settled: Place, tmp_path: Path) -> None:
    with town_after(tmp_path, settled) as town:
        killed = dies_at(town, point)
        done = bool(town.place.rows(point.query))
        assert done == (point.when == "after")
        case = comes_to_rest(town, town.ledger.claimed(killed.process.pid))
    assert complaints(case) == []


def test_a_message_whose_sender_is_killed_before_it_hears_of_its_arrival_comes_again_and_says_so(
    settled: Place, tmp_path: Path
) -> None:
    with town_after(tmp_path, settled) as town:
        town.leaps(20)
        town.telegram.lets_pass(2)
        service = town.starts()
        town.telegram.loses_answers(then=service.process.kill)
        assert service.process.wait(30) == -9
        case = comes_to_rest(town, town.ledger.claimed(service.process.pid))
    assert complaints(case) == []
    assert case.repeats >= 1
    assert case.unanswered == 1


def test_a_reply_whose_sender_is_killed_before_it_hears_of_its_arrival_is_not_lost_and_its_line_done_once(
    settled: Place, tmp_path: Path
) -> None:
    with town_after(tmp_path, settled) as town:
        town.faithful.remove(PEOPLE[0])
        town.telegram.hears("/forget yes", chat=PEOPLE[0], user=PEOPLE[0])
        service = town.starts()
        town.telegram.loses_answers(then=service.process.kill)
        assert service.process.wait(30) == -9
        case = comes_to_rest(town, town.ledger.claimed(service.process.pid))
    assert complaints(case) == []
    [line] = case.lines
    assert line.confirmed
