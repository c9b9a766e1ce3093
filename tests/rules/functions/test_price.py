"""Prices and where they stand in their own history, against few-line computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.rules.legs import priced
from tests.rules.markets import IDS, column, market, prices, written

SEEDS = (1, 2, 3, 4)


def windows(x: np.ndarray, n: int) -> list[np.ndarray | None]:
    """Per row the last n known values inside the last ceil(n / 0.8) rows; None with fewer, or on a gap."""
    reach = int(np.ceil(n / 0.8))
    out: list[np.ndarray | None] = []
    for row in range(len(x)):
        inside = x[max(0, row - reach + 1) : row + 1]
        known = inside[~np.isnan(inside)]
        out.append(known[-n:] if len(known) >= n and not np.isnan(x[row]) else None)
    return out


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
def test_a_field_is_the_panels_column(name: str) -> None:
    panel = market(1)
    assert np.array_equal(column(f"{name}(SOL)", panel), panel.field("SOL", name), equal_nan=True)


def test_price_and_an_instrument_by_itself_are_its_close() -> None:
    panel = market(2)
    assert np.array_equal(column("price(RUT)", panel), panel.field("RUT", "close"), equal_nan=True)
    assert np.array_equal(column("RUT + 0", panel), panel.field("RUT", "close"), equal_nan=True)


def test_an_instrument_without_bars_is_unknown_on_every_row() -> None:
    panel = written(RUT="1 2 3")
    assert np.isnan(column("close(SPX)", panel)).all()


@pytest.mark.parametrize(
    ("path", "record", "drawdown"),
    [
        ("100 110 105 120 90", ". 100 110 110 120", "0 0 .045454545 0 .25"),
        ("100 . 110 . 99", ". 100 100 110 110", "0 . 0 . .1"),
        (". . 50 40", ". . . 50", ". . 0 .2"),
        ("100 100 100", ". 100 100", "0 0 0"),
    ],
)
def test_a_record_looks_at_rows_before_and_a_drawdown_at_this_one_too(path: str, record: str, drawdown: str) -> None:
    panel = written(RUT=path)
    np.testing.assert_array_equal(column("record(RUT)", panel), prices(record))
    np.testing.assert_allclose(column("drawdown(RUT)", panel), prices(drawdown), atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", IDS)
def test_record_and_drawdown_agree_with_pandas(seed: int, name: str) -> None:
    panel = market(seed)
    close = pd.Series(panel.field(name, "close"))
    peak = close.cummax().ffill()
    np.testing.assert_array_equal(column(f"record({name})", panel), peak.shift(1).to_numpy())
    np.testing.assert_allclose(column(f"drawdown({name})", panel), (1 - close / peak).to_numpy(), rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 5, 20, 61])
def test_highest_and_lowest_look_at_the_last_known_values(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        of_row = windows(panel.field(name, "close"), n)
        highest = [np.nan if w is None else w.max() for w in of_row]
        lowest = [np.nan if w is None else w.min() for w in of_row]
        np.testing.assert_array_equal(column(f"highest({name}, {n})", panel), highest)
        np.testing.assert_array_equal(column(f"lowest({name}, {n})", panel), lowest)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rally_is_the_rise_from_the_lowest(seed: int) -> None:
    panel = market(seed)
    close = panel.field("ETH", "close")
    lowest = np.array([np.nan if w is None else w.min() for w in windows(close, 15)])
    np.testing.assert_allclose(column("rally(ETH, 15)", panel), close / lowest - 1, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("path", "highest"),
    [
        ("1 2 3 4 5 6", ". . . 4 5 6"),  # 4 known values must lie within 5 rows
        ("1 2 . 4 5 6", ". . . . 5 6"),
        ("1 2 . . 5 6 7 8", ". . . . . . . 8"),
        ("9 2 3 . 5 6", ". . . . 9 6"),
    ],
)
def test_a_window_forgives_one_gap_in_five_rows(path: str, highest: str) -> None:
    np.testing.assert_array_equal(column("highest(RUT, 4)", written(RUT=path)), prices(highest))


# --- fresh records


def fresh(path: np.ndarray, pullback: float, rows: int, step: float | None, silent: int = 252) -> np.ndarray:
    """STATS D7 one row at a time: what has been since the last record is looked up anew at each."""
    out, known, told = np.full(len(path), np.nan), np.flatnonzero(~np.isnan(path)), None
    values = path[known]
    for k in range(len(values)):
        before, x = values[:k], values[k]
        is_fresh = False
        if k and x > before.max():
            last = int(np.argmax(before))  # the first of equals: only what is above all before it is a record
            fell = before[last] > 0 and before[last:].min() <= before[last] * (1 - pullback)
            climbed = step is not None and told is not None and told > 0 and x >= told * (1 + step)
            is_fresh = bool(fell or k - last >= rows or climbed)
        told = x if is_fresh else told
        out[known[k]] = is_fresh if k >= silent else np.nan
    return out


@pytest.mark.parametrize("seed", range(1, 7))
@pytest.mark.parametrize(("pullback", "rows", "step"), [(0.05, 60, None), (0.01, 3, None), (0.3, 400, 0.02)])
def test_a_fresh_record_agrees_with_a_plain_loop(seed: int, pullback: float, rows: int, step: float | None) -> None:
    panel = market(seed, 500)
    given = f"pullback={pullback}, rows={rows}" + (f", step={step}" if step else "")
    for text in (*IDS, "VIX - 20", "-RUT", "RUT / SPX"):
        x = column(f"{text} + 0", panel)
        np.testing.assert_array_equal(column(f"fresh_record({text}, {given})", panel), fresh(x, pullback, rows, step))


def test_records_are_fresh_somewhere_in_what_the_loop_is_held_against() -> None:
    found = [column("fresh_record(RUT, pullback=1%, rows=3)", market(seed, 500)) for seed in range(1, 7)]
    assert sum(np.nansum(each) for each in found) > 10


YEAR = [100.0] * 252


@pytest.mark.parametrize(
    ("path", "given", "wanted"),
    [
        ("101 102", "", "1 0"),  # the record before was a year ago; in discovery no more
        ("101 96.9 101 102", "", "1 0 0 0"),  # a fall of 4.1 %
        ("100 101 95.9 101.5", "", "0 1 0 1"),
        ("100 120 114 121", "", "0 1 0 1"),  # a fall of exactly 5 %
        ("101 95 101 101 101.1", "", "1 0 0 0 1"),  # an equal one is no record
        ("101 . 95 . 102", "", "1 . 0 . 1"),
        ("101 102 103 104", "rows=2", "1 0 0 0"),
        ("101 101 102 101 101 102.5", "rows=2", "1 0 1 0 0 1"),
        ("101 . . 102", "rows=2", "1 . . 0"),  # rows without a price do not count
        ("101 103 106.1 107 111.5", "step=5%", "1 0 1 0 1"),
        ("101 95 107 108", "step=5%", "1 0 1 0"),
    ],
)
def test_a_record_is_fresh_after_a_pullback_a_pause_or_a_step(path: str, given: str, wanted: str) -> None:
    panel = priced(RUT=np.concatenate([YEAR, prices(path)]))
    call = f"fresh_record(RUT, {given})" if given else "fresh_record(RUT)"
    np.testing.assert_array_equal(column(call, panel)[252:], prices(wanted))


def test_a_records_first_year_is_silent_and_counts_known_rows_alone() -> None:
    path = np.concatenate([[np.nan] * 40, np.tile([100.0, 90.0], 150) + 0.1 * np.arange(300)])
    path[50] = np.nan
    values = column("fresh_record(RUT)", priced(RUT=path))
    assert np.flatnonzero(~np.isnan(values))[0] == 40 + 252 + 1
    assert np.nansum(values) > 0


def test_what_stands_still_or_only_falls_has_no_fresh_record() -> None:
    still, falls = np.full(400, 7.0), np.linspace(100, 1, 400)
    for path in (still, falls, -still, 0 * still):
        assert np.nansum(column("fresh_record(RUT, step=1%)", priced(RUT=path))) == 0
