"""Knobs and grids: what of a rule can be turned, what it is called, and what each combination makes of the rule."""

from __future__ import annotations

import pytest

from bot.tuning.grid import MOST, Grid, grid_of
from bot.tuning.knobs import TIMING, Unknown, called, find, knobs_of, lined
from rules.language.compile import compile_rule
from rules.model import Rule, Timing
from tests.rules.markets import SCOPE

COUPLED = Rule(
    "coupled", "p_corr(RUT, SOL, above=0.6) >= 50%", "p_corr(RUT, SOL, above=0.6) <= 5%", timing=Timing(confirm=2)
)
LAGS = Rule("lags", "ret(RUT, 21) - ret(SPX, 21) < -5% and not (drawdown(SPX) > 10%)", "ret(RUT, 21) > -2%")
CROSSED = Rule("crossed", "sma(RUT, 50) > sma(RUT, 200)")


def grid(rule: Rule, *words: str) -> Grid:
    return grid_of(compile_rule(rule, SCOPE), words, SCOPE)


def lines(rule: Rule, *words: str) -> list[str]:
    return [each.rule.when for each in grid(rule, *words).variants]


def has(rule: Rule) -> dict[str, str]:
    """Everything of a rule but its timing, and how it stands."""
    knobs = knobs_of(lined(compile_rule(rule, SCOPE)))
    return {called(knob, knobs): knob.now for knob in knobs if knob.owner != TIMING}


def refusal(rule: Rule, *words: str) -> str:
    with pytest.raises(Unknown) as refused:
        grid(rule, *words)
    return str(refused.value)


def test_a_rule_has_its_levels_and_its_arguments() -> None:
    assert has(COUPLED) == {"enter": "50%", "above": "0.6", "leave": "5%"}


def test_equal_numbers_of_one_function_turn_together_and_others_are_counted() -> None:
    assert has(LAGS) == {"enter.1": "-5%", "enter.2": "10%", "n": "21", "leave": "-2%"}
    assert has(CROSSED) == {"n.1": "50", "n.2": "200"}


def test_an_argument_in_both_lines_is_one() -> None:
    (variant,) = grid(COUPLED, "above=0.7").variants
    assert variant.rule.when == "p_corr(RUT, SOL, above=0.7) >= 50%"
    assert variant.rule.clear == "p_corr(RUT, SOL, above=0.7) <= 5%"


def test_an_argument_left_out_has_its_default_and_can_be_written() -> None:
    rule = Rule("fresh", "fresh_record(RUT)")
    assert has(rule) == {"pullback": "5%", "rows": "60", "step": "none"}
    assert lines(rule, "pullback=3%,4%", "step=1%") == [
        "fresh_record(RUT, pullback=3%, step=1%)",
        "fresh_record(RUT, pullback=4%, step=1%)",
    ]


def test_so_many_times_is_a_level_too() -> None:
    assert lines(Rule("surge", "volume(IWM) > 3 * sma(volume(IWM), 20)"), "enter=2:4:1") == [
        f"volume(IWM) > {times} * sma(volume(IWM), 20)" for times in (2, 3, 4)
    ]


def test_window_is_a_further_name_of_the_row_count() -> None:
    assert lines(Rule("corr", "corr(RUT, SPX, 60) > 0.5"), "window=20:40:10") == [
        f"corr(RUT, SPX, {rows}) > 0.5" for rows in (20, 30, 40)
    ]


def test_a_function_tells_apart_what_several_have() -> None:
    rule = Rule("calm", "percentile(vol(RUT, 20), 252) < 0.1")
    assert lines(rule, "vol.window=10,30") == [f"percentile(vol(RUT, {n}), 252) < 0.1" for n in (10, 30)]
    assert refusal(rule, "n=1") == "n is said of several here; write one of percentile.n, vol.n"
    assert lines(CROSSED, "sma.n.2=100") == ["sma(RUT, 50) > sma(RUT, 100)"]


def test_a_range_is_exact_and_ends_where_it_is_told_to() -> None:
    assert grid(COUPLED, "above=0.5:0.8:0.1").axes[0].values == ("0.5", "0.6", "0.7", "0.8")
    assert grid(COUPLED, "enter=50%:80%:15%").axes[0].values == ("50%", "65%", "80%")
    assert grid(COUPLED, "above=0.8:0.5:-0.2").axes[0].values == ("0.8", "0.6")


