"""How much prices move, against plain loops and numpy's standard deviation."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from rules.model import ALWAYS
from rules.panel import Panel
from tests.rules.functions.test_price import windows
from tests.rules.functions.test_trend import linked_returns
from tests.rules.legs import priced
from tests.rules.markets import IDS, TAPE, column, columns_of, market, prices, relinked, weekdays, written

SEEDS = pytest.mark.parametrize("seed", range(1, 7))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("n", [2, 20, 60])
def test_vol_is_the_annualised_sample_deviation_of_log_returns(seed: int, n: int) -> None:
    panel = market(seed)
    for name in IDS:
        returns = np.log1p(linked_returns(panel.field(name, "close"), panel.field(name, "link"), 1))
        expected = [np.nan if w is None else w.std(ddof=1) * np.sqrt(252) for w in windows(returns, n)]
        np.testing.assert_allclose(column(f"vol({name}, {n})", panel), expected, rtol=1e-9, atol=1e-12)


def test_a_year_has_365_rows_where_trade_never_stops() -> None:
    beside_an_index, alone = (column("vol(BTC, 20)", market(1, calendar=each)) for each in ("XNYS", ALWAYS))
    np.testing.assert_allclose(alone, beside_an_index * np.sqrt(365 / 252), rtol=1e-12)


def test_a_price_that_stands_still_has_no_volatility() -> None:
    assert column("vol(RUT, 3)", written(RUT="100 100 100 100"))[-1] == 0


# --- what lies between closes


def barred(**columns: str) -> Panel:
    """RUT as written, by columns; what is not is the close."""
    close = prices(columns["close"])
    opening, high, low = (prices(columns.get(name, columns["close"])) for name in ("open", "high", "low"))
    held = replace(columns_of(close), open=opening, high=high, low=low)
    return Panel(weekdays(len(close)), {"RUT": held}, {"RUT": (TAPE,)})


def jumpy(seed: int, rows: int = 360) -> Panel:
    """A market whose rows open away from the close before them, and close away from where they opened."""
    panel, rng = market(seed, rows), np.random.default_rng([seed, 9])
    columns = {}
    for name in IDS:
        held = panel.columns[name]
        opening = held.close * np.exp(0.02 * rng.standard_normal(rows))
        high, low = np.fmax(opening, held.close), np.fmin(opening, held.close)
        wide = np.abs(0.01 * rng.standard_normal((2, rows)))
        columns[name] = replace(held, open=opening, high=high * (1 + wide[0]), low=low * (1 - wide[1]))
    return replace(panel, columns=columns)


def variances(panel: Panel, name: str) -> np.ndarray:
    """Garman & Klass's variance of each row and its squared gap, one row at a time."""
    o, h, lo, c, link = (panel.field(name, each).tolist() for each in ("open", "high", "low", "close", "link"))
    out = np.full(len(c), np.nan)
    for row in range(1, len(c)):
        if not any(math.isnan(x) for x in (o[row], h[row], lo[row], c[row], c[row - 1], link[row])):
            gap = math.log(o[row] / (c[row - 1] * link[row]))
            within = 0.5 * math.log(h[row] / lo[row]) ** 2 - (2 * math.log(2) - 1) * math.log(c[row] / o[row]) ** 2
            out[row] = gap**2 + within
    return out


def range_volatility(panel: Panel, name: str, n: int) -> np.ndarray:
    of_row = windows(variances(panel, name), n)
    return np.array([np.nan if w is None else math.sqrt(w.mean() * 252) for w in of_row])


@SEEDS
@pytest.mark.parametrize("n", [1, 5, 21])
def test_range_volatility_is_garman_and_klass_with_the_gap_before_the_open(seed: int, n: int) -> None:
    panel = jumpy(seed)
    for name in IDS:
        found = column(f"vol_gk({name}, {n})", panel)
        np.testing.assert_allclose(found, range_volatility(panel, name, n), rtol=1e-9)


