"""What lies behind a correlation: partial and adjusted correlations, and the two remarks made of them."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.panel import Panel
from tests.rules import definitions
from tests.rules.functions.test_correlation import log_returns
from tests.rules.legs import fat_tailed, moved
from tests.rules.markets import IDS, SCOPE, column, market, same_bits

SEEDS = (1, 2, 3)


# --- pcorr


def partials(panel: Panel, legs: tuple[str, ...], n: int) -> list[float]:
    """From the inverse of the correlation matrix of the last n returns that all legs have."""
    returns = [log_returns(panel, name) for name in legs]
    out = []
    for joint in definitions.joint_windows(n, *returns):
        value = math.nan
        if joint is not None and all(definitions.moves(x[joint]) for x in returns):
            matrix = np.corrcoef([x[joint] for x in returns])
            if np.linalg.det(matrix) > 1e-10:
                inverse = np.linalg.inv(matrix)
                value = float(-inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1]))
        out.append(value)
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60])
def test_pcorr_is_taken_from_the_inverse_of_the_correlation_matrix(seed: int, n: int) -> None:
    panel = market(seed)
    for a, b, *controls in (("RUT", "SOL", "SPX"), ("RUT", "SOL", "SPX", "BTC"), ("BTC", "ETH", "RUT", "VIX")):
        given = ", ".join(f"{name}={leg}" for name, leg in zip(("given", "also"), controls, strict=False))
        known = column(f"pcorr({a}, {b}, {given}, n={n})", panel)
        np.testing.assert_allclose(known, partials(panel, (a, b, *controls), n), rtol=1e-6, atol=1e-8)
        assert not np.isnan(known).all()


def test_neither_the_order_of_the_pair_nor_that_of_the_controls_matters() -> None:
    panel = market(4)
    one = column("pcorr(RUT, SOL, given=SPX, also=BTC)", panel)
    assert same_bits(column("pcorr(SOL, RUT, given=BTC, also=SPX)", panel), one)


def factored(seed: int = 1, rows: int = 700) -> Panel:
    """RUT and SOL that share nothing but SPX, and BTC alone."""
    rng = np.random.default_rng(seed)
    spx, rut, sol, btc = 0.01 * rng.standard_t(5, (4, rows))
    return moved(RUT=spx + 0.7 * rut, SOL=spx + 0.7 * sol, SPX=spx, BTC=btc)


def test_what_both_share_with_the_market_is_taken_out() -> None:
    panel = factored()
    assert column("corr(RUT, SOL, 500)", panel)[-1] > 0.5
    assert abs(column("pcorr(RUT, SOL, given=SPX, n=500)", panel)[-1]) < 0.1
    assert column("pcorr(RUT, SOL, given=BTC, n=500)", panel)[-1] > 0.5


def test_a_control_that_is_missing_makes_the_row_unknown() -> None:
    panel = factored()
    panel.columns["BTC"].close[600] = np.nan
    given_btc = np.isnan(column("pcorr(RUT, SOL, given=SPX, also=BTC)", panel))
    assert given_btc[[600, 601]].all()
    assert not given_btc[[599, 602]].any()
    assert not np.isnan(column("pcorr(RUT, SOL, given=SPX)", panel)[600:]).any()


@pytest.mark.parametrize(
    "call",
    [
        "pcorr(RUT, RUT, SPX)",
        "pcorr(RUT, SOL, RUT)",
        "pcorr(RUT, SOL, SOL)",
        "pcorr(RUT, SOL, SPX, also=RUT)",
        "pcorr(RUT, SOL, SPX, also=SOL)",
        "pcorr(RUT, SOL, SPX, also=SPX)",
    ],
)
def test_legs_and_controls_are_different_instruments(call: str) -> None:
    with pytest.raises(LanguageError, match=r"^pcorr needs different instruments, not \w+ twice$"):
        read(call, SCOPE)


# --- adjcorr and vol_driven


def rises(panel: Panel, a: str, b: str, n: int) -> list[float]:
    """The greater of the two legs' rises in variance over the 250 joint returns before the window."""
    x, y = log_returns(panel, a), log_returns(panel, b)
    out = []
    for joint in definitions.joint_windows(n + 250, x, y):
        if joint is None or not all(
            definitions.moves(leg[part]) for leg in (x, y) for part in (joint[-n:], joint[:-n])
        ):
            out.append(math.nan)
        else:
            out.append(max(leg[joint[-n:]].var(ddof=1) / leg[joint[:-n]].var(ddof=1) - 1 for leg in (x, y)))
    return out


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60])
def test_adjcorr_is_corr_at_the_volatility_of_the_250_returns_before(seed: int, n: int) -> None:
    panel = market(seed, 420)
    for a, b in combinations(IDS, 2):
        r, rise = column(f"corr({a}, {b}, {n})", panel), np.array(rises(panel, a, b, n))
        expected = r / np.sqrt(1 + np.maximum(rise, 0) * (1 - r * r))
        np.testing.assert_allclose(column(f"adjcorr({a}, {b}, {n})", panel), expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("above", [0.2, 0.6])
def test_vol_driven_is_a_corr_above_the_level_that_is_not_once_adjusted(seed: int, above: float) -> None:
    panel = market(seed, 420)
    for a, b in combinations(IDS, 2):
        r, rise = column(f"corr({a}, {b}, 20)", panel), np.array(rises(panel, a, b, 20))
        freed = r / np.sqrt(1 + rise * (1 - r * r))
        expected = np.where(np.isnan(r + freed), np.nan, (r >= above) & (freed < above) & (rise > 1))
        np.testing.assert_array_equal(column(f"vol_driven({a}, {b}, {above}, 20)", panel), expected)


def spiking(factor: float, own: float) -> Panel:
    """SOL follows RUT with noise of its own; over the last 60 rows RUT's shocks and that noise are multiplied."""
    rng = np.random.default_rng(2)
    x, noise = 0.01 * fat_tailed(0.0, 400, rng)[0], 0.012 * fat_tailed(0.0, 400, rng)[0]
    late = np.arange(400) >= 340
    rut = np.where(late, factor, 1.0) * x
    return moved(RUT=rut, SOL=rut + np.where(late, own, 1.0) * noise)


def test_a_spike_of_the_leading_leg_lifts_corr_and_is_told_as_such() -> None:
    panel = spiking(3.0, 1.0)
    r, freed = column("corr(RUT, SOL)", panel), column("adjcorr(RUT, SOL)", panel)
    assert r[-1] > r[339] + 0.1
    assert freed[-1] == pytest.approx(r[339], abs=0.12)
    assert column(f"vol_driven(RUT, SOL, above={r[-1] - 0.02:.4f})", panel)[-1] == 1


def test_a_coupling_without_a_spike_is_not_driven_by_volatility() -> None:
    panel = spiking(1.0, 0.2)
    r = column("corr(RUT, SOL)", panel)
    assert r[-1] > r[339] + 0.1
    assert column(f"vol_driven(RUT, SOL, above={r[-1] - 0.02:.4f})", panel)[-1] == 0


# --- shared


def remarks(panel: Panel, a: str, b: str, controls: tuple[str, ...], n: int) -> np.ndarray:
    """TRUE where corr's interval is above 0 and what is left given the controls is within the same error of 0, half at
    most; nothing is taken out without a control."""
    r = column(f"corr({a}, {b}, {n})", panel)
    low, high = column(f"corr_low({a}, {b}, {n})", panel), column(f"corr_high({a}, {b}, {n})", panel)
    left = np.array(partials(panel, (a, b, *controls), n)) if controls else r
    half = (np.arctanh(high) - np.arctanh(low)) / 2
    return np.where(
        np.isnan(half + left), np.nan, (low > 0) & (np.abs(np.arctanh(left)) <= half) & (np.abs(left) <= r / 2)
    )


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("a", "b", "controls"),
    [
        ("RUT", "SOL", ("BTC", "SPX")),
        ("BTC", "ETH", ("SPX",)),
        ("SPX", "RUT", ()),
        ("RUT", "VIX", ("BTC", "SPX")),
    ],
)
def test_shared_weighs_corr_against_what_is_left_given_the_market(
    seed: int, a: str, b: str, controls: tuple[str, ...]
) -> None:
    panel = market(seed)
    known = column(f"shared({a}, {b}, 40)", panel)
    np.testing.assert_array_equal(known, remarks(panel, a, b, controls, 40))
    assert same_bits(column(f"shared({b}, {a}, 40)", panel), known)


