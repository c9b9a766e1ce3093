"""Times of day and lengths of time as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.queries.times import LONGEST, hours_of, minute_of, seconds_of
from rules.bars import DAY, HOUR


@pytest.mark.parametrize(
    ("word", "minute"),
    [
        ("22:00", 1_320), ("7", 420), ("07.30", 450), ("0730", 450), ("7h30", 450), ("10pm", 1_320), ("12am", 0),
        ("12PM", 720), ("7:15 am", 435), ("\uff10\uff18\uff1a\uff10\uff10", 480), ("0", 0), ("23:59", 1_439),
        ("24:00", None), ("7:60", None), ("13pm", None), ("0am", None), ("noon", None), ("", None), ("-7", None),
        ("7:5", None), ("12345", None), ("\u0663", None),
    ],
)  # fmt: skip
def test_a_time_of_day_in_the_ways_people_write_it(word: str, minute: int | None) -> None:
    assert minute_of(word) == minute


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("22:00-07:00", (1_320, 420)), ("22-7", (1_320, 420)), ("22:00 – 07:00", (1_320, 420)),
        ("10pm to 7am", (1_320, 420)), ("22 until 7", (1_320, 420)), ("22:00 07:00", (1_320, 420)),
        ("0-6", (0, 360)), ("7-7", None), ("22", None), ("22-7-9", None), ("a-b", None), ("", None),
    ],
)  # fmt: skip
def test_hours_are_understood_in_every_way_that_people_write_them(text: str, hours: tuple[int, int] | None) -> None:
    assert hours_of(text) == hours


@pytest.mark.parametrize(
    ("word", "seconds"),
    [
        ("1h", HOUR), ("90m", 5_400), ("3d", 3 * DAY), ("2w", 14 * DAY), ("30days", 30 * DAY), ("1 hour", HOUR),
        ("366d", LONGEST), ("367d", None), ("0h", None), ("h", None), ("5", None), ("3y", None), ("-1h", None),
    ],
)  # fmt: skip
def test_a_length_of_time_is_a_number_with_its_unit_up_to_a_year(word: str, seconds: int | None) -> None:
    assert seconds_of(word) == seconds


@given(text=st.text(max_size=40))
def test_whatever_is_written_it_is_a_time_or_nothing(text: str) -> None:
    minute, seconds, hours = minute_of(text), seconds_of(text), hours_of(text)
    assert minute is None or 0 <= minute < 24 * 60
    assert seconds is None or 0 < seconds <= LONGEST
    assert hours is None or hours[0] != hours[1]
