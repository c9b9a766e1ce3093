"""Bars as arrays: which had completed, which is preferred, and the close of a venue."""

from __future__ import annotations

import numpy as np
import pytest

from rules.bars import Interval, Origin
from tests.rules.markets import bars_of, instant

A, B = Origin("yahoo", "alpha"), Origin("stooq", "beta")
BARS = bars_of(
    Interval.DAY,
    "2024-03-07 16:00 | 1 1 1 100 1 0",
    "2024-03-07 16:00 | 1 1 1 102 1 1",
    "2024-03-08 16:00 | 1 1 1 103 1 1",
    origins=(A, B),
)


def test_a_bar_has_completed_at_its_end_and_not_a_second_before() -> None:
    end = instant("2024-03-08 16:00")
    assert [len(BARS.upto(end - 1)), len(BARS.upto(end))] == [2, 3]


def test_of_bars_with_one_end_the_preferred_origins_is_taken() -> None:
    best = BARS.preferred()
    assert best.close.tolist() == [100, 103]
    assert [str(best.origins[origin]) for origin in best.origin] == ["alpha USD", "beta USD"]
    assert len(BARS.take(slice(0, 0)).preferred()) == 0


def test_taking_rows_takes_them_in_every_column() -> None:
    last = BARS.take(np.array([2]))
    columns = ("start", "end", "open", "high", "low", "close", "volume", "known_at", "origin")
    assert {name: getattr(last, name).tolist() for name in columns} == {
        name: [getattr(BARS, name)[2]] for name in columns
    }


@pytest.mark.parametrize(
    ("end", "book", "close"),
    [
        ("2024-03-07 16:00", ("alpha", "USD"), 100),
        ("2024-03-07 16:00", ("beta", "USD"), 102),
        ("2024-03-07 16:00", ("beta", "EUR"), np.nan),
        ("2024-03-08 16:00", ("alpha", "USD"), np.nan),
        ("2024-03-09 16:00", ("beta", "USD"), np.nan),
        ("2024-03-01 16:00", ("beta", "USD"), np.nan),
    ],
)
def test_a_close_is_found_by_its_instant_and_its_venue(end: str, book: tuple[str, str], close: float) -> None:
    np.testing.assert_equal(BARS.close_at(instant(end), book), float(close))


@pytest.mark.parametrize(("interval", "seconds"), [("1d", 86_400), ("1h", 3_600), ("5m", 300)])
def test_an_interval_knows_its_length(interval: str, seconds: int) -> None:
    assert Interval(interval).seconds == seconds


def test_a_simulated_origin_says_so_wherever_it_is_named() -> None:
    assert str(Origin("simulated", "alpha", simulated=True)) == "SIMULATED"
