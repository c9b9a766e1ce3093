"""What an event was judged on, as hashes: all that a panel held of a rule's instruments up to the event's row, and the
trades of a session in progress. Hashes tell that something has changed; checks of each year beside them tell where.

A check is two sums over a year's rows, of a number h that stands for the row and of its place times h, modulo a prime:
where one row alone has changed, the ratio of what they differ by is its place. (The syndromes of a Reed-Solomon code
that corrects one error; Reed and Solomon 1960.) They find mistakes, and are not made against an enemy: SHA-256 is.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rules.bars import Bars, Floats, Ints, Origin, Tick
from rules.book import row_ending
from rules.columns import Field, walk
from rules.language.compile import CompiledRule
from rules.model import AlertEvent, Instant
from rules.panel import Clock, Panel
from rules.statement import inputs_of

PRIME = 2**31 - 1
"""What the sums of checks are taken modulo; each is eight hexadecimal digits."""

_KNOWN = ("open", "high", "low", "close", "volume", "turnover", "link", "tape")
_HOURLY = ("open", "high", "low", "close")
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Change:
    """An instrument of which something is not what it was: the first `year`, and in it the `session`, where that year
    has one that alone has changed. Without a year there is none: it is something that no row tells of.
    """

    instrument: str
    year: int | None = None
    session: dt.date | None = None


class Inputs:
    """Hashes of one panel. Whatever several events ask for is computed once."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._tables: dict[str, Floats] = {}
        self._rows: dict[str, Ints] = {}
        self._sums: dict[str, Ints] = {}
        self._digests: dict[tuple[str, int, Instant | None], str] = {}

    def of(self, rule: CompiledRule, event: AlertEvent) -> dict[str, Any]:
        """What an event of `rule` was judged on, of JSON's types. Raises ValueError where the panel has no such row."""
        row = row_of(self.panel, event)
        first = self.panel.clock.sessions[0].astype("datetime64[D]").item()
        in_progress = self.panel.provisional and row == len(self.panel) - 1
        last = row - in_progress
        names, inside = [name for name in inputs_of(rule) if name in self.panel.columns], hourly(rule)
        ends = int(self.panel.clock.closes[row])
        found: dict[str, Any] = {
            "calendar": rule.calendar,
            "first": first.isoformat(),
            "rows": last + 1,
            "closes": self.closes(last),
            "prices": {name: self._prices(name, last, ends if name in inside else None) for name in names},
        }
        if in_progress:
            found["trades"] = [_trade(self.panel, name) for name in names if name in self.panel.trades]
            found["ends"] = ends
        return found

    def closes(self, last: int) -> str:
        """SHA-256 of the closing instants of the rows up to `last`."""
        return hashlib.sha256(_little(self.panel.clock.closes[: last + 1], "<i8")).hexdigest()

    def digest(self, name: str, last: int, hours_until: Instant | None = None) -> str:
        """SHA-256 of all that is known of an instrument on the rows up to `last`, and of its hours up to an instant."""
        key = name, last, hours_until
        if key not in self._digests:
            content = hashlib.sha256()
            for column in self._table(name):
                content.update(_little(column[: last + 1], "<f8"))
            if hours_until is not None and name in self.panel.hours:
                content.update(_hours(self.panel.hours[name], hours_until))
            self._digests[key] = content.hexdigest()
        return self._digests[key]

    def checks(self, name: str, last: int) -> str:
        """The check of each year of the rows up to `last`, one after the other, each of sixteen digits."""
        numbers = self._numbers(name)[: last + 1]
        starts = _years(self.panel.clock, last)
        if not len(starts):
            return ""
        places = np.arange(len(numbers)) - np.repeat(starts, np.diff(np.append(starts, len(numbers)))) + 1
        plain, placed = np.add.reduceat(numbers, starts), np.add.reduceat(numbers * places % PRIME, starts)
        pairs = zip((plain % PRIME).tolist(), (placed % PRIME).tolist(), strict=True)
        return "".join(f"{one:08x}{other:08x}" for one, other in pairs)

    def total(self, name: str, last: int) -> int:
        """The sum of what the checks of an instrument's years hold first: where it differs, so does the hash."""
        if name not in self._sums:
            self._sums[name] = np.cumsum(self._numbers(name))
        return int(self._sums[name][last]) % PRIME if last >= 0 else 0

    def change(self, name: str, last: int, checks: str) -> Change:
        """Where an instrument has changed, by its `checks` of before."""
        now, starts = self.checks(name, last), [*_years(self.panel.clock, last).tolist(), last + 1]
        for index, start in enumerate(starts[:-1]):
            was, found = (text[index * _DIGITS : (index + 1) * _DIGITS] for text in (checks, now))
            if was != found:
                row = _moved_row(was, found, starts[index + 1] - start)
                session = self.panel.clock.session(start + row) if row is not None else None
                return Change(name, self.panel.clock.session(start).year, session)
        return Change(name)

    def _prices(self, name: str, last: int, hours_until: Instant | None) -> dict[str, Any]:
        return {
            "sha256": self.digest(name, last, hours_until),
            "checks": self.checks(name, last),
            "origins": [_origin(each) for each in self.panel.origins[name]],
        }

    def _table(self, name: str) -> Floats:
        """What is known of an instrument, a field a row: every NaN is the same one, and 0 has no sign."""
        if name not in self._tables:
            table = np.stack([self.panel.field(name, field) for field in _KNOWN]) + 0.0
            table[np.isnan(table)] = np.nan
            self._tables[name] = table
        return self._tables[name]

    def _numbers(self, name: str) -> Ints:
        """A number below `PRIME` that stands for each row."""
        if name not in self._rows:
            mixed = np.zeros(len(self.panel), dtype=np.uint64)
            for column in np.ascontiguousarray(self._table(name)).view(np.uint64):
                mixed = (mixed ^ column ^ (column >> np.uint64(29))) * np.uint64(0x9E3779B97F4A7C15)
                mixed ^= mixed >> np.uint64(32)
            self._rows[name] = (mixed % np.uint64(PRIME)).astype(np.int64)
        return self._rows[name]


