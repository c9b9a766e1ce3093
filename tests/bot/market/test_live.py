"""Bars as they come in: what is new, what says something else, what stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.market.live import LiveHistory
from rules.bars import DAY, HOUR, Bars, Interval, Origin
from rules.model import XNYS, Instant
from tests.bot.market.stations import bars, closes
from tests.bot.markets import BTC, NOW, RUT, SESSIONS

DAYS = closes("2025-12-01", "2025-12-05")
FIRST, SECOND, OTHER = Origin("fake", "first"), Origin("fake", "second"), Origin("fake", "other")
RANKS = {("fake", "first"): 0, ("fake", "second"): 1}


def history() -> LiveHistory:
    return LiveHistory({"RUT": RUT, "BTC": BTC}, SESSIONS, {"RUT": RANKS, "BTC": RANKS})


def days(*prices: float, origin: Origin = FIRST, since: int = 0) -> Bars:
    """A week's days from the `since`-th on."""
    return bars(Interval.DAY, dict(zip(DAYS[since:], prices, strict=False)), origin)


def taken(live: LiveHistory, new: Bars, now: Instant = NOW) -> tuple[int, int]:
    """Compare and hold; how many bars were written and how many were replaced."""
    arrival = live.compare("RUT", new, now)
    live.take("RUT", arrival)
    return len(arrival.written), len(arrival.replaced)


def held(live: LiveHistory) -> list[tuple[int, str, float]]:
    """What is held, as (day, venue, close) in its order."""
    table = live.snapshot(NOW).bars["RUT"][Interval.DAY]
    names = [table.origins[each].venue for each in table.origin]
    return [(DAYS.index(e), n, c) for e, n, c in zip(table.end.tolist(), names, table.close.tolist(), strict=True)]


def test_what_comes_first_is_all_new() -> None:
    live = history()
    assert taken(live, days(10, 11)) == (2, 0)
    assert held(live) == [(0, "first", 10), (1, "first", 11)]


def test_snapshots_share_their_panels_until_a_bar_comes() -> None:
    live = history()
    taken(live, days(10, 11))
    first = live.snapshot(NOW).panel(XNYS)
    taken(live, days(10, 11))
    assert live.snapshot(NOW).panel(XNYS) is first
    old = live.snapshot(NOW)
    taken(live, days(10, 11, 12))
    assert live.snapshot(NOW).panel(XNYS) is not first
    assert old.panel(XNYS) is first


def test_what_says_the_same_changes_nothing_and_copies_nothing() -> None:
    live = history()
    taken(live, days(10, 11, 12))
    before = live.snapshot(NOW).bars["RUT"][Interval.DAY]
    assert taken(live, days(10, 11, 12)) == (0, 0)
    assert taken(live, days()) == (0, 0)
    assert live.snapshot(NOW).bars["RUT"][Interval.DAY] is before


def test_only_what_is_new_of_an_answer_is_written() -> None:
    live = history()
    taken(live, days(10, 11))
    assert taken(live, days(10, 11, 12, 13)) == (2, 0)
    assert [close for _, _, close in held(live)] == [10, 11, 12, 13]


@pytest.mark.parametrize("name", ["open", "high", "low", "close"])
def test_a_price_that_differs_replaces_the_bar_and_keeps_what_it_said(name: str) -> None:
    live = history()
    taken(live, days(10, 20, 30))
    changed: Any = {name: np.array([10, 20 * (1 + 2e-6), 30])}
    arrival = live.compare("RUT", replace(days(10, 20, 30), **changed), NOW)
    assert arrival.written.end.tolist() == [DAYS[1]]
    assert getattr(arrival.replaced, name).tolist() == [20]
    live.take("RUT", arrival)
    assert len(held(live)) == 3
    assert getattr(live.snapshot(NOW).bars["RUT"][Interval.DAY], name)[1] == 20 * (1 + 2e-6)


def test_a_price_that_differs_by_less_than_a_millionth_is_the_same_and_so_is_another_volume() -> None:
    live = history()
    taken(live, days(10, 20))
    assert taken(live, days(10 * (1 + 0.9e-6), 20 * (1 - 0.9e-6))) == (0, 0)
    assert taken(live, replace(days(10, 20), volume=np.array([1.0, 2.0]))) == (0, 0)


