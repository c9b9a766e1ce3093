"""What the gate never does, whatever it is given."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.market.quality import Gate, Judged
from bot.market.quality.offers import Offer
from rules.bars import Bars, Interval
from rules.model import ALWAYS
from tests.bot.market.quality.desk import INSTRUMENTS, KRAKEN, YAHOO, Desk, hours_until, walk
from tests.bot.market.stations import SETTLE, closes
from tests.bot.markets import SESSIONS

NAMES = ("RUT", "IWM", "VIX", "BTC", "ETH")
PRICES = ("open", "high", "low", "close")

Wrong = tuple[str, str, int, float]
"""An instrument, a column, a row, and a number."""

numbers = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -3.0, 1e-12, 1e12]),
    st.sampled_from([1.0, 10.0, 100.0, 0.1, 0.5, 2.0, 1.2, 0.8, 0.97, 1.003]),
)
"""What stands in place of a price: a number that is none, or so many times the truth."""

faults = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(PRICES), st.integers(0, 5), numbers), max_size=6)
disorders = st.lists(st.tuples(st.sampled_from(NAMES), st.permutations(range(6))), max_size=2)


def answers(
    desk: Desk, wrong: list[tuple[str, str, int, float]], mixed: list[tuple[str, list[int]]]
) -> dict[str, Bars]:
    """The truth with some numbers put in place of others, and some rows out of their order."""
    given = {name: desk.truth(name) for name in NAMES}
    for name, column, row, number in wrong:
        values = getattr(given[name], column).copy()
        values[row % len(values)] = number * values[row % len(values)] if 0.01 < number < 1e6 else number
        changed: Any = {column: values}
        given[name] = replace(given[name], **changed)
    for name, order in mixed:
        given[name] = given[name].take(np.array([row for row in order if row < len(given[name])]))
    return given


def rows_of(bars: Bars) -> set[tuple[object, ...]]:
    """Every row as it was given: where it belongs, its close and its volume."""
    return set(zip(bars.end.tolist(), bars.start.tolist(), bars.close.tolist(), bars.volume.tolist(), strict=True))


@given(faults, disorders)
def test_what_is_believed_was_offered_to_the_bit_but_for_what_is_trimmed(wrong: Any, mixed: Any) -> None:
    desk = Desk(*NAMES)
    given = answers(desk, wrong, mixed)
    for name, arrival in desk.poll(**given).arrivals:
        assert rows_of(arrival.written) <= rows_of(given[name])
        for row, end in enumerate(arrival.written.end.tolist()):
            twins = given[name].take(given[name].end == end)
            for column in PRICES:
                believed = getattr(arrival.written, column)[row]
                assert np.isnan(believed) or believed in getattr(twins, column)
        assert (arrival.written.close > 0).all()
        assert np.isfinite(arrival.written.close).all()


@given(faults, disorders)
def test_what_is_replaced_is_what_was_held(wrong: Any, mixed: Any) -> None:
    desk = Desk(*NAMES)
    before = {name: desk.history.held[name] for name in NAMES}
    for name, arrival in desk.poll(**answers(desk, wrong, mixed)).arrivals:
        assert rows_of(arrival.replaced) <= rows_of(before[name][arrival.written.interval])


@given(faults, disorders)
def test_the_same_answer_again_is_believed_once(wrong: Any, mixed: Any) -> None:
    desk = Desk(*NAMES)
    given = answers(desk, wrong, mixed)
    desk.poll(**given)
    assert desk.poll(**given).arrivals == ()


@given(faults, st.permutations(NAMES))
def test_the_order_of_offers_does_not_matter(wrong: Any, order: list[str]) -> None:
    one, other = Desk(*NAMES), Desk(*NAMES)
    given = answers(one, wrong, [])
    assert same(one.poll(**given), other.poll(**{name: given[name] for name in order}))
    assert one.gate.waiting() == other.gate.waiting()


def same(one: Judged, other: Judged) -> bool:
    """Whether two verdicts are equal; arrays have no equality of their own."""
    told = [[(name, sorted(rows_of(each.written), key=repr)) for name, each in part.arrivals] for part in (one, other)]
    return (one.findings, one.rebased, told[0]) == (other.findings, other.rebased, told[1])


@given(st.integers(0, 2**32), st.sampled_from(NAMES))
def test_a_walk_of_usual_steps_is_never_doubted(seed: int, name: str) -> None:
    instrument = INSTRUMENTS[name]
    coin = instrument.calendar == ALWAYS
    ends = hours_until(closes("2025-12-12", "2025-12-12")[0], 300) if coin else closes("2025-01-02", "2025-12-12")
    bars = walk(name, ends, Interval.HOUR if coin else Interval.DAY, KRAKEN if coin else YAHOO, seed)
    gate = Gate(INSTRUMENTS, SESSIONS, SETTLE)
    kept, findings = gate.screen(instrument, bars, {})
    assert (kept, findings) == (bars, ())
    desk = Desk()
    desk.now = ends[-1] + 3_600
    judged = gate.judge([desk.offer(name, bars)], {}, desk.now)
    assert judged.findings == ()
    assert sum(len(each.written) for _, each in judged.arrivals) == len(bars)


@given(faults)
def test_screening_what_was_screened_finds_no_more_to_reject(wrong: Any) -> None:
    desk = Desk(*NAMES)
    gate = Gate(INSTRUMENTS, SESSIONS, SETTLE)
    for name, bars in answers(desk, wrong, []).items():
        kept, _ = gate.screen(INSTRUMENTS[name], bars, desk.history.held)
        again, _ = gate.screen(INSTRUMENTS[name], kept, desk.history.held)
        assert rows_of(again) == rows_of(kept)


def test_an_offer_of_nothing_is_no_offer() -> None:
    desk = Desk("RUT")
    nothing = desk.truth("RUT").take(slice(0))
    offer = Offer(INSTRUMENTS["RUT"], "yahoo", nothing, desk.history.compare("RUT", nothing, desk.now))
    judged = desk.gate.judge([offer], desk.history.held, desk.now)
    assert (judged.arrivals, judged.findings) == ((), ())
