"""The example of docs/tuning.md is what the program prints."""

from __future__ import annotations

from bot.tuning.grid import MOST
from bot.tuning.measure import SHIFTS
from tests.docs.tuning_page import PAGE, written


def test_the_example_is_what_is_printed() -> None:
    assert written() == PAGE.read_text(encoding="utf-8")


def test_the_numbers_that_the_page_names_are_those_of_the_program() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert f"{MOST:,} variants at most" in page
    assert f"{SHIFTS} such histories" in page
