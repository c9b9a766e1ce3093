"""Correlations over a window, against numpy, scipy and plain loops."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rules.bars import Floats
from rules.columns import Folded
from rules.evaluation import evaluate, lookback
from rules.functions.correlation import Classic
from rules.language.meaning import read
from rules.panel import Panel
from rules.scan import run
from tests.rules import definitions
from tests.rules.functions.test_trend import linked_returns
from tests.rules.legs import coupled, moved
from tests.rules.markets import IDS, SCOPE, column, market, prices, same_bits, written

SEEDS = (1, 2, 3)


def log_returns(panel: Panel, name: str) -> np.ndarray:
    returns: np.ndarray = np.log1p(linked_returns(panel.field(name, "close"), panel.field(name, "link"), 1))
    return returns


def expected_of(panel: Panel, a: str, b: str, n: int, statistic: object) -> np.ndarray:
    """A statistic of the last n joint returns of a and b, on the rows on which both legs of them move."""
    x, y = log_returns(panel, a), log_returns(panel, b)
    out = np.full(len(panel), np.nan)
    for row, joint in enumerate(definitions.joint_windows(n, x, y)):
        if joint is not None and definitions.moves(x[joint]) and definitions.moves(y[joint]):
            out[row] = statistic(x[joint], y[joint])  # type: ignore[operator]
    return out


# --- corr and its interval


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [5, 20, 60])
def test_corr_is_numpys_over_the_last_joint_returns(seed: int, n: int) -> None:
    panel = market(seed)
    for a, b in combinations(IDS, 2):
        expected = expected_of(panel, a, b, n, lambda x, y: np.corrcoef(x, y)[0, 1])
        np.testing.assert_allclose(column(f"corr({a}, {b}, {n})", panel), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", ["corr", "corr_low", "corr_high", "spearman", "beta", "classic"])
def test_a_window_of_sixty_returns_is_the_default(name: str) -> None:
    panel = market(5)
    assert same_bits(column(f"{name}(RUT, SPX)", panel), column(f"{name}(RUT, SPX, 60)", panel))


@pytest.mark.parametrize("name", ["corr", "corr_low", "corr_high", "spearman", "classic"])
def test_the_order_of_a_pair_does_not_matter(name: str) -> None:
    panel = market(6)
    assert same_bits(column(f"{name}(RUT, SOL, 20)", panel), column(f"{name}(SOL, RUT, 20)", panel))


@pytest.mark.parametrize("name", ["corr", "corr_low", "corr_high", "spearman", "classic"])
def test_a_leg_that_stands_still_has_no_correlation(name: str) -> None:
    panel = written(RUT="100 " * 12, SPX=" ".join(str(100 + k % 3) for k in range(12)))
    assert np.isnan(column(f"{name}(RUT, SPX, 5)", panel)).all()


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60])
def test_an_interval_is_known_where_corr_is_and_holds_it(seed: int, n: int) -> None:
    panel = market(seed)
    for a, b in combinations(IDS, 2):
        r, low, high = (column(f"{name}({a}, {b}, {n})", panel) for name in ("corr", "corr_low", "corr_high"))
        np.testing.assert_array_equal(np.isnan(low), np.isnan(r))
        np.testing.assert_array_equal(np.isnan(high), np.isnan(r))
        known = ~np.isnan(r)
        assert ((low <= r) & (r <= high))[known].all()


def test_the_interval_is_the_formula_with_the_tails_of_250_returns() -> None:
    panel = market(4, scars=False)
    x, y = log_returns(panel, "RUT")[-250:], log_returns(panel, "BTC")[-250:]
    r = float(np.corrcoef(x[-60:], y[-60:])[0, 1])
    low, high = definitions.interval(r, 60, definitions.tail_factor(x, y))
    assert column("corr_low(RUT, BTC)", panel)[-1] == pytest.approx(low)
    assert column("corr_high(RUT, BTC)", panel)[-1] == pytest.approx(high)


def test_an_interval_narrows_with_what_is_known() -> None:
    panel = coupled(0.5, rows=600)
    widths = [
        np.nanmedian(column(f"corr_high(RUT, SOL, {n})", panel) - column(f"corr_low(RUT, SOL, {n})", panel))
        for n in (20, 60, 240)
    ]
    assert widths[0] > widths[1] > widths[2]


# --- ranks, slopes, baskets


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [5, 30])
def test_spearman_is_scipys_over_the_last_joint_returns(seed: int, n: int) -> None:
    panel = market(seed)
    for a, b in (("RUT", "SPX"), ("RUT", "SOL"), ("BTC", "ETH")):
        expected = expected_of(panel, a, b, n, lambda x, y: stats.spearmanr(x, y).statistic)
        np.testing.assert_allclose(column(f"spearman({a}, {b}, {n})", panel), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("seed", SEEDS)
def test_beta_is_the_slope_of_the_second_leg_on_the_first(seed: int) -> None:
    panel = market(seed)
    for a, b in (("RUT", "SPX"), ("SPX", "RUT"), ("RUT", "SOL"), ("SOL", "RUT")):
        x, y = log_returns(panel, a), log_returns(panel, b)
        expected = [
            np.polyfit(x[joint], y[joint], 1)[0] if joint is not None and definitions.moves(x[joint]) else np.nan
            for joint in definitions.joint_windows(20, x, y)
        ]
        np.testing.assert_allclose(column(f"beta({a}, {b}, 20)", panel), expected, rtol=1e-7, atol=1e-9)


def test_beta_says_what_the_second_does_when_the_first_moves() -> None:
    x = np.random.default_rng(1).normal(0, 0.01, 80)
    panel = moved(RUT=x, SOL=2.5 * x)
    assert column("beta(RUT, SOL)", panel)[-1] == pytest.approx(2.5)
    assert column("beta(SOL, RUT)", panel)[-1] == pytest.approx(0.4)


def test_avg_corr_is_the_mean_over_all_pairs_of_a_basket() -> None:
    panel = market(3)
    members = SCOPE.baskets["RISK"]
    pairs = [column(f"corr({a}, {b}, 20)", panel) for a, b in combinations(members, 2)]
    assert len(pairs) == len(members) * (len(members) - 1) / 2
    np.testing.assert_allclose(column("avg_corr(RISK, 20)", panel), np.mean(pairs, axis=0), rtol=1e-12)


def test_avg_corr_is_unknown_while_a_single_pair_is() -> None:
    panel = market(3, scars=False)
    panel.columns["ETH"].close[200] = np.nan
    values = column("avg_corr(RISK, 20)", panel)
    assert np.isnan(values)[[200, 201]].all()
    assert not np.isnan(values)[[199, 202]].any()


def test_avg_corr_of_two_is_their_corr() -> None:
    panel = market(2)
    assert same_bits(column("avg_corr(CORE, 20)", panel), column("corr(RUT, SPX, 20)", panel))


@pytest.mark.parametrize("name", ["corr", "spearman", "beta"])
def test_a_window_with_as_many_gaps_as_it_bears_needs_just_the_rows_that_it_declares(name: str) -> None:
    panel = market(3, scars=False)
    panel.columns["RUT"].close[[205, 206, 210]] = np.nan  # five returns: 20 of 25 are left
    node = read(f"{name}(RUT, SPX, 20)", SCOPE).column
    before, full = lookback([node]), evaluate([node], panel).columns[node]
    assert not np.isnan(full[212:240]).any()
    for row in range(212, 240):
        short = evaluate([node], panel[row - before : row + 1], before).columns[node]
        assert same_bits(short, full[row : row + 1])


# --- the classic crossing


def crossed(x: Floats, enter: float, leave: float, closes: int) -> list[float]:
    """1 from the `closes`-th in a row at `enter` or above, until the `closes`-th in a row at `leave` or below."""
    inside, last, out = False, list[float](), []
    for value in x:
        if math.isnan(value):
            out.append(math.nan)
            continue
        last.append(value)
        tail = last[-closes:]
        if len(tail) == closes and all(v <= leave if inside else v >= enter for v in tail):
            inside, last = not inside, []
        out.append(float(inside))
    return out


def folded(x: Floats, enter: float, leave: float, closes: int) -> Floats:
    fold = Classic(enter, leave, float(closes))
    return run(fold, [x[:, None]], fold.initial(1))[1][:, 0, 0]


levels = st.lists(st.sampled_from([math.nan, 0.3, 0.5, 0.6, 0.7, 0.9]), max_size=60).map(np.array)


@given(levels, st.integers(1, 5))
def test_the_classic_crossing_agrees_with_a_plain_loop(x: Floats, closes: int) -> None:
    np.testing.assert_array_equal(folded(x.astype(float), 0.7, 0.5, closes), crossed(x, 0.7, 0.5, closes))


@pytest.mark.parametrize(
    ("path", "closes", "expected"),
    [
        (".7 .7 .7 .6 .5 .5 .5", 3, "0 0 1 1 1 1 0"),
        (".7 .7 .69 .7 .7 .7", 3, "0 0 0 0 0 1"),
        (".7 .7 . .7", 3, "0 0 . 1"),
        (".8 .8 .8 .5 .5 .51 .5 .5 .5", 3, "0 0 1 1 1 1 1 1 0"),
        (".9 .1 .9 .1", 1, "1 0 1 0"),
        (".9 .9 .9 .9 .9 .9", 2, "0 1 1 1 1 1"),
    ],
)
def test_the_classic_crossing_by_hand(path: str, closes: int, expected: str) -> None:
    np.testing.assert_array_equal(folded(prices(path), 0.7, 0.5, closes), prices(expected))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [20, 60])
def test_classic_is_the_crossing_of_corr(seed: int, n: int) -> None:
    panel = market(seed)
    for a, b in (("RUT", "SPX"), ("BTC", "ETH")):
        r = column(f"corr({a}, {b}, {n})", panel)
        np.testing.assert_array_equal(column(f"classic({a}, {b}, {n})", panel), crossed(r, 0.7, 0.5, 3))
        other = column(f"classic({a}, {b}, {n}, enter=0.4, leave=0.1, closes=2)", panel)
        np.testing.assert_array_equal(other, crossed(r, 0.4, 0.1, 2))


def test_classic_enters_where_corr_is_high_and_stays_between_its_levels() -> None:
    path = np.repeat([0.0, 0.95, 0.6, 0.0], 200)
    panel = coupled(path, seed=3, rows=len(path))
    inside = column("classic(RUT, SOL, 60)", panel)
    assert (inside[60:200] == 0).all()
    assert inside[399] == 1
    assert inside[-1] == 0


def test_classic_crosses_where_nothing_changed_and_the_filter_does_not() -> None:
    """A constant correlation of .5, ten years of it: why the alert is the filter's."""
    panel = coupled(0.5, seed=6, rows=2520)
    entered = {
        text: int((np.diff(column(text, panel)[200:]) > 0).sum())
        for text in ("classic(RUT, SOL, 30)", "p_corr(RUT, SOL, above=0.7) >= 50%")
    }
    assert entered["classic(RUT, SOL, 30)"] >= 5
    assert entered["p_corr(RUT, SOL, above=0.7) >= 50%"] <= 1


def test_classic_of_the_same_levels_is_one_fold_in_a_bank() -> None:
    nodes = [read(f"classic({a}, {b}, 20)", SCOPE).column for a, b in combinations(IDS, 2)]
    assert len({node.fold for node in nodes if isinstance(node, Folded)}) == 1
    panel = market(7)
    together = evaluate(nodes, panel).columns
    for node in nodes:
        assert same_bits(together[node], evaluate([node], panel).columns[node])
