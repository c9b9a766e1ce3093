"""A change of the regime, and what fired at its close: one message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.delivery.grouping import COMPONENT
from bot.render.alerts import REGIME
from bot.store import schema
from bot.store.errors import StoreError
from rules.language.compile import CompiledRule
from tests.bot.market.stations import MINUTE, Station, rule, told
from tests.bot.watched import HIGH, MORNING, WEDNESDAY, after, indices, owed

# A change of the regime, and what fired at its close


def tagged(compiled: CompiledRule, *tags: str) -> CompiledRule:
    return replace(compiled, rule=replace(compiled.rule, tags=tags))


CHANGE = tagged(rule("change", "SPX > 100", "SPX < 95"), REGIME)
PART = tagged(HIGH, COMPONENT)
SHOCK = {WEDNESDAY: 101.0}


def test_a_change_takes_along_what_fired_at_its_close_and_everything_is_recorded(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(RUT=SHOCK, SPX=SHOCK), rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.chat("late", WEDNESDAY + 1)
        station.tick(MORNING)
        done = station.tick(after(WEDNESDAY))
        assert (told(done.events), done.owed) == (["high fired 2025-12-03", "change fired 2025-12-03"], 1)
        assert owed(station) == [("change", 2)]
        assert station.tick(after(WEDNESDAY, 61)).owed == 0
        station.restarts(after(WEDNESDAY, 62))
        assert station.tick(after(WEDNESDAY, 62)).owed == 0
        assert told(station.recorded()) == ["high fired 2025-12-03", "change fired 2025-12-03"]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_change_recalls_what_was_told_of_its_close_already(tmp_path: Path, restarted: bool) -> None:
    """Prices of one index come an hour after the other's, and nothing waits for them."""
    feed = indices(RUT=SHOCK, SPX=SHOCK)
    feed.is_late("SPX", WEDNESDAY, 90 * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        assert (station.tick(after(WEDNESDAY)).owed, owed(station)) == (1, [("high", 1)])
        if restarted:
            station.restarts(after(WEDNESDAY, 80))
        assert (station.tick(after(WEDNESDAY, 95)).owed, owed(station)) == (1, [("high", 1), ("change", 2)])
        assert "Told before:\n🟡 RUT" in station.rows(schema.deliveries)[-1].html


def test_what_fires_after_its_change_was_told_goes_on_its_own(tmp_path: Path) -> None:
    feed = indices(RUT=SHOCK, SPX=SHOCK)
    feed.is_late("RUT", WEDNESDAY, 90 * MINUTE)
    with Station(tmp_path / "a.db", feed, rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        station.ticks([after(WEDNESDAY), after(WEDNESDAY, 95)])
        assert owed(station) == [("change", 1), ("high", 1)]


def test_a_change_that_cannot_be_committed_takes_nothing_with_it(tmp_path: Path) -> None:
    with Station(tmp_path / "a.db", indices(RUT=SHOCK, SPX=SHOCK), rules=[PART, CHANGE]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        station.database.is_full(after=1)
        with pytest.raises(StoreError):
            station.tick(after(WEDNESDAY))
        assert (station.recorded(), owed(station)) == ([], [])
        station.database.has_room()
        station.restarts(after(WEDNESDAY, 61))
        station.tick(after(WEDNESDAY, 61))
        assert (len(station.recorded()), owed(station)) == (2, [("change", 2)])


def test_tags_that_are_new_adopt_no_rule_anew(tmp_path: Path) -> None:
    """They say how it is told, not when: it goes on where it was."""
    feed = indices(RUT=SHOCK, SPX=SHOCK)
    with Station(tmp_path / "a.db", feed, rules=[HIGH, tagged(CHANGE)]).starts(MORNING) as station:
        station.chat("one", MORNING)
        station.tick(MORNING)
        station.restarts(after(WEDNESDAY), [PART, CHANGE])
        station.tick(after(WEDNESDAY))
        assert owed(station) == [("change", 2)]
