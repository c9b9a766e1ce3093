"""docs/command-line.md has every command with all that it takes, and the exit codes that there are."""

from __future__ import annotations

import re

import pytest

from bot.cli.main import FAILURE, INTERRUPTED, USAGE_FAULT, command_summaries
from bot.watchdog.lag import GAVE_UP
from tests.docs.command_line_page import PAGE, parser_of, written


def test_the_page_is_what_the_parsers_take() -> None:
    assert written() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", command_summaries())
def test_everything_that_a_command_takes_is_explained(name: str) -> None:
    assert all(each.help for each in parser_of(name)._actions)


def test_the_exit_codes_are_those_of_the_program() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)}
    assert told == {0, FAILURE, USAGE_FAULT, GAVE_UP, INTERRUPTED}
