"""The recipes for developers: what a page tells to write is found by the registry and passes the contract, alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.recipes import RECIPES, bellwether, by_hand, copied, ran, recipe

every_recipe = pytest.mark.parametrize("page", RECIPES)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree in which every recipe is carried out."""
    found = copied(tmp_path_factory.mktemp("tree"))
    for page in RECIPES:
        todo = recipe(page)
        assert not (found / todo.path).exists()
        (found / todo.path).write_text(todo.text, encoding="utf-8")
    return found


@every_recipe
def test_one_file_is_found_by_the_contract_and_keeps_it(page: str, tree: Path) -> None:
    todo = recipe(page)
    code, told = ran(
        tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", todo.tests, "-k", todo.chosen
    )
    assert code == 0, told
    passed = re.search(r"(\d+) passed", told)
    assert passed, told
    assert int(passed[1]) >= 10, told


def test_the_values_by_hand_that_a_page_shows_are_so(tree: Path) -> None:
    path, text = by_hand("add-a-function")
    assert not (tree / path).exists()
    (tree / path).write_text(text, encoding="utf-8")
    code, told = ran(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", path)
    assert code == 0, told
    assert ran(tree, "-m", "ruff", "check", "-q", "--no-cache", path) == (0, "")
    assert ran(tree, "-m", "ruff", "format", "-q", "--check", "--no-cache", path) == (0, "")


def test_what_a_recipe_writes_is_of_the_style_of_the_rest(tree: Path) -> None:
    paths = [recipe(page).path for page in RECIPES]
    assert ran(tree, "-m", "ruff", "check", "-q", "--no-cache", *paths) == (0, "")
    assert ran(tree, "-m", "ruff", "format", "-q", "--check", "--no-cache", *paths) == (0, "")


def test_the_program_knows_what_was_written(tree: Path) -> None:
    code, told = bellwether(tree, "explain", "rises(RUT, 10) >= 70%")
    assert (code, "share of rises" in told) == (0, True), told
