"""What is imported is what users install: the packages of requirements.lock, and none that only developers have."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = {"bot", "rules"}
OF = packages_distributions()
WITH_EXTRA = {"bot/tuning/cluster.py": "cluster", "bot/feeds/files.py": "parquet"}
"""Files that import, where it is asked for, what is installed only by who asks for it."""


def plain(name: str) -> str:
    """A distribution's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(lines: list[str]) -> set[str]:
    """The distributions that requirements name."""
    return {plain(re.split(r"[\[<>=~!; ]", line)[0]) for line in lines}


def locked() -> set[str]:
    """The distributions that everybody installs."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    return {plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", lock, re.MULTILINE)}


def imported(path: Path) -> set[str]:
    """The top names of others' modules, wherever in a file they are imported."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - OURS - set(sys.stdlib_module_names)


def test_every_file_imports_what_its_users_have() -> None:
    known, missing = locked(), list[str]()
    for path in sorted(each for name in OURS for each in (ROOT / name).rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        more = declared(PROJECT["optional-dependencies"][WITH_EXTRA[name]]) if name in WITH_EXTRA else set[str]()
        missing += [
            f"{name} imports {module}"
            for module in imported(path)
            if not {plain(of) for of in OF.get(module, [])} & (known | more)
        ]
    assert missing == []


def test_a_package_that_only_developers_have_would_be_found(tmp_path: Path) -> None:
    file = tmp_path / "needs.py"
    file.write_text("import json\nfrom bot import app\nfrom pytest import raises\n\n\ndef late():\n    import ruff\n")
    assert imported(file) == {"pytest", "ruff"}
    assert not {"pytest", "ruff"} & locked()


def test_what_is_declared_is_locked() -> None:
    assert locked() >= declared(PROJECT["dependencies"])
