"""Correlations, against numpy and against a plain loop over the definitions STATS D1 and D2."""

from __future__ import annotations

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import stats

from rules.evaluation import evaluate
from rules.functions.correlation import moving_pearson, pair_posterior, posterior_mean
from rules.panel import Panel
from tests.rules.functions.test_trend import linked_returns
from tests.rules.markets import IDS, column, columns_of, market, same_bits, weekdays, written

THETA_NODES = [round(0.05 * k, 2) for k in range(-19, 20)]
SPAN = 0.8


def log_returns(panel: Panel, name: str) -> np.ndarray:
    returns: np.ndarray = np.log1p(linked_returns(panel.field(name, "close"), panel.field(name, "link"), 1))
    return returns


def moves(x: np.ndarray) -> bool:
    return bool(np.sqrt(np.mean((x - x.mean()) ** 2)) > 1e-12)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("n", [5, 20, 60])
def test_corr_is_numpys_over_the_last_joint_returns(seed: int, n: int) -> None:
    panel = market(seed)
    reach = math.ceil(n / SPAN)
    for a, b in combinations(IDS, 2):
        x, y = log_returns(panel, a), log_returns(panel, b)
        expected = np.full(len(panel), np.nan)
        for row in np.flatnonzero(~np.isnan(x + y)).tolist():
            joint = [r for r in range(max(0, row - reach + 1), row + 1) if not np.isnan(x[r] + y[r])][-n:]
            if len(joint) == n and moves(x[joint]) and moves(y[joint]):
                expected[row] = np.corrcoef(x[joint], y[joint])[0, 1]
        np.testing.assert_allclose(column(f"corr({a}, {b}, {n})", panel), expected, rtol=1e-8, atol=1e-10)


def test_corr_of_sixty_returns_is_the_default() -> None:
    panel = market(5)
    assert same_bits(column("corr(RUT, SPX)", panel), column("corr(RUT, SPX, 60)", panel))


@pytest.mark.parametrize("call", ["corr({}, {})", "p_corr({}, {})"])
def test_the_order_of_a_pair_does_not_matter(call: str) -> None:
    panel = market(6)
    assert same_bits(column(call.format("RUT", "SOL"), panel), column(call.format("SOL", "RUT"), panel))


def test_a_leg_that_stands_still_has_no_correlation() -> None:
    panel = written(RUT="100 " * 12, SPX=" ".join(str(100 + k % 3) for k in range(12)))
    assert np.isnan(column("corr(RUT, SPX, 5)", panel)).all()


