"""The graph of columns: shared parts, look-back, warm-up, and which rows are computed."""

from __future__ import annotations

import numpy as np
import pytest

from rules.bars import Floats
from rules.columns import Constant, Field, Folded, Node, Window, instruments_of, walk, warmup
from rules.evaluation import evaluate, lookback
from rules.folds import Ewma, RunningMax
from rules.language.meaning import read
from rules.model import ALWAYS
from rules.scan import State
from rules.windows import span
from tests.rules.markets import SCOPE, market, same_bits, written


class Counting:
    """A reduction that counts its calls and the rows it was given."""

    def __init__(self) -> None:
        self.__module__, self.__qualname__ = __name__, "counting"
        self.rows: list[int] = []

    def __call__(self, x: Floats, *_: float) -> Floats:
        self.rows.append(len(x))
        return x + 1.0


class CountingFold(Ewma):
    """An average that counts its steps and lanes."""

    steps: list[int]

    def step(self, state: State, *row: Floats) -> tuple[State, Floats]:
        self.steps.append(len(row[0]))
        return super().step(state, *row)


def counting_fold(decay: float = 0.9) -> CountingFold:
    fold = CountingFold(decay)
    object.__setattr__(fold, "steps", [])
    return fold


def node_of(text: str) -> Node:
    return read(text, SCOPE).column


def test_a_shared_part_is_computed_once_for_all_who_ask() -> None:
    counting = Counting()
    panel = written(RUT="1 2 3")
    shared = [Window(counting, (Field("RUT", "close"),)) for _ in range(5)]
    roots = [Window(np.add, (each, Constant(float(k)))) for k, each in enumerate(shared)]
    columns = evaluate(roots, panel).columns
    assert counting.rows == [3]
    assert [columns[root].tolist() for root in roots] == [[2.0 + k, 3.0 + k, 4.0 + k] for k in range(5)]


def test_an_expression_asked_for_twice_is_one_column() -> None:
    counting = Counting()
    root = Window(counting, (Field("RUT", "close"),))
    assert len(evaluate([root, root], written(RUT="1 2")).columns) == 1
    assert counting.rows == [2]


def test_equal_folds_run_side_by_side_and_a_shared_one_runs_once() -> None:
    fold = counting_fold()
    roots = [Folded(fold, (Field(name, "close"),)) for name in ("RUT", "SPX", "RUT")]
    evaluate(roots, written(RUT="1 2 3", SPX="4 5 6"))
    assert fold.steps == [2, 2, 2]


def test_equal_texts_are_equal_nodes() -> None:
    assert node_of("ema( RUT,20 )>sma(RUT,n=5)") == node_of("ema(RUT, 20) > sma(RUT, 5)")
    assert hash(node_of("ret(RUT) > 5%")) == hash(node_of("ret(RUT, 1) > 0.05"))


@pytest.mark.parametrize(
    ("one", "other"), [("ret(RUT)", "logret(RUT)"), ("sma(RUT, 5)", "sma(RUT, 6)"), ("RUT", "SPX")]
)
def test_different_expressions_are_different_nodes_with_different_names(one: str, other: str) -> None:
    assert node_of(one) != node_of(other)
    assert str(node_of(one)) != str(node_of(other))


@pytest.mark.parametrize(
    ("text", "rows", "silent"),
    [
        # expression, rows of look-back, rows of warm-up
        ("RUT", 0, 0),
        ("RUT > 5", 0, 0),
        ("ret(RUT)", 1, 1),
        ("ret(RUT, 21)", 21, 21),
        ("sma(RUT, 20)", span(20) - 1, 19),
        ("sma(ret(RUT, 5), 20)", span(20) - 1 + 5, 24),
        ("sma(sma(RUT, 4), 8)", 4 + 9, 3 + 7),
        ("vol(RUT, 20)", span(20), 20),
        ("corr(RUT, SOL, 60)", span(60), 60),
        ("corr(RUT, SOL, 60) - ret(RUT, 100)", 100, 100),
        ("corr_low(RUT, SOL, 60)", span(250), 60),
        ("corr_high(RUT, SOL, 300)", span(300), 300),
        ("spearman(RUT, SOL, 60)", span(60), 60),
        ("beta(RUT, SOL, 60)", span(60), 60),
        ("avg_corr(RISK, 60)", span(60), 60),
        ("classic(RUT, SOL, 60)", span(60), 60),
        ("pcorr(RUT, SOL, SPX, n=60)", span(60), 60),
        ("adjcorr(RUT, SOL, 60)", span(310), 310),
        ("vol_driven(RUT, SOL, n=60)", span(310), 310),
        ("shared(RUT, SOL, 60)", span(250), 60),
        ("percentile(corr(RUT, SOL, 60), 504)", span(504) - 1 + span(60), 59 + 60),
        ("percentile(RUT, 20)", span(20) - 1, 19),
        ("record(RUT)", 2, 1),
        ("drawdown(RUT)", 1, 0),
        ("ema(RUT, 20)", 1, 19),
        ("ema(ret(RUT, 5), 20)", 5, 24),
        ("p_corr(RUT, SOL)", 1, 122),
        ("rho_low(RUT, SOL)", 1, 122),
        ("rho_ref(RUT, SOL)", 1, 123),
        ("corr_shift(RUT, SOL)", 1, 123),
        ("ewcorr(RUT, SOL, 40)", 1, 42),
        ("highest(p_corr(RUT, SOL), 10)", 12 + 1, 131),
    ],
)
def test_look_back_and_warm_up_add_up_along_the_expression(text: str, rows: int, silent: int) -> None:
    assert lookback([node_of(text)]) == rows
    assert warmup(node_of(text)) == silent


