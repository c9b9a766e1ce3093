"""Shifts and the exponentially weighted correlation, against the loops of the definitions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.bars import Floats
from rules.scan import run
from rules.shift import EwmaCorrelation, Shift
from tests.rules import definitions
from tests.rules.definitions import NODES

seeds = st.integers(0, 2**32 - 1)


def shifted(posterior: Floats, fold: Shift | None = None) -> Floats:
    """P(above), P(below) and the reference of one lane of posteriors."""
    fold = fold or Shift()
    return run(fold, [posterior[:, None, :]], fold.initial(1))[1][:, 0]


def by_definition(posterior: Floats, by: float = 0.2) -> Floats:
    """The same by the definition."""
    return np.array([(row.above, row.below, row.reference) for row in definitions.shifts(posterior, by)])


def on(**mass: float) -> Floats:
    """A posterior by its masses: `on(p50=0.9, m95=0.1)` has .9 on .50 and .1 on -.95."""
    p = np.zeros(len(NODES))
    for node, share in mass.items():
        p[NODES.index((-1 if node[0] == "m" else 1) * int(node[1:]) / 100)] = share
    return p


def rows(*posteriors: Floats) -> Floats:
    return np.array(posteriors)


MISSING = np.full(len(NODES), np.nan)


def wandering(seed: int, count: int = 160) -> Floats:
    """Posteriors that are about sure of a rho which jumps now and then, with gaps: every kind of row in a few."""
    rng = np.random.default_rng(seed)
    rho, out = 0.0, []
    for _ in range(count):
        rho = rng.uniform(-0.9, 0.9) if rng.random() < 0.04 else rho
        width = rng.choice([0.03, 0.1, 0.3])
        p = np.exp(-0.5 * ((np.array(NODES) - rho) / width) ** 2) + 1e-4
        out.append(MISSING if rng.random() < 0.1 else p / p.sum())
    return np.array(out)


@given(seeds, st.sampled_from([0.05, 0.1, 0.2, 0.35, 0.9]))
def test_a_shift_is_its_definition_row_by_row(seed: int, by: float) -> None:
    posterior = wandering(seed)
    np.testing.assert_allclose(shifted(posterior, Shift(by)), by_definition(posterior, by), rtol=1e-9, atol=1e-12)


def test_the_definition_was_tried_on_alarms_and_on_the_rows_held_after_them() -> None:
    alarms = [sum(row.alarm for row in definitions.shifts(wandering(seed))) for seed in range(20)]
    assert sum(alarms) > 20
    assert max(alarms) > 1


def test_the_first_row_the_filter_speaks_on_is_the_reference_and_is_not_tested() -> None:
    out = shifted(rows(MISSING, MISSING, on(p50=1.0), on(p50=1.0)))
    assert np.isnan(out[:3]).all()
    assert out[3] == pytest.approx([0, 0, 0.5])


def test_the_reference_moves_after_the_test_by_a_half_life_of_125_rows() -> None:
    posterior = rows(on(p00=1.0), *[on(p10=1.0)] * 127)
    reference = shifted(posterior)[:, 2]
    assert reference[1] == 0.0
    assert reference[2] == pytest.approx(0.1 * (1 - 0.5 ** (1 / 125)))
    assert reference[1 + 125] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("posterior", "above", "below"),
    [
        # after a reference of exactly 0: the node .20 is not beyond it, .25 is
        (on(p20=1.0), 0.0, 0.0),
        (on(p25=1.0), 1.0, 0.0),
        (on(m20=1.0), 0.0, 0.0),
        (on(m25=1.0), 0.0, 1.0),
        (on(p95=0.4, p20=0.3, m95=0.3), 0.4, 0.3),
    ],
)
def test_only_what_lies_strictly_beyond_the_reference_counts(posterior: Floats, above: float, below: float) -> None:
    assert shifted(rows(on(p00=1.0), posterior))[1] == pytest.approx([above, below, 0.0])


@pytest.mark.parametrize(("mass", "alarms"), [(0.9, 0), (0.9000001, 1), (0.95, 1)])
def test_an_alarm_needs_more_than_nine_tenths(mass: float, alarms: int) -> None:
    doubtful = on(p50=mass, p00=1 - mass)
    out = shifted(rows(on(p00=1.0), doubtful, on(p00=1.0)))
    held = out[2, 2] == 0.0  # after an alarm the reference is the row's own mean
    assert int(held) == alarms


SHIFTED = rows(on(p00=1.0), *[on(p50=1.0)] * 30)
"""A jump on row 1; held on rows 2 to 21."""


def test_after_an_alarm_the_reference_is_each_rows_own_mean_for_twenty_rows() -> None:
    posterior = SHIFTED.copy()
    for row in range(2, 31):
        posterior[row] = on(**{f"p{50 + row % 3 * 5}": 1.0})
    mean = (posterior * NODES).sum(axis=1)
    out = shifted(posterior)
    assert max(out[1, :2]) == 1.0
    np.testing.assert_allclose(out[2:22, 2], mean[2:22])
    assert (out[2:22, :2] == 0).all()
    assert out[22, 2] == pytest.approx(mean[21])
    assert out[23, 2] == pytest.approx(mean[21] + (1 - 0.5 ** (1 / 125)) * (mean[22] - mean[21]))


@pytest.mark.parametrize(("back", "told"), [(21, False), (22, True)])
def test_what_shifts_back_is_told_only_after_the_held_rows(back: int, told: bool) -> None:
    posterior = SHIFTED.copy()
    posterior[back:] = on(p00=1.0)
    assert (shifted(posterior)[back:, 1] > 0.9).any() == told


def test_a_row_without_a_posterior_is_unknown_and_is_not_one_of_the_twenty() -> None:
    gaps = np.insert(SHIFTED, [5, 5, 9, 9, 9], MISSING, axis=0)
    out = shifted(gaps)
    missing = np.isnan(gaps).any(axis=1)
    assert np.isnan(out[missing]).all()
    np.testing.assert_array_equal(out[~missing], shifted(SHIFTED))


posteriors = st.lists(st.floats(0, 1), min_size=len(NODES), max_size=len(NODES)).filter(lambda p: sum(p) > 0.01)


@given(posteriors, st.floats(0.19, 0.9))
def test_a_held_row_is_no_alarm_whatever_the_posterior(mass: list[float], by: float) -> None:
    p = np.array(mass) / sum(mass)
    out = shifted(rows(on(m95=1.0), on(p95=1.0), p), Shift(by))
    assert max(out[2, :2]) <= 0.9


def test_one_shift_is_one_alarm_also_for_a_small_step() -> None:
    """A mean in a long tail can itself lie more than .05 from nearly all of the mass."""
    torn = on(p50=0.91, m95=0.09)
    out = shifted(rows(on(p00=1.0), *[torn] * 20), Shift(0.05))
    assert (np.maximum(out[:, 0], out[:, 1]) > 0.9).sum() == 1


@given(seeds, st.floats(0.05, 0.9))
def test_probabilities_lie_in_0_to_1_and_the_reference_within_the_grid(seed: int, by: float) -> None:
    out = shifted(wandering(seed), Shift(by))
    known = out[~np.isnan(out[:, 0])]
    assert len(known)
    assert ((known[:, :2] >= 0) & (known[:, :2] <= 1 + 1e-9)).all()
    assert (known[:, :2].sum(axis=1) <= 1 + 1e-9).all()
    assert (np.abs(known[:, 2]) <= 0.95).all()


@given(seeds)
def test_up_and_down_are_mirror_images(seed: int) -> None:
    posterior = wandering(seed)
    out, mirrored = shifted(posterior), shifted(posterior[:, ::-1])
    np.testing.assert_allclose(mirrored[:, [1, 0]], out[:, :2], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(mirrored[:, 2], -out[:, 2], rtol=1e-9, atol=1e-12)


# --- the exponentially weighted correlation


def weighted(u: Floats, v: Floats, half_life: int) -> Floats:
    fold = EwmaCorrelation(half_life)
    return run(fold, [u[:, None], v[:, None]], fold.initial(1))[1][:, 0, 0]


def gappy(seed: int, count: int = 120) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    u, v = rng.standard_t(4, (2, count))
    u[rng.random(count) < 0.1] = np.nan
    v[rng.random(count) < 0.1] = np.nan
    return u, 0.6 * u + v


@given(seeds, st.integers(5, 60))
def test_the_weighted_correlation_is_its_definition_row_by_row(seed: int, half_life: int) -> None:
    u, v = gappy(seed)
    expected = definitions.ewma_correlation(u.tolist(), v.tolist(), half_life)
    np.testing.assert_allclose(weighted(u, v, half_life), expected, rtol=1e-9, atol=1e-12)


@given(seeds, st.integers(5, 60))
def test_the_weighted_correlation_is_made_of_pandas_means(seed: int, half_life: int) -> None:
    u, v = gappy(seed)
    joint = pd.DataFrame({"uv": u * v, "uu": u * u, "vv": v * v})[~np.isnan(u + v)]
    mean = joint.ewm(halflife=half_life, adjust=False).mean()
    uv, uu, vv = (mean[name].to_numpy(dtype=np.float64) for name in ("uv", "uu", "vv"))
    expected = uv / np.sqrt(uu * vv)
    known = weighted(u, v, half_life)[~np.isnan(u + v)]
    assert np.isnan(known[:half_life]).all()
    np.testing.assert_allclose(known[half_life:], expected[half_life:], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_leg_and_itself_are_weighted_to_exactly_within_one(sign: float) -> None:
    u = np.random.default_rng(3).standard_t(3, 200)
    r = weighted(u, sign * u, 10)
    np.testing.assert_allclose(r[10:], sign, rtol=1e-12)
    assert (np.abs(r[10:]) <= 1).all()


@pytest.mark.parametrize("still", ["both", "one"])
def test_a_leg_that_never_moved_has_no_weighted_correlation(still: str) -> None:
    u = np.random.default_rng(4).standard_normal(50)
    assert np.isnan(weighted(u * (still == "one"), np.zeros(50), 5)).all()


def test_a_wild_day_is_half_forgotten_after_a_half_life() -> None:
    rng = np.random.default_rng(5)
    u, v = rng.standard_normal((2, 400))
    u[200] = v[200] = 4.0
    calm_u, calm_v = u.copy(), v.copy()
    calm_u[200] = calm_v[200] = 0.0
    moved_by = weighted(u, v, 20) - weighted(calm_u, calm_v, 20)
    assert moved_by[200] > 0.1
    assert abs(moved_by[300]) < 0.1 * moved_by[200]
    assert math.isclose(moved_by[199], 0.0)