@pytest.mark.parametrize("size", [1e-15, 1e-13, 1e-11, 1e-9, 1e-6])
def test_a_leg_that_hardly_moves_gives_nothing_or_a_number_within_bounds(size: float) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(0, size, 500), rng.normal(0, 0.01, 500)
    values = moving_pearson(30, x, x + 0.1 * y * size)
    known = values[~np.isnan(values)]
    assert ((known >= -1) & (known <= 1)).all()
    assert len(known) == (len(values) if size > 1e-12 else 0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_leg_against_itself_is_exactly_within_one(sign: float) -> None:
    x = np.random.default_rng(8).standard_t(3, 400) * 0.01
    values = moving_pearson(20, x, sign * x)
    np.testing.assert_allclose(values, sign, rtol=1e-12)
    assert (np.abs(values) <= 1).all()


def devolatilised(returns: np.ndarray) -> list[float]:
    """STATS D1, one return at a time."""
    decay, variance, seen, squares, out = 0.5 ** (1 / 10), None, 0, 0.0, []
    for r in returns.tolist():
        if math.isnan(r):
            out.append(math.nan)
            continue
        s = math.sqrt(variance) if variance is not None else math.nan
        out.append(_clip(r / s, 4) if s > 0 else math.nan)
        if seen < 40:
            seen, squares = seen + 1, squares + r * r
            variance = squares / seen
        else:
            variance = decay * variance + (1 - decay) * _clip(r, 6 * s) ** 2
    return out


def _clip(x: float, bound: float) -> float:
    return max(-bound, min(bound, x))


def posteriors(u: list[float], v: list[float]) -> np.ndarray:
    """STATS D2, one row and one node at a time; NaN where a leg is missing or in the first 120 joint rows."""
    nodes, h, d, nu = THETA_NODES, 1 / 500, 0.02, 5
    last = len(nodes) - 1
    p, joint, out = [1 / len(nodes)] * len(nodes), 0, []
    for x, y in zip(u, v, strict=True):
        if math.isnan(x) or math.isnan(y):
            out.append([math.nan] * len(nodes))
            continue
        spread = [(1 - d) * p[k] + d / 2 * (p[max(k - 1, 0)] + p[min(k + 1, last)]) for k in range(len(nodes))]
        predicted = [(1 - h) * q + h / len(nodes) for q in spread]
        weight = []
        for q, rho in zip(predicted, nodes, strict=True):
            free = 1 - rho**2
            distance = (x * x + y * y - 2 * rho * x * y) / (free * (nu - 2))
            weight.append(q * math.exp(-0.5 * math.log(free) - (nu + 2) / 2 * math.log1p(distance)))
        p = [w / math.fsum(weight) for w in weight]
        joint += 1
        out.append(p if joint > 120 else [math.nan] * len(nodes))
    return np.array(out)


@pytest.mark.parametrize(
    ("seed", "a", "b"), [(3, "RUT", "SOL"), (2, "SPX", "VIX"), (3, "BTC", "ETH"), (9, "RUT", "SPX")]
)
def test_p_corr_agrees_with_a_plain_loop_over_the_definition(seed: int, a: str, b: str) -> None:
    panel = market(seed)
    expected = posteriors(devolatilised(log_returns(panel, a)), devolatilised(log_returns(panel, b)))
    node = pair_posterior(a, b)
    np.testing.assert_allclose(evaluate([node], panel).columns[node], expected, rtol=1e-7, atol=1e-12)
    for theta in (-0.95, 0.0, 0.5, 0.6, 0.62, 0.7, 0.95):
        mass = expected[:, [k for k, rho in enumerate(THETA_NODES) if rho >= theta]].sum(axis=1)
        np.testing.assert_allclose(column(f"p_corr({a}, {b}, above={theta})", panel), mass, rtol=1e-7, atol=1e-12)
    mean = posterior_mean(a, b)
    np.testing.assert_allclose(
        evaluate([mean], panel).columns[mean], (expected * THETA_NODES).sum(axis=1), rtol=1e-7, atol=1e-9
    )
    assert not np.isnan(expected).all()


@pytest.mark.parametrize("k", range(-19, 20))
def test_the_node_at_the_level_is_included(k: int) -> None:
    """A grid of inexact nodes would lose one: 0.15000000000000002 is above 0.15, -0.15 written by linspace below it."""
    panel = market(9)
    node = pair_posterior("RUT", "SPX")
    posterior = evaluate([node], panel).columns[node][-1]
    assert column(f"p_corr(RUT, SPX, above={round(0.05 * k, 2)})", panel)[-1] == pytest.approx(
        posterior[k + 19 :].sum()
    )


def test_p_corr_of_the_lowest_level_is_certain_and_falls_with_the_level() -> None:
    panel = market(3, scars=False)
    ladder = [column(f"p_corr(BTC, ETH, above={theta})", panel)[-1] for theta in THETA_NODES]
    assert ladder[0] == pytest.approx(1.0)
    assert all(lower >= higher for lower, higher in pairwise(ladder))


def test_a_probability_never_exceeds_one_by_a_rounding() -> None:
    assert np.nanmax(column("p_corr(RUT, SPX, above=-0.95)", market(1, scars=False))) <= 1.0


def coupled(rho: float, seed: int = 1, rows: int = 500) -> Panel:
    rng = np.random.default_rng(seed)
    shocks = stats.multivariate_t([0, 0], [[1, rho], [rho, 1]], df=5, seed=rng).rvs(rows) * 0.01
    closes = 100 * np.exp(np.cumsum(shocks, axis=0))
    columns = {"RUT": columns_of(closes[:, 0]), "SOL": columns_of(closes[:, 1])}
    return Panel(weekdays(rows), columns, {"RUT": ("A USD",), "SOL": ("A USD",)})


@pytest.mark.parametrize(("rho", "low", "high"), [(0.2, 0.0, 0.05), (0.85, 0.95, 1.0), (-0.5, 0.0, 0.005)])
def test_p_corr_finds_the_truth_in_a_world_that_has_one(rho: float, low: float, high: float) -> None:
    assert low <= column("p_corr(RUT, SOL, above=0.6)", coupled(rho))[-1] <= high


def test_a_leg_that_was_flat_at_first_is_measured_like_any_other_later() -> None:
    """Forty flat returns make s exactly 0; winsorised at 6 s, no later return would ever move it again."""
    panel = coupled(0.85)
    late = panel.field("SOL", "close").copy()
    late[:60] = late[60]
    stale = Panel(panel.clock, {**panel.columns, "SOL": columns_of(late)}, panel.origins)
    assert column("p_corr(RUT, SOL, above=0.6)", stale)[-1] == pytest.approx(
        column("p_corr(RUT, SOL, above=0.6)", panel)[-1], abs=0.02
    )
