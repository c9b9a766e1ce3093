"""EACH: what a function of a basket is given of every member, read once for each of them and written as one text."""

from __future__ import annotations

import numpy as np
import pytest

from rules.columns import instruments_of
from rules.functions.registry import Type, Unit, every_name, named, vocabulary
from rules.language.compile import compile_rule
from rules.language.errors import LanguageError
from rules.language.meaning import calendar_of, read
from rules.language.syntax import parse
from rules.model import ALWAYS, XNYS, Rule
from tests.rules.markets import BASKETS, SCOPE, column, market, same_bits, written


def test_what_is_read_of_each_member_is_what_it_would_be_of_each_by_itself() -> None:
    panel = market(5)
    members = BASKETS["RISK"]
    alone = [column(f"ret({name}, 5)", panel) for name in members]
    assert same_bits(column("mean_of(RISK, ret(EACH, 5))", panel), (alone[0] + alone[1] + alone[2] + alone[3]) / 4)
    above = [column(f"{name} > sma({name}, 20)", panel) for name in members]
    assert same_bits(column("share_above(RISK, sma(EACH, 20))", panel), (above[0] + above[1] + above[2] + above[3]) / 4)
    deep = [column(f"drawdown({name}) > 5%", panel) for name in members]
    assert same_bits(column("count_if(RISK, drawdown(EACH) > 5%)", panel), deep[0] + deep[1] + deep[2] + deep[3])


def test_a_share_and_a_count_are_what_one_counts_by_hand() -> None:
    panel = written(ETH="10 12 9 14", SOL="10 11 12 6")
    assert column("share_above(ALTS, 10.5 + 0 * EACH)", panel).tolist() == [0.0, 1.0, 0.5, 0.5]
    assert column("count_if(ALTS, EACH > 10.5)", panel).tolist() == [0.0, 2.0, 1.0, 1.0]
    assert column("mean_of(ALTS, EACH)", panel).tolist() == [10.0, 11.5, 10.5, 10.0]


@pytest.mark.parametrize("text", ["mean_of(ALTS, EACH)", "share_above(ALTS, EACH - 1)", "count_if(ALTS, EACH > 1)"])
def test_a_single_member_that_is_missing_makes_it_unknown(text: str) -> None:
    panel = written(ETH="10 . 9", SOL="10 11 12")
    assert np.isnan(column(text, panel)).tolist() == [False, True, False]


def test_a_condition_that_is_unknown_of_one_member_is_not_counted_as_false() -> None:
    panel = written(ETH="10 11 12", SOL="10 . 12")
    assert np.isnan(column("count_if(ALTS, EACH > lowest(EACH, 3))", panel)[-1])


@pytest.mark.parametrize(
    ("typed", "canonical", "words", "unit"),
    [
        (
            "mean_of(ALTS,ret(EACH,21))",
            "mean_of(ALTS, ret(EACH, 21))",
            "mean of each return (21) in ALTS",
            Unit.PERCENT,
        ),
        ("mean_of( ALTS , x=EACH )", "mean_of(ALTS, EACH)", "mean of each in ALTS", Unit.PRICE),
        ("share_above(ALTS, sma(EACH, 50))", "share_above(ALTS, sma(EACH, 50))", None, Unit.PERCENT),
        ("count_if(ALTS,EACH>5 and EACH<9)", "count_if(ALTS, EACH > 5 and EACH < 9)", None, Unit.NUMBER),
    ],
)
def test_it_is_written_and_told_as_each_in_the_unit_of_what_is_read(
    typed: str, canonical: str, words: str | None, unit: str
) -> None:
    found = read(typed, SCOPE)
    assert (found.text, found.unit) == (canonical, unit)
    assert words is None or found.spoken == words
    again = read(canonical, SCOPE)
    assert again.column == found.column
    assert again.text == canonical


