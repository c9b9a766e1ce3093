"""Student's quantiles: against scipy, which nobody but developers has, and against what is known in closed form."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from rules.student import upper_quantile

shares = st.floats(0.04, 0.4)


@given(shares, st.floats(1.0, 2_000.0))
def test_a_quantile_is_scipys_to_twelve_digits(share: float, freedom: float) -> None:
    assert upper_quantile(share, freedom) == pytest.approx(-special.stdtrit(freedom, share), rel=1e-12)


@given(shares)
def test_a_quantile_is_cauchys_with_one_degree_and_algebra_with_two(share: float) -> None:
    below = 1.0 - 2.0 * share
    assert upper_quantile(share, 1.0) == pytest.approx(math.tan(math.pi * below / 2.0), rel=1e-12)
    assert upper_quantile(share, 2.0) == pytest.approx(below * math.sqrt(2.0 / (1.0 - below**2)), rel=1e-13)


@given(shares, st.floats(1.0, 1e6), st.floats(1.001, 2.0))
def test_a_quantile_comes_nearer_to_the_normal_one_with_each_degree(share: float, freedom: float, times: float) -> None:
    normal = NormalDist().inv_cdf(1.0 - share)
    assert normal < upper_quantile(share, times * freedom) <= upper_quantile(share, freedom)


def test_both_ways_of_a_ratio_of_gammas_meet() -> None:
    before, after = (upper_quantile(0.05, degrees) for degrees in (200.0 - 1e-9, 200.0))
    assert before == pytest.approx(after, rel=1e-13)