def test_a_number_where_there_was_none_is_another_bar_and_none_beside_none_is_not() -> None:
    live, unsaid = history(), np.array([np.nan, np.nan])
    taken(live, replace(days(10, 20), open=unsaid))
    assert taken(live, replace(days(10, 20), open=unsaid)) == (0, 0)
    assert taken(live, replace(days(10, 20), open=np.array([np.nan, 19.0]))) == (1, 1)


def test_when_a_bar_was_known_is_when_it_came() -> None:
    live = history()
    taken(live, days(10, 20), now=NOW - DAY)
    taken(live, days(10, 21, 30), now=NOW)
    assert live.snapshot(NOW).bars["RUT"][Interval.DAY].known_at.tolist() == [NOW - DAY, NOW, NOW]


@pytest.mark.parametrize("order", ["123", "132", "213", "231", "312", "321"])
def test_bars_of_one_end_stand_in_the_order_of_preference_whoever_came_first(order: str) -> None:
    """Venues that the configuration no longer names come last."""
    live = history()
    answers = {"1": days(10, 11), "2": days(20, 21, 22, origin=SECOND), "3": days(30, origin=OTHER)}
    for each in order:
        assert taken(live, answers[each])[1] == 0
    assert held(live) == [
        (0, "first", 10), (0, "second", 20), (0, "other", 30), (1, "first", 11), (1, "second", 21), (2, "second", 22),
    ]  # fmt: skip
    assert live.snapshot(NOW).panel(XNYS).field("RUT", "close").tolist()[:3] == [10, 11, 22]


def test_a_restated_bar_of_one_venue_leaves_the_other_venues_alone() -> None:
    live = history()
    taken(live, days(10, 11))
    taken(live, days(20, 21, origin=SECOND))
    assert taken(live, days(25, origin=SECOND)) == (1, 1)
    assert held(live) == [(0, "first", 10), (0, "second", 25), (1, "first", 11), (1, "second", 21)]


def test_of_two_that_were_compared_before_either_was_taken_the_last_one_is_held_and_no_bar_twice() -> None:
    """A poll and a fill at a restart left every bar of both twice, and the older one was read."""
    live = history()
    taken(live, days(10, 11))
    one, other = live.compare("RUT", days(10, 12, 13), NOW), live.compare("RUT", days(10, 14, 15), NOW)
    live.take("RUT", one)
    live.take("RUT", other)
    assert held(live) == [(0, "first", 10), (1, "first", 14), (2, "first", 15)]


def test_bars_that_were_stored_under_another_order_are_put_in_the_present_one() -> None:
    live, stored = history(), days(20, 21, origin=SECOND)
    prices: Any = {name: np.array([20.0, 10.0, 21.0, 11.0]) for name in ("open", "high", "low", "close", "volume")}
    both = replace(
        stored, end=np.repeat(stored.end, 2), start=np.repeat(stored.start, 2), known_at=np.repeat(stored.known_at, 2),
        **prices, origin=np.array([0, 1, 0, 1]), origins=(SECOND, FIRST),
    )  # fmt: skip
    live.load("RUT", both)
    assert held(live) == [(0, "first", 10), (0, "second", 20), (1, "first", 11), (1, "second", 21)]


def test_it_says_where_history_ends() -> None:
    live = history()
    assert live.last_end("RUT", Interval.DAY) is None
    taken(live, days(11, 12, since=1))
    taken(live, days(21, 22, 23, origin=SECOND, since=2))
    assert live.last_end("RUT", Interval.DAY) == DAYS[4]
    assert live.last_end("RUT", Interval.HOUR) is None


def test_a_snapshot_sees_nothing_that_comes_after_it_was_taken() -> None:
    live = history()
    taken(live, days(10, 11))
    before = live.snapshot(NOW)
    taken(live, days(10, 99, 12))
    assert before.bars["RUT"][Interval.DAY].close.tolist() == [10, 11]
    assert before.panel(XNYS).field("RUT", "close").tolist()[:2] == [10, 11]


