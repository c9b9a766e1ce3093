"""The pictures of the documentation: every kind in every theme, small, legible, and what the bot draws today."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from bot.answers.theme import Theme
from bot.render.charts.palette import PALETTES
from bot.render.charts.style import SMALL
from tests.bot.markets import simulated
from tests.bot.render.charts.drawings import PHONE, figure
from tests.docs.pictures import AS_OF, FOLDER, KINDS, PICTURES

LARGEST, ALL = 80_000, 900_000
"""Bytes of one, and of all."""
LOWEST, HIGHEST = 700, 1_350
"""Pixels of height: more than that a phone does not show at once."""
ALIKE = 2.0
"""Steps of 255 by which pixels differ in the mean where another machine drew the same letters."""
BELOW_THE_EDGE = 24
"""Pixels from the top: a picture of the regime has a bar above them."""
SMALLEST = SMALL / 2
"""Pixels of letters; only names that are too long for their place are made as small as that."""


def pixels(png: bytes) -> NDArray[np.int16]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(np.int16)


def test_every_kind_is_there_in_every_theme_and_nothing_else() -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(f"{name}.png" for name in PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_fits_a_phone(name: str) -> None:
    png = (FOLDER / f"{name}.png").read_bytes()
    assert len(png) < LARGEST
    height, width, _ = pixels(png).shape
    assert width == PHONE
    assert LOWEST < height < HIGHEST


def test_all_of_them_together_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < ALL


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_what_the_bot_draws_today(name: str) -> None:
    kept, drawn = pixels((FOLDER / f"{name}.png").read_bytes()), pixels(PICTURES[name]())
    assert kept.shape == drawn.shape, "make figures draws them again"
    assert np.abs(kept - drawn).mean() < ALIKE, "make figures draws them again"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_on_the_paper_of_its_theme(name: str) -> None:
    shown = pixels((FOLDER / f"{name}.png").read_bytes())
    paper = tuple(bytes.fromhex(PALETTES[Theme(name.rpartition("-")[2])].paper[1:]))
    assert np.abs(shown[BELOW_THE_EDGE, 4] - np.array(paper)).max() <= 8


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_says_that_it_is_simulated_of_when_it_is_and_can_be_read(kind: str) -> None:
    shown = figure(KINDS[kind](simulated().view(AS_OF)))
    texts = shown.texts
    told = [each.get_text() for each in texts]
    assert "SIMULATED" in told
    assert any("2025-12-10" in each for each in told)
    assert min(float(each.get_fontsize()) for each in texts) >= SMALLEST
