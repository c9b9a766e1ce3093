"""An answer that tells the whole past anew: of a fund it may be a new unit; of others, and of dividends, it is none."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from rules.bars import Bars
from tests.bot.market.quality.desk import DAY, Desk, told

PRICES = ("open", "high", "low", "close")
REJECTED, HELD = ["HYG rewrites the past: rejected"], ["HYG rewrites the past: held"]


def anew(desk: Desk, name: str, factors: Sequence[float], back: int = 5) -> Bars:
    """The last rows of an answer, each multiplied."""
    bars = desk.truth(name, back=back)
    for row, factor in enumerate(factors, start=len(bars) - len(factors)):
        bars = desk.lies(name, (row, bars), **dict.fromkeys(PRICES, factor))
    return bars


@pytest.mark.parametrize("ratio", [6, 7, 8, 15, 25, 50])
@pytest.mark.parametrize("reverse", [False, True])
def test_every_ratio_that_a_fund_splits_by_asks_for_the_past_anew(ratio: float, reverse: bool) -> None:
    desk = Desk("HYG")
    after = anew(desk, "HYG", [ratio if reverse else 1 / ratio] * 6)
    assert told(desk.poll(HYG=after)) == HELD
    desk.waits()
    assert desk.poll(HYG=after).rebased == {("HYG", DAY)}


@pytest.mark.parametrize("ratio", [0.62, 0.85, 1.04, 1.3, 12])
def test_so_does_any_other_ratio_that_holds_for_the_new_bar_too(ratio: float) -> None:
    desk = Desk("HYG")
    after = anew(desk, "HYG", [ratio] * 6)
    assert told(desk.poll(HYG=after)) == HELD
    desk.waits()
    assert desk.poll(HYG=after).rebased == {("HYG", DAY)}


@pytest.mark.parametrize(
    "factors",
    [
        [0.94] * 6,  # what dividends explain
        [0.8] * 5 + [1.0],  # the new bar goes on as before
        [0.8] * 4 + [1.0, 1.0],  # the newest that is known too
        [0.5] * 4 + [1.0, 1.0],
        [1.0, 1.0] + [0.8] * 4,  # only the newest
        [100] * 6,  # cents
        [0.01] * 6,
    ],
)
def test_what_is_no_lasting_unit_is_rejected_however_often_it_is_told(factors: list[float]) -> None:
    desk = Desk("HYG")
    after = anew(desk, "HYG", factors)
    assert told(desk.poll(HYG=after)) == REJECTED
    desk.waits()
    judged = desk.poll(HYG=after)
    assert (judged.rebased, judged.arrivals) == (frozenset(), ())


def test_a_new_bar_in_the_unit_of_a_split_of_six_waits_for_its_past() -> None:
    desk = Desk("HYG")
    desk.shocks("HYG", 1 / 6)
    for _ in range(2):
        desk.poll(HYG=desk.truth("HYG"))
        desk.waits()
    desk.next_session()
    assert told(desk.poll(HYG=desk.truth("HYG"))) == ["HYG off like a split: held"]
    assert math.isnan(desk.believes("HYG"))


@pytest.mark.parametrize("factors", [[1.0003, 1.0006, 1.0], [1.0003, 1.0003, 1.0], [1.001, 1.0012, 1.0]])
def test_bars_that_are_restated_a_little_do_not_keep_the_new_one_out(factors: list[float]) -> None:
    desk = Desk("RUT")
    truth = desk.truth("RUT")
    judged = desk.poll(RUT=anew(desk, "RUT", factors, back=2))
    assert told(judged) == ["RUT restated: held"] * 2
    assert desk.believes("RUT") == truth.close[-1]


def test_four_that_are_restated_by_different_shares_are_in_no_other_unit() -> None:
    desk = Desk("HYG")
    truth = desk.truth("HYG")
    desk.poll(HYG=anew(desk, "HYG", [1.0003, 1.0006, 1.0002, 1.0007, 1.0], back=4))
    assert desk.believes("HYG") == truth.close[-1]


def test_a_small_dividend_taken_out_of_several_bars_is_one_ratio() -> None:
    desk = Desk("HYG")
    assert told(desk.poll(HYG=anew(desk, "HYG", [0.9982] * 5 + [1.0]))) == REJECTED


def test_a_split_that_its_origin_is_never_asked_about_again_is_waited_for_a_day() -> None:
    desk = Desk("HYG")
    desk.poll(HYG=anew(desk, "HYG", [0.5] * 6))
    desk.waits(86_399)
    desk.poll()
    assert desk.gate.waiting() == {("HYG", DAY)}
    desk.waits(1)
    desk.poll()
    assert desk.gate.waiting() == frozenset()


def test_a_split_that_was_told_once_and_long_ago_is_not_told_twice_by_another_one() -> None:
    desk = Desk("HYG")
    after = anew(desk, "HYG", [0.5] * 6)
    desk.poll(HYG=after)
    desk.waits(14 * 86_400)
    assert desk.gate.judge([desk.offer("HYG", after)], desk.history.held, desk.now).rebased == frozenset()
    desk.waits()
    assert desk.gate.judge([desk.offer("HYG", after)], desk.history.held, desk.now).rebased == {("HYG", DAY)}
