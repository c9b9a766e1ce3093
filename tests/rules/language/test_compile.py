"""A rule's lines -> the numbers beside it: which are shown, with which interval, in which words, who is waited for."""

from __future__ import annotations

import pytest

from rules.columns import instruments_of
from rules.functions.registry import Function, Scope, Type, vocabulary
from rules.language.compile import CompiledRule, compile_rule
from rules.language.meaning import read
from rules.model import ALWAYS, XNYS, Rule
from tests.rules.functions.test_laws import example_of, plain_call
from tests.rules.markets import BASKETS, INSTRUMENTS, SCOPE, instrument, rule


def texts(shown: tuple[object, ...]) -> list[str]:
    return [each.text for each in shown]  # type: ignore[attr-defined]


def beside(when: str) -> list[str]:
    """The expressions shown beside the numbers of a rule."""
    return texts(rule("r", when).context)


# --- what stands beside a number

MEASURED = [
    "corr(RUT, SOL, 60)",
    "percentile(corr(RUT, SOL, 60), 504)",
    "pcorr(RUT, SOL, SPX, n=60)",
    "pcorr(RUT, SOL, SPX, also=BTC, n=60)",
    "shared(RUT, SOL, 60)",
]
ENDS = ["corr_low(RUT, SOL, 60)", "corr_high(RUT, SOL, 60)"]


@pytest.mark.parametrize(
    ("when", "context"),
    [
        ("corr(RUT, SOL, 30) > 0.5", [
            "percentile(corr(RUT, SOL, 30), 504)",
            "p_corr(RUT, SOL, above=0.5)",
            "corr_low(RUT, SOL, 30)",
            "corr_high(RUT, SOL, 30)",
        ]),
        ("p_corr(RUT, SOL) > 50%", [*MEASURED, "vol_driven(RUT, SOL, above=0.6, n=60)", *ENDS]),
        ("p_corr(RUT, SOL, above=50%) > 50%", [*MEASURED, "vol_driven(RUT, SOL, above=50%, n=60)", *ENDS]),
        ("rho(RUT, SOL) > 0.5", [*MEASURED, "rho_low(RUT, SOL)", "rho_high(RUT, SOL)", *ENDS]),
        ("corr_shift(RUT, SOL) > 90%", [
            "rho(RUT, SOL)", "rho_ref(RUT, SOL, by=0.2)", *MEASURED, "rho_low(RUT, SOL)", "rho_high(RUT, SOL)", *ENDS,
        ]),
        ("adjcorr(RUT, SOL) > 0.5", ["corr(RUT, SOL, 60)", *ENDS]),
        ("corr_low(RUT, SOL, 30) > 0.2", ["corr(RUT, SOL, 30)", "corr_high(RUT, SOL, 30)"]),
        ("corr_high(RUT, SOL, 30) < 0.2", ["corr(RUT, SOL, 30)", "corr_low(RUT, SOL, 30)"]),
        ("spearman(RUT, SOL) > 0.5", []),
        ("avg_corr(RISK) > 0.5", []),
    ],
)  # fmt: skip
def test_a_function_brings_what_a_reader_needs_beside_it_and_the_intervals_of_it_all(
    when: str, context: list[str]
) -> None:
    assert sorted(beside(when)) == sorted(context)


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("classic(RUT, SOL, closes=4)", ["corr(RUT, SOL, 60)"]),
        ("shared(RUT, SOL, 30)", ["corr(RUT, SOL, 30)"]),
        ("vol_driven(RUT, SOL, 0.5, 30)", ["corr(RUT, SOL, 30)", "adjcorr(RUT, SOL, 30)"]),
    ],
)
def test_what_a_condition_goes_by_is_shown_as_the_number_that_decides_with_its_interval(
    when: str, values: list[str]
) -> None:
    compiled = rule("r", when)
    assert texts(compiled.values) == values
    n = "60" if "closes" in when else "30"
    assert texts(compiled.context) == [f"corr_low(RUT, SOL, {n})", f"corr_high(RUT, SOL, {n})"]


