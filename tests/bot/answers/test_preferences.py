"""What a chat has chosen, as a document: what is read is what was written, and what means nothing here does no harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.preferences import DEFAULT_ZONE, NEW_CHAT, Mode, Mute, Preferences, dump, load
from rules.model import Severity

MINUTES = st.integers(0, 1_439)
CHOSEN = st.builds(
    Preferences,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]),
    quiet=st.none() | st.tuples(MINUTES, MINUTES),
    budget=st.none() | st.integers(0, 99),
    digests=st.lists(MINUTES, max_size=4, unique=True).map(lambda some: tuple(sorted(some))),
    severities=st.dictionaries(st.sampled_from(Severity), st.sampled_from(Mode)),
    tags=st.dictionaries(st.sampled_from(["russell", "regime", "crypto"]), st.sampled_from(Mode)),
    mutes=st.lists(st.builds(Mute, st.sampled_from(["vix-25", "#regime", "*"]), st.none() | MINUTES, MINUTES)).map(
        tuple
    ),
    digests_since=st.integers(0, 2**33),
)


@given(CHOSEN)
def test_what_was_chosen_is_read_as_it_was_written(chosen: Preferences) -> None:
    assert load(dump(chosen)) == chosen


def test_who_has_chosen_nothing_has_an_empty_document() -> None:
    assert dump(NEW_CHAT) == {}
    assert load({}) == load(None) == NEW_CHAT


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "/etc/localtime", "Europe", "x" * 300])
def test_a_zone_that_is_not_known_here_is_utc(zone: str) -> None:
    """A database moves to another machine, with another list of zones: one chat's must not keep all untold."""
    assert load({"zone": zone, "budget": 3}) == Preferences(zone=DEFAULT_ZONE, budget=3)
