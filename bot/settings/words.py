"""What the models refuse, in an operator's words: what is wrong and what would be right, and never a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

from bot.settings.models import Settings
from bot.settings.problems import Fault
from bot.settings.shape import Path, keys_of, word
from rules.language.errors import listing, nearest

_SECRET = "telegram"
"""The section of which no value is ever shown."""

_WANTED = {
    ("market", 1): "a table, such as [market]",
    ("telegram", 1): "a table, such as [telegram]",
    ("baskets", 1): "a table, such as [baskets]",
    ("baskets", 2): 'a list of instruments, such as ["SOL", "ADA"]',
    ("instruments", 1): "tables, such as [instruments.RUT]",
    ("instruments", 2): "a table, such as [instruments.RUT]",
    ("instruments", 3): 'a table, such as { yahoo = "^RUT" }',
    ("rules", 1): "a list of tables, each under its own [[rules]]",
    ("rules", 2): "a table, under its own [[rules]]",
    ("rules", 3): 'a list of words, such as ["russell", "turn"]',
}
"""Every table and list there is, by section and depth."""

_ID = "up to 12 capital letters and digits, a letter first"
_FORMS = {
    ("baskets", "[key]"): f"the name of a basket must be {_ID}, such as ALTS",
    ("instruments", "[key]"): f"the id of an instrument must be {_ID}, such as RUT",
    ("instruments", "currency"): "must be 3 to 5 capital letters, such as USD",
    ("rules", "id"): "must be up to 48 lower-case letters, digits and dashes, such as rut-record-close",
    ("rules", "tags"): "must be up to 32 lower-case letters, digits and dashes, such as russell",
}
"""What a text must look like, by section and field."""

_WHOLE = "must be a whole number"
_TRUTH = "must be true or false"

_REASONS: dict[str, str | Callable[[Path, dict[str, Any]], str]] = {
    "model_type": lambda path, _: _wanted(path),
    "dict_type": lambda path, _: _wanted(path),
    "tuple_type": lambda path, _: _wanted(path),
    "string_type": "must be text in quotes",
    "string_unicode": "must be text in UTF-8",
    "string_too_short": "must not be empty",
    "string_too_long": lambda _, limits: f"must be at most {limits['max_length']} characters long",
    "string_pattern_mismatch": lambda path, _: _FORMS[str(path[0]), str(path[2])],
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "finite_number": _WHOLE,
    "greater_than_equal": lambda _, limits: f"must be greater than or equal to {limits['ge']}",
    "less_than_equal": lambda _, limits: f"must be less than or equal to {limits['le']}",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "enum": lambda _, limits: f"must be {limits['expected']}",
}
"""By pydantic's type of error; tests/bot/settings provokes every one."""


def fault_of(error: ErrorDetails) -> Fault:
    """One of pydantic's errors as a fault."""
    path: Path = error["loc"]
    kind = error["type"]
    if kind == "extra_forbidden":
        return unknown_key(path)
    if kind == "missing":
        return Fault(path, f"{path[-1]} is missing")
    reason = _REASONS.get(kind, "cannot be used")
    if callable(reason):
        reason = reason(path, error.get("ctx", {}))
    reason += _shown(path, error["input"])
    return Fault(path[:2] if path[2:] == ("[key]",) else path, reason)


def unknown_key(path: Path) -> Fault:
    """The key at the end of `path` is none of those that may stand there."""
    *parent, key = path
    names = keys_of(Settings, tuple(parent))
    return Fault(path, f"unknown key {word(str(key))}{nearest(str(key), names) or f'; known here: {listing(names)}'}")


def _wanted(path: Path) -> str:
    return f"must be {_WANTED[str(path[0]), len(path)]}"


def _shown(path: Path, given: object) -> str:
    """ ", not 'x'"; nothing for what is secret, long or no plain value."""
    if path[0] == _SECRET:
        return ""
    if isinstance(given, bool):
        return f", not {str(given).lower()}"
    if isinstance(given, float) or (isinstance(given, int) and abs(given) < 10**18):
        return f", not {given}"
    return f", not {given!r}" if isinstance(given, str) and 0 < len(given) <= 60 else ""
