"""Processes without the packages that only developers have: some of them change what the others load (pyarrow makes
pandas larger by 30 MB).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def without_development_packages(folder: Path) -> Iterator[None]:
    """Processes started meanwhile cannot import what is in the lock of the developers only."""
    names = _locked("requirements-dev.lock") - _locked("requirements.lock")
    modules = [module for module, of in packages_distributions().items() if all(_normal(name) in names for name in of)]
    site = folder / "sitecustomize.py"
    site.write_text(f"import sys\nsys.modules.update(dict.fromkeys({modules!r}))\n")
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(folder), before]))
    try:
        yield
    finally:
        os.environ.pop("PYTHONPATH")
        if before is not None:
            os.environ["PYTHONPATH"] = before


def _locked(lock: str) -> set[str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return {_normal(found[1]) for line in lines if (found := re.match(r"([\w.-]+)==", line))}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
