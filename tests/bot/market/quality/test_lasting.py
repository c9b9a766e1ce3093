"""A lie that lasts is still one: against a witness neither time, nor the next bar, nor a second telling helps it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from bot.market.quality import Gate
from rules.bars import HOUR, Bars
from tests.bot.market.quality.desk import (
    COINBASE,
    ENDS,
    HOURS,
    INSTRUMENTS,
    KRAKEN,
    Desk,
    told,
    twins,
)
from tests.bot.market.stations import SETTLE
from tests.bot.markets import SESSIONS


def other_venue(bars: Bars) -> Bars:
    return replace(bars, origins=(COINBASE,))


def test_a_level_that_a_twin_speaks_against_waits_however_long_it_lasts() -> None:
    desk = twins()
    desk.shocks("RUT", 0.88)
    for _ in range(3):
        desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
        assert math.isnan(desk.believes("RUT"))
        assert not math.isnan(desk.believes("IWM"))
        desk.waits()
        desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
        assert math.isnan(desk.believes("RUT"))
        if desk.today + 1 < len(ENDS):
            desk.next_session()


def test_a_fall_that_the_twin_shares_is_believed_at_once() -> None:
    desk = twins()
    desk.shocks("RUT", 0.88)
    desk.shocks("IWM", 0.88)
    desk.poll(RUT=desk.truth("RUT"), IWM=desk.truth("IWM"))
    assert not math.isnan(desk.believes("RUT"))


def test_hours_of_a_venue_that_went_astray_wait_as_long_as_another_one_says_otherwise() -> None:
    """Twelve per cent too low from now on, while the market climbs back by as much as that within a day."""
    desk = Desk("SOL")
    true = desk.world["SOL", HOURS, KRAKEN]
    start = desk.now
    later = int(true.end[-1]) + HOUR * np.arange(1, 25)
    climb = float(true.close[-1]) * np.exp(0.004 * np.arange(1, 25))
    more = Bars(
        HOURS, later - HOUR, later, climb / 1.004, climb * 1.001, climb / 1.005, climb, np.full(24, 1e6), later,
        np.zeros(24, dtype=np.int64), (KRAKEN,),
    )  # fmt: skip
    for row in range(24):
        desk.now = int(later[row]) + HOUR // 10
        truth = more.take(slice(0, row + 1))
        lie = replace(truth, **{name: getattr(truth, name) * 0.88 for name in ("open", "high", "low", "close")})
        desk.poll(("SOL", other_venue(truth)), SOL=lie)
        assert math.isnan(desk.believes("SOL", int(later[row]), KRAKEN))
    assert desk.now > start


def test_a_restatement_that_another_venue_does_not_share_is_not_believed_because_it_is_told_again() -> None:
    desk = Desk("SOL")
    truth = desk.truth("SOL")
    desk.poll(SOL=truth)
    lie = desk.lies("SOL", close=1.012, high=1.02)
    for _ in range(4):
        desk.poll(("SOL", other_venue(truth)), SOL=lie)
        desk.waits()
        assert desk.believes("SOL", int(truth.end[-1]), KRAKEN) == truth.close[-1]
    desk.poll(("SOL", other_venue(lie)), SOL=lie)
    assert desk.believes("SOL", int(truth.end[-1]), KRAKEN) == lie.close[-1]


def test_a_small_restatement_is_no_question_for_another_venue() -> None:
    """Two venues always differ by more."""
    desk = Desk("SOL")
    truth = desk.truth("SOL")
    desk.poll(SOL=truth)
    lie = desk.lies("SOL", close=1.0005, high=1.001)
    for _ in range(2):
        desk.poll(("SOL", other_venue(truth)), SOL=lie)
        desk.waits()
    assert desk.believes("SOL", int(truth.end[-1]), KRAKEN) == lie.close[-1]


def test_as_long_as_other_sources_are_still_to_be_asked_nothing_is_believed_because_nobody_objects() -> None:
    desk = Desk("HYG")
    desk.shocks("HYG", 0.88)
    offers = [desk.offer("HYG", desk.truth("HYG"))]
    assert told(desk.gate.judge(offers, desk.history.held, desk.now, None)) == ["HYG far from the price before: held"]
    later = desk.now + 60
    assert desk.gate.judge(offers, desk.history.held, later, None).arrivals == ()
    assert [name for name, _ in desk.gate.judge(offers, desk.history.held, later, ()).arrivals] == ["HYG"]


def test_an_ordinary_answer_does_not_wait_for_others() -> None:
    desk = Desk("HYG")
    gate = Gate(INSTRUMENTS, SESSIONS, SETTLE)
    judged = gate.judge([desk.offer("HYG", desk.truth("HYG"))], desk.history.held, desk.now, None)
    assert (len(judged.arrivals), judged.findings) == (1, ())
