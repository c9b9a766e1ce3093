"""Which layer says what stands at a path: the environment, the user's file, or the built-in file; and in which line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.settings.environment import Environment
from bot.settings.problems import Fault, Problem
from bot.settings.shape import Path, dotted
from bot.settings.toml_lines import nearest_line


@dataclass(frozen=True, slots=True)
class Tables:
    """A TOML file: its name, what it says, and the line of everything in it."""

    name: str
    values: Mapping[str, Any]
    lines: Mapping[Path, int]

    def where(self, path: Path) -> str:
        """`my.toml line 2, market.seed`."""
        line = nearest_line(self.lines, path)
        return f"{self.name}, {dotted(path)}" if line is None else f"{self.name} line {line}, {dotted(path)}"


class Places:
    """The layers of a configuration, to say where each fault stands."""

    def __init__(self, environment: Environment, files: Sequence[Tables]) -> None:
        self._environment, self._files = environment, files

    def told(self, faults: list[Fault]) -> list[Problem]:
        """The faults in the order of the files' lines; those of the environment last, by variable."""
        of_files: list[tuple[int, int, Fault]] = []
        of_environment = list(self._environment.problems)
        for fault in faults:
            layer = self._layer(fault.path)
            if isinstance(layer, Environment):
                of_environment.append(Problem(layer.where(fault.path), fault.reason, fault.sketch))
            else:
                line = nearest_line(layer.lines, fault.path)
                of_files.append((self._files.index(layer), sys.maxsize if line is None else line, fault))
        of_files.sort(key=lambda each: each[:2])
        of_environment.sort(key=lambda each: each.where)
        in_files = [Problem(self._files[n].where(fault.path), fault.reason, fault.sketch) for n, _, fault in of_files]
        return in_files + of_environment

    def _layer(self, path: Path) -> Environment | Tables:
        """The layer that holds `path`, or most of it; of two that hold as much, the upper."""
        layers: list[Environment | Tables] = [self._environment, *self._files]
        best, deepest = layers[1], 0
        for layer in layers:
            depth, hidden = _depth(layer.values, path)
            if depth > deepest:
                best, deepest = layer, depth
            if hidden:
                break
        return best


def _depth(values: Any, path: Path) -> tuple[int, bool]:
    """How much of `path` is found in `values`, and whether what is found hides the layers below."""
    hidden = False
    for depth, key in enumerate(path):
        hidden = hidden or not isinstance(values, Mapping)
        if not _holds(values, key):
            return depth, hidden
        values = values[key]
    return len(path), hidden or not isinstance(values, Mapping)


def _holds(values: Any, key: str | int) -> bool:
    if isinstance(values, list):
        return isinstance(key, int) and key < len(values)
    return isinstance(values, Mapping) and key in values
