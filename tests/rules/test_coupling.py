"""What is read from a posterior on the grid: its mean, its mass from a level on, its quantiles."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bars import Floats
from rules.coupling import GRID, at_least, mass_from, mean_of, quantile_of
from tests.rules.definitions import NODES

posteriors = (
    st.lists(st.floats(0, 1), min_size=len(NODES), max_size=len(NODES))
    .filter(lambda p: sum(p) > 0.01)
    .map(lambda p: np.array([p]) / sum(p))
)


def test_the_grid_is_the_39_numbers_as_they_are_written() -> None:
    assert GRID.tolist() == NODES
    assert (len(GRID), GRID[0], GRID[19], GRID[-1]) == (39, -0.95, 0.0, 0.95)


@pytest.mark.parametrize("k", range(39))
def test_the_node_at_a_level_is_included(k: int) -> None:
    """Half of the nodes of a linspace are a rounding below or above what is written."""
    assert at_least(NODES[k]) == k
    assert at_least(NODES[k] - 0.02) == k
    assert at_least(0.05 * (k - 19)) == k


@pytest.mark.parametrize(("theta", "node"), [(-0.95, -0.95), (0.62, 0.65), (0.6, 0.6), (0.600001, 0.65), (0.95, 0.95)])
def test_a_level_between_two_nodes_begins_at_the_upper(theta: float, node: float) -> None:
    assert NODES[at_least(theta)] == node


@given(posteriors, st.sampled_from(NODES))
def test_mean_and_mass_are_sums_over_the_nodes(p: Floats, theta: float) -> None:
    pairs = list(zip(p[0].tolist(), NODES, strict=True))
    assert mean_of(p)[0] == pytest.approx(math.fsum(q * rho for q, rho in pairs))
    mass = math.fsum(q for q, rho in pairs if rho >= theta)
    assert mass_from(p, at_least(theta))[0] == pytest.approx(mass)
    assert 0 <= mass_from(p, at_least(theta))[0] <= 1


@given(posteriors, st.sampled_from([0.05, 0.5, 0.95]))
def test_a_quantile_is_the_least_node_up_to_which_its_share_lies(p: Floats, share: float) -> None:
    node = quantile_of(p, share)[0]
    assert node in NODES
    below = math.fsum(q for q, rho in zip(p[0].tolist(), NODES, strict=True) if rho < node)
    upto = math.fsum(q for q, rho in zip(p[0].tolist(), NODES, strict=True) if rho <= node)
    assert below < share + 1e-12
    assert upto >= share - 1e-12


@given(posteriors)
def test_quantiles_do_not_cross(p: Floats) -> None:
    low, middle, high = (quantile_of(p, share)[0] for share in (0.05, 0.5, 0.95))
    assert low <= middle <= high


def test_the_quantiles_of_what_is_certain_are_one_node() -> None:
    for k, node in enumerate(NODES):
        p = np.zeros((1, 39))
        p[0, k] = 1.0
        assert [quantile_of(p, share)[0] for share in (0.05, 0.5, 0.95)] == [node] * 3


def test_a_rounding_short_of_the_share_ends_at_the_last_node() -> None:
    p = np.zeros((1, 39))
    p[0, 38] = 0.9499999
    assert quantile_of(p, 0.95)[0] == 0.95


def test_a_posterior_that_is_unknown_says_nothing() -> None:
    p = np.full((2, 39), np.nan)
    for values in (mean_of(p), mass_from(p, 20), quantile_of(p, 0.05), quantile_of(p, 0.95)):
        assert np.isnan(values).all()
