"""Read the configuration, check it whole, and say every fault at once, each with its path and line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings.exceptions import SettingsError

from bot.settings.models import PREFIX, InstrumentSettings, RuleSettings, Settings, built_in
from bot.settings.toml_lines import Path, lines_of, nearest_line
from rules.functions.registry import Scope
from rules.language.compile import compile_rule
from rules.language.errors import LanguageError, listing, nearest
from rules.language.meaning import COMPARISONS, read_condition
from rules.model import Instrument, Rule

CONFIG_VARIABLE = f"{PREFIX}CONFIG"


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


def load_settings(file: FilePath | None = None, check_calendar: Callable[[str], object] | None = None) -> Settings:
    """The configuration of `file` (or none) under the environment. Raises ConfigurationError with every fault.

    `check_calendar` raises ValueError for the name of a calendar that does not exist.
    """
    name, text = _text(file)
    given = _parsed(name, text)
    locate = _Locator(name, lines_of(text))
    problems = list(_unknown_variables())
    settings: Settings | None = None
    try:
        settings = Settings(**given)
    except ValidationError as error:
        problems += [_problem(locate, each) for each in error.errors()]
    except SettingsError as error:
        problems.append(Problem("environment", f"{error}; lists and tables are written as JSON there"))
    seen = settings.model_dump() if settings else _laid_over(built_in(), given)
    problems += _across_sections(locate, seen, check_calendar)
    if problems or settings is None:
        raise ConfigurationError(problems)
    return settings


def warnings(settings: Settings) -> list[str]:
    """What is allowed but probably not meant."""
    found = []
    for rule in settings.rules:
        typed = read_condition(rule.when, settings.scope)
        if rule.clear is None and any(part.symbol in COMPARISONS for part in typed.walk()):
            found.append(f"rule {rule.id} has no clear: at its level it may fire again and again; say when it ends")
    return found


class _Locator:
    """Where a setting stands, in words."""

    def __init__(self, name: str, lines: Mapping[Path, int]) -> None:
        self.name, self.lines = name, lines

    def __call__(self, path: Path) -> str:
        dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
        if variable := _variable(path):
            return f"{variable} (environment)"
        line = nearest_line(self.lines, path)
        return f"{self.name} line {line}, {dotted}" if line is not None else f"{self.name}, {dotted}"


def _variable(path: Path) -> str | None:
    """The environment variable that set `path`, if one did."""
    names = {PREFIX + "__".join(str(part).upper() for part in path[:length]) for length in range(1, len(path) + 1)}
    return next((variable for variable in os.environ if variable.upper() in names), None)


def _text(file: FilePath | None) -> tuple[str, str]:
    if file is None:
        return "config.example.toml (built in)", ""
    try:
        return str(file), file.read_text(encoding="utf-8")
    except FileNotFoundError:
        reason = "no such file"
    except UnicodeDecodeError:
        reason = "not UTF-8 text"
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
    raise ConfigurationError([Problem(str(file), f"{reason}; a configuration looks like config.example.toml")])


def _parsed(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Problem(name, f"not valid TOML: {str(error)[:1].lower()}{str(error)[1:]}")]) from None


def _unknown_variables() -> Iterator[Problem]:
    """Environment variables with our prefix that mean nothing, as a typing error would make them."""
    sections = list(Settings.model_fields)
    for variable in sorted(os.environ):
        if not variable.upper().startswith(PREFIX) or variable.upper() == CONFIG_VARIABLE:
            continue
        section = variable[len(PREFIX) :].split("__")[0].lower()
        if section not in sections:
            yield Problem(f"{variable} (environment)", f"unknown section {section}{nearest(section, sections)}")


def _problem(locate: _Locator, error: ErrorDetails) -> Problem:
    path: Path = error["loc"]
    if error["type"] == "extra_forbidden":
        *parent, key = path
        names = _fields_beside(tuple(parent))
        hint = nearest(str(key), names) or f"; known here: {listing(names)}"
        return Problem(locate(path), f"unknown key {key}{hint}")
    if error["type"] == "missing":
        return Problem(locate(path), f"{path[-1]} is missing")
    message = error["msg"].replace("Input should be", "must be").replace("String should", "must")
    if error["type"] in ("int_parsing", "int_type", "int_from_float"):
        message = "must be a whole number"
    if error["type"] == "string_pattern_mismatch":
        message = f"must be {_PATTERNS.get(str(path[0]), 'of another form')}"
    given = error.get("input")
    shown = f", not {given!r}" if isinstance(given, str | int | float) and "token" not in path else ""
    return Problem(locate(path), message[:1].lower() + message[1:] + shown)


_PATTERNS = {
    "rules": "lower-case letters, digits and dashes, such as rut-record-close",
    "instruments": "capital letters and digits, such as RUT",
    "baskets": "capital letters and digits, such as ALTS",
}


def _fields_beside(parent: Path) -> list[str]:
    """The keys that the table at `parent` may hold."""
    if not parent:
        return list(Settings.model_fields)
    annotation = Settings.model_fields[str(parent[0])].annotation
    model = {"rules": RuleSettings, "instruments": InstrumentSettings}.get(str(parent[0]), annotation)
    return list(getattr(model, "model_fields", {}))


def _laid_over(base: dict[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """`top` over `base`, table by table; only to look for further faults beside those already found."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _across_sections(
    locate: _Locator, seen: Mapping[str, Any], check_calendar: Callable[[str], object] | None
) -> Iterator[Problem]:
    """Faults that only the whole shows: calendars, basket members, rule ids, and what the rules say."""
    instruments = _valid_instruments(seen.get("instruments"))
    for name, each in instruments.items():
        try:
            if check_calendar is not None:
                check_calendar(each.calendar)
        except ValueError as error:
            yield Problem(locate(("instruments", name, "calendar")), str(error))
    baskets = seen.get("baskets") if isinstance(seen.get("baskets"), dict) else {}
    members = {name: tuple(map(str, each)) for name, each in (baskets or {}).items() if isinstance(each, list | tuple)}
    for basket, names in members.items():
        for unknown in (name for name in names if name not in instruments):
            reason = f"unknown instrument {unknown}{nearest(unknown, instruments)} (known: {listing(instruments)})"
            yield Problem(locate(("baskets", basket)), reason)
    rules = seen.get("rules")
    scope = Scope(instruments, members)
    yield from _rule_problems(locate, list(rules) if isinstance(rules, list | tuple) else [], scope)


