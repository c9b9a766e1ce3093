"""What a basket does as a whole, against numpy's matrices of one window at a time."""

from __future__ import annotations

import numpy as np
import pytest

from rules.functions.breadth import moving_absorption, moving_turbulence
from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.panel import Panel
from tests.rules.definitions import joint_windows
from tests.rules.functions.test_trend import linked_returns
from tests.rules.legs import fat_tailed, moved, priced
from tests.rules.markets import BASKETS, SCOPE, column, market, relinked, same_bits

SEEDS = pytest.mark.parametrize("seed", range(1, 7))
BASKET = pytest.mark.parametrize("basket", ["CORE", "ALTS", "RISK"])


def joint_returns(panel: Panel, basket: str) -> np.ndarray:
    """Log returns of a basket's members, one column each."""
    of_each = [linked_returns(panel.field(m, "close"), panel.field(m, "link"), 1) for m in BASKETS[basket]]
    returns: np.ndarray = np.log1p(np.array(of_each).T)
    return returns


def absorbed(window: np.ndarray) -> float:
    """The share of the first fifth of the eigenvectors; NaN beside a member that does not move."""
    if (window.std(axis=0) < 1e-9).any():
        return np.nan
    values = np.linalg.eigvalsh(np.corrcoef(window.T))
    first = max(1, round(window.shape[1] / 5))
    return float(values[-first:].sum() / values.sum())


def distance(window: np.ndarray) -> float:
    """Of the last row from those before it; NaN where a member of these does not move."""
    before, last = window[:-1], window[-1]
    if (before.std(axis=0) < 1e-9).any():
        return np.nan
    off = last - before.mean(axis=0)
    return float(off @ np.linalg.solve(np.cov(before.T), off) / window.shape[1])


@SEEDS
@BASKET
@pytest.mark.parametrize("n", [20, 100])
def test_absorption_is_the_share_of_the_first_eigenvectors(seed: int, basket: str, n: int) -> None:
    panel = market(seed)
    returns = joint_returns(panel, basket)
    rows = joint_windows(n, *returns.T)
    expected = [np.nan if each is None else absorbed(returns[each]) for each in rows]
    np.testing.assert_allclose(column(f"absorption({basket}, {n})", panel), expected, rtol=1e-8)


@SEEDS
@BASKET
@pytest.mark.parametrize("n", [20, 100])
def test_turbulence_is_mahalanobis_distance_from_the_rows_before(seed: int, basket: str, n: int) -> None:
    panel = market(seed)
    returns = joint_returns(panel, basket)
    rows = joint_windows(n + 1, *returns.T)
    expected = [np.nan if each is None else distance(returns[each]) for each in rows]
    np.testing.assert_allclose(column(f"turbulence({basket}, {n})", panel), expected, rtol=1e-7)


def test_a_fifth_of_many_members_is_more_than_one() -> None:
    rng = np.random.default_rng(1)
    legs = rng.standard_normal((11, 80)) + rng.standard_normal(80)
    found = moving_absorption(60, *legs)
    assert found == pytest.approx([absorbed(legs[:, k : k + 60].T) for k in range(21)])
    values = np.linalg.eigvalsh(np.corrcoef(legs[:, :60]))
    assert found[0] == pytest.approx(values[-2:].sum() / 11)


def test_turbulence_is_about_one_on_a_usual_row_and_great_where_a_pair_parts() -> None:
    rng = np.random.default_rng(2)
    x, y = fat_tailed(0.95, 600, rng)
    together = moved(RUT=0.01 * x, SPX=0.01 * y)
    usual = column("turbulence(CORE, 250)", together)
    assert np.nanmedian(usual) < 1
    assert np.nanmean(usual) == pytest.approx(1, abs=0.35)
    x[500], y[500] = 2.0, 2.0
    alike = column("turbulence(CORE, 250)", moved(RUT=0.01 * x, SPX=0.01 * y))[500]
    y[500] = -2.0
    apart = column("turbulence(CORE, 250)", moved(RUT=0.01 * x, SPX=0.01 * y))[500]
    assert apart > 20 * alike


def test_absorption_of_alike_members_is_whole_and_of_strangers_their_part() -> None:
    rng = np.random.default_rng(3)
    x, y, z, w = 0.01 * rng.standard_normal((4, 2000))
    alike = column("absorption(RISK, 250)", moved(RUT=x, SPX=3 * x, BTC=-x, ETH=x / 2))
    np.testing.assert_allclose(alike[250:], 1.0)
    assert (alike[250:] <= 1.0).all()
    strangers = column("absorption(RISK, 1500)", moved(RUT=x, SPX=y, BTC=50 * z, ETH=w))
    assert 0.25 < strangers[-1] < 0.3