def row_of(panel: Panel, event: AlertEvent) -> int:
    """The row of a panel that an event is of. Raises ValueError where there is none."""
    row = len(panel) - 1 if event.provisional and panel.provisional else row_ending(panel, event.at)
    if row < 0 or event.provisional is not (panel.provisional and row == len(panel) - 1):
        raise ValueError(f"no row ended as {event.key} says")
    return row


def hourly(rule: CompiledRule) -> frozenset[str]:
    """The instruments whose hours a rule looks into, and not only its rows."""
    return frozenset(each.instrument for each in walk(rule.roots) if isinstance(each, Field) and each.name == "spread")


def trades_of(plain: Iterable[Mapping[str, Any]]) -> dict[str, Tick]:
    """The trades of a session in progress, by instrument, as they were written down; what was not said is NaN."""
    found = {}
    for each in plain:
        spans = {name: np.nan if each[name] is None else each[name] for name in _SPANS}
        tick = Tick(each["instrument"], each["at"], each["price"], **spans, origin=origin_of(each["origin"]))
        found[tick.instrument] = tick
    return found


_SPANS = ("open", "high", "low")


def _trade(panel: Panel, name: str) -> dict[str, Any]:
    column = panel.columns[name]
    spans = {field: _number(getattr(column, field)[-1]) for field in _SPANS}
    origin = panel.origins[name][int(column.origin[-1])]
    made = {"instrument": name, "at": panel.trades[name], "price": float(column.close[-1])}
    return {**made, **spans, "origin": _origin(origin)}


def _number(value: np.float64) -> float | None:
    return None if np.isnan(value) else float(value)


def _origin(origin: Origin) -> list[Any]:
    return [origin.feed, origin.venue, origin.quote, str(origin.volume_unit), origin.simulated]


def origin_of(plain: Sequence[Any]) -> Origin:
    """Who printed a price, as it was written down."""
    feed, venue, quote, unit, simulated = plain
    return Origin(feed, venue, quote, unit, simulated)


def _hours(bars: Bars, until: int) -> bytes:
    """The hours that had ended by `until`, of each the one that is preferred."""
    used = bars.preferred().upto(until)
    numbers = np.stack([getattr(used, name) for name in _HOURLY]) + 0.0
    numbers[np.isnan(numbers)] = np.nan
    return _little(used.end, "<i8") + _little(numbers, "<f8")


def _little(array: Floats | Ints, kind: str) -> bytes:
    """Bytes that are the same on every machine."""
    return np.ascontiguousarray(array, dtype=kind).tobytes()


def _years(clock: Clock, last: int) -> Ints:
    """The first row of each calendar year of the rows up to `last`."""
    years = clock.sessions[: last + 1].astype("datetime64[Y]").astype(np.int64)
    return np.flatnonzero(np.diff(years, prepend=np.int64(-1_000_000))) if len(years) else np.empty(0, dtype=np.int64)


def _moved_row(was: str, now: str, rows: int) -> int | None:
    """The row of a year that alone has changed, by its two checks; None where several have, or nothing can be told."""
    if re.fullmatch("[0-9a-f]{16}", was) is None:
        return None
    (plain_was, placed_was), (plain, placed) = (_sums(was), _sums(now))
    moved = (plain - plain_was) % PRIME
    if not moved:
        return None
    place = (placed - placed_was) * pow(moved, -1, PRIME) % PRIME
    return place - 1 if 1 <= place <= rows else None


def _sums(check: str) -> Iterator[int]:
    return (int(check[at : at + 8], 16) for at in (0, 8))
