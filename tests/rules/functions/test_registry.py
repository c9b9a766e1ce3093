"""What is found as a function of the vocabulary, and what is refused: in a sentence, before it can spoil the others."""

from __future__ import annotations

import pkgutil

import pytest

from rules import functions
from rules.columns import Node
from rules.functions.registry import Percent, Rows, Series, function, vocabulary


def test_every_file_enters_a_function() -> None:
    """One without its decorator is found by nobody, nor by the contract."""
    files = {each.name for each in pkgutil.iter_modules(functions.__path__)}
    assert files - {"registry"} == {each.family for each in vocabulary().values()}


def test_a_name_that_another_function_has_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"^vol of test_registry\.py: volatility\.py has a function of that name; choose"
    ):

        @function("{x} volume")
        def vol(x: Series) -> Percent:
            return x


@pytest.mark.parametrize("other", ["vol", *(also for each in vocabulary().values() for also in each.also[:1])])
def test_a_further_name_that_another_function_is_known_by_is_refused(other: str) -> None:
    with pytest.raises(ValueError, match=f"^{other} of test_registry"):

        @function("{x} so", also=(other,))
        def so(x: Series) -> Percent:
            return x


def test_an_argument_of_no_type_of_the_language_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match=r"^the argument n of smooth needs one of the types .*, such as Series, Leg or"):

        @function("{x} smooth ({n})")
        def smooth(x: Series, n: int = 5) -> Percent:
            return x


def test_a_result_of_no_type_of_the_language_is_refused() -> None:
    with pytest.raises(TypeError, match=r"^what rough returns needs one of the types .*, such as Price, Percent or"):

        @function("{x} rough ({n})")
        def rough(x: Series, n: Rows = 5) -> Node:
            return x
