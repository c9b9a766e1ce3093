"""The ten rules that docs/rule-language.md teaches: each is a rule, each fires, and what the page says of it is so."""

from __future__ import annotations

from tests.docs.tutorial import PAGE, rules_taught, written


def test_what_the_page_says_of_its_rules_is_so() -> None:
    assert written() == PAGE.read_text(encoding="utf-8")


def test_ten_rules_are_taught_and_each_says_when_it_is_over() -> None:
    taught = rules_taught()
    assert len({rule.rule.id for rule in taught}) == 10
    assert all(rule.rule.clear is not None for rule in taught)


def test_each_of_them_happens_in_the_market_it_is_shown_on() -> None:
    assert "never fired" not in written()
