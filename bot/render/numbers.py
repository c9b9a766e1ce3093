"""Numbers and instants as a trader reads them. Plain text: what puts it into a message escapes it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

from rules.bars import DAY
from rules.functions.registry import Unit
from rules.model import ALWAYS, Instant

UNDEFINED = "n/a"


def counted(count: int, what: str) -> str:
    """1 rule, 2,000 rules."""
    return f"{count:,} {what}{'s' * (count != 1)}"


def price(value: float | None) -> str:
    """2,531.16 or 0.3335: two decimals from ten on, more below."""
    if value is None or math.isnan(value):
        return UNDEFINED
    size = abs(value)
    return _rounded(value, 2 if size >= 10 or size == 0 else 4 if size >= 0.1 else 6, ",")


def percent(share: float | None, *, signed: bool = False) -> str:
    """3.2% of a share of 0.032."""
    if share is None or math.isnan(share):
        return UNDEFINED
    return f"{_rounded(share * 100, 1, '+' if signed else '')}%"


def probability(p: float | None) -> str:
    """54%, and never 0 or 100 for what is only nearly so."""
    if p is None or math.isnan(p):
        return UNDEFINED
    if 0 < p < 0.01:
        return "<1%"
    return ">99%" if 0.99 < p < 1 else f"{p * 100:.0f}%"


def correlation(r: float | None) -> str:
    """+0.50: two digits; more would claim more than is known."""
    return UNDEFINED if r is None or math.isnan(r) else _rounded(r, 2, "+")


def slope(value: float | None) -> str:
    """1.86: two digits."""
    return UNDEFINED if value is None or math.isnan(value) else _rounded(value, 2)


def volume(value: float | None) -> str:
    """1.2M"""
    if value is None or math.isnan(value):
        return UNDEFINED
    for size, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if round(abs(value) / size, 1) >= 1:
            return f"{value / size:.1f}{suffix}"
    return _rounded(value, 0)


def plain(value: float | None) -> str:
    """Four significant digits, and no powers of ten for what is the size of a price."""
    if value is None or math.isnan(value):
        return UNDEFINED
    return _rounded(value, 0, ",") if 1e4 <= abs(value) < 1e15 else f"{value + 0.0:.4g}"


def deviations(value: float | None) -> str:
    """-2.3: how many usual moves something has moved."""
    return UNDEFINED if value is None or math.isnan(value) else _rounded(value, 1, "+")


def times(factor: float | None) -> str:
    """2.8x, 33x, or 7e+12x."""
    if factor is None or math.isnan(factor):
        return UNDEFINED
    return f"{factor:.1f}x" if factor < 9.95 else f"{factor:.0f}x" if factor < 9_999.5 else f"{factor:.0e}x"


def truth(value: float | None) -> str:
    """yes, no, or unknown."""
    return "unknown" if value is None or math.isnan(value) else "yes" if value else "no"


_BY_UNIT: dict[str, Callable[[float | None], str]] = {
    Unit.PRICE: price,
    Unit.PERCENT: percent,
    Unit.PROBABILITY: probability,
    Unit.CORRELATION: correlation,
    Unit.VOLUME: volume,
    Unit.NUMBER: plain,
    Unit.DEVIATIONS: deviations,
    Unit.TIMES: times,
    Unit.TRUTH: truth,
}


def by_unit(value: float | None, unit: str) -> str:
    """A value in the form of its unit."""
    return _BY_UNIT[unit](value)


def nearly(value: float | None, unit: str) -> str:
    """A value that fell short of a level, with the digits that show it: 49.83%, not 50%."""
    if value is None or math.isnan(value) or unit not in (Unit.PROBABILITY, Unit.PERCENT):
        return by_unit(value, unit)
    return f"{value * 100:.4g}%"


def _rounded(value: float, decimals: int, form: str = "") -> str:
    """Rounded, and never -0.0."""
    sign = "+" if "+" in form else ""
    comma = "," if "," in form else ""
    return f"{round(value, decimals) + 0.0:{sign}{comma}.{decimals}f}"


def date(session: dt.date) -> str:
    """Wed 2025-12-10"""
    return f"{session:%a} {session.isoformat()}"


def duration(seconds: int) -> str:
    """45 s, 12 min, 3 h 5 min, 2 d 4 h: the two largest units that matter."""
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3_600:
        return f"{seconds // 60} min"
    hours, minutes = divmod(seconds // 60, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def instant(at: Instant) -> str:
    """Thu 2025-12-11 14:30Z"""
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%a %Y-%m-%d %H:%M}Z"


def session_of(end: Instant) -> dt.date:
    """The date of a bar that ended at `end`: a UTC day ends at the next midnight."""
    return dt.date(1970, 1, 1) + dt.timedelta(days=(end - 1) // DAY)


def closing(session: dt.date, calendar: str) -> str:
    """Which close something is as of."""
    return f"UTC day {date(session)}" if calendar == ALWAYS else f"Close of {date(session)}"


def size(count: int) -> str:
    """31.2 MB, of bytes"""
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return f"{count / 1e3:.0f} kB"
