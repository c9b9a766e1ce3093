"""Words on pictures: drawn as they are, in the room there is."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers import Picture
from bot.render.charts import draw
from bot.render.charts.words import fitted, spread, width
from tests.bot.render import pictures
from tests.bot.render.charts.drawings import PHONE, figure

ODD = ("$x^2$", "\\frac{1}{0}", "<b>&amp;", "two\nlines\t", "\N{GRINNING FACE}", "\ud800", "", "W" * 5_000, "\x00")


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_drawn_as_they_are_or_as_far_as_there_is_room(name: str) -> None:
    entry = replace(pictures.against(3).lines[0], b=name)
    odd: tuple[Picture, ...] = (
        pictures.pair(a=name, b=name),
        pictures.against(a=name, lines=(entry,)),
        pictures.matrix(3, basket=name, instruments=(name, "B", name)),
        pictures.regime(instrument=name),
    )
    for picture in odd:
        assert draw(picture)
        assert all(text.get_window_extent().x1 <= PHONE for text in figure(picture).texts)


def test_a_dollar_is_a_dollar() -> None:
    (title, *_) = figure(pictures.pair(a="$x^2$")).texts
    assert title.get_text().startswith("$x^2$ and SOL")
    assert not title.get_parse_math()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60), st.floats(12, 60), st.floats(60, 1_000), st.booleans())
def test_fitted_words_take_no_more_room_than_there_is(text: str, size: float, room: float, bold: bool) -> None:
    kept, smaller = fitted(text, size, room, bold=bold)
    assert width(kept, smaller, bold=bold) <= room
    assert size / 2 <= smaller <= size


@given(st.lists(st.floats(-500, 500), max_size=8).map(sorted), st.floats(1, 60))
def test_labels_are_spread_in_their_order(places: list[float], gap: float) -> None:
    moved = spread(places, gap)
    assert len(moved) == len(places)
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(moved))
    if all(b - a >= gap for a, b in pairwise(places)):
        assert moved == pytest.approx(places)


@given(st.lists(st.floats(-500, 500), min_size=1, max_size=8).map(sorted), st.floats(1, 60))
def test_labels_with_room_enough_stay_within_bounds(places: list[float], gap: float) -> None:
    moved = spread(places, gap, -240, 240)
    assert moved[0] >= -240 - 1e-6
    assert moved[-1] <= 240 + 1e-6
    assert all(b - a >= gap - 1e-6 for a, b in pairwise(moved))
