"""What is drawn is of the whole vocabulary, and what pandas says beside it are the same numbers."""

from __future__ import annotations

import numpy as np

from rules.evaluation import evaluate
from rules.functions.registry import vocabulary
from tests.bench.drawn import ROWS, Call, expressions, market
from tests.bench.twins import frames_of, has_twin, twin

LATE = ROWS // 2


def names_in(part: Call | str) -> set[str]:
    """The functions and operators of an expression."""
    return set() if isinstance(part, str) else {part.name}.union(*map(names_in, part.arguments))


def test_every_function_has_its_turn_and_no_column_is_drawn_twice() -> None:
    drawn = expressions(300)
    assert set(vocabulary()) <= set[str]().union(*(names_in(each.call) for each in drawn))
    assert len({each.node for each in drawn}) == 300
    assert [str(each.call) for each in drawn[:50]] == [str(each.call) for each in expressions(50)]


def test_pandas_says_the_same_where_it_has_words() -> None:
    panel, both = market(), [each for each in expressions(600) if has_twin(each.call)]
    frames, ours = frames_of(panel), evaluate([each.node for each in both], panel).columns
    assert len(both) > 200
    for each in both:
        theirs = np.asarray(twin(each.call, frames), dtype=np.float64)[LATE:]
        assert np.allclose(ours[each.node][LATE:], theirs, rtol=1e-6, atol=1e-9), str(each.call)
