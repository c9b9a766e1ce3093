"""Times of day in every zone: each once a day, in order, and no quiet hours without an end."""

from __future__ import annotations

import datetime as dt
import zoneinfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.preferences import Preferences
from bot.delivery.hours import (
    digest_before,
    following,
    instant_of,
    last_digest,
    local,
    midnight_before,
    next_digest,
    quiet_until,
)
from rules.bars import DAY, HOUR
from tests.bot.markets import at

ZONES = st.sampled_from(sorted(zoneinfo.available_timezones()))
INSTANTS = st.integers(at("1990-01-01T00:00Z"), at("2040-01-01T00:00Z"))
MINUTES = st.integers(0, 24 * 60 - 1)
NEW_YORK, APIA = "America/New_York", "Pacific/Apia"
NIGHT = (22 * 60, 7 * 60)


@pytest.mark.parametrize(
    ("now", "zone", "end"),
    [
        ("2025-12-03T23:00Z", "UTC", "2025-12-04T07:00Z"),
        ("2025-12-04T06:59Z", "UTC", "2025-12-04T07:00Z"),
        ("2025-12-04T07:00Z", "UTC", None),
        ("2025-12-04T21:59Z", "UTC", None),
        ("2025-12-04T22:00Z", "UTC", "2025-12-05T07:00Z"),
        ("2025-12-04T11:00Z", NEW_YORK, "2025-12-04T12:00Z"),
        ("2025-03-09T04:00Z", NEW_YORK, "2025-03-09T11:00Z"),  # clocks go forward in this night
        ("2025-11-02T04:00Z", NEW_YORK, "2025-11-02T12:00Z"),  # and back in this one
    ],
)
def test_quiet_hours_end_by_the_clock_on_the_wall(now: str, zone: str, end: str | None) -> None:
    found = quiet_until(at(now), Preferences(zone=zone, quiet=NIGHT))
    assert found == (None if end is None else at(end))


def test_quiet_hours_that_end_in_the_hour_that_comes_twice_end_once() -> None:
    """Held back until 01:30 at the second 01:10, an alert waited for a day."""
    chat = Preferences(zone=NEW_YORK, quiet=(22 * 60, 90))
    assert quiet_until(at("2025-11-02T05:10Z"), chat) == at("2025-11-02T05:30Z")
    assert quiet_until(at("2025-11-02T06:10Z"), chat) is None


def test_a_time_that_the_day_skips_is_told_an_hour_later_by_the_new_clock() -> None:
    assert instant_of(dt.date(2025, 3, 9), 150, NEW_YORK) == at("2025-03-09T07:30Z")


def test_without_a_brief_of_its_own_a_chat_reads_on_saturday_morning() -> None:
    chat = Preferences(zone="Europe/Berlin")
    assert next_digest(at("2025-12-04T12:00Z"), chat) == at("2025-12-06T08:00Z")
    assert next_digest(at("2025-12-06T08:00Z"), chat) == at("2025-12-13T08:00Z")
    assert last_digest(at("2025-12-06T08:00Z"), chat) is None


def test_a_brief_is_due_from_when_it_was_asked_for() -> None:
    chosen = at("2025-12-04T08:30Z")
    chat = Preferences(digests=(480, 1_020), digests_since=chosen)
    assert last_digest(chosen, chat) is None
    assert last_digest(at("2025-12-04T17:01Z"), chat) == at("2025-12-04T17:00Z")
    assert digest_before(at("2025-12-04T17:00Z"), chat) == at("2025-12-04T08:00Z")
    assert next_digest(at("2025-12-04T17:00Z"), chat) == at("2025-12-05T08:00Z")


def test_a_zone_that_skipped_a_whole_day_has_no_night_without_a_morning() -> None:
    """Samoa went from Thursday to Saturday at the end of 2011."""
    chat = Preferences(zone=APIA, quiet=NIGHT)
    for now in range(at("2011-12-29T00:00Z"), at("2012-01-02T00:00Z"), HOUR):
        end = quiet_until(now, chat)
        assert end is None or now < end <= now + DAY + HOUR


@given(now=INSTANTS, zone=ZONES, first=MINUTES, last=MINUTES)
def test_quiet_hours_end_within_a_day_and_are_over_then(now: int, zone: str, first: int, last: int) -> None:
    if first == last:
        return
    chat = Preferences(zone=zone, quiet=(first, last))
    end = quiet_until(now, chat)
    if end is not None:
        assert now < end <= now + DAY + 2 * HOUR
        assert quiet_until(end, chat) is None


@given(now=INSTANTS, zone=ZONES, minute=MINUTES)
def test_a_time_of_day_comes_within_two_days_and_the_next_one_after_it(now: int, zone: str, minute: int) -> None:
    once = following(now, minute, zone)
    again = following(once, minute, zone)
    assert now < once <= now + 2 * DAY + 2 * HOUR
    assert once < again <= once + 2 * DAY + 2 * HOUR
    chat = Preferences(zone=zone, digests=(minute,))
    assert next_digest(now, chat) == once
    assert last_digest(once, chat) == once
    assert digest_before(again, chat) == once


@given(now=INSTANTS, zone=ZONES)
def test_a_day_began_not_long_ago_and_on_that_date(now: int, zone: str) -> None:
    began = midnight_before(now, zone)
    assert now - DAY - 2 * HOUR < began <= now
    assert local(began, zone).date() == local(now, zone).date()


@given(now=INSTANTS, zone=ZONES)
def test_a_week_has_one_saturday_morning(now: int, zone: str) -> None:
    chat = Preferences(zone=zone)
    once = next_digest(now, chat)
    assert now < once <= now + 8 * DAY
    assert next_digest(once, chat) - once >= 6 * DAY
