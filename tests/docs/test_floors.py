"""The floors in docs/architecture.md are those that import-linter holds."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.docs.recipes import ROOT


def held(package: str) -> str:
    """The layers of the contract that names every module of a package."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (layers,) = (each["layers"] for each in linter["contracts"] if each.get("containers") == [package])
    return " > ".join(layers)


def told(package: str) -> str:
    """What the page says of a package, on one line."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (floors,) = re.findall(rf"^{package}: ((?:[^\n]+\n  )*[^\n]+)", page, re.MULTILINE)
    return " ".join(floors.split())


@pytest.mark.parametrize("package", ["bot", "rules"])
def test_the_floors_of_the_page_are_those_of_the_contracts(package: str) -> None:
    assert told(package) == held(package)
