"""Real history of which one bar in a hundred lies, in twelve ways: no rule says anything that does not follow from what
is true and known. tests/acceptance/corruption.py tells the lies; its table is printed by running it as a module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
import pytest

from bot.market.live import LiveHistory
from bot.market.quality import Gate, Offer
from rules.bars import HOUR, Bars, Interval
from rules.model import Instant
from tests.acceptance.corruption import LIES, SPIKES, Trial, Truth, table, trial
from tests.bot.market.stations import SETTLE

pytestmark = pytest.mark.shared_data

SEEDS = [0, pytest.param(1, marks=pytest.mark.soak)]


@pytest.fixture(scope="module")
def truth() -> Truth:
    return Truth()


@pytest.fixture(scope="module")
def tried(truth: Truth) -> Callable[[int], Trial]:
    return cache(partial(trial, truth))


@pytest.mark.parametrize("seed", SEEDS)
def test_rules_say_nothing_that_does_not_follow_from_what_is_true_and_known(
    tried: Callable[[int], Trial], seed: int
) -> None:
    found = tried(seed)
    print(table({seed: found}))
    assert found.lied.total() > 2_000
    assert set(found.lied) == set(LIES)
    assert found.invented == ()
    assert found.unknown < 0.02 * found.closes


@pytest.mark.parametrize("seed", SEEDS)
def test_lies_that_get_through_are_no_larger_than_a_usual_move(tried: Callable[[int], Trial], seed: int) -> None:
    """A copy of a neighbour whose own row lies too, and a price of another coin that costs about as much."""
    found = tried(seed)
    assert set(found.believed) <= {"stuck", "a row early", "another instrument"}
    assert found.believed.total() < 0.005 * found.lied.total()


# Poll by poll

DAYS, HOURS = ("RUT", "SPX", "VIX", "IWM", "SPY"), ("BTC", "ETH")
PAST = 320
TOLD_LIVE = [kind for kind in LIES if kind != "a row early"]
"""Nobody can tell the row after before it is there."""


class Wire:
    """Sources that lie at first and tell the truth at last, before a gate and a history that start from the past."""

    def __init__(self, truth: Truth, seed: int) -> None:
        self.real = truth.history
        self.gate = Gate(self.real.instruments, self.real.sessions, SETTLE)
        self.held = LiveHistory(self.real.instruments, self.real.sessions, {})
        self.rng = np.random.default_rng(seed)
        self.lies = 0

    def starts(self, name: str, interval: Interval, ends: int) -> None:
        """What ended before the last so many bars is held."""
        bars = self.real.bars[name][interval]
        self.held.load(name, bars.take(slice(-ends - PAST, -ends)))

    def polls(self, answers: Mapping[str, Bars], now: Instant) -> None:
        """One poll; what is believed is held."""
        offers = [
            Offer(self.real.instruments[name], "files", bars, self.held.compare(name, bars, now))
            for name, bars in answers.items()
        ]
        for name, arrival in self.gate.judge(offers, self.held.held, now).arrivals:
            self.held.take(name, arrival)

    def tells(self, name: str, interval: Interval, row: int, *, lying: bool) -> Bars:
        """The bar of a row and five before it; the last one is a lie now and then."""
        bars = self.real.bars[name][interval]
        answer = bars.take(slice(row - 5, row + 1))
        if not lying or self.rng.random() > 0.15:
            return answer
        self.lies += 1
        kind = TOLD_LIVE[int(self.rng.integers(len(TOLD_LIVE)))]
        other = self.real.bars["SPX" if name != "SPX" else "VIX"][Interval.DAY]
        other = self.real.bars["SOL"][interval] if interval is Interval.HOUR else other
        changed: Any = {}
        spike = SPIKES[self.real.instruments[name].kind]
        for column, number in LIES[kind](bars, row, spike, other).items():
            changed[column] = getattr(answer, column).copy()
            changed[column][-1] = number
        return replace(answer, **changed)

    def plays(self, names: tuple[str, ...], interval: Interval, count: int) -> None:
        """Bar after bar: twice with lies, the second time the same ones, and then truly; the last bars truly again."""
        wait = HOUR if interval is Interval.DAY else 150
        for back in range(count, 0, -1):
            rows = {name: len(self.real.bars[name][interval]) - back for name in names}
            now = max(int(self.real.bars[name][interval].end[row]) for name, row in rows.items()) + wait
            lies = {name: self.tells(name, interval, row, lying=True) for name, row in rows.items()}
            self.polls(lies, now)
            self.polls(lies, now + 60)
            for later in (120, 180):
                self.polls({n: self.tells(n, interval, row, lying=False) for n, row in rows.items()}, now + later)
            for name in names:
                self.believes_nothing_false(name, interval)

    def believes_nothing_false(self, name: str, interval: Interval) -> None:
        """Every close that is held is the true one."""
        held, real = self.held.held[name][interval], self.real.bars[name][interval]
        assert np.isin(held.end, real.end).all()
        assert held.close.tolist() == real.close[np.searchsorted(real.end, held.end)].tolist()


@pytest.mark.parametrize(
    ("names", "interval", "count"),
    [
        (DAYS, Interval.DAY, 125),
        (HOURS, Interval.HOUR, 150),
        pytest.param(DAYS, Interval.DAY, 250, marks=pytest.mark.soak),
        pytest.param(HOURS, Interval.HOUR, 200, marks=pytest.mark.soak),
    ],
)
def test_poll_by_poll_nothing_false_is_ever_believed_and_everything_true_is_in_the_end(
    truth: Truth, names: tuple[str, ...], interval: Interval, count: int
) -> None:
    wire = Wire(truth, seed=5)
    for name in names:
        wire.starts(name, interval, count)
    wire.plays(names, interval, count)
    assert wire.lies > 40
    for name in names:
        real = wire.real.bars[name][interval]
        assert wire.held.held[name][interval].end.tolist() == real.end[-count - PAST :].tolist()
    assert wire.gate.waiting() == frozenset()