def _valid_instruments(tables: object) -> dict[str, Instrument]:
    found = {}
    for name, table in tables.items() if isinstance(tables, dict) else ():
        try:
            each = InstrumentSettings.model_validate(table)
        except ValidationError:
            continue
        found[name] = Instrument(name, each.name, each.kind, each.calendar, each.currency)
    return found


def _rule_problems(locate: _Locator, tables: list[Any], scope: Scope) -> Iterator[Problem]:
    ids: dict[str, int] = {}
    for index, table in enumerate(tables):
        if not isinstance(table, dict):
            continue
        name = str(table.get("id"))
        if name in ids:
            reason = f"rule id {name} is already used by rules[{ids[name]}]; ids are unique"
            yield Problem(locate(("rules", index, "id")), reason)
        ids.setdefault(name, index)
        lines = {key: table[key] for key in ("when", "clear") if isinstance(table.get(key), str)}
        faults = [_line_problem(locate, index, key, line, scope) for key, line in lines.items()]
        yield from (fault for fault in faults if fault is not None)
        if not any(faults) and "when" in lines:
            yield from _rule_problem(locate, index, Rule(name, lines["when"], lines.get("clear")), scope)


def _line_problem(locate: _Locator, index: int, key: str, line: str, scope: Scope) -> Problem | None:
    try:
        read_condition(line, scope)
    except LanguageError as error:
        return Problem(locate(("rules", index, key)), error.reason, _sketch(error))
    return None


def _rule_problem(locate: _Locator, index: int, rule: Rule, scope: Scope) -> Iterator[Problem]:
    """What is wrong only when both lines are read together: two calendars in one rule."""
    try:
        compile_rule(rule, scope)
    except LanguageError as error:
        yield Problem(locate(("rules", index, "clear")), error.reason, _sketch(error))


def _sketch(error: LanguageError) -> str:
    """The two lines that show the fault, without the reason."""
    return error.pointed().rpartition("\n")[0]
