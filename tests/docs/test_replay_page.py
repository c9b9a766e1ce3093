"""The page about replay: it names the options there are, and each of them."""

from __future__ import annotations

import re
from pathlib import Path

from bot.cli import replay
from bot.cli._options import Parser

PAGE = Path(__file__).resolve().parents[2] / "docs" / "replay.md"
SHARED = {"--config", "--data", "--store", "--known-at", "--seed", "--help"}
"""What every command over prices takes; told of elsewhere."""


def options() -> set[str]:
    """The long options of the command."""
    parser = Parser("bellwether replay", "")
    replay.configure(parser)
    return set(re.findall(r"--[a-z-]+", parser.format_help()))


def test_the_page_names_every_option_of_its_own_and_none_that_is_not_there() -> None:
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE.read_text(encoding="utf-8")))
    assert options() - SHARED <= named <= options()
