"""Bars on a clock: closing instants, folded hours, gaps, switches of venue, approximations. Times are New York's."""

from __future__ import annotations

import numpy as np
import pytest

from rules.alignment import build_panel
from rules.bars import HOUR, Interval, Origin
from rules.evaluation import evaluate
from rules.language.meaning import read
from rules.model import ALWAYS
from rules.panel import Panel
from tests.rules.aligned import B_EURO, FIELDS, WEEK, A, B, daily, hourly, on
from tests.rules.markets import INSTRUMENTS, SCOPE, bars_of, clock_of, hours_of, weekdays


def test_an_index_is_the_bar_that_ends_at_the_close() -> None:
    bars = daily("2024-03-07 16:00 | 1 2 0.5 1.5 100", "2024-03-08 16:00 | 2 3 1.5 2.5 200")
    panel = on(WEEK[:2], "RUT", days=bars)
    assert [panel.field("RUT", name).tolist() for name in FIELDS] == [
        [1, 2], [2, 3], [0.5, 1.5], [1.5, 2.5], [100, 200], [1, 1],
    ]  # fmt: skip


@pytest.mark.parametrize("end", ["2024-03-08 15:59", "2024-03-08 16:01", "2024-03-08 00:00", "2024-03-09 00:00Z"])
def test_a_bar_that_ends_at_another_instant_is_no_bar_of_the_session(end: str) -> None:
    bars = daily("2024-03-07 16:00 | 1 1 1 1 1", f"{end} | 2 2 2 2 2")
    assert np.isnan(on(WEEK[:2], "RUT", days=bars).field("RUT", "close")).tolist() == [False, True]


def test_a_missing_bar_is_a_gap_in_every_field() -> None:
    panel = on(WEEK[:3], "RUT", days=daily("2024-03-07 16:00 | 1 1 1 1 1", "2024-03-11 16:00 | 3 3 3 3 3"))
    for name in ("open", "high", "low", "close", "volume"):
        np.testing.assert_array_equal(panel.field("RUT", name), [1, np.nan, 3])
    assert panel.origin("RUT", 1) is None
    assert panel.origin("RUT", 2) == "alpha USD"


def test_an_instrument_without_bars_is_unknown_on_every_row() -> None:
    panel = build_panel(WEEK, INSTRUMENTS, {"RUT": {}, "BTC": {}})
    for name in ("RUT", "BTC", "SPX"):
        assert np.isnan(panel.field(name, "close")).all()
        assert panel.origin(name, 0) is None


def test_a_coin_on_an_equity_clock_is_the_hour_that_ends_at_the_close() -> None:
    bars = hourly("2024-03-07 16:00", "2024-03-08 17:00")
    panel = on(WEEK[:2], "BTC", hours=bars)
    np.testing.assert_array_equal(panel.field("BTC", "close"), [1.5, 25.5])


def test_a_coin_folds_what_lies_between_two_closes() -> None:
    panel = on(WEEK[:2], "BTC", hours=hourly("2024-03-07 16:00", "2024-03-08 17:00"))
    np.testing.assert_array_equal(panel.field("BTC", "open"), [np.nan, 2])
    np.testing.assert_array_equal(panel.field("BTC", "high"), [np.nan, 25.7])
    np.testing.assert_array_equal(panel.field("BTC", "low"), [np.nan, 1.3])
    np.testing.assert_array_equal(panel.field("BTC", "volume"), [np.nan, 24])


def test_a_weekend_folds_into_the_next_session_and_has_an_hour_less_when_the_clocks_go_forward() -> None:
    panel = on(WEEK, "BTC", hours=hourly("2024-03-07 16:00", "2024-03-12 16:00"))
    np.testing.assert_array_equal(panel.field("BTC", "volume"), [np.nan, 24, 71, 24])
    np.testing.assert_array_equal(panel.field("BTC", "close"), [1.5, 25.5, 96.5, 120.5])
    assert np.diff(WEEK.closes).tolist() == [24 * HOUR, 71 * HOUR, 24 * HOUR]


def test_a_weekend_has_an_hour_more_when_the_clocks_go_back() -> None:
    clock = clock_of("2024-11-01 16:00", "2024-11-04 16:00")
    panel = on(clock, "BTC", hours=hourly("2024-11-01 16:00", "2024-11-04 16:00"))
    np.testing.assert_array_equal(panel.field("BTC", "volume"), [np.nan, 73])
    np.testing.assert_array_equal(panel.field("BTC", "close"), [1.5, 74.5])


def test_on_a_half_day_a_coin_is_priced_at_one_o_clock_and_a_holiday_folds_into_the_session_after() -> None:
    clock = clock_of("2024-07-02 16:00", "2024-07-03 13:00", "2024-07-05 16:00", half_days=("2024-07-03",))
    panel = on(clock, "BTC", hours=hourly("2024-07-02 16:00", "2024-07-05 16:00"))
    np.testing.assert_array_equal(panel.field("BTC", "close"), [1.5, 22.5, 73.5])
    np.testing.assert_array_equal(panel.field("BTC", "volume"), [np.nan, 21, 51])
    assert panel.clock.half_day.tolist() == [False, True, False]


