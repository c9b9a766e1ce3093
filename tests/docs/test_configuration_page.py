"""docs/configuration.md has every key that there is, with its bounds, its default and what it means."""

from __future__ import annotations

from tests.docs.configuration_page import PAGE, sections, tabled, written


def test_the_tables_are_what_the_models_say() -> None:
    assert written() == PAGE.read_text(encoding="utf-8")


def test_every_section_has_its_table_once() -> None:
    assert sorted(tabled()) == sorted(sections())


def test_the_live_feeds_are_named_once() -> None:
    assert PAGE.read_text(encoding="utf-8").count("Live feeds: `") == 1
