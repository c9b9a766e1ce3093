"""The recipes for developers, taken out of their pages and carried out in a copy of the tree, one file each."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "how-to"
RECIPES = ("add-a-function", "add-a-command", "add-a-feed")
_FILE = re.compile(r"<!-- file: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
_BY_HAND = re.compile(r"<!-- by hand: (\S+) -->\n```python\n(.*?)```\n", re.DOTALL)
_TRIED = re.compile(r"^\.venv/bin/python -m pytest -q (\S+) -k (\S+)$", re.MULTILINE)
TREE = ("bot", "rules", "tests", "docs", "config.example.toml", "pyproject.toml")


@dataclass(frozen=True)
class Recipe:
    """One file that is written, and what tries it: tests, and the words that choose among them."""

    path: str
    text: str
    tests: str
    chosen: str


def recipe(page: str) -> Recipe:
    """The recipe of a page: it writes one file and names the contract test that finds it."""
    told = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    ((path, text),) = _FILE.findall(told)
    ((tests, chosen),) = _TRIED.findall(told)
    return Recipe(path, text, tests, chosen)


def by_hand(page: str) -> tuple[str, str]:
    """The tests that a page writes beside the contract's: their file and what stands in it."""
    ((path, text),) = _BY_HAND.findall((PAGES / f"{page}.md").read_text(encoding="utf-8"))
    return path, text


def copied(to: Path) -> Path:
    """The tree without what is made from it."""
    for name in TREE:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
        else:
            shutil.copy(source, to / name)
    return to


def ran(tree: Path, *command: str) -> tuple[int, str]:
    """How a Python ran in a tree, and what it said."""
    done = subprocess.run(
        [sys.executable, *command], cwd=tree, capture_output=True, text=True, check=False, timeout=300
    )
    return done.returncode, done.stdout + done.stderr


def bellwether(tree: Path, *arguments: str) -> tuple[int, str]:
    """How the command of a tree ran, and what it said."""
    return ran(tree, "-c", "import sys; from bot.cli.main import main; sys.exit(main(sys.argv[1:]))", *arguments)
