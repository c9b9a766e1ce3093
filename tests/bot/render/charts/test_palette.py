"""The colours of the themes: words can be read, and states told apart, by eyes of any kind."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.theme import Theme
from bot.render.charts.palette import DARK, LIGHT, PALETTES, READABLE, contrast, ink_on
from rules.bars import Floats
from rules.model import Label
from rules.regime.filter import STATES

SEEN_AS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
    "all colours": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}
"""Linear red, green and blue as eyes without one kind of cones see them. (Machado, Oliveira & Fernandes 2009)"""
PLAINLY = 20.0
"""CIE 1976 colour difference: ten times what is just noticed side by side."""


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)
    assert contrast("#D55E00", "#D55E00") == 1


@pytest.mark.parametrize("theme", Theme)
def test_every_colour_of_words_can_be_read_on_paper(theme: Theme) -> None:
    palette = PALETTES[theme]
    colours = [palette.ink, palette.quiet, palette.blue, palette.warning]
    for colour in colours + [palette.states[state].words for state in STATES]:
        assert contrast(colour, palette.paper) >= READABLE, colour


@pytest.mark.parametrize("theme", Theme)
def test_ink_can_be_read_on_every_ground(theme: Theme) -> None:
    palette = PALETTES[theme]
    for ground in [palette.faint, *(palette.states[state].band for state in STATES)]:
        assert contrast(palette.ink, ground) >= READABLE, ground


@pytest.mark.parametrize("theme", Theme)
def test_every_area_and_curve_stands_out_from_paper(theme: Theme) -> None:
    """By 3 : 1, as the same standard asks of what is no text (1.4.11)."""
    palette = PALETTES[theme]
    for colour in [palette.blue, palette.green, palette.vermillion, *(palette.states[each].area for each in STATES)]:
        assert contrast(colour, palette.paper) >= 3, colour


@pytest.mark.parametrize("eyes", SEEN_AS)
@pytest.mark.parametrize("theme", Theme)
def test_the_areas_of_two_states_look_different_to_all_eyes(theme: Theme, eyes: str) -> None:
    states = PALETTES[theme].states
    for one, other in combinations(STATES, 2):
        assert difference(states[one].area, states[other].area, eyes) > PLAINLY, (one, other)


@pytest.mark.parametrize("eyes", SEEN_AS)
@pytest.mark.parametrize("theme", Theme)
def test_the_bands_of_two_states_look_different_to_all_eyes(theme: Theme, eyes: str) -> None:
    states = PALETTES[theme].states
    for one, other in combinations(STATES, 2):
        assert difference(states[one].band, states[other].band, eyes) > PLAINLY / 2, (one, other)


def test_every_theme_has_every_state() -> None:
    assert PALETTES == {Theme.LIGHT: LIGHT, Theme.DARK: DARK}
    assert all(palette.states.keys() == set(Label) for palette in PALETTES.values())


@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_ink_can_be_read_on_any_colour(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= READABLE


def difference(one: str, other: str, eyes: str) -> float:
    """How far apart two colours look, in CIE L*a*b* of 1976."""
    return float(np.linalg.norm(_lab(one, eyes) - _lab(other, eyes)))


def _lab(colour: str, eyes: str) -> Floats:
    parts = np.array(list(bytes.fromhex(colour[1:]))) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SEEN_AS[eyes]) @ linear, 0, 1)
    x, y, z = np.cbrt(_XYZ @ seen / _XYZ.sum(axis=1))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
