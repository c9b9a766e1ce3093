"""Folds over lanes, and checkpoints that survive JSON to the last bit."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rules.bars import Floats
from rules.coupling import Devolatilise, PairFilter
from rules.folds import DirectionalChange, Ewma, KnownRows, RunningMax
from rules.functions.correlation import Classic
from rules.functions.price import FreshRecord
from rules.functions.trend import Anchored
from rules.functions.volatility import Wilder
from rules.regime.filter import RegimeFilter
from rules.regime.label import RegimeLabel
from rules.scan import BLOCK, Checkpoint, Fold, State, lane, run, stack, where
from rules.shift import EwmaCorrelation, Shift
from tests.rules.markets import same_bits

FOLDS: list[tuple[Fold, tuple[int, ...]]] = [
    # a fold, and the width of each of its inputs (0 for one number a row and lane)
    (Ewma(0.9), (0,)),
    (RunningMax(), (0,)),
    (KnownRows(), (0,)),
    (DirectionalChange(0.05), (0,)),
    (Devolatilise(), (0,)),
    (PairFilter(silent=20), (0, 0)),
    (RegimeFilter(), (3,)),
    (RegimeLabel(), (3,)),
    (Shift(0.1), (39,)),
    (EwmaCorrelation(10), (0, 0)),
    (Classic(1.02, 0.98, 2.0), (0,)),
    (FreshRecord(0.05, 10.0, 0.05), (0,)),
    (Anchored(), (0, 0, 0)),
    (Wilder(5.0), (0,)),
]
every_fold = pytest.mark.parametrize(("fold", "widths"), FOLDS, ids=[type(fold).__name__ for fold, _ in FOLDS])


def inputs_for(widths: tuple[int, ...], rows: int, lanes: int, seed: int) -> list[Floats]:
    """Positive numbers with gaps, for every input of a fold."""
    rng = np.random.default_rng(seed)
    columns = []
    for width in widths:
        column = np.exp(0.05 * rng.standard_normal((rows, lanes, max(1, width))).cumsum(axis=0))
        column[rng.random((rows, lanes)) < 0.1] = np.nan
        columns.append(column if width else column[:, :, 0])
    return columns


def the_same(a: State, b: State) -> bool:
    return a.keys() == b.keys() and all(same_bits(a[name], b[name]) for name in a)


@every_fold
@given(seed=st.integers(0, 2**32 - 1), cut=st.integers(0, 60))
def test_a_fold_stopped_saved_and_resumed_goes_on_as_if_nothing_had_been(
    fold: Fold, widths: tuple[int, ...], seed: int, cut: int
) -> None:
    inputs = inputs_for(widths, 60, 1, seed)
    whole, out = run(fold, inputs, fold.initial(1))
    halfway, first = run(fold, [column[:cut] for column in inputs], fold.initial(1))
    saved = Checkpoint.load(json.loads(json.dumps(Checkpoint(cut, halfway).dump())))
    end, second = run(fold, [column[cut:] for column in inputs], saved.state)
    assert same_bits(np.concatenate([first, second]), out)
    assert the_same(end, whole)


@every_fold
@given(seed=st.integers(0, 2**32 - 1), lanes=st.integers(1, 9))
def test_lanes_never_mix(fold: Fold, widths: tuple[int, ...], seed: int, lanes: int) -> None:
    inputs = inputs_for(widths, 60, lanes, seed)
    state, out = run(fold, inputs, stack([fold.initial(1)] * lanes))
    for index in range(lanes):
        alone, single = run(fold, [column[:, index : index + 1] for column in inputs], fold.initial(1))
        assert same_bits(out[:, index], single[:, 0])
        assert the_same(lane(state, index), alone)


@every_fold
def test_a_run_is_one_step_after_the_other(fold: Fold, widths: tuple[int, ...]) -> None:
    """Also where a part of it is worked out for a block of rows at once."""
    inputs = inputs_for(widths, BLOCK + 9, 2, 5)
    state, steps = fold.initial(2), []
    for row in range(BLOCK + 9):
        state, out = fold.step(state, *(column[row] for column in inputs))
        steps.append(out)
    end, together = run(fold, inputs, fold.initial(2))
    assert same_bits(together, np.stack(steps))
    assert the_same(end, state)


@every_fold
def test_a_missing_row_leaves_the_state_as_it_is(fold: Fold, widths: tuple[int, ...]) -> None:
    state, _ = run(fold, inputs_for(widths, 60, 2, 1), fold.initial(2))
    missing = [np.full((2, width) if width else (2,), np.nan) for width in widths]
    after, _ = fold.step(state, *missing)
    assert the_same(after, state)


@every_fold
def test_a_fold_of_no_rows_is_its_initial_state(fold: Fold, widths: tuple[int, ...]) -> None:
    state, out = run(fold, inputs_for(widths, 0, 2, 1), fold.initial(2))
    assert the_same(state, fold.initial(2))
    assert out.shape == (0, 2, fold.width)


@every_fold
def test_a_step_leaves_the_state_before_it_untouched(fold: Fold, widths: tuple[int, ...]) -> None:
    inputs = inputs_for(widths, 61, 2, 3)
    state, _ = run(fold, [column[:60] for column in inputs], fold.initial(2))
    before = {name: values.copy() for name, values in state.items()}
    fold.step(state, *(column[60] for column in inputs))
    assert the_same(state, before)


@every_fold
def test_equal_folds_share_a_bank(fold: Fold, widths: tuple[int, ...]) -> None:
    twin = type(fold)(**vars(fold))
    assert twin == fold
    assert hash(twin) == hash(fold)


ODD_NUMBERS = [
    0.0,
    -0.0,
    np.nan,
    np.inf,
    -np.inf,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    0.1,
]


@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(max_dims=3, max_side=5),
        elements=st.one_of(st.floats(), st.sampled_from(ODD_NUMBERS)),
    ),
    st.integers(-1, 2**40),
)
def test_a_checkpoint_survives_json_to_the_last_bit(values: Floats, at: int) -> None:
    saved = Checkpoint.load(json.loads(json.dumps(Checkpoint(at, {"x": values}).dump())))
    assert saved.at == at
    assert saved.state["x"].dtype == np.float64
    assert same_bits(saved.state["x"], values)


@pytest.mark.parametrize("plain", [{"at": "5", "state": {}}, {"at": 5.0, "state": {}}, {"at": 5, "state": []}])
def test_a_checkpoint_that_was_written_by_something_else_is_refused(plain: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a checkpoint holds"):
        Checkpoint.load(plain)


def test_a_lane_is_a_copy() -> None:
    bank = {"x": np.array([1.0, 2.0])}
    lane(bank, 1)["x"][0] = 9.0
    assert bank["x"].tolist() == [1.0, 2.0]


def test_where_chooses_by_lane_whatever_stands_behind_it() -> None:
    known = np.array([True, False])
    assert where(known, np.array([1.0, 2.0]), np.array([8.0, 9.0])).tolist() == [1.0, 9.0]
    assert where(known, np.ones((2, 3)), np.zeros((2, 3))).tolist() == [[1.0] * 3, [0.0] * 3]


@dataclass(frozen=True)
class Echo:
    """Gives every input of a row back, one after the other."""

    width: int = 2

    def initial(self, lanes: int) -> State:
        return {"rows": np.zeros(lanes)}

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        return {"rows": state["rows"] + 1}, np.stack(row, axis=1)


def test_run_hands_rows_over_in_order_and_gathers_what_comes_back() -> None:
    first, second = np.arange(6.0).reshape(3, 2), np.arange(10.0, 16.0).reshape(3, 2)
    state, out = run(Echo(), [first, second], Echo().initial(2))
    assert state["rows"].tolist() == [3.0, 3.0]
    assert out.tolist() == [[[0, 10], [1, 11]], [[2, 12], [3, 13]], [[4, 14], [5, 15]]]
