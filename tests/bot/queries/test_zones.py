"""Zones by the names that people have for them."""

from __future__ import annotations

import zoneinfo
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queries.view import NoAnswer
from bot.queries.zones import _KNOWN_CITIES, _OTHER_NAMES, zone_named
from tests.bot.markets import at

SUMMER, WINTER = at("2025-07-01T00:00Z"), at("2025-12-04T00:00Z")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"), ("berlin", "Europe/Berlin"), ("NEW YORK", "America/New_York"),
        ("new_york", "America/New_York"), ("NY", "America/New_York"), ("N.Y.", "America/New_York"),
        ("London", "Europe/London"), ("hong kong", "Asia/Hong_Kong"), ("SF", "America/Los_Angeles"),
        ("St. Johns", "America/St_Johns"), ("buenos aires", "America/Buenos_Aires"), ("CET", "Europe/Berlin"),
        ("utc", "UTC"), ("GMT", "UTC"), ("mumbai", "Asia/Kolkata"), ("sao paulo", "America/Sao_Paulo"),
    ],
)  # fmt: skip
def test_a_zone_is_known_by_its_city_its_clock_or_what_people_call_it(text: str, zone: str) -> None:
    assert zone_named(text, WINTER) == zone


@pytest.mark.parametrize(
    ("text", "now", "words"),
    [
        ("UTC+2", SUMMER, "name a city, such as Europe/Berlin or Africa/Johannesburg"),
        ("+2", WINTER, "name a city, such as Europe/Athens or Africa/Johannesburg"),
        ("gmt -5", WINTER, "name a city, such as America/New_York"),
        ("+5:30", WINTER, "name a city, such as Asia/Kolkata"),
        ("+13:37", WINTER, "name a city, such as Europe/Berlin"),
        ("Berln", WINTER, "there is no zone Berln here; did you mean Berlin"),
        ("qqqq", WINTER, "there is no zone qqqq here; name a large city"),
    ],
)
def test_what_is_none_is_told_what_would_be(text: str, now: int, words: str) -> None:
    with pytest.raises(NoAnswer, match=r"^(an offset|there is)") as refused:
        zone_named(text, now)
    assert words in str(refused.value)


def test_every_name_we_know_is_one_of_the_machines() -> None:
    assert {*_OTHER_NAMES.values(), *_KNOWN_CITIES} <= zoneinfo.available_timezones()


@given(text=st.text(max_size=60))
def test_whatever_is_written_it_is_a_zone_or_refused(text: str) -> None:
    with suppress(NoAnswer):
        assert zoneinfo.ZoneInfo(zone_named(text, WINTER)).key