def test_the_look_back_of_many_is_the_longest() -> None:
    assert lookback([node_of("ret(RUT, 5)"), node_of("ret(SPX, 50)"), node_of("BTC")]) == 50
    assert lookback([]) == 0


def test_only_the_rows_asked_for_and_their_look_back_are_computed() -> None:
    counting = Counting()
    inner = Window(counting, (Field("RUT", "close"),))
    root = Window(np.add, (Window(counting, (inner,), (), rows=3), Constant(0.0)))
    done = evaluate([root], market(1), start=350)
    assert counting.rows == [13, 13]
    assert len(done.columns[root]) == 10


def test_a_fold_with_its_checkpoint_takes_only_the_new_rows() -> None:
    fold = counting_fold()
    root = Folded(fold, (Field("RUT", "close"),))
    panel = market(1, 100)
    saved = evaluate([root], panel[:90]).checkpoints
    fold.steps.clear()
    evaluate([root], panel, 90, saved)
    assert len(fold.steps) == 10


@pytest.mark.parametrize("rows", [51, 52, 60])
def test_a_checkpoint_of_a_later_row_is_not_used(rows: int) -> None:
    root = Folded(Ewma(0.9), (Field("RUT", "close"),))
    panel = market(1, 100, scars=False)
    saved = evaluate([root], panel[:rows]).checkpoints
    assert same_bits(evaluate([root], panel, 50, saved).columns[root], evaluate([root], panel).columns[root][50:])


def test_a_checkpoint_of_another_clock_is_not_used() -> None:
    root = Folded(RunningMax(), (Field("RUT", "close"),))
    panel = market(1, 100, scars=False)
    saved = evaluate([root], market(1, 30, calendar=ALWAYS, scars=False)).checkpoints
    assert same_bits(evaluate([root], panel, 50, saved).columns[root], evaluate([root], panel).columns[root][50:])


def test_checkpoints_may_be_asked_for_an_earlier_row_than_the_next() -> None:
    root = node_of("sma(ema(RUT, 10), 5)")
    panel = market(3, 200)
    saved = evaluate([root], panel[:150], 100, None, next_start=120).checkpoints
    lean = panel[120 - lookback([root]) - 1 :]
    resumed = evaluate([root], lean, lookback([root]) + 1, saved).columns[root]
    assert same_bits(resumed, evaluate([root], panel).columns[root][120:])


@pytest.mark.parametrize(
    "text", ["RUT > 5", "ema(RUT, 5)", "regime_is(RISK_OFF)", "p_corr(RUT, SOL)", "corr(RUT, SOL)"]
)
def test_a_panel_without_rows_gives_columns_without_rows(text: str) -> None:
    node = node_of(text)
    assert evaluate([node], market(1)[:0]).columns[node].shape == (0,)


def test_every_node_comes_once_and_before_those_that_read_it() -> None:
    order = list(walk([node_of("sma(RUT, 5) > sma(RUT, 5) + ema(SPX, 3)"), node_of("SPX")]))
    assert len(order) == len(set(order))
    for index, node in enumerate(order):
        assert set(getattr(node, "inputs", ())) <= set(order[:index])


def test_the_instruments_of_an_expression_are_those_whose_prices_it_reads() -> None:
    assert instruments_of([node_of("ret(RUT) > 5% and drawdown(SPX) > corr(SOL, BTC)")]) == ("RUT", "SPX", "BTC", "SOL")
    assert set(instruments_of([node_of("regime_is(RISK_ON)")])) == {"SPX", "VIX", "BTC"}


def test_comparing_two_equal_expressions_looks_at_each_part_a_few_times_at_most() -> None:
    """A part that is used twice is compared twice at each of 24 levels, when two rules hold the same expression."""

    class Leaf(Counting):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Leaf.compared += 1
            return isinstance(other, Leaf)

        def __hash__(self) -> int:
            return 1

    def nested() -> Node:
        node: Node = Window(Leaf(), ())
        for _ in range(10):
            node = Window(np.add, (node, Folded(RunningMax(), (node,))))
        return node

    assert nested() == nested()
    assert Leaf.compared < 100


@pytest.mark.parametrize("word", ["drawdown({})", "ema({}, 3)", "rally({}, 3)"])
def test_the_name_of_a_nested_expression_is_short_and_its_own(word: str) -> None:
    """A checkpoint is kept by its node's name. An input that is written twice would double it at each of 24 levels."""
    texts = ["RUT"]
    for _ in range(20):
        texts.append(word.format(texts[-1]))
    names = [str(node_of(text)) for text in texts]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) < 60
    assert node_of(texts[-1]) == node_of(texts[-1])


@pytest.mark.parametrize(
    "text", ["record(RUT)", "drawdown(RUT)", "ema(RUT, 20)", "sma(ema(RUT, 5), 10)", "sma(RUT, 9)"]
)
def test_a_panel_of_just_the_look_back_gives_the_bits_of_the_whole(text: str) -> None:
    root, panel = node_of(text), market(9)
    first = len(panel) - 3
    saved = evaluate([root], panel[:first]).checkpoints
    tail = panel[first - lookback([root]) :]
    few = evaluate([root], tail, len(tail) - 3, saved).columns[root]
    np.testing.assert_array_equal(few, evaluate([root], panel).columns[root][first:])