def test_a_snapshot_has_a_row_for_each_session_that_has_closed_by_then_with_bars_or_without() -> None:
    live = history()
    taken(live, days(10, 11, 12))
    panel = live.snapshot(DAYS[3]).panel(XNYS)
    assert panel.field("RUT", "close").tolist() == pytest.approx([10, 11, 12, np.nan], nan_ok=True)
    assert live.snapshot(DAYS[1]).panel(XNYS).field("RUT", "close").tolist() == [10, 11]


@st.composite
def answers(draw: st.DrawFn) -> list[tuple[Origin, dict[int, float]]]:
    """What three venues say in turn: days and prices, some of them again and some of them otherwise."""
    said = st.dictionaries(st.integers(0, 4), st.sampled_from([1.0, 2.0, 2.0 + 1e-7, 3.0]), max_size=5)
    return draw(st.lists(st.tuples(st.sampled_from([FIRST, SECOND, OTHER]), said), max_size=8))


@given(answers())
def test_whatever_comes_the_last_word_of_each_venue_is_held_once(said: list[tuple[Origin, dict[int, float]]]) -> None:
    live, last, revisions, wanted = history(), dict[tuple[int, str], float](), 0, 0
    for origin, prices in said:
        arrival = live.compare("RUT", bars(Interval.DAY, {DAYS[d]: p for d, p in prices.items()}, origin), NOW)
        live.take("RUT", arrival)
        revisions += len(arrival.replaced)
        for day, price in prices.items():
            known: Any = last.get((day, origin.venue))
            if known is None or abs(price - known) > 1e-6 * known:
                wanted += known is not None
                last[day, origin.venue] = price
    rank = ["first", "second", "other"]
    expected = sorted(((day, venue, p) for (day, venue), p in last.items()), key=lambda e: (e[0], rank.index(e[1])))
    assert (held(live) if last else []) == expected
    assert revisions == wanted


def test_hours_and_days_of_a_coin_do_not_meet() -> None:
    live = history()
    end = DAYS[0] // DAY * DAY
    for interval, price in ((Interval.DAY, 1.0), (Interval.HOUR, 2.0)):
        arrival = live.compare("BTC", bars(interval, {end: price}, FIRST), NOW)
        live.take("BTC", arrival)
    assert live.snapshot(NOW).bars["BTC"][Interval.DAY].close.tolist() == [1.0]
    assert live.snapshot(NOW).bars["BTC"][Interval.HOUR].close.tolist() == [2.0]
    assert live.snapshot(NOW).bars["BTC"][Interval.HOUR].start.tolist() == [end - HOUR]


# In another unit


def test_bars_in_another_unit_become_unknown_and_what_they_said_is_handed_back() -> None:
    live = history()
    taken(live, days(10, 11, 12))
    taken(live, days(20, 21, origin=SECOND))
    arrival = live.withdrawn("RUT", Interval.DAY, [FIRST], NOW)
    assert arrival.replaced.close.tolist() == [10, 11, 12]
    live.take("RUT", arrival)
    first, second = [[c for _, n, c in held(live) if n == name] for name in ("first", "second")]
    assert np.isnan(first).all()
    assert second == [20, 21]
    assert live.snapshot(NOW).bars["RUT"][Interval.DAY].known_at.tolist()[0] == NOW
    assert len(live.withdrawn("RUT", Interval.DAY, [FIRST], NOW).written) == 0, "nothing is left to take back"
    taken(live, days(5, 5.5, 6))
    assert [c for _, n, c in held(live) if n == "first"] == [5, 5.5, 6]


def test_a_bar_of_which_no_close_is_known_is_none_that_is_there() -> None:
    live = history()
    taken(live, days(10, 11, np.nan))
    taken(live, days(np.nan, 21, np.nan, np.nan, origin=SECOND))
    assert live.last_end("RUT", Interval.DAY) == DAYS[1]
    assert live.ends("RUT", Interval.DAY).tolist() == [DAYS[0], DAYS[1], DAYS[1]]
    assert live.ends("BTC", Interval.DAY).tolist() == []
    assert live.held["RUT"][Interval.DAY] is live.snapshot(NOW).bars["RUT"][Interval.DAY]
