"""Text -> tree: precedence, literals, and limits that no text gets past."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rules.functions.registry import Function, vocabulary
from rules.language.errors import LanguageError, listing, nearest
from rules.language.meaning import read
from rules.language.syntax import (
    DEEPEST_NESTING,
    LONGEST_TEXT,
    MOST_PARTS,
    Binary,
    Call,
    DateLiteral,
    Literal,
    Name,
    Syntax,
    Unary,
    is_bounded,
    parse,
    parts_of,
)
from tests.rules.functions.test_laws import calls
from tests.rules.markets import COINS, INDICES, SCOPE


def grouped(tree: Syntax) -> str:
    """The tree with every grouping written out: `(a + (b * c))`."""
    if isinstance(tree, Literal):
        return f"{tree.value!r}{tree.form}"
    if isinstance(tree, DateLiteral):
        return tree.value.isoformat()
    if isinstance(tree, Name):
        return tree.name
    if isinstance(tree, Unary):
        return f"({tree.symbol} {grouped(tree.operand)})"
    if isinstance(tree, Binary):
        return f"({grouped(tree.left)} {tree.symbol} {grouped(tree.right)})"
    arguments = (f"{name}={grouped(value)}" if name else grouped(value) for name, value in tree.arguments)
    return f"{tree.name}({', '.join(arguments)})"


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a + b * c", "(a + (b * c))"),
        ("a * b + c", "((a * b) + c)"),
        ("a - b - c", "((a - b) - c)"),
        ("a / b / c", "((a / b) / c)"),
        ("a - (b - c)", "(a - (b - c))"),
        ("-a * b", "((- a) * b)"),
        ("a * -b", "(a * (- b))"),
        ("--a", "(- (- a))"),
        ("+a", "a"),
        ("a - -b", "(a - (- b))"),
        ("a < b + c", "(a < (b + c))"),
        ("a < b and c > d", "((a < b) and (c > d))"),
        ("a and b or c and d", "((a and b) or (c and d))"),
        ("a or b and c", "(a or (b and c))"),
        ("a and b and c", "((a and b) and c)"),
        ("not a and b", "((not a) and b)"),
        ("not (a and b)", "(not (a and b))"),
        ("not a < b", "(not (a < b))"),
        ("not not a", "(not (not a))"),
        ("a or not b", "(a or (not b))"),
        ("f()", "f()"),
        ("f(a, g(b), n=c + d)", "f(a, g(b), n=(c + d))"),
        ("((a))", "a"),
        ("nota", "nota"),
        ("android or orc", "(android or orc)"),
        ("a\n  and\tb", "(a and b)"),
    ],
)
def test_operators_bind_as_in_arithmetic_and_then_not_and_or(text: str, tree: str) -> None:
    assert grouped(parse(text)) == tree


@pytest.mark.parametrize("symbol", ["<", "<=", ">", ">=", "==", "!="])
def test_every_comparison_is_read_with_and_without_spaces(symbol: str) -> None:
    assert grouped(parse(f"a {symbol} b")) == grouped(parse(f"a{symbol}b")) == f"(a {symbol} b)"


@pytest.mark.parametrize(
    ("text", "value", "form"),
    [
        ("0.7", 0.7, ""),
        (".7", 0.7, ""),
        ("007", 7.0, ""),
        ("5%", 0.05, "%"),
        ("5 %", 0.05, "%"),
        ("70k", 70_000.0, ""),
        ("70K", 70_000.0, ""),
        ("1.5M", 1_500_000.0, ""),
        ("1e3", 1_000.0, ""),
        ("2.5e-3", 0.0025, ""),
        ("10d", 10.0, "d"),
        ("-5%", -0.05, "%"),
        ("- 5", -5.0, ""),
        ("--5", 5.0, ""),
        ("+5", 5.0, ""),
        ("0", 0.0, ""),
    ],
)
def test_numbers_are_read_as_a_trader_writes_them(text: str, value: float, form: str) -> None:
    tree = parse(text)
    assert isinstance(tree, Literal)
    assert (tree.value, tree.form) == (value, form)


def test_a_date_is_a_date_and_not_a_subtraction() -> None:
    tree = parse("2025-11-20")
    assert isinstance(tree, DateLiteral)
    assert tree.value == dt.date(2025, 11, 20)


@pytest.mark.parametrize("text", ["2025-1-5 > RUT", "RUT > 2025-11-2", "RUT > 2025-13-01", "RUT > 2025-02-30"])
def test_what_looks_like_a_date_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(LanguageError):
        read(text, SCOPE)


@pytest.mark.parametrize("text", ["1e999 < RUT", "RUT > 1e400%", "RUT > 1e308k", "RUT < -1e999"])
def test_a_number_too_large_to_be_one_is_refused(text: str) -> None:
    with pytest.raises(LanguageError):
        read(text, SCOPE)


@pytest.mark.parametrize("text", ["1.5.2", "5kk", "70km", "1_000", "0x10", "5d5", "1..2", "5%5", "1e", "5e+"])
def test_what_looks_like_a_number_and_is_none_is_refused(text: str) -> None:
    with pytest.raises(LanguageError):
        parse(f"a > {text}")


@pytest.mark.parametrize(
    ("text", "pointed_at"),
    [
        ("sma(RUT, 5) > ema(SPX, n=7) and not drawdown(RUT) < 5%", None),
        ("  RUT>1", "RUT>1"),
        ("(RUT > 1)", "RUT > 1"),
        ("not ( RUT > 1 )", "not ( RUT > 1"),
        ("- RUT", "- RUT"),
        ("f( a , b )", "f( a , b )"),
        ("f()", "f()"),
    ],
)
def test_a_part_knows_where_it_stands(text: str, pointed_at: str | None) -> None:
    tree = parse(text)
    assert text[tree.span.start : tree.span.end] == (pointed_at or text)


@pytest.mark.parametrize("text", ["f(g(a), 1) + h(b)", "f((a + b)) * c", "f(g(a)) > 1", "not f(a) > b"])
def test_every_call_is_pointed_at_from_its_name_to_its_own_closing_parenthesis(text: str) -> None:
    for part in parts_of(parse(text)):
        if isinstance(part, Call):
            shown = text[part.span.start : part.span.end]
            assert shown.startswith(f"{part.name}(")
            assert shown.endswith(")")
            assert shown.count("(") == shown.count(")")


def test_the_parts_of_a_tree_come_from_left_to_right() -> None:
    leaves = [part.name for part in parts_of(parse("a + f(b, n=c) < d and not e > g")) if isinstance(part, Name)]
    assert leaves == list("abcdeg")


# --- limits


def refused(text: str) -> LanguageError:
    with pytest.raises(LanguageError) as caught:
        parse(text)
    return caught.value


def test_a_text_of_the_longest_length_is_read_and_a_longer_one_is_not() -> None:
    """Spaces do not count, so that a canonical line is never longer than what was typed; a flood of them does."""
    longest = "a > " + "0" * (LONGEST_TEXT - 3) + "1"
    assert grouped(parse(longest)) == "(a > 1.0)"
    assert str(LONGEST_TEXT) in str(refused(longest + "1"))
    assert str(LONGEST_TEXT) in str(refused("a > 1" + " " * 4 * LONGEST_TEXT))


def test_the_deepest_nesting_is_read_and_a_deeper_one_is_not() -> None:
    assert parse("(" * DEEPEST_NESTING + "a" + ")" * DEEPEST_NESTING) == parse("a")
    assert str(DEEPEST_NESTING) in str(refused("(" * (DEEPEST_NESTING + 1) + "a" + ")" * (DEEPEST_NESTING + 1)))


@pytest.mark.parametrize("before", ["a - ", "5 - ", "(a) - ", "a > 5 and "])
def test_what_stands_between_two_does_not_nest(before: str) -> None:
    deep = f"{before}(" * DEEPEST_NESTING + "a" + ")" * DEEPEST_NESTING
    assert is_bounded(deep)
    assert not is_bounded(f"{before}({deep})")


def test_the_most_parts_are_read_and_more_are_not() -> None:
    names = (MOST_PARTS + 1) // 2
    assert sum(1 for _ in parts_of(parse("+".join("a" * names)))) == 2 * names - 1
    assert str(MOST_PARTS) in str(refused("+".join("a" * (names + 1))))


HOSTILE = {
    "parentheses": "(" * 500,
    "closed parentheses": "(" * 400 + "a" + ")" * 400,
    "calls": "f(" * 300 + "a" + ")" * 300,
    "not": "not " * 240 + "a",
    "minus": "-" * 999 + "a",
    "minus and space": "- " * 400 + "a",
    "plus": "+" * 999 + "a",
    "comparisons": "a<" * 400 + "a",
    "commas": "f(" + "," * 900 + ")",
    "arguments": "f(" + "a," * 400 + "a)",
    "named arguments": "f(" + "n=1," * 240 + "n=1)",
    "and": " and ".join("a" * 160),
    "digits": "9" * 990,
    "point": "." * 990,
    "dates": "2025-11-20" * 90,
    "percent": "5%" * 400,
    "quotes": "'" * 900,
    "null": "\x00" * 100,
    "longer than anything": "a" * 1_000_000,
    "signs in parentheses": ("-" * (DEEPEST_NESTING - 1) + "(") * DEEPEST_NESTING + "a" + ")" * DEEPEST_NESTING,
    "nots in parentheses": ("not " * 9 + "(") * DEEPEST_NESTING + "a" + ")" * DEEPEST_NESTING,
    "signs between operators": "a" + "-" * 20 + "+".join("-" * 20 + "a" for _ in range(40)),
}


def answer(text: str) -> str:
    """The pointed answer to a text that means nothing; nothing for one that does. No other error gets through."""
    try:
        read(text, SCOPE)
    except LanguageError as error:
        return error.pointed()
    return ""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_gets_an_answer_of_bounded_length(text: str) -> None:
    assert len(answer(text)) < 500


def test_the_deepest_tree_that_is_read_has_a_name_of_a_few_characters() -> None:
    """A checkpoint is kept by the name of its node: a name that cannot be written stops every rule."""
    signs = "-(" * (DEEPEST_NESTING // 2 - 1)
    node = read(f"record({signs}RUT{')' * (DEEPEST_NESTING // 2 - 1)}) > 0", SCOPE).column
    assert len(str(node)) < 60


WORDS = [
    *INDICES, "SOL", "ALTS", "RISK_OFF", "rut", "and", "or", "not", "(", ")", "(", ")", ",", "=", "==", "<", ">=",
    ">", "!=", "+", "-", "*", "/", "%", "5", "5%", "70k", "10d", "0.5", "1e999", "2025-11-20", "sma", "ret(", "corr(",
    "n=", "p_corr(RUT, SOL)", "regime_is(", "drawdown(", " ", "“", "\u00a0", "🚀", "é", "_", ".", "\n",
]  # fmt: skip


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)
    | st.lists(st.sampled_from(WORDS)).map("".join)
)
@example("=")
@example("corr(RUT, SOL, 60) > 0.5 and ")
@example("\u0660 > \u0661")
@example("\r\n\x0b\x1c\u2028")
def test_any_text_is_read_or_gets_a_pointed_answer(text: str) -> None:
    line, caret, reason = (answer(text) or "  a\n  ^\nread").split("\n")
    assert set(caret.strip()) == {"^"}
    assert len(caret) <= len(line) + 1
    assert reason


def test_an_error_in_a_long_line_shows_the_part_round_the_fault() -> None:
    line, caret, _ = refused("a + " * 60 + "? + " + "a + " * 60 + "a").pointed().split("\n")
    assert len(line) == 102
    assert line[caret.index("^")] == "?"


def test_a_line_break_or_a_tab_does_not_move_the_caret() -> None:
    line, caret, _ = refused("a\n\t? b").pointed().split("\n")
    assert line[caret.index("^")] == "?"


@pytest.mark.parametrize(
    ("word", "hint"),
    [("RUTT", "; did you mean RUT?"), ("rut", "; did you mean RUT?"), ("xyz", ""), ("", "")],
)
def test_a_near_miss_is_named(word: str, hint: str) -> None:
    assert nearest(word, INDICES) == hint


def test_a_long_list_is_cut() -> None:
    assert listing(COINS) == "BTC, ETH, SOL"
    assert listing(map(str, range(30)), 3) == "0, 1, 2 ..."


# --- text of a tree, and tree of a text

numbers = st.one_of(
    st.integers(0, 10**6).map(str),
    st.floats(0, 1e12, allow_subnormal=False).map(repr),
    st.floats(0, 1e3).map(lambda x: f"{x!r}%"),
    st.sampled_from(["50%", "5%", "0.1%", "10%", "12.5%", "70k", "1.5M", "1e-9", "0.30000000000000004", "33.3 %"]),
)
series = st.recursive(
    st.one_of(st.sampled_from([*INDICES, "SOL"]), numbers),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(" ".join),
        st.tuples(inner, st.sampled_from("+-*/"), inner).map("".join).map("({})".format),
        inner.map("({})".format),
        inner.map("-{}".format),
        inner.map("drawdown(RUT + {})".format),
        st.tuples(inner, st.integers(1, 99)).map(lambda a: f"sma(SPX*({a[0]}),n={a[1]})"),
        st.tuples(inner, st.integers(1, 99)).map(lambda a: f"ret(RUT-({a[0]}),{a[1]})"),
        st.floats(-0.95, 0.95).map(lambda x: f"p_corr(RUT, SOL, above={x!r})"),
        inner.map("percentile(RUT + {}, n=60)".format),
        st.sampled_from(["pcorr(RUT, SOL, SPX, n=30)", "pcorr(RUT, SOL, n=9, also=BTC, given=VIX)", "avg_corr(ALTS)"]),
    ),
    max_leaves=8,
)
comparisons = st.tuples(series, st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), series).map(
    lambda a: f"RUT + {a[0]} {a[1]} {a[2]}"
)
conditions = st.recursive(
    st.one_of(comparisons, st.sampled_from(["up_turn(RUT, 10%)", "regime_is(RISK_OFF)"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join),
        st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("".join).map("({})".format),
        inner.map("not {}".format),
        inner.map("({})".format),
    ),
    max_leaves=5,
)


@given(conditions)
@example("drawdown(RUT) >= 50%")
@example("RUT > 0.1 + 0.2 - (0.3 - 5%)")
def test_the_canonical_text_reads_back_as_itself_with_the_same_meaning(text: str) -> None:
    first = read(text, SCOPE)
    again = read(first.text, SCOPE)
    assert again.text == first.text
    assert again.column == first.column
    assert again.type == first.type


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("close( RUT )>record(RUT)", "close(RUT) > record(RUT)"),
        ("p_corr(RUT, SOL, above=0.6) >= 50 %", "p_corr(RUT, SOL, above=0.6) >= 50%"),
        ("p_corr(RUT, SOL, 0.6) >= 10%", "p_corr(RUT, SOL, above=0.6) >= 10%"),
        ("drawdown(RUT)>=100%", "drawdown(RUT) >= 100%"),
        ("drawdown(RUT)>=2.50%", "drawdown(RUT) >= 2.5%"),
        ("drawdown(RUT)>=7%", "drawdown(RUT) >= 7%"),
        ("BTC > 70k", "BTC > 70000"),
        ("volume(IWM) > 1.5M", "volume(IWM) > 1500000"),
        ("corr(RUT, SOL, n=20) > 0.50", "corr(RUT, SOL, 20) > 0.5"),
        ("corr(b=SOL, a=RUT) > .5", "corr(RUT, SOL) > 0.5"),
        ("classic(RUT, SOL, closes=4)", "classic(RUT, SOL, closes=4)"),
        ("classic(RUT, SOL, 30, closes=4)", "classic(RUT, SOL, 30, closes=4)"),
        ("classic(RUT, SOL, 60, 0.7, 0.5, 4)", "classic(RUT, SOL, 60, enter=0.7, leave=0.5, closes=4)"),
        ("classic(RUT, SOL, closes=4, n=30)", "classic(RUT, SOL, 30, closes=4)"),
        ("pcorr(RUT, SOL, SPX, n=30) > 0", "pcorr(RUT, SOL, SPX, n=30) > 0"),
        ("pcorr(RUT, SOL, SPX, BTC, 30) > 0", "pcorr(RUT, SOL, SPX, also=BTC, n=30) > 0"),
        ("pcorr(RUT, SOL, also=BTC, given=SPX) > 0", "pcorr(RUT, SOL, SPX, also=BTC) > 0"),
        ("vol_driven(RUT, SOL, n=30)", "vol_driven(RUT, SOL, n=30)"),
        ("corr_shift(RUT, SOL, 0.3) > 90%", "corr_shift(RUT, SOL, by=0.3) > 90%"),
        ("percentile(x=RUT, n=60) > 95 %", "percentile(RUT, 60) > 95%"),
        ("avg_corr(basket=ALTS, n=30) > 0.5", "avg_corr(ALTS, 30) > 0.5"),
        ("(RUT > 1) and ((SPX > 2))", "RUT > 1 and SPX > 2"),
        ("RUT > 1 and (SPX > 2 or VIX < 3)", "RUT > 1 and (SPX > 2 or VIX < 3)"),
        ("not RUT > 1", "not (RUT > 1)"),
        ("(RUT > 1 or SPX > 2) and VIX < 3", "(RUT > 1 or SPX > 2) and VIX < 3"),
        ("(RUT > 1 and SPX > 2) or VIX < 3", "RUT > 1 and SPX > 2 or VIX < 3"),
        ("RUT > 1 or (SPX > 2 or VIX < 3)", "RUT > 1 or (SPX > 2 or VIX < 3)"),
        ("(RUT + SPX) * VIX > RUT / (SPX * VIX)", "(RUT + SPX) * VIX > RUT / (SPX * VIX)"),
        ("(RUT * SPX) + VIX > (RUT - SPX) - VIX", "RUT * SPX + VIX > RUT - SPX - VIX"),
        ("not (RUT > 1 and SPX > 2)", "not (RUT > 1 and SPX > 2)"),
        ("RUT - (SPX - VIX) > -(-5)", "RUT - (SPX - VIX) > 5"),
        ("-(RUT + SPX) < 0", "-(RUT + SPX) < 0"),
    ],
)
def test_a_line_has_one_way_to_be_written(typed: str, canonical: str) -> None:
    assert read(typed, SCOPE).text == canonical
    assert read(canonical, SCOPE).text == canonical
    assert read(canonical, SCOPE).column == read(typed, SCOPE).column


@pytest.mark.parametrize("function", vocabulary().values(), ids=vocabulary())
@given(data=st.data())
def test_a_call_with_any_of_its_arguments_left_out_reads_back_as_itself(
    function: Function, data: st.DataObject
) -> None:
    typed = read(data.draw(calls(function)), SCOPE)
    again = read(typed.text, SCOPE)
    assert again.text == typed.text
    assert again.column == typed.column
    assert again.spoken == typed.spoken
    assert again.arguments == typed.arguments


def test_a_line_as_long_as_allowed_has_a_canonical_text_that_can_be_read() -> None:
    """Beside `record(x)` an alert shows `drawdown(x)`, read from canonical text: its spaces must not refuse it."""
    typed = read("record(RUT" + "+12345678" * 95 + ") > RUT", SCOPE)
    assert read(typed.text, SCOPE).column == typed.column
