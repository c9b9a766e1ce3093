"""The zone that somebody means by the name of a city, a country or a clock. Nothing is asked of the market here."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from collections.abc import Iterator
from functools import cache

from bot.queries.view import NoAnswer
from rules.language.errors import nearest, short
from rules.model import Instant

_AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_OFFSET = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE | re.ASCII)
_KNOWN_CITIES = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Sao_Paulo",
    "America/Halifax", "America/Anchorage", "Pacific/Honolulu", "Europe/London", "Europe/Berlin", "Europe/Athens",
    "Africa/Lagos", "Africa/Johannesburg", "Africa/Nairobi", "Europe/Moscow", "Asia/Dubai", "Asia/Karachi",
    "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Singapore", "Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney",
    "Pacific/Auckland",
)  # fmt: skip
"""What is offered in place of an offset."""

_OTHER_NAMES = {
    **dict.fromkeys(("ny", "nyc", "newyorkcity", "est", "edt", "et", "eastern", "wallstreet"), "America/New_York"),
    **dict.fromkeys(("cst", "cdt", "ct", "central"), "America/Chicago"),
    **dict.fromkeys(("mst", "mdt", "mountain"), "America/Denver"),
    **dict.fromkeys(("la", "sf", "sanfrancisco", "seattle", "pst", "pdt", "pt", "pacific"), "America/Los_Angeles"),
    **dict.fromkeys(("boston", "miami", "washington", "atlanta", "philadelphia"), "America/New_York"),
    **dict.fromkeys(("houston", "dallas", "austin"), "America/Chicago"),
    **dict.fromkeys(("uk", "england", "bst", "edinburgh"), "Europe/London"),
    **dict.fromkeys(("cet", "cest", "germany", "frankfurt", "munich", "hamburg", "cologne"), "Europe/Berlin"),
    **dict.fromkeys(("switzerland", "geneva", "basel"), "Europe/Zurich"),
    **dict.fromkeys(("france", "lyon"), "Europe/Paris"),
    **dict.fromkeys(("italy", "milan"), "Europe/Rome"),
    **dict.fromkeys(("spain", "barcelona"), "Europe/Madrid"),
    **dict.fromkeys(("india", "ist", "mumbai", "delhi", "bangalore"), "Asia/Kolkata"),
    **dict.fromkeys(("china", "beijing", "shenzhen"), "Asia/Shanghai"),
    **dict.fromkeys(("japan", "jst", "osaka"), "Asia/Tokyo"),
    **dict.fromkeys(("hk", "hkt"), "Asia/Hong_Kong"),
    **dict.fromkeys(("sg", "sgt"), "Asia/Singapore"),
    **dict.fromkeys(("aest", "aedt"), "Australia/Sydney"),
    **dict.fromkeys(("abudhabi", "uae"), "Asia/Dubai"),
    **dict.fromkeys(("utc", "gmt", "z", "zulu"), "UTC"),
}


def zone_named(text: str, now: Instant) -> str:
    """The IANA name of a zone. Raises NoAnswer with what would be right, of an offset too: it does not know when
    clocks change; `now` says which places have it.
    """
    key = _key(text)
    known = _zones()
    found = _OTHER_NAMES.get(key) or known.get(key)
    if found is not None:
        return found
    offset = _OFFSET.fullmatch(text.strip().replace("\u2212", "-"))
    if offset is not None:
        like = list(_with_offset(offset, now))
        hint = f", such as {' or '.join(like[:2])}" if like else ", such as Europe/Berlin"
        raise NoAnswer(f"an offset does not know when clocks change: name a city{hint}")
    names = [*known.values(), *(name.rpartition("/")[2] for name in known.values())]
    raise NoAnswer(f"there is no zone {short(text, 40)} here{nearest(text[:60], names) or '; name a large city'}")


def _key(text: str) -> str:
    """Names without what people leave out: case, blanks, underscores, points."""
    return re.sub(r"[\s_.'-]", "", text).lower()


@cache
def _zones() -> dict[str, str]:
    """By key, every zone of a place by its whole name, and by its last part where that is one place."""
    names = sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _AREAS)
    cities: dict[str, set[str]] = {}
    for name in names:
        cities.setdefault(_key(name.rpartition("/")[2]), set()).add(name)
    alone = {city: min(places, key=len) for city, places in cities.items()}
    return {**alone, **{_key(name): name for name in names}, "utc": "UTC"}


def _with_offset(offset: re.Match[str], now: Instant) -> Iterator[str]:
    """The large cities whose clocks are so far from UTC now."""
    minutes = (int(offset[2]) * 60 + int(offset[3] or 0)) * (-1 if offset[1] == "-" else 1)
    for name in _KNOWN_CITIES:
        ahead = dt.datetime.fromtimestamp(now, zoneinfo.ZoneInfo(name)).utcoffset()
        if ahead == dt.timedelta(minutes=minutes):
            yield name
