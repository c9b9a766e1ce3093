"""What each package costs a process of the service, and what it is loaded for; `loads` says it, in fresh processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from tests.bench.clean import ROOT, without_development_packages
from tests.bench.figures import Figure, Unit
from tests.bench.tables import Block, Table

RUNS = 3


@dataclass(frozen=True)
class Loaded:
    """What a package adds to those above it, and when it comes."""

    what: str
    memory: Figure
    time: Figure
    when: str

    def and_again(self, other: Self) -> Self:
        """Both figures, run by run."""
        return replace(self, memory=self.memory.and_again(other.memory), time=self.time.and_again(other.time))

    def cells(self) -> Sequence[str]:
        """As it is printed."""
        return self.what, str(self.memory), str(self.time), self.when, self.time.spread


def package_tables() -> list[Block]:
    """The least of a few processes each."""
    with TemporaryDirectory(prefix="bellwether-bench-") as home, without_development_packages(Path(home)):
        when: dict[str, str] = _told("when")
        costs: list[dict[str, tuple[float, float]]] = [_told("cost") for _ in range(RUNS)]
        exchanges: list[tuple[float, float]] = [_told("ccxt") for _ in range(RUNS)]
    found = {name: [each[name] for each in costs] for name in costs[0]} | {"ccxt, all its exchanges": exchanges}
    lines = [
        Loaded(
            name,
            Figure.once(min(size for size, _ in runs), Unit.MEGABYTES),
            Figure.once(min(spent for _, spent in runs) / 1e3),
            when.get(name, "always" if name.startswith("python") else "never"),
        )
        for name, runs in found.items()
    ]
    return [Table(("what `run` loads", "memory", "time", "when", "spread"), lines)]


def _told(what: str) -> Any:
    """What a fresh process of `loads` says."""
    command = [sys.executable, "-m", "tests.bench.loads", what]
    return json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
