"""What may stand behind what an alert is about, in any order: once or always, at the close or live, for how long."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bot.personal.draft import Lasts, NotUnderstood
from bot.personal.made import typed
from rules.model import Basis

LONGEST_DAYS, LONGEST_COUNT = 3_650, 10_000
GOOD_EXAMPLE = "BTC -5% for 30d"


@dataclass(frozen=True, slots=True)
class Options:
    """What was said; None where nothing was. `lasts` counts where it is `limited`."""

    basis: Basis | None = None
    once: bool | None = None
    confirm: int | None = None
    confirm_clear: int | None = None
    cooldown: int | None = None
    lasts: Lasts = None
    limited: bool | None = None
    anchor: tuple[str, float, float] | None = None
    clear: str | None = None


def split(text: str) -> tuple[str, Options]:
    """A plain line without its options, and these. Raises NotUnderstood where one cannot be."""
    said = Options()
    while (found := _last_of(text)) is not None:
        text, change = found
        again = [name for name in change if getattr(said, name) not in (None, change[name])]
        if again:
            raise NotUnderstood(f"{_SAID.get(again[0], again[0])} is said twice, each time otherwise", GOOD_EXAMPLE)
        said = replace(said, **change)
    head, clears, clear = _CLEAR.split(text, maxsplit=1) if _CLEAR.search(text) else (text, "", "")
    return head.strip(), replace(said, clear=clear.strip()) if clears else said


def _last_of(text: str) -> tuple[str, dict[str, Any]] | None:
    """The line without its last option, and what that says."""
    for pattern, read in _OPTIONS:
        found = pattern.search(text)
        if found is not None and found.start() > 0:
            return text[: found.start()].rstrip(" ,;"), read(found)
    return None


def _count(name: str) -> Callable[[re.Match[str]], dict[str, Any]]:
    def read(found: re.Match[str]) -> dict[str, Any]:
        count, least = int(found[1]), 0 if name == "cooldown" else 1
        if not least <= count <= LONGEST_COUNT:
            raise NotUnderstood(f"{name} must be from {least} to {LONGEST_COUNT}, not {found[1]}", GOOD_EXAMPLE)
        return {name: count}

    return read


def _days(found: re.Match[str]) -> dict[str, Any]:
    days = int(found[1] or 1) * {"d": 1, "w": 7, "m": 30, "y": 365}[found[2][0].lower()]
    if not 1 <= days <= LONGEST_DAYS:
        raise NotUnderstood(f"an alert is watched for 1 to {LONGEST_DAYS} days, or for good", GOOD_EXAMPLE)
    return {"lasts": days, "limited": True}


def _until(found: re.Match[str]) -> dict[str, Any]:
    try:
        return {"lasts": dt.date.fromisoformat(found[1]), "limited": True}
    except ValueError:
        raise NotUnderstood(f"{found[1]} is not a date; dates look like 2026-12-31", GOOD_EXAMPLE) from None


def _anchor(found: re.Match[str]) -> dict[str, Any]:
    return {"anchor": (found[1].upper(), typed(float(found[3]) / 100.0), float(found[2]))}


def _at_the_end(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:^|[\s,;])(?:{pattern})$", re.IGNORECASE | re.ASCII)


_DIGITS = "([0-9]{1,9})"
_FLOAT = r"[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]{1,3})?"
_OPTIONS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], dict[str, Any]]], ...] = (
    (_at_the_end("only once|once"), lambda _: {"once": True}),
    (_at_the_end("always|every time|each time|again and again"), lambda _: {"once": False}),
    (_at_the_end("(?:at|on) (?:the )?close|close|daily"), lambda _: {"basis": Basis.CLOSE}),
    (_at_the_end("live|intraday|tick|at (?:every|each) poll"), lambda _: {"basis": Basis.TICK}),
    (_at_the_end("for (?:good|ever)|forever"), lambda _: {"limited": False}),
    (_at_the_end(f"for (?:a|{_DIGITS} ?)?(?: )?(d|days?|w|weeks?|months?|y|years?)"), _days),
    (_at_the_end("until ([0-9]{4}-[0-9]{2}-[0-9]{2})"), _until),
    (_at_the_end(f"confirm {_DIGITS}"), _count("confirm")),
    (_at_the_end(f"confirm_clear {_DIGITS}"), _count("confirm_clear")),
    (_at_the_end(f"cooldown {_DIGITS}"), _count("cooldown")),
    (_at_the_end(f"from ([a-z][a-z0-9]*) ({_FLOAT}) ([+-]?{_FLOAT})%"), _anchor),
    (_at_the_end(r"until (\S.{0,40})"), _until),
)
_SAID = {"lasts": "how long", "limited": "how long", "basis": "close or live", "once": "once or always"}
_CLEAR = re.compile(r"[\s,;](clears?(?: when)?)\s", re.IGNORECASE)
