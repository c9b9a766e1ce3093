"""Times of day and lengths of time as people write them. Nothing is asked of the market here."""

from __future__ import annotations

import re
import unicodedata

from rules.bars import DAY, HOUR

LONGEST = 366 * DAY
"""Seconds that something may be put off for."""

_TIME = re.compile(r"(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm)?", re.IGNORECASE | re.ASCII)
_SPAN = re.compile(r"(\d{1,4})\s*([a-z]+)", re.IGNORECASE | re.ASCII)
_UNITS = {
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), HOUR),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY),
}


def minute_of(word: str) -> int | None:
    """The minute of the day of 22:00, 22, 2200, 22.00 or 10pm; None of anything else."""
    found = _TIME.fullmatch(_plain(word))
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def seconds_of(word: str) -> int | None:
    """How long 90m, 1h, 3d or 2w is; None of anything else, of nothing, and of more than a year."""
    found = _SPAN.fullmatch(_plain(word))
    unit = _UNITS.get(found[2].lower()) if found else None
    seconds = int(found[1]) * unit if found and unit else 0
    return seconds if 0 < seconds <= LONGEST else None


def hours_of(text: str) -> tuple[int, int] | None:
    """From when until when `22:00-07:00` is, or `22 to 7`; None of anything else, and of a time that ends as it
    begins.
    """
    parts = [part for part in re.split(r"\s*(?:-|\bto\b|\buntil\b|\s)\s*", _plain(text)) if part]
    times = [minute_of(part) for part in parts]
    if len(times) != 2 or times[0] is None or times[1] is None or times[0] == times[1]:
        return None
    return times[0], times[1]


def _plain(text: str) -> str:
    """Dashes and digits of every alphabet and width as a keyboard has them."""
    narrow = unicodedata.normalize("NFKC", text).strip()
    return re.sub("[\u2010-\u2015\u2212]", "-", narrow)
