"""Tree -> meaning: types, units, clocks, baskets, arguments; and the answers to thirty and more mistyped lines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from rules.columns import Constant, Field
from rules.elementwise import unary
from rules.functions.registry import LONGEST_WINDOW, Function, Parameter, Type, Unit, vocabulary
from rules.language.compile import compile_rule
from rules.language.errors import LanguageError, listing
from rules.language.meaning import calendar_of, read, read_condition
from rules.language.syntax import DEEPEST_NESTING, LONGEST_TEXT, parse
from rules.model import ALWAYS, XNYS, Label, Rule, Timing
from rules.windows import close_of
from tests.rules.markets import SCOPE, rule

# --- types and units


@pytest.mark.parametrize(
    ("text", "kind", "unit"),
    [
        ("RUT", Type.INSTRUMENT, Unit.PRICE),
        ("ALTS", Type.BASKET, Unit.NUMBER),
        ("RISK_OFF", Type.LABEL, Unit.NUMBER),
        ("0.7", Type.NUMBER, Unit.NUMBER),
        ("5%", Type.NUMBER, Unit.PERCENT),
        ("10d", Type.DAYS, Unit.NUMBER),
        ("2025-11-20", Type.DATE, Unit.NUMBER),
        ("close(RUT)", Type.SERIES, Unit.PRICE),
        ("volume(RUT)", Type.SERIES, Unit.VOLUME),
        ("drawdown(RUT)", Type.SERIES, Unit.PERCENT),
        ("corr(RUT, SOL)", Type.SERIES, Unit.CORRELATION),
        ("p_corr(RUT, SOL)", Type.SERIES, Unit.PROBABILITY),
        ("corr_shift(RUT, SOL)", Type.SERIES, Unit.PROBABILITY),
        ("percentile(RUT, 60)", Type.SERIES, Unit.PROBABILITY),
        ("rho(RUT, SOL)", Type.SERIES, Unit.CORRELATION),
        ("pcorr(RUT, SOL, SPX)", Type.SERIES, Unit.CORRELATION),
        ("avg_corr(ALTS)", Type.SERIES, Unit.CORRELATION),
        ("beta(RUT, SOL)", Type.SERIES, Unit.NUMBER),
        ("classic(RUT, SOL)", Type.BOOL, Unit.TRUTH),
        ("shared(RUT, SOL)", Type.BOOL, Unit.TRUTH),
        ("up_turn(RUT, 5%)", Type.BOOL, Unit.TRUTH),
        ("RUT > 5", Type.BOOL, Unit.TRUTH),
        ("not RUT > 5", Type.BOOL, Unit.TRUTH),
        ("-drawdown(RUT)", Type.SERIES, Unit.PERCENT),
        ("ret(RUT) - ret(SPX)", Type.SERIES, Unit.PERCENT),
        ("RUT + SPX", Type.SERIES, Unit.PRICE),
        ("RUT / SPX", Type.SERIES, Unit.NUMBER),
        ("2 * ret(RUT)", Type.SERIES, Unit.NUMBER),
        ("1.05 * sma(RUT, 200)", Type.SERIES, Unit.PRICE),
        ("RUT - 2 * atr(RUT) / 3", Type.SERIES, Unit.PRICE),
        ("3 * turnover(IWM)", Type.SERIES, Unit.VOLUME),
        ("RUT * SPX", Type.SERIES, Unit.NUMBER),
        ("1 / RUT", Type.SERIES, Unit.NUMBER),
    ],
)
def test_every_part_has_a_type_and_a_unit(text: str, kind: str, unit: str) -> None:
    typed = read(text, SCOPE)
    assert (typed.type, typed.unit) == (kind, unit)


def test_values_of_literals_and_names_are_kept() -> None:
    assert read("5%", SCOPE).value == 0.05
    assert read("RISK_OFF", SCOPE).value is Label.RISK_OFF
    assert read("ALTS", SCOPE).value == ("ETH", "SOL")
    assert read("RUT", SCOPE).column == Field("RUT", "close")
    assert read("0.7", SCOPE).column == Constant(0.7)


@pytest.mark.parametrize("text", ["ALTS", "RISK_OFF", "2025-11-20"])
def test_what_is_no_column_says_so_when_asked_for_one(text: str) -> None:
    with pytest.raises(TypeError, match="not a column"):
        _ = read(text, SCOPE).column


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("corr(RUT, SOL, 20)", "corr(b=SOL, n=20, a=RUT)"),
        ("p_corr(RUT, SOL)", "p_corr(RUT, SOL, above=60%)"),
        ("corr(RUT, SOL)", "corr(SOL, RUT, 60)"),
        ("pcorr(RUT, SOL, SPX)", "pcorr(SOL, RUT, given=SPX, n=60)"),
        ("pcorr(RUT, SOL, SPX, BTC)", "pcorr(RUT, SOL, n=60, also=SPX, given=BTC)"),
        ("classic(RUT, SOL, closes=3)", "classic(RUT, SOL, leave=0.5, enter=70%)"),
        ("corr_shift(RUT, SOL)", "corr_shift(SOL, RUT, by=20%)"),
        ("ret(RUT)", "ret(RUT, 1)"),
        ("sma(RUT, 20)", "sma(x=close(RUT), n=20)"),
        ("ret(RUT, 21)", "ret(RUT, 21d)"),
        ("RUT > 70000", "RUT > 70k"),
    ],
)
def test_the_same_thing_said_differently_is_the_same_column(one: str, other: str) -> None:
    assert read(one, SCOPE).column == read(other, SCOPE).column


def test_plain_numbers_are_computed_with_and_are_no_condition_by_themselves() -> None:
    with pytest.raises(LanguageError, match="plain numbers"):
        read("1 + 1 > 2", SCOPE)


@pytest.mark.parametrize("text", ["2 * 3 > 5 - 1", "-(1 + 1) < 5", "RUT > 5 and 1 + 1 > 2"])
def test_a_condition_that_can_never_change_is_refused(text: str) -> None:
    with pytest.raises(LanguageError, match="plain numbers"):
        read(text, SCOPE)


def test_whatever_takes_two_instruments_wants_different_ones() -> None:
    for function in vocabulary().values():
        needed = [each for each in function.parameters if each.required]
        legs = [each for each in needed if each.accepts.type == Type.INSTRUMENT]
        if len(legs) > 1:
            given = ", ".join(f"{each.name}={'RUT' if each in legs else '20'}" for each in needed)
            with pytest.raises(LanguageError, match=f"^{function.name} needs different instruments, not RUT twice$"):
                read(f"{function.name}({given})", SCOPE)


AGAINST_A_DEFAULT = {("classic", "enter", -0.95), ("classic", "leave", 0.95)}
"""Bounds that the default of another argument excludes."""


def test_a_crossing_that_leaves_above_where_it_enters_is_refused() -> None:
    with pytest.raises(LanguageError, match=r"so leave must not be above enter, 0\.8 not above 0\.7"):
        read("classic(RUT, SOL, 60, leave=0.8)", SCOPE)


@pytest.mark.parametrize(
    ("function", "parameter"),
    [(f, p) for f in vocabulary().values() for p in f.parameters if p.accepts.type == Type.NUMBER],
    ids=lambda each: each.name,
)
def test_the_bounds_of_a_number_are_kept_and_named(function: Function, parameter: Parameter) -> None:
    name, accepts = function.name, parameter.accepts
    needed = [p for p in function.parameters if p.accepts.type != Type.NUMBER and p.required]
    legs = iter(("RUT", "SOL", "SPX"))
    others = ["ALTS" if p.accepts.type == Type.BASKET else next(legs) for p in needed]
    call = f"{name}({', '.join(others)}, {parameter.name}={{!r}})"
    assert accepts.low is not None
    assert accepts.high is not None
    insides = [each for each in (accepts.low, accepts.high) if (name, parameter.name, each) not in AGAINST_A_DEFAULT]
    for inside in insides:
        assert read(call.format(inside), SCOPE).function is function
    for outside in (accepts.low - 1, accepts.high + 1):
        with pytest.raises(LanguageError, match=f"^{parameter.name} of {name} must be"):
            read(call.format(outside), SCOPE)


# --- clocks


@pytest.mark.parametrize(
    ("text", "calendar"),
    [
        ("RUT > 5", XNYS),
        ("BTC > 5", ALWAYS),
        ("corr(BTC, ETH) > 0.5", ALWAYS),
        ("corr(RUT, SOL) > 0.5", XNYS),
        ("BTC > 5 and RUT > 5", XNYS),
        ("FTSE > 5 and BTC > 5", "XLON"),
        ("regime_is(RISK_OFF)", XNYS),
        ("BTC > 5 and regime_is(RISK_OFF)", XNYS),
        ("1 > 2", XNYS),
    ],
)
def test_the_clock_is_the_one_session_calendar_or_utc_days_when_all_are_coins(text: str, calendar: str) -> None:
    assert calendar_of([(text, parse(text))], SCOPE) == calendar


def test_both_lines_of_a_rule_share_one_clock() -> None:
    assert rule("r", "BTC > 5", "RUT < 5").calendar == XNYS
    assert rule("r", "BTC > 5", "BTC < 5").calendar == ALWAYS


def test_a_volatility_is_annualised_by_the_rules_clock_in_both_lines() -> None:
    alone, beside = rule("r", "vol(BTC, 20) > 1"), rule("r", "vol(BTC, 20) > 1", "RUT > 5")
    assert alone.values[0].node == read("vol(BTC, 20)", SCOPE, ALWAYS).column
    assert beside.values[0].node == read("vol(BTC, 20)", SCOPE, XNYS).column
    assert alone.values[0].node != beside.values[0].node


# --- rules

LONGEST = " and ".join(["close(RUT) > 123456789"] * 36) + " and close(RUT) > 123456789012345"
"""1,000 characters, all of them canonical."""

DEEPEST = "sma(" * DEEPEST_NESTING + "RUT" + ", 2)" * DEEPEST_NESTING + " > 5"
"""As deep as may be, and not one parenthesis too many."""


def test_without_a_clear_line_a_rule_clears_when_it_is_not_true() -> None:
    compiled = rule("r", "RUT > 5 and SPX > 5")
    assert compiled.clear == read("not (RUT > 5 and SPX > 5)", SCOPE).column
    assert compiled.clear_text == "not (RUT > 5 and SPX > 5)"


def test_not_of_what_is_joined_stands_in_parentheses() -> None:
    assert read("not not RUT > 5", SCOPE).text == "not (not (RUT > 5))"


@pytest.mark.parametrize("when", [LONGEST, DEEPEST], ids=["longest", "deepest"])
def test_a_line_at_a_limit_needs_no_clear_line(when: str) -> None:
    compiled = rule("r", when)
    assert compiled.clear == unary("not", compiled.when)


def test_a_sign_before_a_series_is_a_column_and_before_plain_numbers_a_number() -> None:
    assert read("-RUT", SCOPE).node == unary("-", close_of("RUT"))
    assert read("-(1 + 2)", SCOPE).node == Constant(-3.0)


def test_a_rule_names_the_instruments_it_waits_for() -> None:
    assert rule("r", "RUT > SPX", "corr(RUT, SOL) < 0.5").instruments == ("RUT", "SPX", "SOL")
    assert set(rule("r", "regime_is(RISK_OFF)").instruments) == {"SPX", "VIX", "BTC"}


BESIDE_A_RECORD = vocabulary()["record"].context[0].format("RUT", x="RUT")
"""What an alert shows beside the record of RUT."""


def test_the_numbers_of_an_alert_are_the_compared_sides_once_each() -> None:
    compiled = rule("r", "RUT > record(RUT) and RUT > 5 and ret(RUT) > 1%", "RUT < 2 * SPX")
    assert [shown.text for shown in compiled.values] == ["RUT", "record(RUT)", "ret(RUT)"]
    assert [shown.text for shown in compiled.clear_values] == ["RUT", "2 * SPX"]
    assert [shown.text for shown in compiled.context] == [BESIDE_A_RECORD]


def test_what_is_shown_already_is_no_context() -> None:
    assert rule("r", f"RUT > record(RUT) and {BESIDE_A_RECORD} < 1%").context == ()


SAME_DIGEST = [
    {"when": "close(RUT)>5.0"},
    {"title": "another"},
    {"tags": ("x",)},
    {"notify_resolved": True},
]
OTHER_DIGEST = [
    {"when": "close(RUT) >= 5"},
    {"clear": "RUT < 4"},
    {"timing": Timing(confirm=2)},
    {"timing": Timing(expires=2)},
]


def digest(**changed: object) -> str:
    return compile_rule(Rule(**{"id": "r", "when": "close(RUT) > 5", **changed}), SCOPE).digest  # type: ignore[arg-type]


@pytest.mark.parametrize("changed", SAME_DIGEST, ids=repr)
def test_a_rule_told_differently_is_the_same_rule(changed: Mapping[str, object]) -> None:
    assert digest(**changed) == digest()


@pytest.mark.parametrize("changed", OTHER_DIGEST, ids=repr)
def test_a_rule_judged_differently_is_another_rule(changed: Mapping[str, object]) -> None:
    assert digest(**changed) != digest()


# --- baskets


def test_a_basket_where_one_instrument_is_needed_is_answered_with_its_members() -> None:
    for text in ("record(ALTS) > 5", "ALTS > 5", "corr(RUT, ALTS) > 0.5", "RUT > 5 and ALTS"):
        with pytest.raises(LanguageError, match="ALTS is a basket of ETH, SOL"):
            read(text, SCOPE)


# --- mistyped lines


@dataclass(frozen=True)
class Mistyped:
    """A rule as someone typed it."""

    when: str
    clear: str | None = None


DEEP = "(" * (DEEPEST_NESTING + 1) + "RUT" + ")" * (DEEPEST_NESTING + 1) + " > 5"
LONG = "close(RUT) > 5" + " and close(RUT) > 5" * (LONGEST_TEXT // 15)

MISTYPED = {
    "unknown instrument": Mistyped("close(RUTT) > record(RUT)"),
    "lower-case instrument": Mistyped("rut > 2500"),
    "instrument nobody knows": Mistyped("close(DOGE) > 1"),
    "lower-case basket": Mistyped("alts > 5"),
    "missing parenthesis": Mistyped("close(RUT > record(RUT)"),
    "parenthesis too many": Mistyped("close(RUT)) > record(RUT)"),
    "chained comparison": Mistyped("15 < VIX < 20"),
    "= for ==": Mistyped("close(RUT) = 2500"),
    "=> for >=": Mistyped("close(RUT) => 2500"),
    "<> for !=": Mistyped("close(RUT) <> 2500"),
    "typeset sign": Mistyped("close(RUT) ≥ 2500"),
    "&& for and": Mistyped("drawdown(RUT) > 5% && drawdown(SPX) > 5%"),
    "AND for and": Mistyped("drawdown(RUT) > 5% AND drawdown(SPX) > 5%"),
    "NOT for not": Mistyped("NOT drawdown(RUT) > 5%"),
    "window 0": Mistyped("close(RUT) > sma(RUT, 0)"),
    "window too long": Mistyped("close(RUT) > sma(RUT, 1000000000)"),
    "window as a power": Mistyped("close(RUT) > sma(RUT, 10**9)"),
    "window as a word": Mistyped("close(RUT) > sma(RUT, abc)"),
    "window in halves": Mistyped("close(RUT) > sma(RUT, 2.5)"),
    "window from a price": Mistyped("close(RUT) > sma(RUT, 2 * VIX)"),
    "share written as a number": Mistyped("up_turn(RUT, 10)"),
    "pair with itself": Mistyped("corr(RUT, RUT, 60) > 0.6"),
    "pair with itself, named": Mistyped("beta(b=RUT, a=RUT) > 1"),
    "pair given one of itself": Mistyped("pcorr(RUT, SOL, SPX, also=RUT) > 0.2"),
    "pair given the same twice": Mistyped("pcorr(RUT, SOL, given=SPX, also=SPX) > 0.2"),
    "pair given nothing": Mistyped("pcorr(RUT, SOL) > 0.2"),
    "window where a control stands": Mistyped("pcorr(RUT, SOL, SPX, 60) > 0.2"),
    "window for the pair's control": Mistyped("pcorr(RUT, SOL, 60) > 0.2"),
    "unknown control": Mistyped("pcorr(RUT, SOL, given=SPY) > 0.2"),
    "basket for a control": Mistyped("pcorr(RUT, SOL, SPX, also=CORE) > 0.2"),
    "basket too small": Mistyped("avg_corr(LONE) > 0.6"),
    "instrument for a basket": Mistyped("avg_corr(RUT) > 0.6"),
    "instruments for a basket": Mistyped("avg_corr(RUT, SOL) > 0.6"),
    "unknown basket": Mistyped("avg_corr(ALT) > 0.6"),
    "basket of another calendar": Mistyped("avg_corr(CORE) > 0.6 and close(FTSE) > 9000"),
    "level of a shift outside": Mistyped("corr_shift(RUT, SOL, by=2) > 90%"),
    "closes in halves": Mistyped("classic(RUT, SOL, closes=2.5)"),
    "unknown argument of the crossing": Mistyped("classic(RUT, SOL, exit=0.5)"),
    "condition compared with a number": Mistyped("classic(RUT, SOL) > 0.7"),
    "number as a condition": Mistyped("corr_shift(RUT, SOL)"),
    "basket for an instrument": Mistyped("corr(RUT, ALTS, 60) > 0.6"),
    "basket for a series": Mistyped("close(RUT) > record(ALTS)"),
    "basket compared": Mistyped("ALTS > 5"),
    "series for an instrument": Mistyped("corr(RUT, ret(SOL), 60) > 0.6"),
    "condition compared": Mistyped("(close(RUT) > 2500) > 0"),
    "label compared": Mistyped("regime_is(RISK_OFF) == RISK_OFF"),
    "number joined by and": Mistyped("drawdown(RUT) and drawdown(SPX) > 5%"),
    "not of a number": Mistyped("not drawdown(RUT)"),
    "plain numbers compared": Mistyped("5 > 3"),
    "missing argument": Mistyped("close(RUT) > sma(RUT)"),
    "nothing between commas": Mistyped("close(RUT) > sma(RUT, , 20)"),
    "nothing before a comma": Mistyped("close(RUT) > sma(, 20)"),
    "nothing before a parenthesis": Mistyped("(close(RUT) > ) and close(SPX) > 5000"),
    "too many arguments": Mistyped("close(RUT, 5) > 2500"),
    "argument where none is taken": Mistyped("p_risk_off(RUT) > 50%"),
    "argument named twice": Mistyped("close(RUT) > sma(RUT, n=20, n=50)"),
    "argument given and named": Mistyped("close(RUT) > sma(RUT, 20, x=SPX)"),
    "unknown named argument": Mistyped("p_corr(RUT, SOL, abov=0.6) >= 50%"),
    "positional after named": Mistyped("close(RUT) > sma(n=20, RUT)"),
    "level outside": Mistyped("p_corr(RUT, SOL, above=60) >= 50%"),
    "greatest share written as a number": Mistyped("up_turn(RUT, 90)"),
    "more than the greatest share": Mistyped("up_turn(RUT, 91)"),
    "label misspelt": Mistyped("regime_is(RISKOFF)"),
    "instrument for a label": Mistyped("regime_is(RUT)"),
    "function without parentheses": Mistyped("corr > 0.6"),
    "number with a space": Mistyped("close(BTC) > 70 000"),
    "number with a comma": Mistyped("close(BTC) > 1,5M"),
    "comma between conditions": Mistyped("RUT > 5,SPX > 5"),
    "comma after a name": Mistyped("RUT,5 > 3"),
    "operator and no number": Mistyped("close(RUT) * > 2500"),
    "no finite number": Mistyped("close(RUT) > 1 / 0"),
    "number with two units": Mistyped("close(BTC) > 70km"),
    "no such date": Mistyped("close(RUT) > 2025-13-40"),
    "date compared": Mistyped("close(RUT) > 2025-11-20"),
    "empty": Mistyped("   "),
    "too long": Mistyped(LONG),
    "nested too deep": Mistyped(DEEP),
    "not a condition": Mistyped("drawdown(RUT)"),
    "only a basket": Mistyped("ALTS"),
    "stops in the middle": Mistyped("close(RUT) > record(RUT) and"),
    "or twice": Mistyped("RUT > 5 or or SPX > 5"),
    "unknown function, near": Mistyped("drawdwn(RUT) > 5%"),
    "unknown function, far": Mistyped("quux(RUT) > 5%"),
    "function of another tongue": Mistyped("RUT crosses above 2500"),
    "two calendars": Mistyped("close(RUT) > 2500 and close(FTSE) > 9000"),
    "two calendars in two lines": Mistyped("close(RUT) > 2500", "close(FTSE) < 9000"),
    "mistake in the clear line": Mistyped("close(RUT) > 2500", "close(RUTT) < 2400"),
    "unicode quotes": Mistyped("close(“RUT”) > 2500"),
    "emoji": Mistyped("close(RUT) > 2500 🚀"),
    "space from a web page": Mistyped("close(RUT)\u00a0> 2500"),
    "comment": Mistyped("close(RUT) > 2500 # breakout"),
    "ticker with a caret": Mistyped("close(^RUT) > 2500"),
    "ticker with a dash": Mistyped("close(BTC-USD) > 70k"),
}

GOLDEN = Path(__file__).with_name("mistyped.txt")


def answer(typed: Mistyped) -> str:
    with pytest.raises(LanguageError) as caught:
        compile_rule(Rule("r", typed.when, typed.clear), SCOPE)
    shown = caught.value.pointed().replace(listing(sorted(vocabulary())), "every function")
    return "\n".join(line.rstrip() for line in shown.split("\n"))


def test_every_mistyped_line_is_answered_as_agreed() -> None:
    """`GOLDEN=write pytest tests/rules/language` writes the file anew; read it as a trader would."""
    answers = "\n".join(f"# {what}\n{answer(typed)}\n" for what, typed in MISTYPED.items())
    if os.environ.get("GOLDEN") == "write":
        GOLDEN.write_text(answers, encoding="utf-8")
    assert answers == GOLDEN.read_text(encoding="utf-8")


@pytest.mark.parametrize("typed", MISTYPED.values(), ids=MISTYPED)
def test_an_answer_is_one_short_sentence_about_a_place_in_the_line(typed: Mistyped) -> None:
    with pytest.raises(LanguageError) as caught:
        compile_rule(Rule("r", typed.when, typed.clear), SCOPE)
    error = caught.value
    assert error.text in (typed.when, typed.clear)
    assert 0 <= error.span.start <= len(error.text)
    assert len(str(error)) < 400
    assert "\n" not in str(error)
    assert not any(word in str(error) for word in ("Token", "lark", "Traceback", "\\x", "None", "Expected"))


@pytest.mark.parametrize("sign", ["≥ >=", "≤ <=", "≠ !=", "× *", "· *", "÷ /", "− -", "– -", "— -", "[ (", "] )"])
def test_a_sign_as_it_is_typeset_is_answered_with_the_one_to_type(sign: str) -> None:
    typeset, plain = sign.split()
    with pytest.raises(LanguageError) as caught:
        read(f"RUT {typeset} SPX > 5", SCOPE)
    assert str(caught.value) == f"{typeset} has no meaning here; write {plain}"


@pytest.mark.parametrize(
    ("what", "says"),
    [
        # what a trader would have to be told, in whatever words
        ("AND for and", "lower case|write and"),
        ("=> for >=", ">="),
        ("<> for !=", "!="),
        ("typeset sign", ">="),
        ("number with a space", "70k|70000"),
        ("number with a comma", r"1\.5M"),
        ("space from a web page", "space"),
        ("unicode quotes", "quote"),
        ("label misspelt", "RISK_ON, NEUTRAL or RISK_OFF"),
        ("instrument for a label", "RISK_ON, NEUTRAL"),
        ("share written as a number", "10%|0.1% to 90%"),
        ("level outside", r"0\.6|-0\.95 to 0\.95"),
    ],
)
def test_an_answer_says_what_would_be_right(what: str, says: str) -> None:
    with pytest.raises(LanguageError, match=says):
        compile_rule(Rule("r", MISTYPED[what].when), SCOPE)


def test_a_windows_greatest_length_is_in_the_answer() -> None:
    with pytest.raises(LanguageError, match=str(LONGEST_WINDOW)):
        read_condition(MISTYPED["window too long"].when, SCOPE)
