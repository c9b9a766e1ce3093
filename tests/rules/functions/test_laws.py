"""The contract of every function of the vocabulary. A new function meets it here without a line of its own.

Arguments are drawn by parameter type and bounds from the registry, markets from a seed. Equal means to the last bit.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rules.bars import Floats
from rules.columns import Node, warmup
from rules.evaluation import Checkpoints, evaluate, lookback
from rules.functions.registry import Function, Parameter, Type, Unit, vocabulary
from rules.language.compile import compile_rule
from rules.language.errors import LanguageError
from rules.language.meaning import read
from rules.model import Label, Rule
from rules.panel import Panel
from rules.scan import Checkpoint
from tests.rules.markets import IDS, SCOPE, TAPE, market, same_bits, tape

SOME = settings(max_examples=max(1, settings().max_examples // 5))
LONG = 320
"""No function may need more rows than this before its first number, in its own examples of use."""

KNOWN_ON_A_GAP = {"record"}
"""Functions whose value on a row is made of earlier rows only."""

KNOWN_AFTER_A_CHANGE = {"regime_lasted", "rally_since", "mtd", "ytd"}
"""Functions that speak of something that has to happen first; from then on they are known."""

COMPANY = ["p_corr(SOL, BTC)", "p_risk_off()", "regime_is(NEUTRAL)", "ema(ETH, 12)", "record(VIX)", "up_turn(RUT, 5%)"]
"""What may stand beside a function in a bank."""

every_function = pytest.mark.parametrize("function", vocabulary().values(), ids=vocabulary())

legs = st.sampled_from(IDS)
positive_series = st.one_of(
    legs, st.sampled_from(["RUT / SPX", "sma(BTC, 5)", "high(SOL)", "volume(ETH)", "vol(RUT, 5)", "drawdown(SPX) + 1"])
)
series = st.one_of(positive_series, st.sampled_from(["logret(SOL)", "VIX - 20", "-RUT", "corr(RUT, BTC, 10)"]))


def _numbers(parameter: Parameter) -> st.SearchStrategy[str]:
    low, high = parameter.accepts.low, parameter.accepts.high
    if low is None or high is None:
        raise TypeError(f"{parameter.name} has no bounds: a number in the language must have them")
    if parameter.accepts.whole:
        usual = st.integers(int(low), int(min(high, low + 40)))
        return st.one_of(usual, usual, st.sampled_from([int(low), int(high)])).map(str)
    return st.floats(low, high, allow_subnormal=False).map(repr)


def _argument(parameter: Parameter, of_series: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return {
        Type.INSTRUMENT: lambda: legs,
        Type.SERIES: lambda: of_series,
        Type.NUMBER: lambda: _numbers(parameter),
        Type.DAYS: lambda: st.integers(1, 60).map("{}d".format),
        Type.LABEL: lambda: st.sampled_from(Label).map(str),
        Type.BASKET: lambda: st.sampled_from(_baskets(parameter)),
        Type.DATE: lambda: st.sampled_from(["2019-03-01", "2019-03-02", "2019-12-31"]),
        Type.EACH_SERIES: lambda: st.sampled_from(["ret(EACH, 5)", "EACH / sma(EACH, 20)", "volume(EACH)"]),
        Type.EACH_BOOL: lambda: st.sampled_from(["drawdown(EACH) > 5%", "EACH > SPX"]),
    }[parameter.accepts.type]()


def _baskets(parameter: Parameter) -> list[str]:
    """Those that hold enough."""
    return [name for name, members in SCOPE.baskets.items() if len(members) >= (parameter.accepts.low or 0)]


@st.composite
def calls(draw: st.DrawFn, function: Function, of_series: st.SearchStrategy[str] = series) -> str:
    """A call of `function` as text; the legs of a pair and what it is given are different instruments."""
    unlike = iter(draw(st.permutations(IDS)))
    given: list[str] = []
    for parameter in function.parameters:
        if parameter.required or draw(st.booleans()):
            of_pair = function.pair and parameter.accepts.type == Type.INSTRUMENT
            value = next(unlike) if of_pair else draw(_argument(parameter, of_series))
            given.append(value if parameter.required else f"{parameter.name}={value}")
    text = f"{function.name}({', '.join(given)})"
    try:
        read(text, SCOPE)
    except LanguageError as error:
        assume(not any(words in str(error) for words in ("must not be above", "of others than")))  # they do not fit
    return text


def drawn_market(data: st.DataObject, *, scars: bool = True) -> Panel:
    """A market of 320 to 420 rows; a failure names its seed."""
    return market(data.draw(st.integers(0, 2**32 - 1), "seed"), data.draw(st.integers(LONG, 420), "rows"), scars=scars)


def column_of(node: Node, panel: Panel) -> Floats:
    return evaluate([node], panel).columns[node]


def through_json(checkpoints: Checkpoints) -> Checkpoints:
    text = json.dumps({name: checkpoint.dump() for name, checkpoint in checkpoints.items()})
    return {name: Checkpoint.load(plain) for name, plain in json.loads(text).items()}


def dumped(checkpoints: Checkpoints) -> dict[str, str]:
    return {name: json.dumps(checkpoint.dump()) for name, checkpoint in checkpoints.items()}


def legs_in(text: str) -> list[str]:
    """The instruments that a call names, by themselves or as members of a basket."""
    words = {member for word in re.findall(r"\w+", text) for member in SCOPE.baskets.get(word, (word,))}
    return [name for name in IDS if name in words]


@every_function
@SOME
@given(data=st.data())
def test_a_column_never_changes_when_later_rows_arrive(function: Function, data: st.DataObject) -> None:
    node = read(data.draw(calls(function)), SCOPE).column
    panel = drawn_market(data)
    cut = data.draw(st.integers(0, len(panel)))
    assert same_bits(column_of(node, panel[:cut]), column_of(node, panel)[:cut])


@every_function
@SOME
@given(data=st.data())
def test_a_column_resumed_from_a_saved_checkpoint_equals_the_full_one(function: Function, data: st.DataObject) -> None:
    node = read(data.draw(calls(function)), SCOPE).column
    panel = drawn_market(data)
    row = data.draw(st.integers(1, len(panel) - 1))
    saved = through_json(evaluate([node], panel[:row]).checkpoints)
    full = evaluate([node], panel)
    resumed = evaluate([node], panel, row, saved)
    assert same_bits(resumed.columns[node], full.columns[node][row:])
    assert dumped(resumed.checkpoints) == dumped(full.checkpoints)
    cut = max(0, row - lookback([node]))
    short = evaluate([node], panel[cut:], row - cut, saved)
    assert same_bits(short.columns[node], full.columns[node][row:])
    assert dumped(short.checkpoints) == dumped(full.checkpoints)


@every_function
@SOME
@given(data=st.data())
def test_a_column_advanced_a_few_rows_at_a_time_equals_the_full_one(function: Function, data: st.DataObject) -> None:
    node = read(data.draw(calls(function)), SCOPE).column
    panel = drawn_market(data)
    stops = sorted({*data.draw(st.sets(st.integers(1, len(panel)), max_size=6)), len(panel)})
    saved: Checkpoints = {}
    pieces, row = [], 0
    for stop in stops:
        done = evaluate([node], panel[:stop], row, saved)
        pieces.append(done.columns[node])
        row, saved = stop, through_json(done.checkpoints)
    assert same_bits(np.concatenate(pieces), column_of(node, panel))


@every_function
@SOME
@given(data=st.data())
def test_the_declared_warm_up_is_the_real_one(function: Function, data: st.DataObject) -> None:
    text = data.draw(calls(function, positive_series))
    node = read(text, SCOPE).column
    panel = drawn_market(data, scars=False)
    known = ~np.isnan(column_of(node, panel))
    assert not known[: warmup(node)].any()
    happened = int(np.argmax(known)) if function.name in KNOWN_AFTER_A_CHANGE and known.any() else warmup(node)
    assert known[happened:].all() or (function.name in KNOWN_AFTER_A_CHANGE and not known.any())


@every_function
@SOME
@given(data=st.data())
def test_a_column_holds_what_its_unit_promises(function: Function, data: st.DataObject) -> None:
    node = read(data.draw(calls(function)), SCOPE).column
    panel = drawn_market(data)
    values = column_of(node, panel)
    assert values.dtype == np.float64
    assert values.shape == (len(panel),)
    known = values[~np.isnan(values)]
    assert np.isfinite(known).all()
    if function.gives.type == Type.BOOL:
        assert set(known.tolist()) <= {0.0, 1.0}
    if function.gives.unit == Unit.PROBABILITY:
        assert ((known >= 0) & (known <= 1)).all()
    if function.gives.unit == Unit.CORRELATION:
        assert ((known >= -1) & (known <= 1)).all()


@every_function
@SOME
@given(data=st.data())
def test_a_row_on_which_a_named_instrument_is_missing_is_unknown(function: Function, data: st.DataObject) -> None:
    text = data.draw(calls(function, legs))
    panel = drawn_market(data)
    values = column_of(read(text, SCOPE).column, panel)
    for name in legs_in(text):
        gaps = np.isnan(panel.field(name, "close"))
        earlier_rows_only = function.name in KNOWN_ON_A_GAP
        assert earlier_rows_only or np.isnan(values[gaps]).all()


@every_function
@SOME
@given(data=st.data())
def test_a_column_has_the_same_bits_whatever_is_computed_beside_it(function: Function, data: st.DataObject) -> None:
    texts = data.draw(st.lists(calls(function), min_size=1, max_size=2))
    texts += data.draw(st.lists(st.sampled_from(COMPANY), min_size=1, max_size=2))
    nodes = [read(text, SCOPE).column for text in texts]
    panel = drawn_market(data)
    together = evaluate(nodes, panel).columns
    for node in nodes:
        assert same_bits(together[node], column_of(node, panel))


def elsewhere(panel: Panel, row: int, before: float, after: float) -> Panel:
    """A market that another venue prints from `row` on, with volumes that are so many times as large on either side."""
    later = np.arange(len(panel)) >= row
    times, origin = np.where(later, after, before), later.astype(np.int64)
    columns = {
        name: replace(each, volume=each.volume * times, turnover=each.turnover * times, origin=origin)
        for name, each in panel.columns.items()
    }
    return replace(panel, columns=columns, origins=dict.fromkeys(IDS, (TAPE, tape("ELSEWHERE"))))


traded = st.sampled_from(["volume(SOL)", "turnover(SOL)", "turnover(ETH) / turnover(SOL)", "adv(SOL, 5)"])


@every_function
@SOME
@given(data=st.data())
def test_no_number_is_made_of_the_volumes_of_two_venues(function: Function, data: st.DataObject) -> None:
    """A coin trades 17 times as much on a perpetual exchange as on a spot one; 16 leaves every digit as it is."""
    node = read(data.draw(calls(function, traded)), SCOPE).column
    panel = drawn_market(data)
    row = data.draw(st.integers(1, len(panel) - 1), "the switch")
    values = column_of(node, elsewhere(panel, row, 1, 16))
    assert same_bits(values[:row], column_of(node, elsewhere(panel, row, 1, 1))[:row])
    assert same_bits(values[row:], column_of(node, elsewhere(panel, row, 16, 16))[row:])


pairs = [function for function in vocabulary().values() if function.pair]


@pytest.mark.parametrize("function", pairs, ids=[function.name for function in pairs])
@pytest.mark.parametrize("seed", [1, 2, pytest.param(3, marks=pytest.mark.soak)])
def test_a_bank_of_all_pairs_equals_each_pair_alone(function: Function, seed: int) -> None:
    panel = market(seed)
    nodes = [read(plain_call(function, (a, b)), SCOPE).column for a in IDS for b in IDS if a != b]
    together = evaluate(nodes, panel).columns
    assert all(same_bits(together[node], column_of(node, panel)) for node in nodes)
    assert any(not np.isnan(together[node]).all() for node in nodes)


def plain_call(function: Function, instruments: tuple[str, ...] = ("RUT", "SOL")) -> str:
    """One call with every argument given, and windows of 20."""
    others = [name for name in IDS if name not in instruments]
    by_type = {
        Type.INSTRUMENT: iter([*instruments, *others]),
        Type.SERIES: iter(instruments),
        Type.LABEL: iter([str(Label.RISK_OFF)]),
        Type.BASKET: iter(["ALTS", "CORE"]),
        Type.DAYS: iter(["20d"]),
        Type.DATE: iter(["2019-03-01"]),
        Type.EACH_SERIES: iter(["ret(EACH, 5)"]),
        Type.EACH_BOOL: iter(["drawdown(EACH) > 5%"]),
    }
    arguments = [
        next(by_type[p.accepts.type]) if p.accepts.type in by_type else ("20" if p.accepts.whole else "0.1")
        for p in function.parameters
    ]
    return f"{function.name}({', '.join(arguments)})"


def example_of(function: Function) -> str:
    """What stands behind `Example:` in the docstring, up to its end."""
    found = re.search(r"Example:\s+(.+)\Z", function.doc, re.DOTALL)
    assert found is not None, f"the docstring of {function.name} has no Example:"
    return " ".join(found[1].split())


@every_function
def test_the_docstring_has_an_example_that_is_a_rule_using_the_function(function: Function) -> None:
    example = example_of(function)
    compiled = compile_rule(Rule("example", example), SCOPE)
    assert function.name in {part.function.name for part in read(example, SCOPE).walk() if part.function}
    assert compiled.instruments
    assert warmup(compiled.when) <= LONG


@every_function
def test_the_docstring_says_when_the_value_is_unknown_unless_every_row_has_one(function: Function) -> None:
    node = read(plain_call(function), SCOPE).column
    assert warmup(node) == 0 or re.search(r"\bNaN\b|\bUNKNOWN\b", function.doc)


@every_function
def test_what_an_alert_shows_beside_it_are_expressions_of_its_own_arguments(function: Function) -> None:
    """An alert leaves out what makes no sense of some instrument; a word that is none it would leave out for ever."""
    call = read(plain_call(function), SCOPE)
    assert function.words.format(**call.arguments)
    for template in (*function.context, *function.interval):
        read(template.format(**call.arguments), SCOPE)


@every_function
def test_the_docstring_and_the_usage_are_for_a_reader(function: Function) -> None:
    summary = function.doc.splitlines()[0]
    assert summary.endswith((".", ":")) or "Example:" in summary
    assert function.usage.startswith(f"{function.name}(")
    assert all(parameter.name in function.usage for parameter in function.parameters)


@every_function
def test_bounds_of_numbers_are_finite_and_the_default_lies_within(function: Function) -> None:
    for parameter in function.parameters:
        if parameter.accepts.type == Type.NUMBER:
            low, high = parameter.accepts.low, parameter.accepts.high
            assert low is not None
            assert high is not None
            assert math.isfinite(low)
            assert math.isfinite(high)
            assert parameter.default is None or low <= float(str(parameter.default)) <= high