def test_two_that_share_only_the_market_are_told_so_and_two_of_their_own_are_not() -> None:
    panel = factored()
    own = fat_tailed(0.7, 700, np.random.default_rng(3))
    apart = moved(
        RUT=0.01 * own[0], SOL=0.01 * own[1], SPX=log_returns_of(panel, "SPX"), BTC=log_returns_of(panel, "BTC")
    )
    assert np.nanmean(column("shared(RUT, SOL, 60)", panel)) > 0.7
    assert np.nanmean(column("shared(RUT, SOL, 60)", apart)) < 0.05


def log_returns_of(panel: Panel, name: str) -> np.ndarray:
    return np.diff(np.log(panel.field(name, "close")), prepend=np.log(panel.field(name, "close")[0]))


def test_two_that_share_nothing_share_nothing_with_the_market() -> None:
    rng = np.random.default_rng(4)
    rut, sol, spx, btc = 0.01 * rng.standard_t(5, (4, 700))
    assert np.nanmean(column("shared(RUT, SOL, 60)", moved(RUT=rut, SOL=sol, SPX=spx, BTC=btc))) < 0.1


def test_of_the_market_itself_there_is_nothing_to_take_out() -> None:
    values = column("shared(SPX, BTC, 40)", market(1, scars=False))
    assert set(values[~np.isnan(values)]) == {0.0}


def test_an_interval_that_reaches_one_is_no_reason_for_a_remark() -> None:
    """Five returns that are nearly one line, after a print in both legs: the upper end rounds to exactly 1."""
    rng = np.random.default_rng(0)
    x, y = 0.01 * rng.standard_normal((2, 300))
    x[100] = y[100] = 6.9
    y[-5:] = x[-5:] * (1 + 6e-5 * rng.standard_normal(5))
    spx, btc = 0.01 * rng.standard_normal((2, 300))
    panel = moved(RUT=x, SOL=y, SPX=spx, BTC=btc)
    assert column("corr_high(RUT, SOL, 5)", panel)[-1] <= 1.0
    assert column("shared(RUT, SOL, 5)", panel)[-1] != 1.0
