"""Rows of a panel: those of before, the one of a date, and which are due. Times are New York's."""

from __future__ import annotations

import datetime as dt

import pytest

from rules.bars import HOUR, Interval, Origin, Tick
from rules.model import ALWAYS
from rules.panel import due_rows
from rules.provisional import with_provisional
from tests.rules.aligned import FIELDS, WEEK, A, B, hourly, on
from tests.rules.markets import bars_of, hours_of, same_bits, weekdays, written

COIN = on(WEEK, "BTC", hours=hourly("2024-03-07 16:00", "2024-03-12 16:00", without=("2024-03-10 05:00",)))


@pytest.mark.parametrize("rows", range(5))
def test_a_panel_of_the_first_rows_is_what_was_known_then(rows: int) -> None:
    bars = bars_of(
        Interval.HOUR,
        *hours_of("2024-03-07 16:00", "2024-03-09 20:00", origin=0),
        *hours_of("2024-03-08 10:00", "2024-03-12 16:00", without=("2024-03-10 05:00",), origin=1),
        origins=(A, B),
    )
    then, now = on(WEEK[:rows], "BTC", hours=bars), on(WEEK, "BTC", hours=bars)[:rows]
    assert len(then) == len(now) == rows
    for name in FIELDS:
        assert same_bits(then.field("BTC", name), now.field("BTC", name))


@pytest.mark.parametrize(
    ("date", "row"), [("2024-03-06", -1), ("2024-03-07", 0), ("2024-03-09", 1), ("2024-03-11", 2), ("2030-01-01", 3)]
)
def test_a_date_that_is_no_session_means_the_session_before(date: str, row: int) -> None:
    assert WEEK.row_of(dt.date.fromisoformat(date)) == row


def test_a_year_has_252_sessions_and_365_days() -> None:
    assert WEEK.rows_a_year == 252
    assert weekdays(3, ALWAYS).rows_a_year == 365


@pytest.mark.parametrize(
    ("rut", "spx", "start", "minutes", "first_not_due"),
    [
        # closes, from which row, minutes after the last close, the first row that must wait
        ("1 1 1", "1 1 1", 0, 0, 3),
        ("1 1 1", "1 1 .", 0, 0, 2),
        ("1 1 1", "1 1 .", 0, 119, 2),
        ("1 1 1", "1 1 .", 0, 120, 3),
        ("1 . 1", "1 1 1", 0, 0, 3),
        ("1 1 .", "1 1 1", 0, 60, 2),
        ("1 1 1", "1 1 .", 2, 0, 2),
        ("1 1 1", "1 1 1", 3, 0, 3),
        (". . .", ". . .", 0, 0, 2),
        ("1 . 1", "1 1 1", 0, -24 * 60, 1),
    ],
)
def test_a_row_is_due_with_all_its_bars_or_after_the_grace(
    rut: str, spx: str, start: int, minutes: int, first_not_due: int
) -> None:
    panel = written(RUT=rut, SPX=spx)
    now = int(panel.clock.closes[-1]) + 60 * minutes
    assert due_rows(panel, ("RUT", "SPX"), start, now, 2 * HOUR) == first_not_due


def test_only_the_instruments_of_the_rule_are_waited_for() -> None:
    panel = written(RUT="1 1", SPX="1 .")
    now = int(panel.clock.closes[-1])
    assert due_rows(panel, ("RUT",), 0, now, 2 * HOUR) == 2
    assert due_rows(panel, ("RUT", "BTC"), 0, now, 2 * HOUR) == 1
    assert due_rows(panel, (), 0, now, 2 * HOUR) == 2


@pytest.mark.parametrize(
    ("rut", "spx", "btc", "minutes", "first_not_due"),
    [
        # RUT decides, SPX and BTC stand beside: closes, minutes after the last close, the first row that must wait
        ("1 1 1", "1 1 1", "1 1 1", 0, 3),
        ("1 1 1", "1 1 .", "1 1 1", 0, 2),
        ("1 1 1", "1 1 1", "1 1 .", 119, 2),
        ("1 1 1", "1 1 .", "1 1 .", 120, 3),
        ("1 1 .", "1 1 1", "1 1 1", 60, 2),
        ("1 1 1", "1 . 1", ". . 1", 0, 3),
        ("1 1 1", ". . .", ". . .", 0, 2),
        ("1 1 1", ". . .", ". . .", 120, 3),
    ],
)
def test_a_row_waits_for_who_stands_beside_no_longer_than_its_grace(
    rut: str, spx: str, btc: str, minutes: int, first_not_due: int
) -> None:
    panel = written(RUT=rut, SPX=spx, BTC=btc)
    now = int(panel.clock.closes[-1]) + 60 * minutes
    assert due_rows(panel, ("RUT",), 0, now, 2 * HOUR, companions=("SPX", "BTC")) == first_not_due


@pytest.mark.parametrize("awaited", [{"SPX"}, {"SPX", "BTC"}])
def test_who_only_stands_beside_is_never_awaited_beyond_the_grace(awaited: set[str]) -> None:
    panel = written(RUT="1 1 1", SPX="1 . .")
    now = int(panel.clock.closes[-1]) + 2 * HOUR
    assert due_rows(panel, ("RUT",), 0, now, 2 * HOUR, awaited, ("SPX", "BTC")) == 3
    assert due_rows(panel, ("RUT", "SPX"), 0, now, 2 * HOUR, awaited, ("BTC",)) == 1


def test_a_session_in_progress_is_due_without_who_only_stands_beside() -> None:
    """Only what decides is polled for trades: a companion never has one, and its close is hours away."""
    panel = written(RUT="1 1", SPX="1 1")
    at = int(panel.clock.closes[-1]) + HOUR
    tick = Tick("RUT", at, 1.0, 1.0, 1.0, 1.0, Origin("test", "RUT-VENUE", "USD"))
    live = with_provisional(panel, dt.date(2031, 1, 1), {"RUT": tick})
    assert due_rows(live, ("RUT",), 0, at, 2 * HOUR) == 3
    assert due_rows(live, ("RUT",), 0, at, 2 * HOUR, companions=("SPX",)) == 3
    assert due_rows(live, ("RUT", "SPX"), 0, at, 2 * HOUR) == 2
