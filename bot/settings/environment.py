"""The environment as settings: BELLWETHER_MARKET__SEED is market.seed. Lists and tables are written as JSON.

Names are matched without regard to case. pydantic-settings' own reader is not used: it hands ids over in lower case,
passes over broken JSON below a section, and names no variable in its complaints.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from bot.settings.files import file_name
from bot.settings.problems import Problem
from bot.settings.shape import Form, Path, dotted, form_of, keys_of, word
from rules.language.errors import listing, nearest

PREFIX = "BELLWETHER_"
CONFIG_VARIABLE = f"{PREFIX}CONFIG"

_SPELT: dict[str, Callable[[str], str]] = {"baskets": str.upper, "instruments": str.upper, "files": file_name}
"""Sections whose keys are names, and how those are spelt."""

_EXAMPLES = {
    ("market", 1): '{"seed": 7}',
    ("files", 1): '{"SOL_1h": {"volume_unit": "base"}}',
    ("files", 2): '{"volume_unit": "base"}',
    ("files", 3): '{"2023-01-01": "binance perpetual"}',
    ("run", 1): '{"poll_seconds": 60}',
    ("run", 2): '{"coin": 2}',
    ("store", 1): '{"url": "sqlite:///bellwether.db"}',
    ("telegram", 1): '{"allow": [123456789]}',
    ("telegram", 2): "[123456789]",
    ("feeds", 1): '{"venues": ["coinbase", "kraken"]}',
    ("feeds", 2): '["coinbase", "kraken"]',
    ("delivery", 1): '{"expire_minutes": 1440}',
    ("channels", 1): '{"pager": {"url": "ntfys://ntfy.sh/your-topic"}}',
    ("channels", 2): '{"url": "ntfys://ntfy.sh/your-topic"}',
    ("web", 1): '{"listen": "127.0.0.1:8719"}',
    ("log", 1): '{"format": "json"}',
    ("retention", 1): '{"deliveries_days": 180}',
    ("watchdog", 1): '{"ping_seconds": 60}',
    ("pictures", 1): '{"theme": "dark"}',
    ("evidence", 1): '{"follow": ["RUT", "BTC"]}',
    ("evidence", 2): '["RUT", "BTC"]',
    ("baskets", 1): '{"ALTS": ["SOL", "ADA"]}',
    ("baskets", 2): '["SOL", "ADA"]',
    ("instruments", 1): '{"RUT": {"name": "Russell 2000"}}',
    ("instruments", 2): '{"name": "Russell 2000"}',
    ("instruments", 3): '{"yahoo": "^RUT"}',
    ("rules", 1): '[{"id": "rut-2500", "when": "close(RUT) > 2500"}]',
}
"""JSON that would be right, by section and depth."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the variables set, which variable set what, and what is wrong with them. A faulty variable sets nothing."""

    values: dict[str, Any] = field(default_factory=dict)
    variables: dict[Path, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def where(self, path: Path) -> str:
        """The variable that says what stands at `path`; the path too where the variable holds more than that."""
        around = [path[:length] for length in range(len(path), 0, -1) if path[:length] in self.variables]
        below = [each for each in self.variables if each[: len(path)] == path]
        if not around and not below:
            return self.where(path[:-1]) + f", {dotted(path)}"
        name = named(self.variables[(around or below)[0]])
        return name if not around or around[0] == path else f"{name}, {dotted(path)}"


def read_environment(model: type[BaseModel], environ: Mapping[str, str]) -> Environment:
    """Every BELLWETHER_ variable of `environ` but BELLWETHER_CONFIG; the longer a name, the later it is laid over."""
    found = Environment()
    paths = {name: _path(name) for name in sorted(environ) if name.upper().startswith(PREFIX)}
    for variable, path in sorted(paths.items(), key=lambda item: len(item[1])):
        if variable == CONFIG_VARIABLE:
            continue
        value, reason = _value(model, path, environ[variable])
        if path in found.variables:
            reason = f"sets the same as {word(found.variables[path])}; keep one of them"
        if reason := _misplaced(model, variable, path) or reason:
            found.problems.append(Problem(named(variable), reason))
            continue
        found.variables[path] = variable
        _put(found.values, path, value)
    return found


def named(variable: str) -> str:
    """A variable in a complaint."""
    return f"{word(variable)} (environment)"


def _path(variable: str) -> tuple[str, ...]:
    section, *keys = variable[len(PREFIX) :].lower().split("__")
    if section in _SPELT and keys:
        keys[0] = _SPELT[section](keys[0])
    return (section, *keys)


def _misplaced(model: type[BaseModel], variable: str, path: tuple[str, ...]) -> str:
    """Why nothing can stand at `path`; a key that is only unknown is left to the models."""
    sections = keys_of(model, ())
    if variable.upper() == CONFIG_VARIABLE:
        return f"is written in capitals: {CONFIG_VARIABLE}"
    if not path[0]:
        return f"names no section; known here: {listing(sections)}"
    if path[0] not in sections:
        return f"unknown section {word(path[0])}{nearest(path[0], sections)}"
    for around in _around(path):
        whole = PREFIX + "__".join(around).upper()
        form = form_of(model, around)
        if form is Form.LIST:
            return f"{dotted(around)} is a list; give it whole, as JSON, in {word(whole)}"
        if form is Form.VALUE:
            return f"{dotted(around)} is one value; give it in {word(whole)}"
    return ""


def _around(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (path[:length] for length in range(1, len(path)))


def _value(model: type[BaseModel], path: tuple[str, ...], text: str) -> tuple[Any, str]:
    """What `text` says, and why it cannot stand at `path`; a single value is left to the models."""
    form = form_of(model, path)
    if form not in (Form.TABLE, Form.LIST):
        return text, ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    fits = isinstance(value, dict if form is Form.TABLE else list)
    return value, "" if fits else f"must be {form.value} as JSON, such as {_EXAMPLES[str(path[0]), len(path)]}"


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """`value` at `path`, over what a shorter variable put there; a shorter one's mistake is left to be told."""
    *tables, last = path
    table: Any = values
    for key in tables:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            return
    table[last] = value