@SEEDS
@pytest.mark.parametrize(("n", "base"), [(5, 250), (1, 20), (5, 21)])
def test_a_ratio_of_volatility_is_against_the_median_of_its_last_values(seed: int, n: int, base: int) -> None:
    panel = jumpy(seed, 420)
    known = 0
    for name in IDS:
        own = range_volatility(panel, name, n)
        of_row = windows(own, base)
        expected = [np.nan if w is None else math.log(x / np.median(w)) for x, w in zip(own, of_row, strict=True)]
        np.testing.assert_allclose(column(f"vol_ratio({name}, {n}, {base})", panel), expected, rtol=1e-9, atol=1e-12)
        known += int(np.sum(~np.isnan(expected)))
    assert known > 100


def test_range_volatility_is_as_sure_as_it_is_said_to_be() -> None:
    """On a price that moves alike all the time it is that movement, from five rows within a few percent of a year's."""
    rng = np.random.default_rng(3)
    path = np.exp(np.cumsum(0.01 / np.sqrt(400) * rng.standard_normal(400 * 1500))).reshape(1500, 400)
    held = columns_of(path[:, -1])
    held = replace(held, open=path[:, 0], high=path.max(axis=1), low=path.min(axis=1))
    panel = Panel(weekdays(1500), {"RUT": held}, {"RUT": (TAPE,)})
    ranged, closes = column("vol_gk(RUT, 5)", panel), column("vol(RUT, 6)", panel)
    assert np.nanmean(ranged) == pytest.approx(0.01 * np.sqrt(252), rel=0.08)
    assert np.nanstd(ranged) < 0.6 * np.nanstd(closes)


def test_where_trade_never_stops_range_volatility_is_of_365_rows() -> None:
    beside_an_index, alone = (column("vol_gk(BTC)", market(1, calendar=each)) for each in ("XNYS", ALWAYS))
    np.testing.assert_allclose(alone, beside_an_index * np.sqrt(365 / 252), rtol=1e-12)


def test_a_price_that_stands_still_has_no_range_volatility_and_no_ratio() -> None:
    still = barred(open="9 " * 40, high="9 " * 40, low="9 " * 40, close="9 " * 40)
    assert set(column("vol_gk(RUT, 5)", still)[5:]) == {0.0}
    assert np.isnan(column("vol_ratio(RUT, 5, 20)", still)).all()


@pytest.mark.parametrize(
    "row",
    [
        {"open": "13"},  # above its high
        {"open": "7"},  # below its low
        {"low": "10.5"},  # above its close
        {"high": "9.5"},
        {"low": "0"},
        {"low": "-1"},
        {"high": "."},
        {"open": "."},
    ],
)
def test_a_row_that_contradicts_itself_has_no_range_volatility(row: dict[str, str]) -> None:
    usual = {"open": "10", "high": "12", "low": "8", "close": "10"}
    panel = barred(**{name: f"{x} {x} {x} {row.get(name, x)} {x}" for name, x in usual.items()})
    np.testing.assert_array_equal(np.isnan(column("vol_gk(RUT, 1)", panel)), [True, False, False, True, False])


def test_a_switch_of_venue_is_no_gap_before_the_open() -> None:
    bars = {"open": "10 10 20 20", "high": "12 12 24 24", "low": "8 8 16 16", "close": "10 10 20 20"}
    linked, lost = (relinked(barred(**bars), "RUT", 2, link) for link in (2.0, np.nan))
    assert len(set(np.round(column("vol_gk(RUT, 1)", linked)[1:], 12))) == 1
    np.testing.assert_array_equal(np.isnan(column("vol_gk(RUT, 1)", lost)), [True, False, True, False])


def true_ranges(panel: Panel, name: str) -> np.ndarray:
    h, lo, c, link = (panel.field(name, each) for each in ("high", "low", "close", "link"))
    out = np.full(len(c), np.nan)
    for row in range(1, len(c)):
        before = c[row - 1] * link[row]
        sides = [h[row] - lo[row], abs(h[row] - before), abs(lo[row] - before)]
        out[row] = max(sides) if not np.isnan(sides).any() else np.nan
    return out