def test_a_missing_hour_between_leaves_the_close_and_no_range_and_no_volume() -> None:
    panel = on(WEEK, "BTC", hours=hourly("2024-03-07 16:00", "2024-03-12 16:00", without=("2024-03-10 05:00",)))
    np.testing.assert_array_equal(panel.field("BTC", "close"), [1.5, 25.5, 96.5, 120.5])
    for name in ("open", "high", "low", "volume"):
        assert np.isnan(panel.field("BTC", name)).tolist() == [True, False, True, False]


def test_a_missing_hour_at_the_close_is_a_gap_and_never_the_hour_before() -> None:
    panel = on(WEEK, "BTC", hours=hourly("2024-03-07 16:00", "2024-03-12 16:00", without=("2024-03-08 16:00",)))
    assert np.isnan(panel.field("BTC", "close")).tolist() == [False, True, False, False]
    assert np.isnan(panel.field("BTC", "volume")).tolist() == [True, True, False, False]


@pytest.mark.parametrize("field", ["open", "high", "low", "volume"])
def test_an_hour_that_does_not_say_makes_its_session_not_say(field: str) -> None:
    at = {"open": 0, "high": 1, "low": 2, "volume": 4}[field]
    lines = list(hours_of("2024-03-07 16:00", "2024-03-08 16:00"))
    end, numbers = lines[1].split(" | ")
    words = numbers.split()
    words[at] = "."
    lines[1] = f"{end} | {' '.join(words)}"
    panel = on(WEEK[:2], "BTC", hours=bars_of(Interval.HOUR, *lines))
    unknown = {name for name in ("open", "high", "low", "close", "volume") if np.isnan(panel.field("BTC", name)[1])}
    assert unknown == {field}


def test_hours_before_the_first_close_and_after_the_last_belong_to_no_row() -> None:
    panel = on(WEEK[1:2], "BTC", hours=hourly("2024-03-07 16:00", "2024-03-12 16:00"))
    assert panel.field("BTC", "close").tolist() == [25.5]
    assert np.isnan(panel.field("BTC", "volume")).all()


def test_coins_alone_use_their_own_days() -> None:
    clock = weekdays(2, ALWAYS)
    panel = on(clock, "BTC", days=daily("2019-01-03 00:00Z | 1 1 1 7 5", "2019-01-04 00:00Z | 1 1 1 8 6"))
    assert panel.field("BTC", "close").tolist() == [7, 8]
    assert panel.field("BTC", "volume").tolist() == [5, 6]


def test_an_instrument_of_another_calendar_is_not_paired_by_date() -> None:
    panel = on(WEEK[:1], "FTSE", days=daily("2024-03-07 16:00 | 1 1 1 1 1"))
    assert np.isnan(panel.field("FTSE", "close")).all()


# --- venues

SWITCH = (
    "2024-03-07 16:00 | 100 100 100 100 1 0",
    "2024-03-07 16:00 | 102 102 102 102 1 1",
    "2024-03-08 16:00 | 103 103 103 103 1 1",
    "2024-03-11 16:00 | 104 104 104 104 1 1",
)


def ret(panel: Panel, name: str, n: int = 1) -> list[float]:
    node = read(f"ret({name}, {n})", SCOPE, panel.clock.calendar).column
    values: list[float] = evaluate([node], panel).columns[node].tolist()
    return values


def test_the_most_preferred_origin_is_taken_where_two_printed() -> None:
    panel = on(WEEK[:3], "RUT", days=daily(*SWITCH))
    assert panel.field("RUT", "close").tolist() == [100, 103, 104]
    assert [panel.origin("RUT", row) for row in range(3)] == ["alpha USD", "beta USD", "beta USD"]


def test_at_a_switch_of_venue_the_link_is_the_new_venues_previous_close_over_the_old_ones() -> None:
    panel = on(WEEK[:3], "RUT", days=daily(*SWITCH))
    assert panel.field("RUT", "link").tolist() == [1, 1.02, 1]
    assert ret(panel, "RUT")[1] == pytest.approx(103 / 102 - 1)


def test_at_a_switch_to_a_venue_without_a_previous_close_there_is_no_return() -> None:
    panel = on(WEEK[:3], "RUT", days=daily(SWITCH[0], *SWITCH[2:]))
    np.testing.assert_array_equal(panel.field("RUT", "link"), [1, np.nan, 1])
    assert np.isnan(ret(panel, "RUT")).tolist() == [True, True, False]