@pytest.mark.parametrize(
    ("when", "left_out", "kept"),
    [
        # given SPX and BTC, of a pair with one of them or on a clock where SPX has no price
        ("p_corr(RUT, BTC) > 50%", ["also=BTC"], ["pcorr(RUT, BTC, SPX, n=60)", "shared(RUT, BTC, 60)"]),
        ("p_corr(SPX, SOL) > 50%", ["pcorr"], ["shared(SPX, SOL, 60)", "corr(SPX, SOL, 60)"]),
        ("p_corr(SPX, BTC) > 50%", ["pcorr"], ["corr(SPX, BTC, 60)"]),
        ("p_corr(BTC, ETH) > 50%", ["SPX", "shared"], ["corr(BTC, ETH, 60)", "vol_driven(BTC, ETH, above=0.6, n=60)"]),
        ("p_corr(SOL, ETH) > 50%", ["SPX", "BTC", "shared"], ["corr(SOL, ETH, 60)"]),
        ("rho(SOL, ETH) > 50%", ["SPX", "BTC", "shared"], ["rho_low(SOL, ETH)", "rho_high(SOL, ETH)"]),
        ("corr_shift(SOL, ETH) > 50%", ["SPX", "BTC", "shared"], ["rho_ref(SOL, ETH, by=0.2)"]),
    ],
)
def test_context_that_makes_no_sense_of_a_pair_or_on_its_clock_is_left_out(
    when: str, left_out: list[str], kept: list[str]
) -> None:
    shown = beside(when)
    assert [text for text in shown if any(part in text for part in left_out)] == []
    assert set(kept) <= set(shown)


def test_beside_an_index_a_pair_of_coins_is_held_against_the_market_too() -> None:
    compiled = rule("r", "p_corr(ETH, SOL) > 50% and RUT > 5")
    assert compiled.calendar == XNYS
    assert {"pcorr(ETH, SOL, SPX, n=60)", "shared(ETH, SOL, 60)"} <= set(texts(compiled.context))


@pytest.mark.parametrize("when", ["p_corr(FTSE, BTC) > 50%", "rho(FTSE, BTC) > 0.5", "corr_shift(FTSE, SOL) > 90%"])
def test_a_pair_on_another_calendar_than_the_market_is_a_rule_without_that_context(when: str) -> None:
    """SPX never has a price at the close of London: what a rule would like to show must not refuse it."""
    compiled = rule("r", when)
    assert compiled.calendar == "XLON"
    assert not any("SPX" in text or "shared" in text for text in texts(compiled.context))


def test_without_the_market_in_the_configuration_its_context_is_left_out() -> None:
    few = Scope({name: INSTRUMENTS[name] for name in ("RUT", "SOL")}, {})
    compiled = compile_rule(Rule("r", "rho(RUT, SOL) > 0.5"), few)
    assert not any("SPX" in text for text in texts(compiled.context))


@pytest.mark.parametrize("function", vocabulary().values(), ids=vocabulary())
def test_every_context_and_interval_of_the_vocabulary_can_be_read(function: Function) -> None:
    """What cannot be read is left out without a word, so a misspelt template would never be missed."""
    call = read(plain_call(function), SCOPE, XNYS)
    for template in (*function.context, *function.interval):
        assert read(template.format(**call.arguments), SCOPE, XNYS).node is not None


# --- intervals

CASES = {
    "one window": ("corr(RUT, SOL, 60) > 0.5", None),
    "by default": ("corr(RUT, SOL) > 0.5", None),
    "of the filter": ("rho(RUT, SOL) > 0.5", None),
    "in context": ("p_corr(RUT, SOL) > 50%", None),
    "of a condition": ("classic(RUT, SOL, 30)", None),
    "two windows": ("corr(RUT, SOL, 30) > corr(RUT, SOL, 90)", None),
    "one end decides": ("corr(RUT, SOL) > 0.5 and corr_low(RUT, SOL) > 0.2", None),
    "another window in the clear line": ("corr(RUT, SOL, 60) > 0.5", "corr(RUT, SOL, 30) < 0.3"),
    "only in the clear line": ("p_corr(RUT, SOL) > 50%", "rho(RUT, SOL) < 0.3"),
    "a condition in the clear line": ("RUT > 5", "not shared(RUT, SOL)"),
    "written in two ways": ("corr(RUT, SOL, 60) > 0.5 or corr(SOL, RUT, 60d) > 0.6", None),
}


def ends_shown(compiled: CompiledRule) -> dict[str, tuple[str, ...]]:
    """For every number of a rule that has an interval, its ends."""
    shown = (*compiled.values, *compiled.clear_values, *compiled.context)
    return {each.text: each.interval for each in shown if each.interval}


