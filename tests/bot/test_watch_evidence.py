"""A live alert carries what followed before it, everybody's and one's own, told late or at once."""

from __future__ import annotations

from pathlib import Path

from bot.store import schema
from tests.bot.market.stations import Station
from tests.bot.personal.owners import makes
from tests.bot.watched import DAYS, HIGH, MORNING, QUICK, WEDNESDAY, after, indices

OFTEN = {day: 101.0 if row % 3 == 0 else 90.0 for row, day in enumerate(DAYS) if day < MORNING} | {WEDNESDAY: 102.0}


def test_of_everybodys_rules_and_of_ones_own(tmp_path: Path) -> None:
    """Of those that end nothing is told."""
    feed = indices(RUT=OFTEN)
    with Station(tmp_path / "a.db", feed, rules=[HIGH, QUICK]).starts(MORNING) as station:
        station.chat("7", MORNING)
        makes(station, "7", "rut > 101 close", MORNING)
        station.tick(MORNING)
        station.tick(after(WEDNESDAY))
        told = {row.event.partition("/")[0]: row.html for row in station.rows(schema.deliveries)}
        before = sum(price == 101.0 for price in OFTEN.values())
        assert f"\n{before + 1}th since 2025" in told["high"]
        assert f"\n{before + 1} by closes since 2025" in told["quick"]
        assert "\n1st since 2025, no outcome known yet" in told["#1.1"]
        assert sum("since 2025" in html for html in told.values()) == len(told) == 3
