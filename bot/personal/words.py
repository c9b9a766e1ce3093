"""What people type, made plain: signs, quotes, wide digits, arrows, and numbers in the ways of several countries."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2013\u2014\u2012\ufe63", "-"),
        **dict.fromkeys("\"'`“”„‘’«»$€£", None),
        **dict.fromkeys("\ufe0e\ufe0f", None),  # how a picture is drawn
        "≤": "<=",
        "≥": ">=",
        "×": "*",
        "÷": "/",
        "⩽": "<=",
        "⩾": ">=",
        **dict.fromkeys("↓↘⬇▼", " falls "),
        **dict.fromkeys("↑↗⬆▲", " rises "),
    }
)
_SAYS_NOTHING = ("Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk")
"""What is not seen, and pictures: a rocket behind a line changes nothing."""

_DAY_FIRST = re.compile(r"(?<![\w.])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\w.])")
_YEAR_FIRST = re.compile(r"(?<![\w/.])(\d{4})([/.])(\d{1,2})\2(\d{1,2})(?![\w/])")

_GROUPED = re.compile(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?![\d])")
_NUMBER = re.compile(
    r"(?P<sign>[+-])?\s*(?P<digits>\d[\d.,]*|\.\d+)\s*(?P<scale>k|m|mn|mio|million|thousand|b|bn|billion)?(?![a-z])\s*(?P<percent>%|percent\b|pct\b)?"
)
_TOKEN = re.compile(
    rf"\s*(?:(?P<date>\d{{4}}-\d\d-\d\d(?![\w-]))|(?P<number>{_NUMBER.pattern})(?![\w(]|[.,]\d)|(?P<sign_alone><=|>=|<|>|=)"
    r"|(?P<word>[^\W\d][\w&.\-]*|\d+(?:\.\d+)?[a-z]+))"
)
_HYPHEN = re.compile(r"(?<=\d)-(?=[a-z])")
"""Of a 52-week high."""

_SCALES = {
    "k": 1e3,
    "thousand": 1e3,
    "m": 1e6,
    "mn": 1e6,
    "mio": 1e6,
    "million": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
}


class NotANumber(ValueError):
    """Digits that may mean two numbers, or none; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number as it was typed: its value (a percentage as a share), whether with a sign, whether a percentage."""

    value: float
    signed: bool
    percent: bool


Token = Amount | str


def plain(line: str) -> str:
    """The line with one kind of every sign, single spaces, and dates that mean one day alone as 2026-12-31."""
    folded = unicodedata.normalize("NFKC", line).translate(_PLAIN)
    shown = "".join(" " if unicodedata.category(each) in _SAYS_NOTHING else each for each in folded)
    dated = _DAY_FIRST.sub(lambda found: _date(found[3], found[2], found[1]), " ".join(shown.split()))
    return _YEAR_FIRST.sub(lambda found: _date(found[1], found[3], found[4]), dated)


def _date(year: str, month: str, day: str) -> str:
    return f"{int(year):04}-{int(month):02}-{int(day):02}"


def tokens(text: str) -> tuple[Token, ...] | None:
    """The numbers, signs and words of a plain line, words in lower case; None where it holds anything else.

    Raises NotANumber.
    """
    joined = _GROUPED.sub(lambda found: found[0].replace(" ", ""), text.lower())
    joined = _HYPHEN.sub(" ", joined)
    found: list[Token] = []
    at = 0
    while at < len(joined):
        match = _TOKEN.match(joined, at)
        if match is None:
            return None if joined[at:].strip(" .?,;:") else tuple(found)
        found.append(_amount(match) if match["number"] else match["date"] or match["sign_alone"] or match["word"])
        at = match.end()
    return tuple(found)


def _amount(match: re.Match[str]) -> Amount:
    scale = match["scale"] or ""
    value = _value(match["digits"].rstrip(".,"), scaled=bool(scale)) * _SCALES.get(scale, 1.0)
    value = value / 100.0 if match["percent"] else value
    return Amount(-value if match["sign"] == "-" else value, match["sign"] is not None, bool(match["percent"]))


def _value(digits: str, *, scaled: bool) -> float:
    """70,000 and 1.234,5 and 1,5 as those who write them mean them."""
    commas, dots = digits.count(","), digits.count(".")
    if commas and dots:
        decimal = max(digits.rfind(","), digits.rfind("."))
        whole, fraction = digits[:decimal], digits[decimal + 1 :]
        return float(f"{_ungrouped(whole)}.{fraction or 0}")
    sign = "," if commas else "."
    if commas + dots > 1:
        return float(_ungrouped(digits))
    whole, _, fraction = digits.partition(sign)
    if commas and len(fraction) == 3 and whole not in ("", "0"):
        if scaled:
            raise NotANumber(f"{digits} may be two numbers; write {whole}.{fraction} or {whole}{fraction}")
        return float(whole + fraction)
    return float(f"{whole or 0}.{fraction or 0}")


def _ungrouped(digits: str) -> str:
    """Digits without the signs between groups of three."""
    groups = re.split("[.,]", digits)
    if any(len(each) != 3 for each in groups[1:]) or not 1 <= len(groups[0]) <= 3:
        raise NotANumber(f"{digits} is not a number; write 70000, 70k or 0.7")
    return "".join(groups)