@pytest.mark.parametrize("size", [1e-15, 1e-12, 0.0])
def test_a_member_that_does_not_move_leaves_both_unknown(size: float) -> None:
    rng = np.random.default_rng(4)
    panel = moved(RUT=0.01 * rng.standard_normal(400), SPX=size * rng.standard_normal(400))
    for text in ("absorption(CORE, 60)", "turbulence(CORE, 60)"):
        assert np.isnan(column(text, panel)).all()


@pytest.mark.parametrize("factor", [1.0, -1.0, 0.3])
def test_a_member_that_is_made_of_others_leaves_turbulence_unknown(factor: float) -> None:
    """Also where it is hard to tell: SPX hardly differs from RUT, and what differs is BTC."""
    x, y, z, w = 0.01 * np.random.default_rng(5).standard_normal((4, 300))
    for spx in (factor * x, factor * x + 1e-2 * z, factor * x + 1e-3 * z, x + z, z - w):
        made = moved(RUT=x, SPX=spx, BTC=z, ETH=w)
        assert np.isnan(column("turbulence(RISK, 60)", made)).all()
        assert not np.isnan(column("absorption(RISK, 60)", made)[60:]).any()
    alike = moved(RUT=x, SPX=factor * x + 1e-2 * y, BTC=z, ETH=w)
    assert not np.isnan(column("turbulence(RISK, 60)", alike)[61:]).any()


def test_turbulence_of_as_many_members_as_rows_is_refused() -> None:
    many = tuple(f"M{k}" for k in range(25))
    scope = type(SCOPE)({**SCOPE.instruments, **dict.fromkeys(many, SCOPE.instruments["RUT"])}, {"MANY": many})
    with pytest.raises(LanguageError, match="turbulence of 25 members needs more returns than members, not 25"):
        read("turbulence(MANY, 25)", scope)
    read("turbulence(MANY, 26)", scope)


def test_a_gap_in_one_member_is_unknown_and_leaves_the_row_out() -> None:
    rng = np.random.default_rng(7)
    x, y = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal((2, 120)), axis=1))
    y[60] = np.nan
    panel = priced(RUT=x, SPX=y)
    for text, first in (("absorption(CORE, 20)", 20), ("turbulence(CORE, 20)", 21)):
        unknown = np.flatnonzero(np.isnan(column(text, panel)))
        assert unknown.tolist() == [*range(first), 60, 61]


def test_a_price_that_is_none_is_a_gap() -> None:
    rng = np.random.default_rng(8)
    x, y = 100 * np.exp(np.cumsum(0.01 * rng.standard_normal((2, 120)), axis=1))
    nought, gap = y.copy(), y.copy()
    nought[[60, 61]], gap[[60, 61]] = [0.0, -5.0], np.nan
    for text in ("absorption(CORE, 20)", "turbulence(CORE, 20)"):
        found, wanted = (column(text, priced(RUT=x, SPX=each)) for each in (nought, gap))
        np.testing.assert_array_equal(found, wanted)


def test_a_switch_of_venue_is_no_turbulence() -> None:
    rng = np.random.default_rng(9)
    sol, eth = 100 * np.exp(np.cumsum(0.03 * rng.standard_normal((2, 120)), axis=1))
    plain = priced(SOL=sol, ETH=eth)
    jumped = priced(SOL=sol * np.where(np.arange(120) < 80, 1.0, 2.0), ETH=eth)
    for text in ("absorption(ALTS, 30)", "turbulence(ALTS, 30)"):
        np.testing.assert_allclose(column(text, relinked(jumped, "SOL", 80, 2.0)), column(text, plain), rtol=1e-9)


@pytest.mark.parametrize("reduction", [moving_absorption, moving_turbulence])
@pytest.mark.parametrize("size", [2, 3, 4, 8, 13, 33])
def test_a_window_has_the_same_bits_whatever_stands_beside_it(reduction: type, size: int) -> None:
    """Eigenvalues come from LAPACK, a matrix at a time: a live row must not differ from a replay of ten years."""
    rng = np.random.default_rng(size)
    legs = 0.01 * (rng.standard_t(4, (size, 1200)) + rng.standard_t(4, 1200))
    n = 60
    whole = reduction(n, *legs)
    for first, rows in ((0, 1), (7, 2), (500, 3), (len(whole) - 1, 1), (13, 400), (len(whole) - 900, 900)):
        part = reduction(n, *(leg[first : first + rows + n - 1].copy() for leg in legs))
        assert same_bits(part, whole[first : first + rows])
    one_by_one = [reduction(n, *(leg[k : k + n] for leg in legs))[0] for k in range(0, len(whole), 9)]
    assert same_bits(np.array(one_by_one), whole[::9])
    assert not np.isnan(whole).any()
