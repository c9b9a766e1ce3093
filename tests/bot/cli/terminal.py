"""The command line in process, as a shell sees it: exit code, output, errors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from bot.cli.main import run


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON of each line; NaN and Infinity are no JSON."""
        return [json.loads(line, parse_constant=_refuse) for line in self.out.splitlines()]

    @property
    def fault(self) -> str:
        """What it complained of; fails where it did not exit 2, printed a result or showed its insides."""
        assert (self.code, self.out) == (2, "")
        assert "Traceback" not in self.err
        return "\n".join(line for line in self.err.splitlines() if not line.startswith("every price is simulated"))


class Terminal:
    """Runs commands."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def runs(self, *arguments: object) -> Ran:
        """A command to its end."""
        self._capsys.readouterr()
        try:
            code = run([str(each) for each in arguments])
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
        seen = self._capsys.readouterr()
        return Ran(code, seen.out, seen.err)


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
