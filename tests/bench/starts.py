"""What a user waits for before anything happens: fresh interpreters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.bench.tables import Block, rows, timed
from tests.bench.timing import best

ROOT = Path(__file__).resolve().parents[2]


def start_tables() -> list[Block]:
    """The command's help, and what an offline command imports."""
    bare = best(_command("-c", "pass"), 5)
    shown = best(_command("-m", "bot.cli.main", "--help"), 5)
    loaded = best(_command("-c", "import bot.app"), 3)
    said, imports = "a bare interpreter", "imports of an offline command"
    lines = [
        timed("bellwether --help", shown, 0.5, said, bare, "cold start: bellwether --help"),
        timed(imports, loaded, None, said, bare, f"cold start: {imports}"),
    ]
    return [rows("cold start", lines)]


def _command(*words: str) -> Callable[[], object]:
    """A run of a fresh interpreter."""
    return lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True, cwd=ROOT)
