"""What a page names of the tree is there: files, folders and commands are renamed, and pages go on naming them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli.main import command_summaries
from tests.docs.recipes import PAGES, RECIPES, ROOT, recipe

PLACES = re.compile(r"\b(?:bot|rules|tests|docs)/[\w/.-]*\w/?")
COMMANDS = re.compile(r"(?:\.venv/bin/|`)bellwether (\w+)")
MADE = {recipe(page).path for page in RECIPES}
"""What recipes tell to write."""
PATTERNS = {"tests/bot/feeds/stand_ins/NAME.py", "tests/rules/functions/test_tendency.py"}


def pages() -> list[Path]:
    """All that people read but decisions, which are of their day."""
    found = [*(ROOT / "docs").glob("*.md"), *PAGES.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
    return sorted(found)


every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)


@every_page
def test_every_place_that_a_page_names_exists(page: Path) -> None:
    named = set(PLACES.findall(page.read_text(encoding="utf-8"))) - MADE - PATTERNS
    assert {each for each in named if not (ROOT / each).exists() and not (ROOT / f"{each}.py").exists()} == set()


@every_page
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    assert set(COMMANDS.findall(page.read_text(encoding="utf-8"))) <= {*command_summaries(), "COMMAND"}
