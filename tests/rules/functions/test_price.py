"""Prices and where they stand in their own history, against few-line computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

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
