"""The bid-ask spread of hours: against a plain loop over the published formulas, and which hours it is made of."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bars import HOUR, Bars, Interval, Ints, Origin
from rules.edge import HOURS, WITHIN, spreads, squared_spread
from tests.rules.edge import Prices, plainly
from tests.rules.markets import bouncing_hours, same_bits, tape

A, B = tape("A"), tape("B")


def drawn(seed: int, bars: int, spread: float = 0.01) -> Prices:
    """Open, high, low and close of bars of two to six trades at either side of a spread; some bars do not move."""
    rng = np.random.default_rng(seed)
    middle, rows = 100.0, []
    for _ in range(bars):
        still = rng.random() < 0.1
        trades = []
        for _ in range(rng.integers(2, 7)):
            middle *= 1 if still else math.exp(rng.normal(0, 0.002))
            trades.append(middle * (1 + spread / 2 * (1 if still else rng.choice([-1, 1]))))
        rows.append((trades[0], max(trades), min(trades), trades[-1]))
    o, h, low, c = (np.array(column) for column in zip(*rows, strict=True))
    return o, h, low, c


def cut(prices: Prices, rows: slice) -> Prices:
    o, h, low, c = prices
    return o[rows], h[rows], low[rows], c[rows]


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(3, 40))
def test_the_estimate_is_the_published_one_on_every_window(seed: int, n: int) -> None:
    prices = drawn(seed, 60)
    last = np.arange(n - 1, 60)
    found = squared_spread(prices, n, last)
    wanted = [plainly(cut(prices, slice(at - n + 1, at + 1))) for at in last]
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-15)


def test_the_estimate_is_that_of_the_authors_own_code() -> None:
    """Figures of their package bidask 2.1.0, sign=True, for every four of six bars."""
    o = np.array([10.0, 10.2, 10.1, 10.4, 10.3, 10.1])
    h = np.array([10.3, 10.4, 10.5, 10.5, 10.4, 10.2])
    low = np.array([9.9, 10.0, 10.1, 10.2, 10.0, 9.8])
    c = np.array([10.2, 10.1, 10.5, 10.3, 10.0, 10.0])
    wanted = [0.006995553155465749, 0.009485775201392805, 0.017012970274710812]
    found = squared_spread((o, h, low, c), 4, np.array([3, 4, 5]))
    np.testing.assert_allclose(np.sign(found) * np.sqrt(np.abs(found)), wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("spread", [0.002, 0.01, 0.05])
def test_the_spread_that_prices_were_made_with_is_found(spread: float) -> None:
    hours = bouncing_hours(60, spread=spread, seed=5)
    instants = hours.end[HOURS - 1 :: 24]
    np.testing.assert_allclose(spreads(hours, instants), spread, rtol=0.3 if spread < 0.005 else 0.1)


def test_an_estimate_has_the_same_bits_whichever_others_are_asked_for() -> None:
    prices = drawn(3, 400)
    last = np.arange(99, 400)
    together = squared_spread(prices, 100, last)
    for some in (last[:1], last[7:8], last[::3], last[-70:], last[:0]):
        assert same_bits(squared_spread(prices, 100, some), together[some - 99])


@pytest.mark.parametrize("factor", [2.0**-900, 2.0**-20, 2.0**900])
def test_the_size_of_a_price_does_not_matter(factor: float) -> None:
    prices = drawn(4, 200)
    scaled = tuple(column * factor for column in prices)
    wanted = squared_spread(prices, 200, np.array([199]))
    np.testing.assert_allclose(squared_spread(scaled, 200, np.array([199])), wanted, rtol=1e-6)


def test_prices_that_never_move_have_no_spread_and_no_number() -> None:
    still = np.full(50, 7.0)
    assert np.isnan(squared_spread((still, still, still, still), 50, np.array([49])))


def test_bars_that_open_and_close_at_their_ends_have_no_number() -> None:
    up = np.arange(1.0, 51.0)
    assert np.isnan(squared_spread((up, up, up, up), 50, np.array([49])))


# Which hours


def hours_like(count: int, origin: Ints | None = None, origins: tuple[Origin, ...] = (A, B)) -> Bars:
    """The first `count` hours of a market, by their numbers 1, 2, 3 ... and who printed them."""
    hours = bouncing_hours(60).take(slice(0, count))
    end = HOUR * np.arange(1, count + 1)
    own = np.zeros(count, dtype=np.int64) if origin is None else origin
    return replace(hours, start=end - HOUR, end=end, origin=own, origins=origins)


def without(hours: Bars, *rows: int) -> Bars:
    return hours.take(np.delete(np.arange(len(hours)), rows))


def by_hand(hours: Bars) -> float:
    """The spread of exactly these bars."""
    return math.sqrt(max(0.0, plainly((hours.open, hours.high, hours.low, hours.close))))


def test_an_estimate_needs_its_hours() -> None:
    hours = hours_like(HOURS + 2)
    found = spreads(hours, HOUR * np.arange(HOURS - 1, HOURS + 3))
    assert np.isnan(found[0])
    wanted = [by_hand(hours.take(slice(k, k + HOURS))) for k in range(3)]
    np.testing.assert_allclose(found[1:], wanted, rtol=1e-9)


def test_hours_may_be_missing_and_their_neighbours_then_are_neighbours() -> None:
    hours = without(hours_like(WITHIN), 30, 200, 201, WITHIN - 2)
    found = spreads(hours, np.array([WITHIN * HOUR]))
    np.testing.assert_allclose(found, [by_hand(hours.take(slice(-HOURS, None)))], rtol=1e-9)


@pytest.mark.parametrize(("missing", "known"), [(WITHIN - HOURS, True), (WITHIN - HOURS + 1, False)])
def test_they_must_lie_within_the_last_nine_hundred(missing: int, known: bool) -> None:
    hours = without(hours_like(WITHIN + 100), *range(300, 300 + missing))
    found = spreads(hours, np.array([WITHIN, WITHIN + 99, WITHIN + 100]) * HOUR)
    assert (~np.isnan(found)).tolist() == [known] * 3


def test_an_instant_sees_no_hour_that_ends_later() -> None:
    hours = hours_like(HOURS + 50)
    instants = HOUR * np.arange(HOURS - 1, HOURS + 51) + 60
    whole = spreads(hours, instants)
    for row in range(len(instants)):
        assert same_bits(spreads(hours.upto(int(instants[row])), instants[row : row + 1]), whole[row : row + 1])


def test_one_hour_of_another_venue_is_left_out() -> None:
    origin = np.zeros(HOURS + 10, dtype=np.int64)
    origin[HOURS - 5] = 1
    hours = hours_like(HOURS + 10, origin)
    found = spreads(hours, hours.end[-1:])
    np.testing.assert_allclose(found, [by_hand(without(hours, HOURS - 5).take(slice(-HOURS, None)))], rtol=1e-9)


def test_at_an_hour_of_another_venue_there_is_none_before_that_venue_has_enough() -> None:
    origin = (np.arange(2 * HOURS) >= HOURS).astype(np.int64)
    hours = hours_like(2 * HOURS, origin)
    found = spreads(hours, hours.end)
    known = ~np.isnan(found)
    assert np.flatnonzero(known).tolist() == [HOURS - 1, 2 * HOURS - 1]
    np.testing.assert_allclose(found[known], [by_hand(hours.take(slice(k, k + HOURS))) for k in (0, HOURS)], rtol=1e-9)


def test_of_two_venues_of_one_hour_the_preferred_one_is_believed() -> None:
    first, second = hours_like(HOURS), hours_like(HOURS)
    second = replace(second, close=second.close * 1.01, origin=second.origin + 1)
    names = ("start", "end", "open", "high", "low", "close", "volume", "known_at", "origin")
    columns = {name: np.stack([getattr(first, name), getattr(second, name)], axis=1).ravel() for name in names}
    both = Bars(Interval.HOUR, origins=(A, B), **columns)
    assert same_bits(spreads(both, first.end[-1:]), spreads(first, first.end[-1:]))


def test_a_venue_in_another_quote_is_another_one() -> None:
    dollars, tether = Origin("test", "A", "USD"), Origin("test", "A", "USDT")
    origin = (np.arange(HOURS) >= HOURS // 2).astype(np.int64)
    assert np.isnan(spreads(hours_like(HOURS, origin, (dollars, tether)), np.array([HOURS * HOUR])))
    same = Origin("another feed", "A", "USD")
    assert not np.isnan(spreads(hours_like(HOURS, origin, (dollars, same)), np.array([HOURS * HOUR])))


@pytest.mark.parametrize("price", [np.nan, 0.0, -1.0, np.inf])
@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_an_hour_without_all_four_prices_is_none(name: str, price: float) -> None:
    hours = hours_like(HOURS + 1)
    broken = getattr(hours, name).copy()
    broken[100] = price
    found = spreads(replace(hours, **{name: broken}), np.array([(HOURS + 1) * HOUR]))
    np.testing.assert_allclose(found, [by_hand(without(hours, 100))], rtol=1e-9)


def test_a_spread_too_small_to_be_told_is_none_at_all() -> None:
    """Prices that go on the way they went: neighbours pull each other on instead of back."""
    steps = np.repeat(np.random.default_rng(2).choice([-1.0, 1.0], HOURS // 8), 8)
    path = 100 * np.exp(0.001 * np.cumsum(steps))
    opens = np.concatenate([[100.0], path[:-1]])
    hours = hours_like(HOURS)
    hours = replace(
        hours, open=opens * 1.0001, close=path, high=np.maximum(opens, path) * 1.0005,
        low=np.minimum(opens, path) * 0.9995,
    )  # fmt: skip
    assert plainly((hours.open, hours.high, hours.low, hours.close)) < 0
    assert spreads(hours, hours.end[-1:]).tolist() == [0.0]


def test_without_hours_or_instants_there_is_nothing() -> None:
    hours = hours_like(HOURS)
    assert spreads(hours, np.empty(0, dtype=np.int64)).shape == (0,)
    assert np.isnan(spreads(hours.take(slice(0)), np.array([HOUR]))).all()
    assert np.isnan(spreads(hours, np.array([0, 5]))).all()
