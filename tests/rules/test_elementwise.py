"""Arithmetic, comparisons and Kleene's logic, as tables."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from tests.rules.markets import column, prices, written

KLEENE = [
    # a, b, a and b, a or b
    ("T", "T", "T", "T"),
    ("T", "F", "F", "T"),
    ("T", "?", "?", "T"),
    ("F", "T", "F", "T"),
    ("F", "F", "F", "F"),
    ("F", "?", "F", "?"),
    ("?", "T", "?", "T"),
    ("?", "F", "F", "?"),
    ("?", "?", "?", "?"),
]
PRICE = {"T": "2", "F": "1", "?": "."}
TRUTH = {"T": 1.0, "F": 0.0, "?": np.nan}


@pytest.mark.parametrize(("a", "b", "both", "either"), KLEENE)
def test_and_and_or_are_kleenes(a: str, b: str, both: str, either: str) -> None:
    panel = written(RUT=PRICE[a], SPX=PRICE[b])
    np.testing.assert_array_equal(column("RUT > 1.5 and SPX > 1.5", panel), [TRUTH[both]])
    np.testing.assert_array_equal(column("RUT > 1.5 or SPX > 1.5", panel), [TRUTH[either]])


@pytest.mark.parametrize(("a", "opposite"), [("T", "F"), ("F", "T"), ("?", "?")])
def test_not_leaves_the_unknown_unknown(a: str, opposite: str) -> None:
    np.testing.assert_array_equal(column("not RUT > 1.5", written(RUT=PRICE[a])), [TRUTH[opposite]])


COMPARED = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@pytest.mark.parametrize("symbol", COMPARED)
def test_comparisons_are_pythons_and_unknown_beside_a_gap(symbol: str) -> None:
    panel = written(RUT="1 2 3 . 1 .", SPX="2 2 2 2 . .")
    known = [float(COMPARED[symbol](x, 2)) for x in (1, 2, 3)]
    np.testing.assert_array_equal(column(f"RUT {symbol} SPX", panel), [*known, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("RUT + SPX", "14 6 . ."),
        ("RUT - SPX", "6 6 . ."),
        ("RUT * SPX", "40 0 . ."),
        ("RUT / SPX", "2.5 . . ."),
        ("-RUT", "-10 -6 . -5"),
        ("2 * RUT + 1", "21 13 . 11"),
        ("SPX / SPX", "1 . 1 ."),
    ],
)
def test_arithmetic_is_unknown_beside_a_gap_and_where_it_divides_by_zero(text: str, values: str) -> None:
    panel = written(RUT="10 6 . 5", SPX="4 0 3 .")
    np.testing.assert_array_equal(column(text, panel), prices(values))


@pytest.mark.parametrize("text", ["RUT + RUT", "RUT * RUT", "RUT / (1 / RUT)", "-RUT - RUT"])
def test_a_result_too_large_for_a_number_is_unknown(text: str) -> None:
    assert np.isnan(column(text, written(RUT="1.7e308"))).all()
