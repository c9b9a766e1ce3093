"""Whether an alert fires after each row, told at once and told step by step: the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rules.alerting import Firing, Inactive
from rules.bars import Floats
from rules.course import course, firing_rows
from rules.model import Edge, Timing

verdicts = st.lists(
    st.tuples(*[st.sampled_from([0.0, 1.0, float("nan"), 0.5])] * 2), max_size=60
).map(lambda rows: np.array(rows, dtype=np.float64).reshape(-1, 2))  # fmt: skip
timings = st.one_of(
    st.just(Timing()),
    st.builds(Timing, st.integers(1, 3), st.integers(1, 3), st.integers(0, 4), st.none() | st.integers(1, 5)),
)


@given(verdicts, timings)
def test_what_is_told_at_once_is_what_each_step_says(rows: Floats, timing: Timing) -> None:
    when, clear = rows[:, 0], rows[:, 1]
    firing, known = firing_rows(timing, when, clear)
    taken = course(timing, Inactive(), when, clear, range(len(rows)), 0)
    assert firing.tolist() == [isinstance(state, Firing) for state in taken.states[1:]]
    assert known.tolist() == list(taken.known)


@given(verdicts, timings)
def test_where_it_turns_is_where_something_happens(rows: Floats, timing: Timing) -> None:
    firing, _ = firing_rows(timing, rows[:, 0], rows[:, 1])
    turns = np.diff(firing.astype(np.int8), prepend=0)
    moves = course(timing, Inactive(), rows[:, 0], rows[:, 1], range(len(rows)), 0).moves
    assert np.flatnonzero(turns == 1).tolist() == [move.row for move in moves if move.edge is Edge.FIRED]
    assert np.flatnonzero(turns == -1).tolist() == [move.row for move in moves if move.edge is Edge.RESOLVED]


def test_an_alert_fires_and_ends_on_the_rows_that_one_finds_by_hand() -> None:
    nan = float("nan")
    when = np.array([0, 1, nan, 1, 0, 1, 0, 0])
    clear = np.array([1, 0, 1, nan, 0, 1, 0, 1])
    firing, known = firing_rows(Timing(), when, clear)
    assert firing.tolist() == [False, True, True, True, True, False, False, False]
    assert known.tolist() == [True, True, False, False, True, True, True, True]


def test_no_rows_are_no_fault() -> None:
    for timing in (Timing(), Timing(confirm=2)):
        firing, known = firing_rows(timing, np.array([]), np.array([]))
        assert firing.tolist() == known.tolist() == []
        assert firing.dtype == known.dtype == np.dtype(bool)