@pytest.mark.parametrize(("second", "linked"), [(Origin("yahoo", "alpha"), 1.0), (B_EURO, np.nan)])
def test_a_venue_is_its_name_and_its_quote_whichever_feed_tells_it(second: Origin, linked: float) -> None:
    bars = daily("2024-03-07 16:00 | 1 1 1 100 1 0", "2024-03-08 16:00 | 1 1 1 103 1 1", origins=(A, second))
    np.testing.assert_array_equal(on(WEEK[:2], "RUT", days=bars).field("RUT", "link"), [1, linked])


def test_hours_link_venues_at_the_closing_instant() -> None:
    lines = (
        *hours_of("2024-03-07 15:00", "2024-03-07 16:00", origin=0),
        *hours_of("2024-03-07 14:00", "2024-03-08 16:00", origin=1),
    )
    panel = on(WEEK[:2], "BTC", hours=bars_of(Interval.HOUR, *lines, origins=(A, B)))
    assert panel.field("BTC", "close").tolist() == [2.5, 27.5]
    assert panel.field("BTC", "link").tolist() == [1, 3.5 / 2.5]


def test_volumes_of_two_venues_are_never_added() -> None:
    lines = (
        *hours_of("2024-03-07 16:00", "2024-03-07 20:00", origin=0),
        *hours_of("2024-03-07 16:00", "2024-03-08 16:00", origin=1),
    )
    panel = on(WEEK[:2], "BTC", hours=bars_of(Interval.HOUR, *lines, origins=(A, B)))
    assert np.isnan(panel.field("BTC", "volume")).all()
    assert not np.isnan(panel.field("BTC", "close")).any()


def test_a_switch_of_venue_hidden_by_a_gap_is_not_joined_into_one_return() -> None:
    """The row between is missing, so neither neighbour sees the change; a return of two rows spans both."""
    bars = daily("2024-03-07 16:00 | 1 1 1 100 1 0", "2024-03-11 16:00 | 1 1 1 150 1 1")
    panel = on(WEEK[:3], "RUT", days=bars)
    assert panel.field("RUT", "close")[[0, 2]].tolist() == [100, 150]
    assert np.isnan(ret(panel, "RUT", 2)[2])


def test_a_gap_between_bars_of_one_venue_hides_nothing() -> None:
    bars = daily("2024-03-07 16:00 | 1 1 1 100 1 1", "2024-03-11 16:00 | 1 1 1 150 1 1")
    assert ret(on(WEEK[:3], "RUT", days=bars), "RUT", 2)[2] == 0.5


# --- approximate

DAYS = tuple(f"2024-03-{day + 1:02}  00:00Z | 1 1 1 {day} 9".replace("  ", " ") for day in range(6, 13))
"""A coin's UTC days 6 to 12 March; each closes at the number of its day."""


def test_a_coin_with_days_only_is_unknown_beside_an_index_unless_an_approximation_is_asked_for() -> None:
    days = daily(*DAYS, origins=(A,))
    exact, rough = on(WEEK, "BTC", days=days), on(WEEK, "BTC", days=days, approximate=True)
    assert np.isnan(exact.field("BTC", "close")).all()
    assert not exact.columns["BTC"].approximate.any()
    assert rough.field("BTC", "close").tolist() == [7, 8, 11, 12]
    assert rough.columns["BTC"].approximate.all()


def test_an_approximation_stops_where_the_hours_begin_and_is_never_joined_to_them() -> None:
    days, hours = daily(*DAYS, origins=(A,)), hourly("2024-03-08 18:00", "2024-03-12 16:00")
    exact = on(WEEK, "BTC", days=days, hours=hours)
    rough = on(WEEK, "BTC", days=days, hours=hours, approximate=True)
    np.testing.assert_array_equal(rough.field("BTC", "close"), [7, 8, *exact.field("BTC", "close")[2:]])
    assert rough.columns["BTC"].approximate.tolist() == [True, True, False, False]
    assert np.isnan(rough.field("BTC", "link")).tolist() == [False, False, True, False]
    assert np.isnan(exact.field("BTC", "close")).tolist() == [True, True, False, False]
    assert np.isnan(ret(rough, "BTC")).tolist() == [True, False, True, False]


def test_a_gap_after_the_first_hour_is_never_filled_approximately() -> None:
    days = daily(*DAYS, origins=(A,))
    hours = hourly("2024-03-07 10:00", "2024-03-12 16:00", without=("2024-03-08 16:00",))
    rough = on(WEEK, "BTC", days=days, hours=hours, approximate=True)
    assert np.isnan(rough.field("BTC", "close")).tolist() == [False, True, False, False]
    assert not rough.columns["BTC"].approximate.any()


def test_an_index_is_never_approximate() -> None:
    panel = on(WEEK[:2], "RUT", days=daily("2024-03-08 00:00Z | 1 1 1 1 1"), approximate=True)
    assert np.isnan(panel.field("RUT", "close")).all()