def test_variants_stand_in_the_order_of_the_grid_and_carry_their_timing() -> None:
    found = grid(COUPLED, "confirm=1,3", "expires=none,5")
    timings = [each.rule.timing for each in found.variants]
    assert [(each.confirm, each.expires) for each in timings] == [(1, None), (1, 5), (3, None), (3, 5)]
    assert [found.values(each) for each in found.variants][1] == {"confirm": "1", "expires": "5"}


def test_a_variant_that_means_nothing_is_counted_with_its_reason() -> None:
    found = grid(COUPLED, "leave=40%:60%:10%")
    assert [each.rule.clear for each in found.variants] == [
        "p_corr(RUT, SOL, above=0.6) <= 40%",
        "p_corr(RUT, SOL, above=0.6) <= 50%",
    ]
    assert found.skipped == (("it would clear on the side of its level on which it fires", 1),)
    out = grid(COUPLED, "above=0.9,2,3").skipped
    assert out == (("above of p_corr must be a number from -0.95 to 0.95, not 2", 1), (out[1][0], 1))


def test_a_negative_level_keeps_its_sign() -> None:
    assert lines(LAGS, "enter.1=-7%:-3%:2%")[0].startswith("ret(RUT, 21) - ret(SPX, 21) < -7% and")


def test_a_variant_says_what_the_language_says_of_its_line() -> None:
    for each in grid(LAGS, "n=5:20:5", "enter.2=5%,8%").variants:
        compiled = compile_rule(each.rule, SCOPE)
        assert (compiled.when_text, compiled.clear_text) == (each.rule.when, each.rule.clear)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("above", "above must be NAME=START:STOP:STEP or NAME=A,B,C, such as window=20:120:10"),
        (
            "abov=1",
            "the rule has no abov; did you mean above? (it has enter (50%), above (0.6), leave (5%), confirm (2)",
        ),
        ("above=x", "x is not a number such as 60, 0.7 or 5%"),
        ("above=", "above= must be NAME=START:STOP:STEP or NAME=A,B,C, such as window=20:120:10"),
        ("above=0.5,,0.7", "nothing in 0.5,,0.7 is not a number such as 60, 0.7 or 5%"),
        ("above=nan", "nan is not a number"),
        ("above=1e9", "1e9 is not a number"),
        ("above=0.5:0.7", "0.5:0.7 must be START:STOP:STEP, such as 20:120:10"),
        ("above=0.5:0.7:0", "0.5:0.7:0 never arrives: a step must lead from START to STOP"),
        ("above=0.7:0.5:0.1", "0.7:0.5:0.1 never arrives"),
        ("enter=50%:0.8:5%", "50%:0.8:5% must have one form throughout, such as 50%:80%:5%"),
        ("above=0.5,0.50", "0.5,0.50 says the same value twice"),
        ("confirm=0", "confirm must be a whole number from 1 to 100, not 0"),
        ("cooldown=1.5", "cooldown must be a whole number from 0 to 2520, not 1.5"),
        ("confirm=none", "none is not a number"),
        ("above=2:3:1", "none of 2 variants means anything: above of p_corr must be a number from -0.95 to 0.95"),
        ("above=0:0.9:0.0001", f"0:0.9:0.0001 has 9,001 values; at most {MOST:,} are tried: take larger steps"),
    ],
)
def test_words_that_make_no_grid(word: str, sentence: str) -> None:
    assert refusal(COUPLED, word).startswith(sentence)


def test_too_many_variants_are_refused_before_anything_is_made() -> None:
    told = refusal(COUPLED, "above=-0.9:0.9:0.01", "confirm=1:100:1")
    assert told == "these are 18,100 variants; at most 2,000 are tried: take larger steps"


def test_a_parameter_is_given_once() -> None:
    assert refusal(COUPLED, "confirm=1", "timing.confirm=2") == "timing.confirm is given twice"


def test_every_name_of_a_knob_finds_it_or_is_told_to_be_of_several() -> None:
    for rule in (COUPLED, LAGS, CROSSED):
        knobs = knobs_of(lined(compile_rule(rule, SCOPE)))
        assert all(find(knobs, called(knob, knobs)) is knob for knob in knobs)


def test_variants_that_say_the_same_in_other_words_are_one() -> None:
    found = grid(Rule("up", "ret(RUT, 21) > 5%"), "enter=5%,0.05,0.1,10%")
    assert [each.at for each in found.variants] == [(0,), (2,)]
    assert found.skipped == (("the same rule as another variant", 2),)
