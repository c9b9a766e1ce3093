"""`python -m tests.reliability COMMAND ...`: what docs/reliability.md promises, played against the real thing.

A command is a module of this folder with a `main(arguments)` that returns an exit code.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent


def commands() -> list[str]:
    """The modules that can be run."""
    files = sorted(HERE.glob("*.py"))
    return [file.stem for file in files if file.stem != "__main__" and "\ndef main(" in file.read_text("utf-8")]


def main(arguments: Sequence[str]) -> int:
    """Run a command."""
    if not arguments or arguments[0] not in commands():
        print(f"usage: python -m tests.reliability {{{','.join(commands())}}} ...", file=sys.stderr)
        return 2
    code: int = importlib.import_module(f"tests.reliability.{arguments[0]}").main(arguments[1:])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
