"""Returns, changes, averages and turns, against few-line computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.rules.functions.test_price import windows
from tests.rules.markets import IDS, column, market, prices, relinked, written
from tests.rules.test_windows import ranks

SEEDS = (1, 2, 3, 4)


def linked_returns(close: np.ndarray, link: np.ndarray, n: int) -> np.ndarray:
    """x_t / x_{t-n} - 1 where the base is carried through the venues between."""
    out = np.full(len(close), np.nan)
    for row in range(n, len(close)):
        out[row] = close[row] / (close[row - n] * np.prod(link[row - n + 1 : row + 1])) - 1
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 21])
def test_returns_have_the_same_base_in_simple_and_in_log_form(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        expected = linked_returns(panel.field(name, "close"), panel.field(name, "link"), n)
        np.testing.assert_allclose(column(f"ret({name}, {n})", panel), expected, rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(column(f"logret({name}, {n})", panel), np.log1p(expected), rtol=1e-9, atol=1e-14)


def test_a_return_of_one_row_is_the_default() -> None:
    panel = written(RUT="100 110 99")
    np.testing.assert_allclose(column("ret(RUT)", panel), [np.nan, 0.1, -0.1])
    np.testing.assert_allclose(column("logret(RUT)", panel), [np.nan, np.log(1.1), np.log(0.9)])
    np.testing.assert_allclose(column("change(RUT)", panel), [np.nan, 10, -11])


def test_a_return_over_a_gap_is_unknown_and_one_across_it_is_not() -> None:
    panel = written(RUT="100 . 121 133.1")
    np.testing.assert_allclose(column("ret(RUT, 1)", panel), [np.nan, np.nan, np.nan, 0.1])
    np.testing.assert_allclose(column("ret(RUT, 2)", panel), [np.nan, np.nan, 0.21, np.nan])


def test_at_a_switch_of_venue_the_new_venues_own_previous_close_is_the_base() -> None:
    panel = relinked(written(SOL="100 100 104 104"), "SOL", 2, 1.04)
    np.testing.assert_allclose(column("ret(SOL, 1)", panel), [np.nan, 0, 0, 0], atol=1e-15)
    np.testing.assert_allclose(column("ret(SOL, 2)", panel), [np.nan, np.nan, 0, 0], atol=1e-15)


def test_a_return_across_a_switch_without_a_common_close_is_unknown() -> None:
    panel = relinked(written(SOL="100 100 104 104 104"), "SOL", 2, np.nan)
    np.testing.assert_array_equal(np.isnan(column("ret(SOL, 1)", panel)), [True, False, True, False, False])
    np.testing.assert_array_equal(np.isnan(column("ret(SOL, 2)", panel)), [True, True, True, True, False])


def test_a_switch_of_venue_concerns_returns_of_that_instrument_only() -> None:
    panel = relinked(written(SOL="100 100 104", BTC="10 11 12"), "SOL", 2, np.nan)
    assert column("ret(BTC)", panel)[2] == 12 / 11 - 1
    assert column("change(SOL)", panel)[2] == 4


@pytest.mark.parametrize("path", ["0 5 5", "-5 5 5"])
def test_a_return_from_a_price_that_is_not_positive_is_unknown(path: str) -> None:
    assert np.isnan(column("ret(RUT)", written(RUT=path))[1])
    assert np.isnan(column("logret(RUT)", written(RUT=path))[1])
    assert column("ret(RUT)", written(RUT=path))[2] == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 5])
def test_a_change_is_a_difference(seed: int, n: int) -> None:
    panel = market(seed)
    expected = pd.Series(panel.field("VIX", "close")).diff(n).to_numpy()
    np.testing.assert_array_equal(column(f"change(VIX, {n})", panel), expected)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 3, 20, 200])
def test_sma_is_the_mean_of_the_last_known_values(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        expected = [np.nan if w is None else w.mean() for w in windows(panel.field(name, "close"), n)]
        np.testing.assert_allclose(column(f"sma({name}, {n})", panel), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [1, 2, 12, 26])
def test_ema_agrees_with_pandas_on_what_is_known(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        close = pd.Series(panel.field(name, "close"))
        expected = close.dropna().ewm(span=n, adjust=False, min_periods=n).mean().reindex(close.index)
        np.testing.assert_allclose(column(f"ema({name}, {n})", panel), expected.to_numpy(), rtol=1e-11)


def turns(path: np.ndarray, pct: float) -> np.ndarray:
    """+1 and -1 where a rally or a drawdown is completed: watch both until the first, then the other one only."""
    low = high = None
    wait_for, out = {"rally", "drawdown"}, np.full(len(path), np.nan)
    for row, x in enumerate(path):
        if np.isnan(x):
            continue
        low, high = x if low is None else min(low, x), x if high is None else max(high, x)
        out[row] = 0
        if "rally" in wait_for and x >= low * (1 + pct):
            out[row], wait_for, high = 1, {"drawdown"}, x
        elif "drawdown" in wait_for and x <= high * (1 - pct):
            out[row], wait_for, low = -1, {"rally"}, x
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("pct", [0.03, 0.1, 0.3])
def test_turns_agree_with_a_plain_loop(seed: int, pct: float) -> None:
    panel = market(seed)
    seen = set()
    for name in IDS:
        expected = turns(panel.field(name, "close"), pct)
        gap = np.where(np.isnan(expected), np.nan, 0.0)
        np.testing.assert_array_equal(column(f"up_turn({name}, {pct})", panel), gap + (expected == 1))
        np.testing.assert_array_equal(column(f"down_turn({name}, {pct})", panel), gap + (expected == -1))
        seen |= set(expected[~np.isnan(expected)])
    assert seen == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize(
    ("path", "up", "down"),
    [
        ("100 109 111 95 80", "0 0 1 0 0", "0 0 0 1 0"),
        ("100 90 98 100", "0 0 0 1", "0 1 0 0"),
        ("100 120 140 160", "0 1 0 0", "0 0 0 0"),
        ("100 . 111", "0 . 1", "0 . 0"),
        ("100 105 95 104", "0 0 0 0", "0 0 0 0"),
    ],
)
def test_turns_alternate_and_are_marked_on_the_row_that_completes_them(path: str, up: str, down: str) -> None:
    panel = written(RUT=path)
    np.testing.assert_array_equal(column("up_turn(RUT, 10%)", panel), prices(up))
    np.testing.assert_array_equal(column("down_turn(RUT, 10%)", panel), prices(down))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60, 252])
def test_a_percentile_is_the_share_of_the_last_values_that_are_not_above(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        known = column(f"percentile({name}, {n})", panel)
        np.testing.assert_array_equal(known, ranks(panel.field(name, "close"), n))
        assert not np.isnan(known).all()


def test_the_percentile_of_a_correlation_is_its_rank_among_its_own() -> None:
    panel = market(2)
    r = column("corr(RUT, SOL, 20)", panel)
    np.testing.assert_array_equal(column("percentile(corr(RUT, SOL, 20), 100)", panel), ranks(r, 100))


def test_a_percentile_is_among_504_by_default_and_speaks_from_sixty_on() -> None:
    panel = market(3, scars=False)
    known = column("percentile(RUT)", panel)
    np.testing.assert_array_equal(known, column("percentile(RUT, 504)", panel))
    assert np.flatnonzero(~np.isnan(known))[0] == 59
