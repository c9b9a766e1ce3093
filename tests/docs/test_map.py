"""The map in CONTRIBUTING.md: whoever looks for a module finds it there."""

from __future__ import annotations

import pkgutil
import re
from types import ModuleType

import pytest

import bot
import rules
from tests.docs.recipes import ROOT


def charted(package: str) -> set[str]:
    """Every word of a package's part of the map."""
    (block,) = re.findall(r"```\nrules/.*?```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL)
    parts = re.split(r"^(\w+)/ ", block, flags=re.MULTILINE)
    return set(re.findall(r"\w+", dict(zip(parts[1::2], parts[2::2], strict=True))[package]))


@pytest.mark.parametrize("package", [bot, rules])
def test_every_module_is_on_the_map(package: ModuleType) -> None:
    there = {found.name for found in pkgutil.iter_modules(package.__path__)}
    assert there - charted(package.__name__) == set()
