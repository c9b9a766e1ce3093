"""What is wrong with a configuration, as a path and a sentence, and as the operator is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.settings.shape import Path


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a path, before anybody has looked which file or variable says so."""

    path: Path
    reason: str
    sketch: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: where it stands, and a sentence about it; `sketch` shows a rule's line with a caret."""

    where: str
    reason: str
    sketch: str = ""

    def __str__(self) -> str:
        sketch = f"\n{self.sketch}" if self.sketch else ""
        return f"{self.where}: {self.reason}{sketch}"


class ConfigurationError(ValueError):
    """A configuration that cannot be used, with every reason."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems
