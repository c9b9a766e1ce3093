"""docs/threat-model.md promises nothing that no test shows: every line names tests, and every test exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")

SURFACES = (
    "The token",
    "Strangers in Telegram",
    "People who were let in, and members of groups",
    "Buttons, deep links, inline queries",
    "Alerts of one's own",
    "The rule language",
    "Configuration and environment",
    "Prices",
    "The database and its backups",
    "The webhook",
    "Health and metrics",
    "The log",
    "The dead-man's switch, and further channels",
    "What it is made of",
)


@cache
def names_in(file: str) -> frozenset[str]:
    """The tests of a file, also those of its classes."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(each.name for each in functions if each.name.startswith("test_"))


def sections() -> dict[str, str]:
    """What stands under each heading."""
    parts = re.split(r"(?m)^## (.+)\n", PAGE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def rows(section: str) -> list[list[str]]:
    """The cells of a section's table, without its head."""
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_every_surface_has_its_table() -> None:
    assert [each for each in SURFACES if not rows(sections().get(each, ""))] == []


@pytest.mark.parametrize("surface", SURFACES)
def test_every_line_of_a_surface_names_a_test_that_exists(surface: str) -> None:
    for row in rows(sections()[surface]):
        assert len(row) == 3, row
        threat, done, shown = row
        assert threat
        assert done
        nodes = NODE.findall(shown)
        assert nodes, f"no test shows: {threat}"
        assert NODE.sub("", shown).strip() == "", f"not a test: {shown}"
        missing = [f"{file}::{name}" for file, name in nodes if name not in names_in(file)]
        assert missing == []


def test_every_test_that_is_named_anywhere_exists() -> None:
    named = NODE.findall(PAGE)
    assert len(named) > 60
    assert [f"{file}::{name}" for file, name in named if name not in names_in(file)] == []


def test_what_is_not_defended_against_is_said() -> None:
    assert len(re.findall(r"(?m)^- \*\*", sections()["Not defended against"])) >= 8


def test_the_audit_covers_what_is_locked_and_fails_where_nothing_is_known() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\naudit:")[1].split("\n\n")[0]
    for needed in ("pip-audit", "--require-hashes", "--strict", "-r requirements.lock", "exit 1", "bandit"):
        assert needed in recipe
