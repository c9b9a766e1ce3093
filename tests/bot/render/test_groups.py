"""What a change of the regime lists beneath its own numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.render.alerts import MOST, RISK_LINE, alert
from bot.render.lines import PHONE
from bot.render.plain import shorten
from rules.model import Edge, Severity
from tests.bot.render.events import MADE_UP, event, pack
from tests.bot.render.groups import ALIKES, CHANGES, USUAL, change, component
from tests.bot.render.html import TelegramReader, assert_telegram_accepts


def lines(html: str) -> list[str]:
    """What a reader sees."""
    return TelegramReader(html).text.split("\n")


def listed(rule: str, **changes: object) -> str:
    """The line of a component that differs from one of the pack."""
    head = event("regime-risk-off")
    happened, compiled = component(rule, head.origins)
    usual = lines(alert(head, pack()[head.rule]))
    told = lines(alert(head, pack()[head.rule], [(replace(happened, **changes), compiled)]))  # type: ignore[arg-type]
    (line,) = [each for each in told if each not in usual]
    return line


@pytest.mark.parametrize("name", USUAL)
def test_a_usual_change_is_fifteen_lines_on_a_phone_at_most(name: str) -> None:
    assert len(lines(USUAL[name]())) <= 15


@pytest.mark.parametrize("name", ALIKES)
def test_what_is_told_together_is_fifteen_lines_on_a_phone_at_most_and_fits_it(name: str) -> None:
    told = lines(ALIKES[name]())
    assert len(told) <= 15
    assert max(map(len, told)) <= PHONE


@pytest.mark.parametrize("name", CHANGES)
def test_every_line_of_a_change_fits_a_phone_of_forty_columns(name: str) -> None:
    assert max(map(len, lines(CHANGES[name]()))) <= PHONE


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_says_once_what_a_label_is_not(name: str) -> None:
    assert lines(CHANGES[name]()).count(RISK_LINE) == 1


@pytest.mark.parametrize("edge", [Edge.RESOLVED, Edge.NO_DATA, Edge.DATA_BACK])
def test_what_is_no_change_says_nothing_of_labels(edge: Edge) -> None:
    head = event("regime-risk-off", edge)
    assert RISK_LINE not in lines(alert(head, pack()[head.rule]))


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        ("vix-25", "🟠 VIX closes at 25 or above: 25.31"),
        ("rut-sol-coupled", "🟡 RUT and SOL coupled at 0.6: 51%"),
        ("rut-drawdown-10", "🟠 Russell 2000 is 10% below its record"),  # with 10.4% it would be 45 columns
        ("rut-lags-spx", "🟡 Small caps lag the S&P 500 by 5%"),
    ],
)
def test_a_component_brings_its_number_where_there_is_one_and_it_fits(rule: str, line: str) -> None:
    assert listed(rule) == line


def test_one_number_of_two_is_not_told_without_its_words() -> None:
    assert listed("rut-lags-spx", title="Small caps lag") == "🟡 Small caps lag"


def test_forty_columns_fit_and_forty_one_do_not() -> None:
    assert listed("vix-25", title="x" * 31) == f"🟠 {'x' * 31}: 25.31"
    assert listed("vix-25", title="x" * 32) == f"🟠 {'x' * 32}"


def test_a_number_of_a_condition_that_was_edited_since_is_left_out() -> None:
    assert listed("vix-25", values={"close(VIX) + 1": 25.0}) == "🟠 VIX closes at 25 or above"


def test_a_component_whose_rule_was_removed_since_has_no_number() -> None:
    happened, _ = component("vix-25")
    head = event("regime-risk-off")
    assert "🟠 VIX closes at 25 or above" in lines(alert(head, pack()[head.rule], before=[(happened, None)]))


def test_a_title_of_two_lines_and_signs_is_one_line_that_telegram_accepts() -> None:
    assert listed("vix-25", title="<b>VIX\n & co</b>") == "🟠 <b>VIX & co</b>: 25.31"
    happened, compiled = component("vix-25")
    head = event("regime-risk-off")
    assert_telegram_accepts(alert(head, pack()[head.rule], [(replace(happened, title="<i>&"), compiled)]))


def test_a_loud_component_keeps_its_own_mark() -> None:
    assert listed("vix-25", severity=Severity.CRITICAL).startswith("🔴 ")


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, 5 * MOST])
def test_a_few_that_were_told_before_are_listed_and_of_many_it_is_told_how_many(count: int) -> None:
    told = lines(change(before=("vix-25",) * count))
    assert told.count("🟠 VIX closes at 25 or above: 25.31") == (count if count <= MOST else 0)
    assert [line for line in told if line.startswith("and ")] == [f"and {count} that were told before"] * (count > MOST)


def test_prices_of_a_component_that_were_made_up_make_the_message_simulated() -> None:
    head = event("regime-risk-off", origins=("yahoo USD",))
    made_up = [component("vix-25", MADE_UP)]
    for parts, before in ((made_up, []), ([], made_up)):
        told = lines(alert(head, pack()[head.rule], parts, before))
        assert told[1] == "SIMULATED: not real prices"
        assert "yahoo USD" not in "".join(told)


def test_the_sources_of_every_number_are_named_once() -> None:
    head = event("regime-risk-off", origins=("yahoo USD",))
    told = lines(alert(head, pack()[head.rule], [component("vix-25", ("yahoo USD", "files USD"))]))
    assert told[-3:-1] == ["Close of Wed 2025-12-10", "yahoo USD, files USD"]


def test_the_longest_titles_do_not_cost_a_word() -> None:
    """A rule without a title has its condition for one, which may be as long as a page."""
    long = [(replace(each, title="€" * 4_000), rule) for each, rule in [component("vix-25")] * 20]
    head = event("regime-risk-off")
    html = alert(head, pack()[head.rule], long[:MOST], long)
    assert shorten(html) == html
    assert_telegram_accepts(html)
