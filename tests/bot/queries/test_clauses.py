"""A condition taken apart: every part as it is wanted, and by its verdicts the condition's own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queries.clauses import Clause, clauses
from rules.language.meaning import read_condition
from rules.language.typed import Typed
from rules.model import XNYS, Verdict
from tests.rules.markets import SCOPE


def told(text: str) -> list[str]:
    """Every part in a line; one that need not hold has a question mark."""
    return [_told(each) for each in clauses(read_condition(text, SCOPE, XNYS))]


def _told(part: Clause) -> str:
    words = f"{part.left.text} {part.symbol} {part.right.text}" if part.right else part.left.text
    return f"{'' if part.wanted or part.right else 'not '}{words}{'?' * part.either}"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("close(RUT) > 5", ["close(RUT) > 5"]),
        ("5 < close(RUT)", ["close(RUT) > 5"]),
        ("not (close(RUT) > 5)", ["close(RUT) <= 5"]),
        ("not (5 == close(RUT))", ["close(RUT) != 5"]),
        ("close(RUT) > 5 and close(SPX) < 9", ["close(RUT) > 5", "close(SPX) < 9"]),
        ("close(RUT) > 5 or close(SPX) < 9", ["close(RUT) > 5?", "close(SPX) < 9?"]),
        ("not (close(RUT) > 5 or close(SPX) < 9)", ["close(RUT) <= 5", "close(SPX) >= 9"]),
        ("not (close(RUT) > 5 and close(SPX) < 9)", ["close(RUT) <= 5?", "close(SPX) >= 9?"]),
        ("up_turn(RUT, 10%)", ["up_turn(RUT, 10%)"]),
        ("not up_turn(RUT, 10%) and close(RUT) > 5", ["not up_turn(RUT, 10%)", "close(RUT) > 5"]),
        ("close(RUT) > record(RUT)", ["close(RUT) > record(RUT)"]),
    ],
)
def test_a_part_is_told_as_it_is_wanted(text: str, parts: list[str]) -> None:
    assert told(text) == parts


def numbers_of(close: float) -> object:
    """The same number for every series; literals are themselves."""

    def number(part: Typed) -> float:
        return float(getattr(part.column, "value", close))

    return number


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("negated", [False, True])
@given(close=st.sampled_from([4.0, 5.0, 6.0, float("nan")]))
def test_a_verdict_is_the_engines(symbol: str, negated: bool, close: float) -> None:
    text = f"close(RUT) {symbol} 5"
    (part,) = clauses(read_condition(f"not ({text})" if negated else text, SCOPE, XNYS))
    holds = {"<": close < 5, "<=": close <= 5, ">": close > 5, ">=": close >= 5, "==": close == 5, "!=": close != 5}
    wanted = Verdict.UNKNOWN if close != close else Verdict.TRUE if holds[symbol] is not negated else Verdict.FALSE
    assert part.verdict(numbers_of(close)) is wanted  # type: ignore[arg-type]


def test_a_distance_is_between_both_sides_and_unknown_where_one_is() -> None:
    (part,) = clauses(read_condition("close(RUT) > 5", SCOPE, XNYS))
    assert part.distance(numbers_of(3.5)) == 1.5  # type: ignore[arg-type]
    assert part.distance(numbers_of(float("nan"))) is None  # type: ignore[arg-type]
