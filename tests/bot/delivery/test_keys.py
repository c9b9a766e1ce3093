"""Buttons beneath alerts: lines that a person could have written."""

from __future__ import annotations

from dataclasses import replace

from bot.answers.buttons import Place
from bot.delivery.keys import keys_of
from tests.bot.render.events import event


def lines(rule: str) -> list[str]:
    happened = replace(event("vix-25"), rule=rule)
    short = happened.short_id
    return [key.line.replace(short, "ID") for row in keys_of(happened) for key in row]


def test_an_alert_can_be_seen_explained_and_silenced() -> None:
    assert lines("vix-25") == ["/chart vix-25", "/why ID", "/snooze vix-25", "/mute vix-25"]


def test_ones_own_is_written_as_people_read_it_and_removed_rather_than_muted() -> None:
    assert lines("#12.3") == ["/chart #3", "/why ID", "/snooze #3", "/alert remove 3"]


def test_how_long_it_is_silent_is_asked_without_another_message() -> None:
    places = [key.place for row in keys_of(event("vix-25")) for key in row]
    assert places == [Place.BELOW, Place.BELOW, Place.KEYS, Place.KEYS]
