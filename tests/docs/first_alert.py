"""The answers on docs/tutorial.md, as its commands give them. `python -m tests.docs.first_alert` writes them.

The clock of those processes is set: the simulated market ends with 2025, whenever the page is written.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.e2e.world import Clock, environment_at

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
LAST_DAY = "2026-01-02T00:00Z"
_FILE = re.compile(r"<!-- file: (\S+) -->\n```toml\n(.*?)```\n", re.DOTALL)
_TOLD = re.compile(r"(```console\n)\$ (.*?)\n(.*?)(```\n)", re.DOTALL)


def written() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for name, content in _FILE.findall(text):
            Path(folder, name).write_text(content, encoding="utf-8")
        return _TOLD.sub(lambda found: f"{found[1]}$ {found[2]}\n{_answer(found[2], folder)}{found[4]}", text)


def _answer(command: str, folder: str) -> str:
    """What a shell shows; `bellwether` is the one of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = environment_at(Clock(LAST_DAY), token=False) | {"PATH": path}
    shell = ["sh", "-c", command]
    done = subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=300)
    return done.stdout


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