@SEEDS
@pytest.mark.parametrize("n", [1, 2, 14])
def test_the_average_true_range_is_wilders(seed: int, n: int) -> None:
    """The mean of the first n, then (n - 1) parts of it and one of the newest."""
    panel = jumpy(seed)
    for name in IDS:
        ranges = true_ranges(panel, name)
        expected, average, first = np.full(len(ranges), np.nan), None, []
        for row in np.flatnonzero(~np.isnan(ranges)):
            if average is not None:
                average = ((n - 1) * average + ranges[row]) / n
            else:
                first.append(ranges[row])
                average = sum(first) / n if len(first) == n else None
            expected[row] = np.nan if average is None else average
        np.testing.assert_allclose(column(f"atr({name}, {n})", panel), expected, rtol=1e-9)


def test_wilders_average_is_pandas_with_his_weight_once_it_has_begun() -> None:
    panel = market(2, scars=False)
    ranges = pd.Series(true_ranges(panel, "SPX")).iloc[1:]
    seeded = pd.concat([pd.Series([ranges.iloc[:14].mean()]), ranges.iloc[14:]])
    expected = seeded.ewm(alpha=1 / 14, adjust=False).mean().to_numpy()
    np.testing.assert_allclose(column("atr(SPX)", panel)[14:], expected, rtol=1e-12)


def test_a_true_range_spans_the_close_before_and_a_gap_has_none() -> None:
    panel = barred(high="10 12 . 31 31", low="9 11 . 29 30", close="9.5 11 . 30 31")
    np.testing.assert_allclose(column("atr(RUT, 1)", panel), prices(". 2.5 . . 1"))
    assert column("atr(RUT, 1)", relinked(barred(high="10 21", low="9 19", close="10 20"), "RUT", 1, 2.0))[1] == 2


# --- jumps


def jumps(returns: np.ndarray, half_life: int) -> np.ndarray:
    """Each return over the root of what the squared ones before it were, weighted."""
    out, decay, variance = np.full(len(returns), np.nan), 0.5 ** (1 / half_life), None
    for seen, row in enumerate(np.flatnonzero(~np.isnan(returns))):
        r = returns[row]
        if seen >= half_life and variance is not None and math.sqrt(variance) > 1e-9:
            out[row] = r / math.sqrt(variance)
        variance = r * r if variance is None else decay * variance + (1 - decay) * r * r
    return out


@SEEDS
@pytest.mark.parametrize("half_life", [20, 40])
def test_a_jump_is_measured_by_what_was_known_before_it(seed: int, half_life: int) -> None:
    panel = market(seed)
    for name in IDS:
        returns = np.log1p(linked_returns(panel.field(name, "close"), panel.field(name, "link"), 1))
        found = column(f"jump({name}, {half_life})", panel)
        np.testing.assert_allclose(found, jumps(returns, half_life), rtol=1e-8, atol=1e-10)


def test_the_vix_jumps_like_anything_else() -> None:
    panel = market(3)
    np.testing.assert_array_equal(column("vix_jump()", panel), column("jump(VIX, 40)", panel))


def test_a_jump_does_not_hide_itself() -> None:
    """A tenfold move is ten deviations, and not less because it is itself among them."""
    returns = 0.01 * np.where(np.arange(100) % 2, 1.0, -1.0)
    returns[80] = 0.1
    found = column("jump(RUT)", priced(RUT=100 * np.exp(np.cumsum(returns))))
    np.testing.assert_allclose(found[80], 10)
    assert np.abs(found[81:]).max() < 1
    assert np.flatnonzero(~np.isnan(found))[0] == 41


def test_what_never_moved_cannot_jump() -> None:
    path = np.where(np.arange(90) < 80, 100.0, 120.0)
    assert np.isnan(column("jump(RUT)", priced(RUT=path))[:81]).all()


def test_a_series_that_is_not_positive_has_no_jump() -> None:
    path = np.where(np.arange(90) % 2, 1.0, -1.0)
    assert np.isnan(column("jump(RUT)", priced(RUT=path))).all()
