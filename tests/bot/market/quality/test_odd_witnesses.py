"""Who is at fault himself speaks neither for nor against a true move: a twin or another venue that stands still."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bot.market.quality import Gate
from rules.bars import Bars
from tests.bot.market.quality.desk import COINBASE, DAY, HOURS, INSTRUMENTS, KRAKEN, YAHOO, Desk, told, twins
from tests.bot.market.stations import SETTLE
from tests.bot.markets import SESSIONS

PRICES = ("open", "high", "low", "close")

Lie = Callable[[Bars], Bars]


def crash() -> Desk:
    """RUT, its twin and SPX, all 5 % lower today."""
    desk = twins()
    own = desk.world["RUT", DAY, YAHOO]
    noise = 2.7 * np.exp(np.random.default_rng(7).normal(0, 0.003, len(own)))
    prices: Any = {name: getattr(own, name) * noise for name in PRICES}
    desk.knows("SPX", replace(own, **prices))
    for name in ("RUT", "IWM", "SPX"):
        desk.shocks(name, 0.95)
    return desk


def ending(bars: Bars, **last: float) -> Bars:
    """With other numbers in the last row."""
    columns: Any = {name: np.append(getattr(bars, name)[:-1], value) for name, value in last.items()}
    return replace(bars, **columns)


def repeated(bars: Bars) -> Bars:
    """The last row says what the one before it says."""
    return ending(bars, **{name: float(getattr(bars, name)[-2]) for name in (*PRICES, "volume")})


def flat(bars: Bars) -> Bars:
    """The last row never moved from the close before."""
    return ending(bars, **dict.fromkeys(PRICES, float(bars.close[-2])))


def astray(bars: Bars) -> Bars:
    """The last close alone is far away."""
    before = float(bars.close[-2])
    return ending(bars, open=before, high=before * 1.001, low=before, close=before * 1.1)


def times(factor: float) -> Lie:
    """The last row is on another level."""
    return lambda bars: ending(bars, **{name: float(getattr(bars, name)[-1]) * factor for name in PRICES})


@pytest.mark.parametrize(
    "lie", [repeated, flat, astray, times(10), times(0.1), times(0.5), times(1 / 6), times(1.2), times(0.8)]
)
def test_a_crash_is_believed_at_once_though_the_twin_is_at_fault(lie: Lie) -> None:
    desk = crash()
    truth = desk.truth("RUT")
    judged = desk.poll(RUT=truth, IWM=lie(desk.truth("IWM")), SPX=desk.truth("SPX"))
    assert [each for each in told(judged) if each.startswith("RUT")] == []
    assert desk.believes("RUT") == truth.close[-1]
    assert math.isnan(desk.believes("IWM"))


def test_a_fall_is_believed_in_the_end_though_nobody_but_a_twin_that_stands_still_could_speak() -> None:
    desk = twins()
    desk.shocks("RUT", 0.9)
    truth, lie = desk.truth("RUT"), repeated(desk.truth("IWM"))
    assert "RUT far from the price before: held" in told(desk.poll(RUT=truth, IWM=lie))
    desk.waits()
    desk.poll(RUT=truth, IWM=lie)
    assert desk.believes("RUT") == truth.close[-1]


def test_a_twin_that_a_third_one_sides_with_is_not_outweighed() -> None:
    desk = crash()
    lie = times(0.88)(desk.truth("RUT"))
    for _ in range(3):
        desk.poll(RUT=lie, IWM=desk.truth("IWM"), SPX=desk.truth("SPX"))
        desk.waits()
    assert math.isnan(desk.believes("RUT"))


def test_two_days_in_another_unit_speak_for_nobody() -> None:
    """The second moved no more than usual from the first, which was never believed."""
    desk = crash()
    desk.next_session()
    lie = desk.lies("IWM", (-2, times(10)(desk.truth("IWM"))), **dict.fromkeys(PRICES, 10))
    truth = desk.truth("RUT")
    today = truth.take(np.arange(len(truth)) != len(truth) - 2)
    desk.poll(RUT=today, IWM=lie, SPX=desk.truth("SPX"))
    assert desk.believes("RUT") == truth.close[-1]


def test_two_funds_that_fall_by_a_third_speak_for_each_other() -> None:
    """It looks like a split of three shares for two, of both at once."""
    pair = {
        "HYG": replace(INSTRUMENTS["HYG"], proxies=("IWM",)),
        "IWM": replace(INSTRUMENTS["IWM"], proxies=("HYG",)),
    }
    desk, gate = Desk("HYG", "IWM"), Gate(pair, SESSIONS, SETTLE)
    for name in pair:
        desk.shocks(name, 0.68)
    offers = [replace(desk.offer(name, desk.truth(name)), instrument=each) for name, each in pair.items()]
    assert gate.judge(offers, desk.history.held, desk.now).findings == ()


def test_another_venue_that_stands_still_does_not_speak_against_a_crash() -> None:
    desk = Desk("SOL")
    desk.shocks("SOL", 0.9)
    truth = desk.truth("SOL")
    old = replace(truth, origins=(COINBASE,)).take(slice(0, 2))
    other = repeated(ending(old, end=int(truth.end[-1]), start=int(truth.start[-1])))
    for _ in range(2):
        desk.poll(("SOL", other), SOL=truth)
        desk.waits()
    assert desk.believes("SOL", int(truth.end[-1]), KRAKEN) == truth.close[-1]


def test_a_stand_in_that_is_only_asked_for_its_opinion_takes_back_what_is_held_of_it() -> None:
    """Nothing else would: nobody asks it for bars again, and as long as they are held others are asked about them."""
    desk = Desk("SOL")
    truth = desk.truth("SOL")
    desk.poll(SOL=repeated(replace(truth, origins=(COINBASE,))))
    assert desk.gate.held("SOL", HOURS) == {truth.end[-1]}
    desk.waits()
    desk.poll(("SOL", replace(truth, origins=(COINBASE,))), SOL=truth)
    assert desk.gate.held("SOL", HOURS) == frozenset()


def test_a_correction_that_is_not_believed_yet_speaks_for_no_lie() -> None:
    """What another venue is known to have said speaks, not what it says now."""
    desk = Desk("SOL")
    truth = desk.truth("SOL")
    desk.poll(SOL=replace(truth, origins=(COINBASE,)))
    assert desk.believes("SOL", int(truth.end[-1]), COINBASE) == truth.close[-1]
    lie = times(0.85)(truth)
    desk.poll(("SOL", replace(lie, origins=(COINBASE,))), SOL=lie)
    assert math.isnan(desk.believes("SOL", int(truth.end[-1]), KRAKEN))
