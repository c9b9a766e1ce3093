"""Numbers and instants as a trader reads them."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable

from rules.functions.registry import Unit
from rules.model import ALWAYS, Instant

UNDEFINED = "n/a"


def price(value: float | None) -> str:
    """2,531.16, 0.3335: six digits at the most below a thousand."""
    if value is None or math.isnan(value):
        return UNDEFINED
    size = abs(value)
    decimals = 2 if size >= 100 else 3 if size >= 10 else 4 if size >= 0.1 else 6
    return f"{value:,.{decimals}f}"


def percent(share: float | None, *, signed: bool = False) -> str:
    """3.2 % of a share of 0.032."""
    if share is None or math.isnan(share):
        return UNDEFINED
    return f"{share * 100:{'+' if signed else ''}.1f} %"


def probability(p: float | None) -> str:
    """54 %, and never 0 or 100 for what is only nearly so."""
    if p is None or math.isnan(p):
        return UNDEFINED
    if 0 < p < 0.01:
        return "<1 %"
    return ">99 %" if 0.99 < p < 1 else f"{p * 100:.0f} %"


def correlation(r: float | None) -> str:
    """+0.50: two digits; more would claim more than is known."""
    return UNDEFINED if r is None or math.isnan(r) else f"{r:+.2f}"


def volume(value: float | None) -> str:
    """1.2M"""
    if value is None or math.isnan(value):
        return UNDEFINED
    for size, suffix in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.1f}{suffix}"
    return f"{value:.0f}"


def plain(value: float | None) -> str:
    """Four significant digits."""
    return UNDEFINED if value is None or math.isnan(value) else f"{value:.4g}"


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
    Unit.TRUTH: truth,
}


def by_unit(value: float | None, unit: str) -> str:
    """A value in the form of its unit."""
    return _BY_UNIT[unit](value)


def date(session: dt.date) -> str:
    """Wed 2025-12-10"""
    return f"{session:%a} {session.isoformat()}"


def instant(at: Instant) -> str:
    """Thu 2025-12-11 14:30Z"""
    return f"{dt.datetime.fromtimestamp(at, dt.UTC):%a %Y-%m-%d %H:%M}Z"


def closing(session: dt.date, calendar: str) -> str:
    """Which close an answer is as of."""
    return f"the UTC day {session.isoformat()}" if calendar == ALWAYS else f"the close of {date(session)}"
