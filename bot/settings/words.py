"""What the models refuse, in an operator's words: what is wrong and what would be right, and never a secret."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from pydantic_core import ErrorDetails

from bot.settings.models import Settings
from bot.settings.problems import Fault
from bot.settings.shape import Path, keys_of, word
from rules.language.errors import listing, nearest

_SECRET = ("telegram", "store", "channels", "watchdog")
"""Sections of which no value is ever shown: a token, or a URL with a password in it."""

_WANTED: dict[tuple[str, int | str], str] = {
    ("market", 1): "a table, such as [market]",
    ("files", 1): "tables, such as [files.SOL_1h]",
    ("files", 2): "a table, such as [files.SOL_1h]",
    ("files", 3): 'a table, such as { 2023-01-01 = "binance perpetual" }',
    ("run", 1): "a table, such as [run]",
    ("run", 2): "a table, such as { coin = 2 }",
    ("store", 1): "a table, such as [store]",
    ("telegram", 1): "a table, such as [telegram]",
    ("telegram", 2): "a list of ids, such as [123456789]",
    ("feeds", 1): "a table, such as [feeds]",
    ("feeds", 2): 'a list of exchanges, such as ["coinbase", "kraken"]',
    ("delivery", 1): "a table, such as [delivery]",
    ("watchdog", 1): "a table, such as [watchdog]",
    ("pictures", 1): "a table, such as [pictures]",
    ("evidence", 1): "a table, such as [evidence]",
    ("evidence", 2): 'a list of instruments, such as ["RUT", "BTC"]',
    ("channels", 1): "tables, such as [channels.pager]",
    ("channels", 2): "a table, such as [channels.pager]",
    ("web", 1): "a table, such as [web]",
    ("log", 1): "a table, such as [log]",
    ("retention", 1): "a table, such as [retention]",
    ("baskets", 1): "a table, such as [baskets]",
    ("baskets", 2): 'a list of instruments, such as ["SOL", "ADA"]',
    ("instruments", 1): "tables, such as [instruments.RUT]",
    ("instruments", 2): "a table, such as [instruments.RUT]",
    ("instruments", "sources"): 'a table, such as { yahoo = "^RUT" }',
    ("instruments", "proxies"): 'a list of instruments, such as ["IWM", "SPX"]',
    ("rules", 1): "a list of tables, each under its own [[rules]]",
    ("rules", 2): "a table, under its own [[rules]]",
    ("rules", 3): 'a list of words, such as ["russell", "turn"]',
}
"""Every table and list there is, by section and depth, or by section and key where a depth has several."""

_ID = "up to 12 capital letters and digits, a letter first"
_CHAT = (
    "must be the id of a person or a chat, as the bot's /id tells it, negative for a group; and none that many share"
)
_LISTEN = "must be an address and a port, such as 127.0.0.1:8719 or [::1]:8719; empty for none"
_VENUE = "must be up to 40 letters, digits, spaces, dots and dashes, such as binance spot"
_FORMS = {
    ("files", "[key]"): "must be called like the file without its ending, such as SOL_1h or HYG_adj_1d",
    ("files", "venue"): _VENUE,
    ("files", "venues"): _VENUE,
    ("files", "quote"): "must be 3 to 5 capital letters, such as USDT",
    ("run", "days_from"): "must be a date from 1990-01-02 on, such as 2000-01-03",
    ("store", "url"): (
        "must be sqlite:/// and a file, such as sqlite:///bellwether.db, or postgresql://user:password@host/database, "
        "with %23 for a # in the password, and so on"
    ),
    ("telegram", "token"): "must be a token as @BotFather gives it: digits, a colon, about 35 letters and digits",
    ("telegram", "base_url"): "must be a server's URL without a slash at its end, such as https://api.telegram.org",
    ("telegram", "allow"): _CHAT,
    ("telegram", "admins"): _CHAT,
    ("telegram", "webhook_url"): "must be an https URL, such as https://bot.example.org/telegram; empty to poll",
    ("telegram", "webhook_listen"): _LISTEN,
    (
        "channels",
        "[key]",
    ): "the name of a channel must be up to 32 lower-case letters, digits and dashes, such as pager",
    ("channels", "url"): "must be an Apprise URL, such as ntfys://ntfy.sh/your-topic",
    ("web", "listen"): _LISTEN,
    ("watchdog", "ping_url"): "must be an http or https URL, such as https://hc-ping.com/your-check; empty for none",
    ("baskets", "[key]"): f"the name of a basket must be {_ID}, such as ALTS",
    ("instruments", "[key]"): f"the id of an instrument must be {_ID}, such as RUT",
    ("instruments", "currency"): "must be 3 to 5 capital letters, such as USD",
    ("rules", "id"): "must be up to 48 lower-case letters, digits and dashes, such as rut-record-close",
    ("rules", "tags"): "must be up to 32 lower-case letters, digits and dashes, such as russell",
}
"""What a value must look like, by section and field."""

_TRUTH = "must be true or false"

_REASONS: dict[str, str | Callable[[Path, dict[str, Any]], str]] = {
    "model_type": lambda path, _: _wanted(path),
    "dict_type": lambda path, _: _wanted(path),
    "tuple_type": lambda path, _: _wanted(path),
    "string_type": "must be text in quotes",
    "string_unicode": "must be text in UTF-8",
    "string_too_short": "must not be empty",
    "string_too_long": lambda _, limits: f"must be at most {limits['max_length']} characters long",
    "string_pattern_mismatch": lambda path, _: _form(path),
    "form": lambda path, _: _form(path),
    "no_date": "must stand under a date from 1990-01-02 on, such as 2023-01-01",
    "too_short": "must not be empty",
    "repeated": lambda _, found: f"must name {found['name']} only once",
    "int_type": lambda path, _: _form(path),
    "int_parsing": lambda path, _: _form(path),
    "int_parsing_size": lambda path, _: _form(path),
    "int_from_float": lambda path, _: _form(path),
    "finite_number": lambda path, _: _form(path),
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
    return Fault(path[:-1] if path[-1] == "[key]" else path, reason)


def unknown_key(path: Path) -> Fault:
    """The key at the end of `path` is none of those that may stand there."""
    *parent, key = path
    names = keys_of(Settings, tuple(parent))
    return Fault(path, f"unknown key {word(str(key))}{nearest(str(key), names) or f'; known here: {listing(names)}'}")


def _wanted(path: Path) -> str:
    section, key = str(path[0]), str(path[-1])
    return f"must be {_WANTED.get((section, key)) or _WANTED[section, len(path)]}"


def _form(path: Path) -> str:
    """What stands for the innermost part of `path` that has a form of its own; all others are counts."""
    forms = (_FORMS.get((str(path[0]), str(part))) for part in reversed(path))
    return next((form for form in forms if form), "must be a whole number")


def _shown(path: Path, given: object) -> str:
    """ ", not 'x'"; nothing for what is secret, long or no plain value."""
    if path[0] in _SECRET:
        return ""
    if isinstance(given, dt.date):
        return f", not {given}"
    if isinstance(given, bool):
        return f", not {str(given).lower()}"
    if isinstance(given, float) or (isinstance(given, int) and abs(given) < 10**18):
        return f", not {given}"
    return f", not {given!r}" if isinstance(given, str) and 0 < len(given) <= 60 else ""