@pytest.mark.parametrize(("when", "clear"), CASES.values(), ids=CASES)
def test_both_ends_of_every_interval_are_among_the_numbers_of_an_event(when: str, clear: str | None) -> None:
    """An end that is not computed would be told as undefined."""
    compiled = rule("r", when, clear)
    assert ends_shown(compiled)
    for numbers in (compiled.values, compiled.clear_values):
        told = {*texts(numbers), *texts(compiled.context)}
        for each in (*numbers, *compiled.context):
            assert set(each.interval) <= told


def test_an_interval_belongs_to_its_own_window() -> None:
    compiled = rule("r", "corr(RUT, SOL, 30) > corr(RUT, SOL)")
    assert ends_shown(compiled) == {
        f"corr(RUT, SOL{n})": (f"corr_low(RUT, SOL, {rows})", f"corr_high(RUT, SOL, {rows})")
        for n, rows in ((", 30", 30), ("", 60))
    }


@pytest.mark.parametrize("function", vocabulary().values(), ids=vocabulary())
def test_nothing_is_shown_twice_beside_a_rule(function: Function) -> None:
    compiled = rule("r", example_of(function))
    nodes = [each.node for each in compiled.context]
    assert len(set(nodes)) == len(nodes)
    assert not set(texts(compiled.values)) & set(texts(compiled.context))


# --- companions


@pytest.mark.parametrize(
    ("when", "clear", "instruments", "companions"),
    [
        ("p_corr(RUT, SOL) > 50%", None, {"RUT", "SOL"}, {"SPX", "BTC"}),
        ("p_corr(RUT, SOL) > 50%", "drawdown(BTC) > 5%", {"RUT", "SOL", "BTC"}, {"SPX"}),
        ("p_corr(RUT, SOL) > 50% and SPX > 5", None, {"RUT", "SOL", "SPX"}, {"BTC"}),
        ("corr(RUT, SOL) > 0.5", None, {"RUT", "SOL"}, set()),
        ("pcorr(RUT, SOL, SPX, also=BTC) > 0.2", None, {"RUT", "SOL", "SPX", "BTC"}, set()),
        ("shared(RUT, SOL)", None, {"RUT", "SOL", "SPX", "BTC"}, set()),
        ("p_corr(BTC, ETH) > 50%", None, {"BTC", "ETH"}, set()),
        ("avg_corr(RISK) > 0.5", None, {"RUT", "SPX", "BTC", "ETH"}, set()),
        ("RUT > record(RUT)", None, {"RUT"}, set()),
    ],
)
def test_who_only_stands_beside_a_rule_is_a_companion_and_decides_nothing(
    when: str, clear: str | None, instruments: set[str], companions: set[str]
) -> None:
    compiled = rule("r", when, clear)
    assert set(compiled.instruments) == instruments
    assert set(compiled.companions) == companions
    assert set(instruments_of([compiled.when, compiled.clear])) == instruments


# --- words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("corr(RUT, SOL)", "RUT-SOL corr (60)"),
        ("corr(RUT, SOL, 30)", "RUT-SOL corr (30)"),
        ("corr_low(RUT, SOL, 30)", "RUT-SOL corr (30), 5%"),
        ("corr_high(RUT, SOL, 30)", "RUT-SOL corr (30), 95%"),
        ("spearman(RUT, SOL)", "RUT-SOL rank corr (60)"),
        ("p_corr(RUT, SOL)", "P(RUT-SOL corr ≥ 0.6)"),
        ("p_corr(RUT, SOL, above=70%)", "P(RUT-SOL corr ≥ 70%)"),
        ("pcorr(RUT, SOL, SPX)", "RUT-SOL corr given SPX"),
        ("pcorr(RUT, SOL, SPX, BTC)", "RUT-SOL corr given SPX, BTC"),
        ("pcorr(RUT, SOL, given=SPX, n=30, also=BTC)", "RUT-SOL corr given SPX, BTC"),
        ("classic(RUT, SOL, closes=4)", "RUT-SOL coupled by corr (60)"),
        ("corr_shift(RUT, SOL)", "P(RUT-SOL shift>0.2)"),
        ("beta(RUT, SOL, 30)", "beta of SOL on RUT (30)"),
        ("avg_corr(RISK)", "mean corr in RISK (60)"),
        ("percentile(corr(RUT, SOL), 252)", "RUT-SOL corr (60) rank in last 252"),
        ("corr(RUT, SOL) > beta(RUT, SOL)", "RUT-SOL corr (60) > beta of SOL on RUT (60)"),
        ("percentile(RUT)", "RUT rank in last 504"),
        ("ret(RUT)", "RUT return (1)"),
    ],
)
def test_a_call_is_told_with_its_arguments_given_or_by_default(text: str, words: str) -> None:
    assert read(text, SCOPE).spoken == words