def test_the_members_decide_the_clock_and_what_the_rule_waits_for() -> None:
    assert calendar_of([("", parse("mean_of(ALTS, EACH)"))], SCOPE) == ALWAYS
    assert calendar_of([("", parse("mean_of(RISK, EACH)"))], SCOPE) == XNYS
    rule = compile_rule(Rule("r", "mean_of(ALTS, rel_strength(EACH, BTC)) > 1"), SCOPE)
    assert set(rule.instruments) == {"ETH", "SOL", "BTC"}
    assert set(instruments_of([rule.when])) == {"ETH", "SOL", "BTC"}


def test_an_alert_shows_the_number_of_the_basket_and_nothing_of_a_single_member() -> None:
    rule = compile_rule(Rule("r", "count_if(ALTS, up_turn(EACH, 10%)) >= 2"), SCOPE)
    assert [each.text for each in (*rule.values, *rule.context)] == ["count_if(ALTS, up_turn(EACH, 10%))"]


@pytest.mark.parametrize(
    ("text", "reason", "at"),
    [
        ("EACH > 1", "EACH stands for a member, within a function of a basket", "EACH"),
        ("corr(EACH, RUT) > 1", "EACH stands for a member, within a function of a basket", "EACH"),
        ("mean_of(EACH, ret(EACH)) > 1", "EACH stands for a member, within a function of a basket", "EACH"),
        ("mean_of(ALTS, RUT) > 1", "x of mean_of must be a series of each member, with EACH in it", "RUT"),
        ("mean_of(ALTS, 5) > 1", "x of mean_of must be a series of each member, with EACH in it", "5"),
        ("mean_of(ALTS, EACH > 1) > 1", "x of mean_of must be a series of each; EACH > 1 is a condition", "EACH > 1"),
        ("count_if(ALTS, EACH) > 1", "condition of count_if must be a condition on each; EACH is an instr", "EACH"),
        (
            "mean_of(ALTS, count_if(ALTS, EACH > 1)) > 1",
            "count_if cannot stand within what is read of EACH",
            "EACH > 1",
        ),
        ("mean_of(RISK, corr(RUT, EACH)) > 1", "corr needs different instruments, not RUT twice", "corr(RUT, EACH)"),
        ("mean_of(RUT, EACH) > 1", "basket of mean_of must be a basket; RUT is an instrument", "RUT"),
    ],
)
def test_a_line_that_misuses_it_is_told_where_and_why(text: str, reason: str, at: str) -> None:
    with pytest.raises(LanguageError) as caught:
        compile_rule(Rule("r", text), SCOPE)
    span = caught.value.span
    assert caught.value.reason.startswith(reason)
    assert text[span.start : span.end] == at


def test_a_member_that_is_not_configured_is_named() -> None:
    scope = type(SCOPE)(SCOPE.instruments, {"MIXED": ("SOL", "GONE")})
    with pytest.raises(LanguageError, match="the basket holds GONE, which is not configured"):
        read("mean_of(MIXED, EACH)", scope)


# --- further names of a function


def test_a_further_name_is_read_as_the_function_and_written_by_its_own() -> None:
    assert read("rs_z(RUT, SPX) > 1", SCOPE).text == "rel_strength(RUT, SPX) > 1"
    assert read("pct_rank(RUT, 60)", SCOPE).text == "percentile(RUT, 60)"


def test_no_name_means_two_functions() -> None:
    names = [name for each in vocabulary().values() for name in (each.name, *each.also)]
    assert len(set(names)) == len(names) == len(every_name())
    assert all(named(name) is each for each in vocabulary().values() for name in (each.name, *each.also))


def test_what_is_read_of_each_stands_beside_a_basket() -> None:
    of_each = {Type.EACH_SERIES, Type.EACH_BOOL}
    for function in vocabulary().values():
        kinds = [parameter.accepts.type for parameter in function.parameters]
        assert not of_each & set(kinds) or kinds[0] == Type.BASKET
