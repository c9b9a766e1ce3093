"""Why a text is no expression, in the reader's words: lark's errors explained."""

from __future__ import annotations

import re
from typing import Any

from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from rules.language.errors import LanguageError, Span, short

_WRITE = {"&": "and", "|": "or", "!": "not, or != for not equal", "~": "not", "^": "a * a", "≥": ">=", "≤": "<="}
_WRITE |= {"≠": "!=", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "—": "-", "[": "(", "]": ")"}
_QUOTES = "\"'`“”„‘’«»"


def explained(error: UnexpectedInput, text: str) -> LanguageError:
    """lark's error in the reader's words."""
    if isinstance(error, UnexpectedCharacters):
        position: Any = error.pos_in_stream  # lark types its class default, None
        at = int(position)
        word = re.match(r"[\w.]+|\S", text[at:])
        found = word[0] if word else text[at]
        return LanguageError(_about_characters(found, text[:at], text[at + 1 :]), text, Span(at, at + len(found)))
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        start = error.token.start_pos or 0
        span = Span(start, start + len(error.token))
        return LanguageError(_about_token(str(error.token), text[: span.start], text[span.end :]), text, span)
    if isinstance(error, UnexpectedToken | UnexpectedEOF):
        missing = text.count("(") - text.count(")")
        reason = "a closing ) is missing" if missing > 0 else "the line stops in the middle; something must follow"
        return LanguageError(reason, text, Span(len(text.rstrip()), len(text.rstrip()) + 1))
    raise error


def _about_characters(found: str, before: str, after: str) -> str:
    ticker = re.match(r"[A-Za-z]\w*", after)
    if found == "^" and ticker and not re.search(r"[\w)]\s*$", before):
        return f"instruments are ids, not tickers: {ticker[0]}"
    if found in _WRITE:
        return f"{found} has no meaning here; write {_WRITE[found]}"
    if found.isspace():
        return "this is no plain space; type a space"
    if found in _QUOTES:
        return "quotes are not needed; names stand as they are: RUT"
    if found[0].isdigit() or found[0] == ".":
        return f"{short(found)} is not a number; numbers look like 0.7, 5%, 70k, 1.5M, 10d or 2025-11-20"
    return f"{short(found) if found.isprintable() else 'an unprintable character'} has no meaning here"


def _about_token(found: str, before: str, after: str) -> str:
    last = before.rstrip()
    digits = re.search(r"\d+$", last)
    rest = re.match(r"\d+[kKM%]?", after)
    if found == ")" and before.count("(") <= before.count(")"):
        return "this ) closes nothing"
    if found == "=":
        compare = {">": ">=", "<": "<="}.get(after[:1], "==")
        return f"write {compare} to compare; = names an argument inside a function"
    if found == ">" and last.endswith("<"):
        return "write != for not equal"
    if found == "*" and last.endswith("*"):
        return "** is not an operator; there are + - * /"
    if found == "," and digits and rest:
        one, other = short(digits[0]), short(rest[0])
        return f"numbers have no comma: write {one}{other}, or {one}.{other} for a fraction"
    word = re.search(r"\b(and|or|not)\s*$", last, re.IGNORECASE)
    if word and found not in ("and", "or"):
        return f"a condition must follow {word[1]}" if word[1].islower() else f"write {word[1].lower()} in lower case"
    if found.lower() in ("and", "or", "not"):
        return (
            f"write {found.lower()} in lower case" if found != found.lower() else f"a condition is missing at {found}"
        )
    if found.isdigit() and digits:
        return f"numbers are written without spaces: {short(digits[0] + found)}"
    if re.search(r"[\w)%]\s*$", before) and re.match(r"[\w(.]", found):
        return f"an operator is missing before {short(found)}"
    if last.endswith(("(", ",")) and found in (",", ")"):
        return "an argument is missing here"
    return f"{short(found)} cannot stand here"