@pytest.mark.parametrize("function", vocabulary().values(), ids=vocabulary())
def test_no_word_of_the_vocabulary_leaves_a_bracket_or_a_brace_behind(function: Function) -> None:
    for text in (plain_call(function), example_of(function)):
        for part in read(text, SCOPE).walk():
            assert not set("[]{}") & set(part.spoken)
            assert "None" not in part.spoken


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("corr(RUT, SOL)", {"a": "RUT", "b": "SOL", "n": "60"}),
        ("corr(b=SOL, n=20, a=RUT)", {"a": "RUT", "b": "SOL", "n": "20"}),
        ("pcorr(RUT, SOL, SPX)", {"a": "RUT", "b": "SOL", "given": "SPX", "n": "60"}),
        ("pcorr(RUT, SOL, SPX, also=BTC)", {"a": "RUT", "b": "SOL", "given": "SPX", "also": "BTC", "n": "60"}),
        ("p_corr(RUT, SOL, above=50%)", {"a": "RUT", "b": "SOL", "above": "50%"}),
        ("sma(ret(RUT, 5), 20)", {"x": "ret(RUT, 5)", "n": "20"}),
    ],
)
def test_the_arguments_of_a_call_are_known_by_name_those_left_out_by_their_defaults(
    text: str, arguments: dict[str, str]
) -> None:
    assert read(text, SCOPE).arguments == arguments


@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("corr", "corr(a, b, n=60)"),
        ("pcorr", "pcorr(a, b, given, [also], n=60)"),
        ("classic", "classic(a, b, n=60, enter=0.7, leave=0.5, closes=3)"),
        ("avg_corr", "avg_corr(basket, n=60)"),
        ("record", "record(x)"),
    ],
)
def test_the_usage_says_what_may_be_left_out(name: str, usage: str) -> None:
    assert vocabulary()[name].usage == usage


# --- clocks of baskets


@pytest.mark.parametrize(
    ("text", "calendar"),
    [
        ("avg_corr(ALTS) > 0.5", ALWAYS),
        ("avg_corr(CORE) > 0.5", XNYS),
        ("avg_corr(RISK) > 0.5", XNYS),
        ("avg_corr(ALTS) > 0.5 and RUT > 5", XNYS),
        ("avg_corr(ALTS) > 0.5 and FTSE > 5", "XLON"),
        ("shared(BTC, ETH)", XNYS),
    ],
)
def test_the_members_of_a_basket_decide_the_clock(text: str, calendar: str) -> None:
    assert rule("r", text).calendar == calendar


def test_a_basket_may_hold_who_is_not_configured() -> None:
    scope = Scope(INSTRUMENTS, {**BASKETS, "MIXED": ("SOL", "GONE", "RUT")})
    assert compile_rule(Rule("r", "avg_corr(MIXED) > 0.5"), scope).calendar == XNYS


def test_a_basket_of_two_calendars_is_refused_where_it_stands() -> None:
    scope = Scope({**INSTRUMENTS, "DAX": instrument("DAX", "XETR")}, {"EUROPE": ("FTSE", "DAX")})
    with pytest.raises(ValueError, match="use one calendar a rule") as caught:
        compile_rule(Rule("r", "SOL > 5 and avg_corr(EUROPE) > 0.5"), scope)
    span = caught.value.span  # type: ignore[attr-defined]
    assert "SOL > 5 and avg_corr(EUROPE) > 0.5"[span.start : span.end] == "EUROPE"


def test_an_argument_is_of_a_type_that_has_a_name() -> None:
    named = {value for key, value in vars(Type).items() if key.isupper()}
    assert {p.accepts.type for f in vocabulary().values() for p in f.parameters} <= named
